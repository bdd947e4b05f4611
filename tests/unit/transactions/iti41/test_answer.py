"""How a repository answers a submission, and how a client understands the answer."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from ihe_test_util.content import Content
from ihe_test_util.domain.patients import Patient, PatientStore
from ihe_test_util.domain.registry.entry import Entry, Kind, in_registry
from ihe_test_util.domain.world import World
from ihe_test_util.errors import StorageError
from ihe_test_util.store.registry import RegistryRows
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.iti41 import (
    SPEC,
    ProvideAndRegisterRequest,
    ProvidedDocument,
    RegistryError,
    RegistryResponse,
    with_custom_ids,
)
from ihe_test_util.xml.ebrim import ExternalIdentifier, ExtrinsicObject, Slot, urns
from ihe_test_util.xml.io import Element, parse, serialize
from tests.support.worlds import MemoryRegistry, uuids

RequestOf = Callable[[str], ProvideAndRegisterRequest]
NOW = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)
UUID = "00000000-0000-4000-8000-0000000000ff"
UUID_OID = "2.25.302240678275694148452607"
PATIENT = "TEST-4711^^^&2.999.1.3&ISO"
REFERRED = ("urn:uuid:0d1a0c4c-4d7c-4f6d-9d2f-0d5b7b1a2c3d", "urn:uuid:5b6f6f57-9cf6-4f17-a5fd-3f5d6a7c9d10")
BOTH_IDS = ("2.999.1.5.2^2024-0815", "2.999.1.5.3")


def document_entry(entry_id: str) -> Entry:
    """A document entry of the patient in the registry."""
    patient = ExternalIdentifier(id="p", scheme=urns.ENTRY_PATIENT_ID, value=PATIENT)
    source = ExtrinsicObject(id=entry_id, external_identifiers=(patient,), object_type=urns.STABLE_DOCUMENT)
    return Entry.of(Kind.DOCUMENT_ENTRY, in_registry(source))


@pytest.fixture
def store() -> Iterator[MemoryRegistry]:
    """The store of the world: the patient is known, and what the full sample refers to is registered."""
    kept = MemoryRegistry()
    kept.feed(PATIENT)
    with kept.connection:
        RegistryRows(kept.connection).add(document_entry(one) for one in REFERRED)
    yield kept
    kept.close()


class NoPatients:
    """ITI-41 feeds no patients."""

    async def feed(self, patient: Patient, *, at: datetime) -> None:
        """Fail."""
        raise AssertionError(f"{patient} fed at {at}")

    async def reset(self) -> None:
        """Nothing to forget."""


@pytest.fixture
def world(store: MemoryRegistry) -> World:
    """A world whose clock stands still."""
    patients = cast("PatientStore", NoPatients())
    return World(patients=patients, documents=store, registry=store, now=lambda: NOW, new_uuid=uuids())


async def test_a_submission_is_stored_whole(request_of: RequestOf, world: World, store: MemoryRegistry) -> None:
    """Documents with their ids and media types, and the metadata without them, reach the store in one call."""
    await SPEC.answer(request_of("full"), world)
    ((submission, at),) = store.provided
    assert at == NOW
    assert submission.submission_set_unique_id == "2.999.1.6.2"
    assert submission.patient_id == "TEST-4711^^^&2.999.1.3&ISO"
    assert submission.source_id == "2.999.1.20"
    assert [(each.entry_id, each.unique_id, each.mime_type) for each in submission.documents] == [
        ("Document01", BOTH_IDS[0], "text/xml"),
        ("Document02", BOTH_IDS[1], "text/plain"),
    ]
    assert submission.documents[1].content == Content.of("Grüße von Zoë\r\n".encode())
    assert parse(submission.metadata).tag.endswith("SubmitObjectsRequest")


async def test_success_names_the_ids(request_of: RequestOf, world: World) -> None:
    """The answer is a Success that names the submission set and every document in its order."""
    response = await SPEC.answer(request_of("full"), world)
    assert response == RegistryResponse(
        urns.SUCCESS,
        slots=(Slot("SubmissionSetUniqueId", ("2.999.1.6.2",)), Slot("DocumentUniqueId", BOTH_IDS)),
    )


async def test_what_has_no_id_gets_one(world: World, store: MemoryRegistry) -> None:
    """A document without any metadata is stored under an OID made from a fresh UUID."""
    request = ProvideAndRegisterRequest(documents=(ProvidedDocument("Document01", Content.of(b"x")),))
    response = await SPEC.answer(request, world)
    ((submission, _),) = store.provided
    assert submission.documents[0].unique_id == UUID_OID
    assert re.fullmatch(r"2\.25\.[1-9][0-9]+", submission.submission_set_unique_id)
    assert submission.documents[0].mime_type == "application/octet-stream"
    assert response.values("DocumentUniqueId") == (UUID_OID,)


async def test_metadata_built_by_hand_are_written(request_of: RequestOf, world: World, store: MemoryRegistry) -> None:
    """Metadata that never were a message are stored as XML too."""
    parsed = request_of("minimal")
    request = replace(parsed, metadata=replace(parsed.metadata, request=parsed.metadata.request))
    assert request.metadata.raw == b""
    await SPEC.answer(request, world)
    assert b"2.999.1.5.1" in store.provided[0][0].metadata


async def test_an_id_beyond_ebrim_is_not_repeated(
    sample: Callable[[str], Element],
    read: Callable[[Element], ProvideAndRegisterRequest],
    world: World,
    store: MemoryRegistry,
    schema_problems: Callable[[Element], Sequence[tuple[int, str]]],
) -> None:
    """A uniqueId of 10,000 characters is stored as it is, and the answer stays valid."""
    element = sample("minimal")
    long_id = "9" * 10_000
    next(each for each in element.iter() if each.get("value") == "2.999.1.5.1").set("value", long_id)
    response = await SPEC.answer(read(element), world)
    assert store.provided[0][0].documents[0].unique_id == long_id
    assert response.values("DocumentUniqueId") == ()
    assert schema_problems(SPEC.build_response(response).element) == []


async def test_nothing_is_acknowledged_that_was_not_stored(
    request_of: RequestOf, world: World, store: MemoryRegistry
) -> None:
    """When the store fails there is no answer."""
    store.failure = StorageError("disk full")
    with pytest.raises(StorageError, match="disk full"):
        await SPEC.answer(request_of("minimal"), world)


async def test_custom_ids_take_the_place(request_of: RequestOf, world: World) -> None:
    """Configured ids replace that of the submission set and those of all documents, each where it is given."""
    response = await SPEC.answer(request_of("full"), world)
    both = with_custom_ids(response, "2.999.7", "2.999.8")
    assert both.values("SubmissionSetUniqueId") == ("2.999.7",)
    assert both.values("DocumentUniqueId") == ("2.999.8", "2.999.8")
    assert with_custom_ids(response, document_id="2.999.8").values("SubmissionSetUniqueId") == ("2.999.1.6.2",)
    assert with_custom_ids(response) == response


async def test_a_success_is_accepted(request_of: RequestOf, world: World) -> None:
    """The verdict on a Success names the ids to print."""
    request = request_of("full")
    verdict = SPEC.verdict(await SPEC.answer(request, world), request)
    assert verdict.accepted
    assert verdict.status == "Success"
    assert verdict.identifiers == (
        ("submission set", "2.999.1.6.2"),
        ("document", BOTH_IDS[0]),
        ("document", BOTH_IDS[1]),
    )


def test_a_failure_is_not_accepted(sample: Callable[[str], Element], parts: Attachments, request_of: RequestOf) -> None:
    """The verdict on a Failure gives each error with its code, context, severity and location."""
    request = request_of("minimal")
    verdict = SPEC.verdict(SPEC.parse_response(sample("response-failure"), parts), request)
    assert not verdict.accepted
    assert verdict.status == "Failure"
    assert verdict.details == (
        "XDSPatientIdDoesNotMatch: Document01/patientId differs (Error, Example Registry)",
        "XDSExtraMetadataNotSaved: Slot urn:example:ward (Warning)",
        "XDSRepositoryError: Out of paper (Error)",
    )
    assert verdict.identifiers == (("submission set", "2.999.1.6.1"), ("document", "2.999.1.5.1"))


def test_a_partial_success_is_not_accepted(
    sample: Callable[[str], Element], parts: Attachments, request_of: RequestOf
) -> None:
    """Half of a submission is not a submission."""
    response = SPEC.parse_response(sample("response-partial"), parts)
    assert not SPEC.verdict(response, request_of("minimal")).accepted
    assert response.errors == (RegistryError("XDSRegistryError", "one of two"),)


@pytest.mark.parametrize("name", ["response-success", "response-failure", "response-partial"])
def test_responses_round_trip(
    sample: Callable[[str], Element],
    parts: Attachments,
    schema_problems: Callable[[Element], Sequence[tuple[int, str]]],
    name: str,
) -> None:
    """Each kind of answer is read, written valid, and read back the same."""
    response = SPEC.parse_response(sample(name), parts)
    written = parse(serialize(SPEC.build_response(response).element))
    assert schema_problems(written) == []
    assert SPEC.parse_response(written, parts) == response


def test_log_line_shows_no_patient(request_of: RequestOf) -> None:
    """The ids for the log are those of the submission set and of a document, shortened, and no patient's."""
    assert SPEC.log_ids(request_of("full")) == "set=2.999.1.6.2 documents=2 first=….2^2024-0815"
    assert SPEC.log_ids(ProvideAndRegisterRequest()) == "set=- documents=0 first=-"


def test_log_line_stays_one_line(
    sample: Callable[[str], Element], read: Callable[[Element], ProvideAndRegisterRequest]
) -> None:
    """An id with a line break cannot forge a line of the log."""
    element = sample("minimal")
    next(each for each in element.iter() if each.get("value") == "2.999.1.5.1").set("value", "a\nERROR b")
    assert "\n" not in SPEC.log_ids(read(element))
