"""What Retrieve Document Set says and is answered (ITI TF-2: 3.43.4.1.2, 3.43.4.2.2): values, writing, reading."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.content import Attachment, Content
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Attachments, Payload
from ihe_test_util.transactions.xds import response as registry
from ihe_test_util.transactions.xds.document_request import (
    DocumentRequest,
    read_document_requests,
    write_document_requests,
)
from ihe_test_util.transactions.xds.response import REGISTRY_RESPONSE, RegistryResponse
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.xop import include

_XDSB: Final = f"{{{ns.XDSB}}}"
REQUEST_ROOT: Final = _XDSB + "RetrieveDocumentSetRequest"
RESPONSE_ROOT: Final = _XDSB + "RetrieveDocumentSetResponse"
_DOCUMENT_RESPONSE: Final = _XDSB + "DocumentResponse"
_DOCUMENT: Final = _XDSB + "Document"
_PREFIXES: Final = {"xdsb": ns.XDSB}


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """The documents that are asked for."""

    documents: tuple[DocumentRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievedDocument:
    """A document as it came; the ``new`` ids are those of what an on-demand document was turned into."""

    repository_unique_id: str
    document_unique_id: str
    mime_type: str
    content: Content
    home: str = ""
    new_repository_unique_id: str = ""
    new_document_unique_id: str = ""


@dataclass(frozen=True, slots=True)
class RetrieveResponse:
    """How the request ended, and the documents that were found."""

    registry: RegistryResponse
    documents: tuple[RetrievedDocument, ...] = ()


def build_request(request: RetrieveRequest) -> Payload:
    """An xdsb:RetrieveDocumentSetRequest."""
    root = etree.Element(REQUEST_ROOT, nsmap=_PREFIXES)
    write_document_requests(root, request.documents)
    return Payload(root)


def parse_request(element: Element, attachments: Attachments) -> RetrieveRequest:  # noqa: ARG001 - the card's form
    """Read an xdsb:RetrieveDocumentSetRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    _expect(element, REQUEST_ROOT, "the message is not a RetrieveDocumentSetRequest")
    return RetrieveRequest(read_document_requests(element))


def build_response(response: RetrieveResponse) -> Payload:
    """An xdsb:RetrieveDocumentSetResponse; each document is an xop:Include to an attachment of its media type."""
    root = etree.Element(RESPONSE_ROOT, nsmap=_PREFIXES)
    root.append(registry.build_response(response.registry).element)
    attachments = []
    for number, document in enumerate(response.documents, start=1):
        element = etree.SubElement(root, _DOCUMENT_RESPONSE)
        for name, value in (
            ("HomeCommunityId", document.home),
            ("RepositoryUniqueId", document.repository_unique_id),
            ("DocumentUniqueId", document.document_unique_id),
            ("NewRepositoryUniqueId", document.new_repository_unique_id),
            ("NewDocumentUniqueId", document.new_document_unique_id),
            ("mimeType", document.mime_type),
        ):
            if value:
                etree.SubElement(element, _XDSB + name).text = value
        content_id = f"document{number}@ihe-test-util"
        include(etree.SubElement(element, _DOCUMENT), content_id)
        attachments.append(Attachment(content_id, document.mime_type, document.content))
    return Payload(root, tuple(attachments))


def parse_response(element: Element, attachments: Attachments) -> RetrieveResponse:
    """Read an xdsb:RetrieveDocumentSetResponse; what is missing is empty.

    Raises:
        MessageMalformed: another root element, no RegistryResponse, or a document that is not base64.
        MimeMalformed: a document that points to a part which is not there.
    """
    _expect(element, RESPONSE_ROOT, "the answer is not that of a document repository")
    status = element.find(REGISTRY_RESPONSE)
    if status is None:
        raise MessageMalformed(
            "the answer does not say how the request ended", where="/RetrieveDocumentSetResponse/RegistryResponse"
        )
    documents = [_document(child, attachments) for child in element if child.tag == _DOCUMENT_RESPONSE]
    return RetrieveResponse(registry.parse_response(status, attachments), tuple(documents))


def _document(element: Element, attachments: Attachments) -> RetrievedDocument:
    content = element.find(_DOCUMENT)
    if content is None:
        raise MessageMalformed(
            "a DocumentResponse has no Document",
            where=f"/RetrieveDocumentSetResponse/DocumentResponse (line {element.sourceline})",
        )

    def text(name: str) -> str:
        return (element.findtext(_XDSB + name) or "").strip()

    return RetrievedDocument(
        text("RepositoryUniqueId"),
        text("DocumentUniqueId"),
        text("mimeType"),
        attachments.content_of(content),
        text("HomeCommunityId"),
        text("NewRepositoryUniqueId"),
        text("NewDocumentUniqueId"),
    )


def _expect(element: Element, root: str, message: str) -> None:
    if element.tag != root:
        raise MessageMalformed(message, where="the child of the SOAP Body", got=str(element.tag), expected=root)
