"""What is odd about documents that are to be sent: worth a warning, never a refusal."""

from collections.abc import Iterator
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.metadata import DocumentEntry
from ihe_test_util.transactions.iti41 import ProvideAndRegisterRequest

XML: Final = "XML"
_SNIFFED_BYTES: Final = 512
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_WIDE_XML: Final = (b"\xff\xfe<\x00", b"\xfe\xff\x00<")  # in UTF-16
_PDF: Final = "application/pdf"
#: How files of a media type begin.
_BEGINNINGS: Final = (
    (b"%PDF-", _PDF),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
)
#: Types whose files can be told by how they begin.
_TOLD: Final = frozenset(kind for _, kind in _BEGINNINGS if kind != "application/zip")


def kind_of(content: Content) -> str:
    """The media type that the first bytes show, ``XML`` for any XML; empty where they show none."""
    with content.open() as stream:
        beginning = stream.read(_SNIFFED_BYTES)
    text = beginning.lstrip(_BLANK).lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if text.startswith((b"<", *_WIDE_XML)):
        return XML
    return next((kind for magic, kind in _BEGINNINGS if beginning.startswith(magic)), "")


def document_doubts(request: ProvideAndRegisterRequest) -> list[str]:
    """A sentence for each thing that is odd about a document, or that its metadata say otherwise."""
    entries = {entry.source.id: entry for entry in request.metadata.document_entries}
    return [
        f"document {number}{_name(entry)}: {doubt}"
        for number, document in enumerate(request.documents, 1)
        for entry in (entries.get(document.entry_id),)
        for doubt in _doubts(document.content, entry)
    ]


def _name(entry: DocumentEntry | None) -> str:
    return f" ({entry.title})" if entry is not None and entry.title else ""


def _doubts(content: Content, entry: DocumentEntry | None) -> Iterator[str]:
    if not content.size:
        yield "it is empty (0 bytes)"
    if entry is None:
        return
    said, kind = entry.source.mime_type.partition(";")[0].strip().lower(), kind_of(content)
    if content.size and said and not _fits(said, kind):
        looks = f"looks like {kind}" if kind else "does not look like that"
        yield f"its media type is given as {said}, but it {looks}"
    size, digest = entry.slot("size"), entry.slot("hash")
    if size and size != str(content.size):
        yield f"its size is given as {size}, but it has {content.size} bytes"
    if digest and digest.lower() != content.sha1:
        yield f"its hash is given as {digest}, but it is {content.sha1}"


def _fits(said: str, kind: str) -> bool:
    """Whether first bytes are those of a media type, as far as can be told."""
    xml = said in {"text/xml", "application/xml"} or said.endswith("+xml")
    if kind == XML:
        return xml or said not in _TOLD
    if kind == "application/zip":
        return not xml and said not in _TOLD  # many formats are packed so
    if kind:
        return said in {kind, "application/octet-stream"}
    return not xml and said not in _TOLD
