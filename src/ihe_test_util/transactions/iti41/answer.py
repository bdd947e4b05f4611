"""How a document repository answers a submission (ITI TF-2: 3.41.4.1.3, 3.41.4.2), and what its answer says."""

from collections.abc import Iterator
from typing import Final

from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.registering import register
from ihe_test_util.domain.world import World
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti41.model import NO_MEDIA_TYPE, ProvideAndRegisterRequest
from ihe_test_util.transactions.xds.response import RegistryResponse, verdict_of, with_slot
from ihe_test_util.xml.ebrim import Slot, urns

SET_UNIQUE_ID: Final = "SubmissionSetUniqueId"
DOCUMENT_UNIQUE_ID: Final = "DocumentUniqueId"
_UUID_ARC: Final = "2.25."
_MAX_VALUE: Final = 256
_LOGGED: Final = 12


async def answer(request: ProvideAndRegisterRequest, world: World) -> RegistryResponse:
    """Store the submission whole and say Success; what has no uniqueId gets one under the UUID arc of OIDs.

    Raises:
        StorageError: nothing was stored.
    """
    metadata = request.metadata
    submission_set = metadata.submission_set
    entries = {entry.source.id: entry for entry in metadata.document_entries}
    documents = []
    for document in request.documents:
        entry = entries.get(document.entry_id)
        unique_id = (entry.unique_id if entry else "") or _fresh_oid(world)
        mime_type = (entry.source.mime_type if entry else "") or NO_MEDIA_TYPE
        documents.append(StoredDocument(document.entry_id, unique_id, mime_type, document.content))
    set_id = (submission_set.unique_id if submission_set else "") or _fresh_oid(world)
    patient_ids = [view.patient_id for view in metadata.views if view.patient_id]
    submission = Submission(
        submission_set_unique_id=set_id,
        patient_id=(submission_set.patient_id if submission_set else "") or next(iter(patient_ids), ""),
        source_id=submission_set.source_id if submission_set else "",
        metadata=metadata.to_xml(),
        documents=tuple(documents),
    )

    def registered(change: RegistryChange) -> None:
        register(metadata, change, new_uuid=world.new_uuid)

    await world.registry.provide(submission, registered, at=world.now())
    return RegistryResponse(
        urns.SUCCESS,
        slots=(
            _slot(SET_UNIQUE_ID, set_id),
            _slot(DOCUMENT_UNIQUE_ID, *(document.unique_id for document in documents)),
        ),
    )


def with_custom_ids(
    response: RegistryResponse, submission_set_id: str | None = None, document_id: str | None = None
) -> RegistryResponse:
    """The response with other ids for the submission set and for each document, where such are given."""
    if submission_set_id is not None:
        response = with_slot(response, SET_UNIQUE_ID, (submission_set_id,))
    if document_id is not None:
        count = len(response.values(DOCUMENT_UNIQUE_ID))
        response = with_slot(response, DOCUMENT_UNIQUE_ID, (document_id,) * count)
    return response


def verdict(response: RegistryResponse, request: ProvideAndRegisterRequest) -> Verdict:
    """What the repository said; the ids are those it names, else those that were sent."""
    metadata = request.metadata
    sent_set = metadata.submission_set.unique_id if metadata.submission_set else ""
    set_ids = response.values(SET_UNIQUE_ID) or (sent_set,)
    document_ids = response.values(DOCUMENT_UNIQUE_ID) or tuple(entry.unique_id for entry in metadata.document_entries)
    identifiers = [
        *(("submission set", value) for value in set_ids if value),
        *(("document", value) for value in document_ids if value),
    ]
    return verdict_of(response, identifiers)


def log_ids(request: ProvideAndRegisterRequest) -> str:
    """The submission set and the documents, shortened; no patient."""
    metadata = request.metadata
    set_id = metadata.submission_set.unique_id if metadata.submission_set else ""
    first = next((entry.unique_id for entry in metadata.document_entries), "")
    return f"set={_shortened(set_id)} documents={len(request.documents)} first={_shortened(first)}"


def patient_ids(request: ProvideAndRegisterRequest) -> Iterator[str]:
    """The patient of documents and submission set (CX): as the affinity domain knows them, and as the source does."""
    for view in request.metadata.views:
        yield view.patient_id
        yield view.slot("sourcePatientId")


def _slot(name: str, *values: str) -> Slot:
    # ebRIM ends a value at 256 characters; an id beyond that was stored and cannot be repeated here.
    return Slot(name, tuple([value for value in values if len(value) <= _MAX_VALUE]))


def _fresh_oid(world: World) -> str:
    return _UUID_ARC + str(int(world.new_uuid().replace("-", ""), 16))


def _shortened(value: str) -> str:
    if not value:
        return "-"
    if not value.isprintable():
        value = ascii(value)[1:-1]
    return value if len(value) <= _LOGGED else f"…{value[-_LOGGED:]}"
