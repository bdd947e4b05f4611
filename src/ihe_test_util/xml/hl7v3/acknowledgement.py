"""The accept acknowledgement MCCI_IN000002UV01, which answers patient identity feeds (ITI TF-2: O.1.2)."""

from dataclasses import dataclass
from typing import Final

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.xml.hl7v3.datatypes import CD, II
from ihe_test_util.xml.hl7v3.elements import add, add_cd, add_ii, by_tag, new_message, q, read_cd, read_ii
from ihe_test_util.xml.hl7v3.wrappers import (
    HL7_INTERACTIONS,
    ID,
    Device,
    Transmission,
    add_transmission,
    first,
    read_transmission,
    text_of,
)
from ihe_test_util.xml.io import Element

INTERACTION: Final = "MCCI_IN000002UV01"
ROOT: Final = q(INTERACTION)
#: acknowledgement/typeCode that mean success; CE, CR, AE and AR mean failure (HL7 V3 AcknowledgementType).
ACCEPTED: Final = frozenset({"CA", "AA"})

_ACKNOWLEDGEMENT: Final = q("acknowledgement")
_TYPE_CODE: Final = q("typeCode")
_TARGET_MESSAGE: Final = q("targetMessage")
_DETAIL: Final = q("acknowledgementDetail")
_CODE: Final = q("code")
_TEXT: Final = q("text")
_LOCATION: Final = q("location")


@dataclass(frozen=True, slots=True)
class AcknowledgementDetail:
    """Error, warning or information about a message; ``type_code`` is E, W or I, ``locations`` are XPaths."""

    type_code: str
    text: str = ""
    code: CD | None = None
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """MCCI_IN000002UV01: whether a message was accepted, and why not.

    ``target_message_id`` is the id of the message that is answered. Of several ``acknowledgement`` elements
    only the first is modelled; not modelled are sequence numbers and messages waiting.
    """

    transmission: Transmission
    type_code: str = ""
    target_message_id: II | None = None
    details: tuple[AcknowledgementDetail, ...] = ()

    @property
    def message_id(self) -> II | None:
        """The acknowledgement's own id."""
        return self.transmission.message_id

    @property
    def accepted(self) -> bool:
        """Whether its type says that the message was accepted."""
        return self.type_code in ACCEPTED


def acknowledgement(
    type_code: str,
    target: II | None,
    *,
    message_id: II,
    creation_time: str,
    sender: Device,
    receiver: Device,
    details: tuple[AcknowledgementDetail, ...] = (),
    processing_code: str = "P",
) -> Acknowledgement:
    """An accept acknowledgement with everything that IHE demands of its wrapper (ITI TF-2: O.1.2)."""
    transmission = Transmission(
        message_id,
        creation_time,
        II(HL7_INTERACTIONS, INTERACTION),
        processing_code,
        "T",
        "NE",
        (receiver,),
        sender,
    )
    return Acknowledgement(transmission, type_code, target, details)


def read_acknowledgement(message: Element) -> Acknowledgement:
    """An MCCI_IN000002UV01 as a value; what it leaves out is None or empty.

    Raises:
        MessageMalformed: the element is something else.
    """
    if message.tag != ROOT:
        raise MessageMalformed(
            "the answer is not an HL7 V3 accept acknowledgement", got=f"<{message.tag}>", expected=f"<{ROOT}>"
        )
    children = by_tag(message)
    found = children.get(_ACKNOWLEDGEMENT)
    if not found:
        return Acknowledgement(read_transmission(message, children))
    inner = by_tag(found[0])
    targets = inner.get(_TARGET_MESSAGE)
    ids = by_tag(targets[0]).get(ID) if targets else None
    return Acknowledgement(
        read_transmission(message, children),
        # An attribute in editions before 2008, which some peers still send.
        first(inner, _TYPE_CODE, "code") or found[0].get("typeCode", ""),
        read_ii(ids[0]) if ids else None,
        tuple([_read_detail(detail) for detail in inner.get(_DETAIL, ())]),
    )


def build_acknowledgement(value: Acknowledgement) -> Element:
    """The element of an acknowledgement, in the order of MCCI_MT000200UV01."""
    message = new_message(INTERACTION)
    add_transmission(message, value.transmission)
    if not value.type_code and value.target_message_id is None and not value.details:
        return message
    element = add(message, "acknowledgement")
    if value.type_code:
        add(element, "typeCode", code=value.type_code)
    if value.target_message_id is not None:
        add_ii(add(element, "targetMessage"), "id", value.target_message_id)
    for detail in value.details:
        _add_detail(element, detail)
    return message


def _read_detail(element: Element) -> AcknowledgementDetail:
    children = by_tag(element)
    codes = children.get(_CODE)
    return AcknowledgementDetail(
        element.get("typeCode", ""),
        text_of(children, _TEXT),
        read_cd(codes[0]) if codes else None,
        tuple([(location.text or "").strip() for location in children.get(_LOCATION, ())]),
    )


def _add_detail(parent: Element, detail: AcknowledgementDetail) -> None:
    element = add(parent, "acknowledgementDetail", typeCode=detail.type_code)
    if detail.code is not None:
        add_cd(element, "code", detail.code)
    if detail.text:
        add(element, "text").text = detail.text
    for location in detail.locations:
        add(element, "location").text = location
