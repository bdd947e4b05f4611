"""A request from a file of metadata and the documents beside it, as a user of the client has them."""

from collections.abc import Mapping, Sequence
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.errors import BadInput
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.iti41.model import DOCUMENT, REQUEST_ROOT, ProvideAndRegisterRequest, ProvidedDocument
from ihe_test_util.transactions.iti41.parse import parse_request
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST
from ihe_test_util.xml.io import Element

_ENVELOPES: Final = frozenset({f"{{{ns.SOAP11}}}Envelope", f"{{{ns.SOAP12}}}Envelope"})
_BODIES: Final = (f"{{{ns.SOAP11}}}Body", f"{{{ns.SOAP12}}}Body")


def request_from_metadata(
    element: Element, documents: Mapping[str, Content] | Sequence[Content], attachments: Attachments | None = None
) -> ProvideAndRegisterRequest:
    """The request that a file of metadata and its documents make.

    ``element`` is a ProvideAndRegisterDocumentSetRequest, an lcm:SubmitObjectsRequest, or a SOAP envelope around
    one of them. ``documents`` are the contents by the id of their DocumentEntry, or in the order of the entries;
    when there are none, those that stand in the file itself are read with ``attachments``.

    Raises:
        BadInput: a file that holds something else; documents that are more or fewer than the entries, or of an
            entry that is not there.
        MessageMalformed: a document in the file that is not base64.
        MimeMalformed: a document in the file that points to a MIME part.
    """
    message = _payload(element)
    if message.tag == REQUEST_ROOT and not documents and attachments is not None:
        return parse_request(message, attachments)
    submit = message if message.tag == SUBMIT_OBJECTS_REQUEST else message.find(SUBMIT_OBJECTS_REQUEST)
    if submit is None or message.tag not in (SUBMIT_OBJECTS_REQUEST, REQUEST_ROOT):
        raise BadInput(
            "the metadata file holds no submission",
            got=str(message.tag),
            expected="a ProvideAndRegisterDocumentSetRequest or a SubmitObjectsRequest, bare or in a SOAP Body",
        )
    if not documents and message.find(DOCUMENT) is not None:
        raise BadInput("no document was given, and those in the metadata file are not read", hint="give them as files")
    metadata = Metadata.read(submit)
    return ProvideAndRegisterRequest(metadata, _provided(metadata, documents))


def _payload(element: Element) -> Element:
    if element.tag not in _ENVELOPES:
        return element
    body = next(element.iterchildren(*_BODIES), None)
    payload = None if body is None else next(iter(body), None)
    if payload is None:
        raise BadInput("the metadata file is a SOAP envelope without a message", where="/Envelope/Body")
    return payload


def _provided(metadata: Metadata, documents: Mapping[str, Content] | Sequence[Content]) -> tuple[ProvidedDocument, ...]:
    entries = [entry.source.id for entry in metadata.document_entries]
    if isinstance(documents, Mapping):
        strangers = [entry_id for entry_id in documents if entry_id not in entries]
        if strangers:
            raise BadInput(
                "a document is given for an entry that the metadata do not have",
                got=", ".join(strangers),
                expected=", ".join(entries) or "no document",
            )
        return tuple(ProvidedDocument(entry_id, content) for entry_id, content in documents.items())
    if len(documents) != len(entries):
        raise BadInput(
            f"the metadata describe {len(entries)} documents, {len(documents)} were given",
            got=str(len(documents)),
            expected=", ".join(entries) or "no document",
            hint="give one document for each entry, in the order of the entries",
        )
    return tuple(ProvidedDocument(*pair) for pair in zip(entries, documents, strict=True))
