"""How a document repository answers a submission (ITI TF-2: 3.41.4.1.3, 3.41.4.2), and what its answer says."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.domain.registry.demands import Refused
from ihe_test_util.domain.registry.draft import Additions, Draft, drafted
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti41.model import NO_MEDIA_TYPE, ProvideAndRegisterRequest
from ihe_test_util.transactions.xds import submitting
from ihe_test_util.transactions.xds.base import Actor
from ihe_test_util.transactions.xds.response import RegistryResponse, verdict_of, with_slot
from ihe_test_util.xml.ebrim import ExternalIdentifier, LocalizedString, Slot, urns

SET_UNIQUE_ID: Final = "SubmissionSetUniqueId"
DOCUMENT_UNIQUE_ID: Final = "DocumentUniqueId"
_UUID_ARC: Final = "2.25."
_MAX_VALUE: Final = 256


class _Provided(NamedTuple):
    """A submission for the repository, and for the registry with what the repository adds."""

    submission: Submission
    draft: Draft


async def answer(request: ProvideAndRegisterRequest, world: World) -> RegistryResponse:
    """Store and register the submission whole and say Success, or say all that the registry has against it.

    What has no uniqueId gets one under the UUID arc of OIDs.

    Raises:
        StorageError: nothing was stored.
    """
    submission, draft = await submitting.prepared(request.metadata, partial(_provided, request, world))
    try:
        work = submitting.registration(draft, world, provided=True)
        warnings = await world.registry.provide(submission, work, at=world.now())
    except Refused as refused:
        return submitting.refused(refused.findings)
    slots = [_slot(SET_UNIQUE_ID, submission.submission_set_unique_id)]
    if submission.documents:
        slots.append(_slot(DOCUMENT_UNIQUE_ID, *(document.unique_id for document in submission.documents)))
    return RegistryResponse(
        urns.SUCCESS,
        slots=tuple(slots),
        errors=submitting.errors_of(warnings, Actor.REGISTRY),
    )


async def refuse(request: ProvideAndRegisterRequest, findings: Sequence[Finding], world: World) -> RegistryResponse:
    """The Failure with all errors, of the message and of the registry's state."""
    provided = await submitting.prepared(request.metadata, partial(_provided, request, world))
    return await submitting.refusal(provided.draft, findings, world, Actor.REPOSITORY)


def warn(response: RegistryResponse, findings: Sequence[Finding]) -> RegistryResponse:
    """The answer with what lenient mode let pass."""
    return submitting.warned(response, findings, Actor.REPOSITORY)


def _provided(request: ProvideAndRegisterRequest, world: World) -> _Provided:
    metadata = request.metadata
    entries = {entry.source.id: entry for entry in metadata.document_entries}
    submission_set = metadata.submission_set
    documents: list[StoredDocument] = []
    slots: dict[str, tuple[Slot, ...]] = {}
    new_ids: dict[str, ExternalIdentifier] = {}
    for document in request.documents:
        entry = entries.get(document.entry_id)
        unique_id = entry.unique_id if entry else ""
        if not unique_id:
            unique_id = _fresh_oid(world)
            new_ids[document.entry_id] = _identifier(urns.ENTRY_UNIQUE_ID, "XDSDocumentEntry", unique_id)
        mime_type = (entry.source.mime_type if entry else "") or NO_MEDIA_TYPE
        documents.append(StoredDocument(document.entry_id, unique_id, mime_type, document.content))
        slots[document.entry_id] = (
            Slot("repositoryUniqueId", (world.repository_unique_id,)),
            Slot("hash", (document.content.sha1,)),
            Slot("size", (str(document.content.size),)),
        )
    set_id = submission_set.unique_id if submission_set else ""
    if not set_id:
        set_id = _fresh_oid(world)
        if submission_set:
            new_ids[submission_set.source.id] = _identifier(urns.SET_UNIQUE_ID, "XDSSubmissionSet", set_id)
    patient_ids = [view.patient_id for view in metadata.views if view.patient_id]
    submission = Submission(
        submission_set_unique_id=set_id,
        patient_id=(submission_set.patient_id if submission_set else "") or next(iter(patient_ids), ""),
        source_id=submission_set.source_id if submission_set else "",
        metadata=metadata.to_xml(),
        documents=tuple(documents),
    )
    additions = Additions(slots, new_ids)
    return _Provided(submission, drafted(metadata, new_uuid=world.new_uuid, at=world.now(), additions=additions))


def _identifier(scheme: str, kind: str, value: str) -> ExternalIdentifier:
    return ExternalIdentifier(
        scheme=scheme,
        value=value,
        name=(LocalizedString(f"{kind}.uniqueId"),),
        object_type=urns.TYPE_EXTERNAL_IDENTIFIER,
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
    return submitting.log_ids_of(request.metadata, len(request.documents))


def patient_ids(request: ProvideAndRegisterRequest) -> Iterator[str]:
    """The patient of documents and submission set (CX): as the affinity domain knows them, and as the source does."""
    return submitting.patient_ids_of(request.metadata)


def _slot(name: str, *values: str) -> Slot:
    # ebRIM ends a value at 256 characters; an id beyond that was stored and cannot be repeated here.
    return Slot(name, tuple([value for value in values if len(value) <= _MAX_VALUE]))


def _fresh_oid(world: World) -> str:
    return _UUID_ARC + str(int(world.new_uuid().replace("-", ""), 16))
