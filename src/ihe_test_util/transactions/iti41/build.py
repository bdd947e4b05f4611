"""A Provide and Register Document Set-b request as XML, with its documents as attachments."""

from typing import Final
from xml.sax.saxutils import quoteattr

from ihe_test_util.content import Attachment
from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.iti41.model import NO_MEDIA_TYPE, ProvideAndRegisterRequest
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import ExtrinsicObject, submit_objects_as_xml
from ihe_test_util.xml.xop import include_as_xml

_BEGIN: Final = f'<xdsb:ProvideAndRegisterDocumentSetRequest xmlns:xdsb="{ns.XDSB}">'.encode()
_END: Final = b"</xdsb:ProvideAndRegisterDocumentSetRequest>"


def build_request(request: ProvideAndRegisterRequest) -> Payload:
    """The request; each document is an xop:Include to an attachment of the media type that its entry states.

    Raises:
        ValueError: a text that XML cannot carry.
        XmlMalformed: an object of the metadata that is kept as XML, and is none.
    """
    objects = request.metadata.request.objects
    media_types = {one.id: one.mime_type for one in objects if isinstance(one, ExtrinsicObject)}
    attachments = []
    documents = []
    for number, document in enumerate(request.documents, start=1):
        content_id = f"document{number}@ihe-test-util"
        reference = include_as_xml(content_id)
        documents.append(f"<xdsb:Document id={quoteattr(document.entry_id)}>{reference}</xdsb:Document>".encode())
        media_type = media_types.get(document.entry_id) or NO_MEDIA_TYPE
        attachments.append(Attachment(content_id, media_type, document.content))
    metadata = submit_objects_as_xml(request.metadata.request)
    return Payload.of_xml(b"".join((_BEGIN, metadata, *documents, _END)), tuple(attachments))
