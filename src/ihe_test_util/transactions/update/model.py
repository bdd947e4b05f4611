"""What a request to update metadata says (ITI TF-2: 3.57.4.1.2, 3.92.4.1.2), as XML and back."""

from dataclasses import dataclass, field

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.transactions.card import Attachments, Payload
from ihe_test_util.transactions.xds.submit_objects import build_submit_objects, read_submit_objects
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
        ValueError: a text that XML cannot carry.
        XmlMalformed: an object of the metadata that is kept as XML, and is none.
    """
    return build_submit_objects(request.metadata)


def parse_request(element: Element, attachments: Attachments) -> UpdateRequest:  # noqa: ARG001 - the card's form
    """Read an lcm:SubmitObjectsRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    return UpdateRequest(read_submit_objects(element))
