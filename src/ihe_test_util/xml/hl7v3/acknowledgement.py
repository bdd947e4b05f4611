"""Acknowledgements: MCCI_IN000002UV01, and the part of answers to queries (ITI TF-2: O.1.2, O.1.3)."""

from copy import copy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.xml.hl7v3.datatypes import CD, II
from ihe_test_util.xml.hl7v3.elements import (
    ID,
    add,
    add_cd,
    add_ii,
    by_tag,
    child,
    new_message,
    q,
    read_cd,
    read_ii,
)
from ihe_test_util.xml.hl7v3.wrappers import (
    HL7_INTERACTIONS,
    ITS_VERSION,
    Device,
    Transmission,
    add_transmission,
    read_transmission,
)
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.ns import HL7

INTERACTION: Final = "MCCI_IN000002UV01"
ROOT: Final = q(INTERACTION)
#: acknowledgement/typeCode that mean success; CE, CR, AE and AR mean failure (HL7 V3 AcknowledgementType).
ACCEPTED: Final = frozenset({"CA", "AA"})

#: HL7 table 0357, 204: an identifier, or a domain, that nobody knows.
UNKNOWN_KEY: Final = CD("204", "2.16.840.1.113883.12.357", "Unknown key identifier")
#: AcknowledgementDetailSyntaxErrorCode: a value that must not stand where it does.
ILLEGAL_VALUE: Final = CD("SYN113", "2.16.840.1.113883.5.1100")

_ACKNOWLEDGEMENT: Final = q("acknowledgement")
_TYPE_CODE: Final = q("typeCode")
_TARGET_MESSAGE: Final = q("targetMessage")
_DETAIL: Final = q("acknowledgementDetail")
_CODE: Final = q("code")
_TEXT: Final = q("text")
_LOCATION: Final = q("location")


_INTERACTION_ID: Final = II(HL7_INTERACTIONS, INTERACTION)
_USUAL: Final = etree.fromstring(
    f"""<{INTERACTION} xmlns="{HL7}" ITSVersion="{ITS_VERSION}"><id/><creationTime/>"""
    f"""<interactionId root="{HL7_INTERACTIONS}" extension="{INTERACTION}"/><processingCode/>"""
    """<processingModeCode code="T"/><acceptAckCode code="NE"/>"""
    """<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE"><id/></device></receiver>"""
    """<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE"><id/></device></sender>"""
    f"""<acknowledgement><typeCode/><targetMessage><id/></targetMessage>"""
    f"""<acknowledgementDetail><text/><location/></acknowledgementDetail></acknowledgement></{INTERACTION}>"""
)


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
    the first that refuses is modelled, else the first; not modelled are sequence numbers and messages waiting.
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

    @property
    def contradiction(self) -> str:
        """What is wrong with an acknowledgement that accepts, and gives errors all the same; empty where nothing is."""
        if not self.accepted or all(detail.type_code != "E" for detail in self.details):
            return ""
        return f"the answer contradicts itself: it says {self.type_code}, and gives an error"


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
        _INTERACTION_ID,
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
    return acknowledgement_in(*read_transmission(message))


def acknowledgement_in(transmission: Transmission, rest: list[Element]) -> Acknowledgement:
    """What a message acknowledges, from the children that follow its wrapper; of several, one that refuses."""
    found = [_read_acknowledgement(transmission, one) for one in rest if one.tag == _ACKNOWLEDGEMENT]
    refusing = [one for one in found if not one.accepted]
    return next(iter((*refusing, *found)), Acknowledgement(transmission))


def build_acknowledgement(value: Acknowledgement) -> Element:
    """The element of an acknowledgement, in the order of MCCI_MT000200UV01."""
    if _is_usual(value):
        return _build_usual(value)
    message = new_message(INTERACTION)
    add_acknowledgement(message, value)
    return message


def add_acknowledgement(message: Element, value: Acknowledgement) -> None:
    """The wrapper and what it acknowledges as the first children of a message."""
    add_transmission(message, value.transmission)
    if not value.type_code and value.target_message_id is None and not value.details:
        return
    element = add(message, "acknowledgement")
    if value.type_code:
        add(element, "typeCode", code=value.type_code)
    if value.target_message_id is not None:
        add_ii(add(element, "targetMessage"), "id", value.target_message_id)
    for detail in value.details:
        _add_detail(element, detail)


def _is_usual(value: Acknowledgement) -> bool:
    transmission = value.transmission
    sender, receivers, details = transmission.sender, transmission.receivers, value.details
    return (
        sender is not None
        and len(receivers) == len(details) == 1
        and len(details[0].locations) == 1
        and details[0].code is None
        and bool(details[0].type_code and details[0].text)
        and _is_bare(sender)
        and _is_bare(receivers[0])
        and transmission.message_id is not None
        and value.target_message_id is not None
        and transmission.interaction_id == _INTERACTION_ID
        and transmission.processing_mode_code == "T"
        and transmission.accept_ack_code == "NE"
        and transmission.its_version == ITS_VERSION
        and bool(value.type_code and transmission.creation_time and transmission.processing_code)
    )


def _is_bare(device: Device) -> bool:
    return len(device.ids) == 1 and not device.name and not device.organization_ids


def _build_usual(value: Acknowledgement) -> Element:
    """The same element as the long way builds, by filling in a copy: a mock under load answers little else."""
    transmission = value.transmission
    message = copy(_USUAL)
    id_, creation_time, _, processing_code, _, _, receiver, sender, element = message
    _set_ii(id_, transmission.message_id)
    creation_time.set("value", transmission.creation_time)
    processing_code.set("code", transmission.processing_code)
    _set_ii(receiver[0][0], transmission.receivers[0].ids[0])
    _set_ii(sender[0][0], transmission.sender.ids[0] if transmission.sender is not None else None)
    type_code, target, detail = element
    type_code.set("code", value.type_code)
    _set_ii(target[0], value.target_message_id)
    detail.set("typeCode", value.details[0].type_code)
    text, location = detail
    text.text = value.details[0].text
    location.text = value.details[0].locations[0]
    return message


def _set_ii(element: Element, value: II | None) -> None:
    if value is None:
        return
    if value.null_flavor:
        element.set("nullFlavor", value.null_flavor)
    if value.root:
        element.set("root", value.root)
    if value.extension:
        element.set("extension", value.extension)
    if value.assigning_authority_name:
        element.set("assigningAuthorityName", value.assigning_authority_name)


def _read_acknowledgement(transmission: Transmission, element: Element) -> Acknowledgement:
    children = by_tag(element)
    types, targets = children.get(_TYPE_CODE), children.get(_TARGET_MESSAGE)
    target = child(targets[0], ID) if targets else None
    return Acknowledgement(
        transmission,
        # An attribute in editions before 2008, which some peers still send.
        types[0].get("code", "") if types else element.get("typeCode", ""),
        read_ii(target) if target is not None else None,
        tuple([_read_detail(detail) for detail in children.get(_DETAIL, ())]),
    )


def _read_detail(element: Element) -> AcknowledgementDetail:
    children = by_tag(element)
    codes, texts = children.get(_CODE), children.get(_TEXT)
    return AcknowledgementDetail(
        element.get("typeCode", ""),
        (texts[0].text or "").strip() if texts else "",
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
