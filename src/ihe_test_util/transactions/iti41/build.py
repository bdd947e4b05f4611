"""A Provide and Register Document Set-b request as XML, with its documents as attachments."""

from lxml import etree

from ihe_test_util.content import Attachment
from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.iti41.model import DOCUMENT, NO_MEDIA_TYPE, REQUEST_ROOT, ProvideAndRegisterRequest
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import write_submit_objects
from ihe_test_util.xml.xop import include


def build_request(request: ProvideAndRegisterRequest) -> Payload:
    """The request; each document is an xop:Include to an attachment of the media type that its entry states.

    Raises:
        XmlMalformed: an object of the metadata that is kept as XML, and is none.
    """
    root = etree.Element(REQUEST_ROOT, nsmap={"xdsb": ns.XDSB})
    write_submit_objects(request.metadata.request, root)
    media_types = {entry.source.id: entry.source.mime_type for entry in request.metadata.document_entries}
    attachments = []
    for number, document in enumerate(request.documents, start=1):
        content_id = f"document{number}@ihe-test-util"
        include(etree.SubElement(root, DOCUMENT, id=document.entry_id), content_id)
        media_type = media_types.get(document.entry_id) or NO_MEDIA_TYPE
        attachments.append(Attachment(content_id, media_type, document.content))
    return Payload(root, tuple(attachments))
