"""Metadata that travel as an lcm:SubmitObjectsRequest without a document (ITI TF-3: 4.2.1.4)."""

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Payload
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST, submit_objects_as_xml
from ihe_test_util.xml.ebrim import read_submit_objects as read_objects_of
from ihe_test_util.xml.io import Element


def build_submit_objects(metadata: Metadata) -> Payload:
    """The metadata as a request.

    Raises:
        ValueError: a text that XML cannot carry.
        XmlMalformed: an object of the metadata that is kept as XML, and is none.
    """
    return Payload.of_xml(submit_objects_as_xml(metadata.request))


def read_submit_objects(element: Element) -> Metadata:
    """The metadata of a request; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    if element.tag != SUBMIT_OBJECTS_REQUEST:
        raise MessageMalformed(
            "the message is not a SubmitObjectsRequest",
            where="the child of the SOAP Body",
            got=str(element.tag),
            expected=SUBMIT_OBJECTS_REQUEST,
        )
    return Metadata(read_objects_of(element))  # its text is not kept, as that of a submission is
