"""A Provide and Register Document Set-b request from XML: tolerant, so that the rules can say what is missing."""

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.iti41.model import (
    DOCUMENT,
    REQUEST_ROOT,
    ProvideAndRegisterRequest,
    ProvidedDocument,
)
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST
from ihe_test_util.xml.io import Element


def parse_request(element: Element, attachments: Attachments) -> ProvideAndRegisterRequest:
    """Read a xdsb:ProvideAndRegisterDocumentSetRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element, or a document that is not base64.
        MimeMalformed: a document that points to a part which is not there.
    """
    if element.tag != REQUEST_ROOT:
        raise MessageMalformed(
            "the message is not a ProvideAndRegisterDocumentSetRequest",
            where="the child of the SOAP Body",
            got=str(element.tag),
            expected=REQUEST_ROOT,
        )
    metadata: Metadata | None = None
    documents = []
    for child in element:
        tag = child.tag
        if tag == DOCUMENT:
            documents.append(ProvidedDocument(child.get("id", ""), attachments.content_of(child)))
        elif tag == SUBMIT_OBJECTS_REQUEST and metadata is None:
            metadata = Metadata.read(child)
    return ProvideAndRegisterRequest(metadata or Metadata(), tuple(documents))
