"""What a request to update metadata says (ITI TF-2: 3.57.4.1.2, 3.92.4.1.2), as XML and back."""

from dataclasses import dataclass, field

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Attachments, Payload
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST, write_submit_objects
from ihe_test_util.xml.io import Element


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """A submission set with the operations that it asks for."""

    metadata: Metadata = field(default_factory=Metadata)

    @property
    def set_unique_id(self) -> str:
        """The uniqueId of the submission set, or nothing."""
        return self.metadata.submission_set.unique_id if self.metadata.submission_set else ""


def build_request(request: UpdateRequest) -> Payload:
    """The request as an lcm:SubmitObjectsRequest.

    Raises:
        XmlMalformed: an object of the metadata that is kept as XML, and is none.
    """
    return Payload(write_submit_objects(request.metadata.request))


def parse_request(element: Element, attachments: Attachments) -> UpdateRequest:  # noqa: ARG001 - the card's form
    """Read an lcm:SubmitObjectsRequest; what is missing is empty.

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
    return UpdateRequest(Metadata.read(element))
