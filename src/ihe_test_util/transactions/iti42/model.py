"""What a Register Document Set-b request says (ITI TF-2: 3.42.4.1.2), as XML and back."""

from dataclasses import dataclass, field

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.transactions.card import Attachments, Payload
from ihe_test_util.transactions.xds.submit_objects import build_submit_objects, read_submit_objects
from ihe_test_util.xml.io import Element


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """The metadata of a submission whose documents are in a repository."""

    metadata: Metadata = field(default_factory=Metadata)


def build_request(request: RegisterRequest) -> Payload:
    """The request as an lcm:SubmitObjectsRequest.

    Raises:
        ValueError: a text that XML cannot carry.
        XmlMalformed: an object of the metadata that is kept as XML, and is none.
    """
    return build_submit_objects(request.metadata)


def parse_request(element: Element, attachments: Attachments) -> RegisterRequest:  # noqa: ARG001 - the card's form
    """Read an lcm:SubmitObjectsRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    return RegisterRequest(read_submit_objects(element))
