"""What the framework demands of a Provide and Register Document Set-b request (ITI TF-2: 3.41.4.1.2)."""

from collections.abc import Callable, Sequence
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.datatypes import is_hash, is_size
from ihe_test_util.domain.xds.metadata import DocumentEntry
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.iti41.model import ProvideAndRegisterRequest
from ihe_test_util.transactions.xds import usual
from ihe_test_util.transactions.xds.base import (
    METADATA_ERROR,
    MISSING_DOCUMENT,
    MISSING_DOCUMENT_METADATA,
    NONE,
    Actor,
    shown,
)
from ihe_test_util.transactions.xds.rules import rules_for
from ihe_test_util.xml.ebrim import urns

_ROOT: Final = "/ProvideAndRegisterDocumentSetRequest"
_METADATA_ERROR: Final = METADATA_ERROR.format(actor=Actor.REPOSITORY.value)
_MESSAGE: Final = "ITI TF-2: 3.41.4.1.2"


def _document(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    metadata = request.metadata
    # A submission set with folders and associations alone describes no document.
    if request.documents or (metadata.submission_sets and not metadata.document_entries):
        return NONE
    return (Miss(f"{_ROOT}/Document", want="a Document for each DocumentEntry"),)


def _submit_objects(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    if request.metadata.request.objects:
        return NONE
    want = "an lcm:SubmitObjectsRequest with a rim:RegistryObjectList of objects"
    return (Miss(f"{_ROOT}/SubmitObjectsRequest/RegistryObjectList", want=want),)


def _document_ids(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    return [
        Miss(f"{_ROOT}/Document[{position}]/@id", want="the id of the DocumentEntry that describes it")
        for position, document in enumerate(request.documents, start=1)
        if not document.entry_id
    ]


def _documents_once(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    if len(request.documents) == 1:
        return NONE
    positions: dict[str, list[int]] = {}
    for position, document in enumerate(request.documents, start=1):
        positions.setdefault(document.entry_id, []).append(position)
    return [
        Miss(f"{_ROOT}/Document[{found[0]}]/@id", f"{len(found)} documents of id {shown(entry_id)}", "one")
        for entry_id, found in positions.items()
        if entry_id and len(found) > 1
    ]


def _described(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    if not request.metadata.document_entries:
        return NONE  # PNR-02 or PNR-10 says it all
    entries = {entry.source.id for entry in request.metadata.document_entries}
    return [
        Miss(f"{_ROOT}/Document[{position}]/@id", shown(document.entry_id), "the id of a DocumentEntry in the metadata")
        for position, document in enumerate(request.documents, start=1)
        if document.entry_id and document.entry_id not in entries
    ]


def _any_entry(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    metadata = request.metadata
    if metadata.document_entries or not metadata.request.objects or not request.documents:
        return NONE
    want = "a DocumentEntry for each Document"
    return (Miss(f"{_ROOT}/SubmitObjectsRequest/RegistryObjectList/ExtrinsicObject", want=want),)


def _provided(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    if not request.documents:
        return NONE  # PNR-01 says it all
    documents = {document.entry_id for document in request.documents}
    return [
        Miss(f"{entry.label}/Document", "no document", f"a Document with the id {entry.source.id!r}")
        for entry in request.metadata.document_entries
        if entry.source.id not in documents and entry.source.object_type != urns.ON_DEMAND_DOCUMENT
    ]


def _hash(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    stated = _stated(request, "hash", is_hash)
    if not stated:
        return NONE
    return [
        Miss(f"{document.entry_id}/hash", shown(stated[document.entry_id]), f"{document.content.sha1}, of the document")
        for document in request.documents
        if document.entry_id in stated and stated[document.entry_id].lower() != document.content.sha1
    ]


def _size(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    stated = _stated(request, "size", is_size)
    if not stated:
        return NONE
    return [
        Miss(f"{document.entry_id}/size", shown(stated[document.entry_id]), f"{document.content.size}, of the document")
        for document in request.documents
        if document.entry_id in stated
        and stated[document.entry_id].lstrip("0") != (str(document.content.size).lstrip("0"))
    ]


def _stated(request: ProvideAndRegisterRequest, name: str, valid: Callable[[str], bool]) -> dict[str, str]:
    """A slot's value by the id of the document entry, where it has the right form."""
    values = ((entry.source.id, entry.slot(name)) for entry in request.metadata.document_entries)
    return {entry_id: value for entry_id, value in values if valid(value)}


def _not_empty(request: ProvideAndRegisterRequest) -> Sequence[Miss]:
    return [
        Miss(f"{_ROOT}/Document[{position}]", "0 bytes", "the bytes of a document")
        for position, document in enumerate(request.documents, start=1)
        if not document.content.size
    ]


RULES: Final[tuple[Rule[ProvideAndRegisterRequest], ...]] = (
    Rule(
        "PNR-01",
        _MESSAGE,
        Severity.ERROR,
        "the request carries a document",
        _document,
        essential=True,
        error_code=MISSING_DOCUMENT,
    ),
    Rule(
        "PNR-02",
        _MESSAGE,
        Severity.ERROR,
        "the request carries metadata in a SubmitObjectsRequest",
        _submit_objects,
        error_code=MISSING_DOCUMENT_METADATA,
    ),
    Rule(
        "PNR-03",
        _MESSAGE,
        Severity.ERROR,
        "a document has the id of its entry",
        _document_ids,
        error_code=MISSING_DOCUMENT_METADATA,
    ),
    Rule(
        "PNR-04",
        _MESSAGE,
        Severity.ERROR,
        "an entry has one document",
        _documents_once,
        essential=True,
        error_code=_METADATA_ERROR,
    ),
    Rule(
        "PNR-05",
        "ITI TF-2: 3.41.4.1.3",
        Severity.ERROR,
        "a document is described by an entry",
        _described,
        essential=True,
        error_code=MISSING_DOCUMENT_METADATA,
    ),
    Rule(
        "PNR-06",
        "ITI TF-2: 3.41.4.1.3",
        Severity.ERROR,
        "an entry comes with its document",
        _provided,
        essential=True,
        error_code=MISSING_DOCUMENT,
    ),
    Rule(
        "PNR-07",
        "ITI TF-3: 4.2.3.2.10",
        Severity.ERROR,
        "hash, where given, is that of the document",
        _hash,
        essential=True,
        error_code=_METADATA_ERROR,
    ),
    Rule(
        "PNR-08",
        "ITI TF-3: 4.2.3.2.21",
        Severity.ERROR,
        "size, where given, is that of the document",
        _size,
        essential=True,
        error_code=_METADATA_ERROR,
    ),
    Rule(
        "PNR-09",
        _MESSAGE,
        Severity.WARNING,
        "a document has content",
        _not_empty,
        error_code=_METADATA_ERROR,
    ),
    Rule(
        "PNR-10",
        _MESSAGE,
        Severity.ERROR,
        "the metadata describe documents",
        _any_entry,
        error_code=MISSING_DOCUMENT_METADATA,
    ),
    *rules_for(ProvideAndRegisterRequest, Actor.REPOSITORY),
)


def is_usual(request: ProvideAndRegisterRequest) -> bool:
    """Whether a request is as nearly all are, so that no rule has anything to say of it."""
    contents = {document.entry_id: document.content for document in request.documents}
    entries = request.metadata.document_entries
    return (
        len(contents) == len(request.documents) == len(entries)
        and usual.is_usual(request.metadata)
        and all(_is_described(entry, contents.get(entry.source.id)) for entry in entries)
    )


def _is_described(entry: DocumentEntry, content: Content | None) -> bool:
    """Whether a document has content, of the size and the hash that its entry states, if any."""
    if content is None or not content.size:
        return False
    size, sha1 = entry.slot("size"), entry.slot("hash")
    return (not size or size == str(content.size)) and (not sha1 or sha1.lower() == content.sha1)
