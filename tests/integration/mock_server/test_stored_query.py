"""ITI-18 against a running mock: what was submitted is found over a socket, and what is wrong is told."""

from collections.abc import Sequence

import pytest

from ihe_test_util.domain.registry.queries.catalogue import BY_NAME
from ihe_test_util.soap.addressing import Addressing
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.iti18 import (
    LEAF_CLASS,
    OBJECT_REF,
    SPEC,
    StoredQueryRequest,
    StoredQueryResponse,
    request_for,
)
from ihe_test_util.xml.ebrim import Slot, urns
from tests.support.messages import PATIENT_ID, submission
from tests.support.peer import Peer, StartMock
from tests.support.wire import ITI41_PATH, SOAP11, SOAP12

PATH = "/iti18/query"
APPROVED = (urns.APPROVED,)


def query(name: str, *options: tuple[str, Sequence[str]], returns: str = LEAF_CLASS) -> StoredQueryRequest:
    """A query with options as the command line names them."""
    chosen = BY_NAME[name]
    known = chosen.options()
    return request_for(chosen, [(known[option], tuple(values)) for option, values in options], return_type=returns)


def mine(returns: str = LEAF_CLASS) -> StoredQueryRequest:
    """The documents of the patient of all submissions."""
    return query("find-documents", ("patient-id", (PATIENT_ID,)), ("status", APPROVED), returns=returns)


async def ask(mock: Peer, request: StoredQueryRequest, version: SoapVersion = SoapVersion.V12) -> StoredQueryResponse:
    """The registry's answer; every answer is held against the schemas."""
    addressing = Addressing(SPEC.action, "urn:uuid:6f1c2a3e-0000-4000-8000-000000000018")
    message = write_envelope(SPEC.build_request(request).element, version=version, addressing=addressing)
    answer = await mock.post(PATH, message, SOAP12 if version is SoapVersion.V12 else SOAP11)
    assert answer.status == 200, answer.fault
    payload = read_envelope(answer.xml).payload
    assert payload is not None
    return SPEC.parse_response(payload, InlineAttachments())


@pytest.mark.parametrize("version", SoapVersion)
async def test_what_was_submitted_is_found(mock: Peer, version: SoapVersion) -> None:
    """By the patient, then whole by the reference, with what the registry added."""
    package = submission(("2.999.18.1", b"one"), ("2.999.18.2", b"two"), set_id="2.999.18")
    await mock.post(ITI41_PATH, package.body, package.content_type)

    references = (await ask(mock, mine(OBJECT_REF), version)).references
    uuids = [one.id for one in references]
    documents = (await ask(mock, query("get-documents", ("entry-uuid", uuids)), version)).documents
    contents = await ask(mock, query("get-submission-set-and-contents", ("unique-id", ["2.999.18"])), version)

    assert [one.id for one in documents] == uuids
    assert all((one.status, one.lid) == (urns.APPROVED, one.id) and one.version for one in documents)
    assert (len(contents.packages), contents.documents, len(contents.associations)) == (1, documents, 2)


async def test_nothing_is_found_of_a_stranger(start_mock: StartMock) -> None:
    """An empty Success; where the endpoint is strict, an error that names the patient."""
    lenient = await start_mock()
    strict = await start_mock({"endpoint_behaviors": {"ITI-18": {"validation_mode": "strict"}}})

    nothing, error = await ask(lenient, mine()), await ask(strict, mine())

    assert (nothing.status, nothing.objects, nothing.errors) == (urns.SUCCESS, (), ())
    assert [(one.code, PATIENT_ID in one.context) for one in error.errors] == [("XDSUnknownPatientId", True)]


async def test_all_mistakes_are_told_at_once_and_in_lenient_mode_too(mock: Peer) -> None:
    """In the registry's own words, with status 200; not as a SOAP fault."""
    wrong = StoredQueryRequest(
        BY_NAME["find-documents"].id,
        (Slot("$XDSDocumentEntryClassCode", ("('a')",)), Slot("$XDSDocumentEntryPatientId", ("'a',",))),
    )

    response = await ask(mock, wrong)

    assert response.status == urns.FAILURE
    assert {error.code for error in response.errors} == {"XDSStoredQueryMissingParam", "XDSRegistryError"}
    assert all(error.severity == urns.SEVERITY_ERROR for error in response.errors)


async def test_an_unknown_query_is_named(mock: Peer) -> None:
    """XDSUnknownStoredQuery with the id."""
    unknown = "urn:uuid:00000000-0000-4000-8000-00000000dead"
    (error,) = (await ask(mock, StoredQueryRequest(unknown))).errors

    assert error.code == "XDSUnknownStoredQuery"
    assert unknown in error.context


async def test_errors_say_who_found_them_and_by_what(mock: Peer) -> None:
    """As those of submissions do: the actor, the section and the line."""
    answer = await ask(mock, query("find-documents"))

    assert answer.errors
    assert all(one.location.startswith("Document Registry, ITI TF-2: 3.18") for one in answer.errors)


async def test_oddities_are_warnings(mock: Peer) -> None:
    """A lenient registry answers a query with a misspelt parameter and says so."""
    odd = query("get-documents", ("unique-id", ["2.999.1"]))
    request = StoredQueryRequest(odd.query_id, (*odd.slots, Slot("$XDSDocumentEntryUniqueID", ("('2.999.2')",))))

    response = await ask(mock, request)

    assert response.status == urns.SUCCESS
    assert [error.severity for error in response.errors] == [urns.SEVERITY_WARNING]
    assert "XDSDocumentEntryUniqueId" in response.errors[0].context


async def test_the_configuration_limits_answers(start_mock: StartMock) -> None:
    """query_max_results."""
    mock = await start_mock(query_max_results=1)
    package = submission(("2.999.18.1", b"one"), ("2.999.18.2", b"two"), set_id="2.999.18")
    await mock.post(ITI41_PATH, package.body, package.content_type)

    whole, references = await ask(mock, mine()), await ask(mock, mine(OBJECT_REF))

    assert [error.code for error in whole.errors] == ["XDSTooManyResults"]
    assert len(references.references) == 2
