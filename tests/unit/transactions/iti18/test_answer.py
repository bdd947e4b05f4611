"""Messages of ITI-18: written, read, refused, answered."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ihe_test_util.domain.registry.queries.catalogue import BY_NAME
from ihe_test_util.domain.world import World
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions.iti18 import (
    OBJECT_REF,
    SPEC,
    StoredQueryRequest,
    StoredQueryResponse,
    request_for,
)
from ihe_test_util.transactions.xds.response import RegistryError
from ihe_test_util.xml.ebrim import ObjectRef, Slot, urns
from ihe_test_util.xml.io import Element, parse, serialize
from tests.support.registry_objects import PATIENT, document, folder, link, submission_set

Sample = Callable[[str], Element]
Problems = Callable[[Element], Sequence[tuple[int, str]]]
Registered = Callable[..., Awaitable[None]]
REQUESTS = ["find-documents", "get-related-documents"]
RESPONSES = ["response-failure", "response-references"]


def through_xml(element: Element) -> Element:
    """The element as it arrives."""
    return parse(serialize(element))


def find(**changes: Any) -> StoredQueryRequest:
    """The query for the documents of a patient."""
    query = BY_NAME["find-documents"]
    options = query.options()
    arguments = [(options["patient-id"], (PATIENT,)), (options["status"], (urns.APPROVED,))]
    return replace(request_for(query, arguments), **changes)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_come_back(sample: Sample, schema_problems: Problems, name: str) -> None:
    """What is written is valid, and read again the same."""
    request = SPEC.parse_request(sample(name), InlineAttachments())
    written = through_xml(SPEC.build_request(request).element)

    assert schema_problems(sample(name)) == []
    assert schema_problems(written) == []
    assert SPEC.parse_request(written, InlineAttachments()) == request


@pytest.mark.parametrize("name", RESPONSES)
def test_responses_come_back(sample: Sample, schema_problems: Problems, name: str) -> None:
    """What is written is valid, and read again the same."""
    response = SPEC.parse_response(sample(name), InlineAttachments())
    written = through_xml(SPEC.build_response(response).element)

    assert schema_problems(sample(name)) == []
    assert schema_problems(written) == []
    assert SPEC.parse_response(written, InlineAttachments()) == response


def test_an_answer_with_objects_is_valid(schema_problems: Problems) -> None:
    """Documents, folders, associations, references and warnings together."""
    one, kept = document(1, Slot("urn:x", ("a",)), title="é"), folder(2)
    objects = (one.source, kept.source, link(3, urns.HAS_MEMBER, kept, one).source, ObjectRef("urn:uuid:1"))
    warning = RegistryError("XDSRegistryError", "odd", urns.SEVERITY_WARNING)
    response = StoredQueryResponse(urns.SUCCESS, objects, (warning,), slots=(Slot("urn:y", ("b",)),))
    written = through_xml(SPEC.build_response(response).element)

    assert schema_problems(written) == []
    assert SPEC.parse_response(written, InlineAttachments()) == response


def test_what_a_request_says(sample: Sample) -> None:
    """Id, home community, return type, page, and the patient where there is one."""
    by_id = SPEC.parse_request(sample("get-related-documents"), InlineAttachments())
    by_patient = SPEC.parse_request(sample("find-documents"), InlineAttachments())

    assert by_id.query is BY_NAME["get-related-documents"]
    assert (by_id.home, by_id.return_type, by_id.composed) == ("urn:oid:2.999.1.9", OBJECT_REF, False)
    assert (by_id.start_index, by_id.max_results, by_id.comment) == (10, 10, "related documents")
    assert list(SPEC.patient_ids(by_id)) == []
    assert list(SPEC.patient_ids(by_patient)) == ["TEST-4711^^^&2.999.1.3&ISO"]
    assert "TEST-4711" not in SPEC.log_ids(by_patient)


def test_another_message_is_refused() -> None:
    """A root that is no query, or no answer to one."""
    with pytest.raises(MessageMalformed):
        SPEC.parse_request(parse(b"<a/>"), InlineAttachments())
    with pytest.raises(MessageMalformed):
        SPEC.parse_response(parse(b"<a/>"), InlineAttachments())


def test_a_message_without_anything_is_read() -> None:
    """What is missing is for the rules to tell."""
    empty = parse(b'<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" maxResults="x"/>')
    request = SPEC.parse_request(empty, InlineAttachments())

    assert [finding.rule for finding in SPEC.judge(request)] == ["RSQ-01", "RSQ-02"]
    assert request.max_results == -1


async def test_pages(world: World, registered: Registered) -> None:
    """A part of what is found, with where it begins and how much there is (ebRS 3.0: 6.2)."""
    await registered(*(document(number) for number in range(1, 6)))

    page = await SPEC.answer(find(start_index=1, max_results=2), world)
    whole = await SPEC.answer(find(), world)
    rest = await SPEC.answer(find(start_index=3), world)

    assert [one.id[-1] for one in page.documents] == ["2", "3"]
    assert (page.start_index, page.total) == (1, 5)
    assert ([one.id[-1] for one in whole.documents], whole.total) == (["1", "2", "3", "4", "5"], None)
    assert ([one.id[-1] for one in rest.documents], rest.total) == (["4", "5"], 5)


async def test_too_many_results(world: World, registered: Registered) -> None:
    """Whole objects beyond the limit of the domain are an error; references to them, and parts, are not."""
    await registered(*(document(number) for number in range(1, 6)))
    limited = replace(world, query_max_results=4)

    whole = await SPEC.answer(find(), limited)
    references = await SPEC.answer(find(return_type=OBJECT_REF), limited)
    part = await SPEC.answer(find(max_results=4), limited)

    assert [error.code for error in whole.errors] == ["XDSTooManyResults"]
    assert (whole.status, whole.documents) == (urns.FAILURE, ())
    assert (len(references.references), len(part.documents)) == (5, 4)


async def test_a_patient_whom_nobody_fed(world: World) -> None:
    """Has nothing, or is an error where the domain is strict."""
    lenient = await SPEC.answer(find(), world)
    strict = await SPEC.answer(find(), replace(world, strict=True))

    assert (lenient.status, lenient.objects) == (urns.SUCCESS, ())
    assert [error.code for error in strict.errors] == ["XDSUnknownPatientId"]
    assert strict.status == urns.FAILURE


async def test_a_refusal_tells_everything(world: World) -> None:
    """As RegistryErrors with the framework's codes, contexts that name the parameter, and no object."""
    request = replace(find(), return_type="", slots=(Slot("$XDSDocumentEntryClassCode", ("('a')",)),))
    assert SPEC.refuse is not None

    response = await SPEC.refuse(request, SPEC.judge(request), world)

    assert (response.status, response.objects) == (urns.FAILURE, ())
    assert [error.code for error in response.errors] == [
        "XDSRegistryError",
        "XDSStoredQueryMissingParam",
        "XDSStoredQueryMissingParam",
        "XDSRegistryError",
    ]
    assert "$XDSDocumentEntryClassCode" in response.errors[3].context
    assert SPEC.verdict(response, request).codes == tuple(error.code for error in response.errors)


async def test_what_is_let_pass_is_a_warning(world: World) -> None:
    """The answer is a Success all the same."""
    request = replace(find(), slots=(*find().slots, Slot("$Unknown", ("'x'",))))
    assert SPEC.warn is not None

    response = SPEC.warn(await SPEC.answer(request, world), SPEC.judge(request))

    assert response.status == urns.SUCCESS
    assert [error.severity for error in response.errors] == [urns.SEVERITY_WARNING]
    assert SPEC.verdict(response, request).accepted


async def test_the_verdict_counts(world: World, registered: Registered) -> None:
    """How much of what was found."""
    await registered(document(1), document(2))

    some = SPEC.verdict(await SPEC.answer(find(), world), find())
    none = SPEC.verdict(await SPEC.answer(find(start_index=9), world), find())

    assert some.identifiers == (("found", "2 document entries"),)
    assert none.identifiers == (("found", "nothing"),)


def test_the_verdict_of_who_asked_counts_too() -> None:
    """Each kind of object by its name."""
    one, kept, sent = document(1), folder(2), submission_set(3)
    objects = (
        one.source,
        kept.source,
        sent.source,
        link(4, urns.HAS_MEMBER, kept, one).source,
        ObjectRef("urn:uuid:5"),
    )

    verdict = SPEC.verdict(StoredQueryResponse(urns.SUCCESS, objects), find())

    assert verdict.identifiers == (
        ("found", "1 document entry, 1 submission set, 1 folder, 1 association, 1 reference"),
    )
