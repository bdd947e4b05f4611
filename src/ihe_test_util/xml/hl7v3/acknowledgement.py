"""Acknowledgements: MCCI_IN000002UV01, and the part of answers to queries (ITI TF-2: O.1.2, O.1.3)."""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

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
from ihe_test_util.xml.io import Element, serialize
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
_DEVICE: Final = '<device classCode="DEV" determinerCode="INSTANCE">%s</device>'
#: The usual acknowledgement: id, creationTime, processingCode, receiver, sender, typeCode, target, detail.
_USUAL: Final = (
    f'<{INTERACTION} xmlns="{HL7}" ITSVersion="{ITS_VERSION}">%s<creationTime value="%s"/>'
    f'<interactionId root="{HL7_INTERACTIONS}" extension="{INTERACTION}"/><processingCode code="%s"/>'
    '<processingModeCode code="T"/><acceptAckCode code="NE"/>'
    f'<receiver typeCode="RCV">{_DEVICE}</receiver><sender typeCode="SND">{_DEVICE}</sender>'
    '<acknowledgement><typeCode code="%s"/><targetMessage>%s</targetMessage>'
    '<acknowledgementDetail typeCode="%s"><text>%s</text><location>%s</location></acknowledgementDetail>'
    f"</acknowledgement></{INTERACTION}>"
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
        for detail in self.details if self.accepted else ():
            if detail.type_code == "E":
                return f"the answer contradicts itself: it says {self.type_code}, and gives an error"
        return ""


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
    message = new_message(INTERACTION)
    add_acknowledgement(message, value)
    return message


def acknowledgement_as_xml(value: Acknowledgement) -> bytes:
    """The same as text, UTF-8 and without a declaration, which for the usual one costs little."""
    text = _usual_text(value)
    return text.encode() if text else serialize(build_acknowledgement(value), declaration=False)


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


def _usual_text(value: Acknowledgement) -> str:
    """An acknowledgement as the mock answers a feed; empty for any other."""
    transmission, target = value.transmission, value.target_message_id
    message_id, sender, receivers = transmission.message_id, transmission.sender, transmission.receivers
    if message_id is None or target is None or sender is None or len(receivers) != 1 or len(value.details) != 1:
        return ""
    detail, receiver = value.details[0], receivers[0]
    if not (
        _is_bare(sender)
        and _is_bare(receiver)
        and detail.code is None
        and len(detail.locations) == 1
        and (detail.type_code and detail.text)
        and (value.type_code and transmission.creation_time and transmission.processing_code)
        and transmission.interaction_id == _INTERACTION_ID
        and transmission.processing_mode_code == "T"
        and transmission.accept_ack_code == "NE"
        and transmission.its_version == ITS_VERSION
    ):
        return ""
    codes = (transmission.creation_time, transmission.processing_code, value.type_code, detail.type_code)
    text, location = detail.text, detail.locations[0]
    ids = [_ii(one) for one in (message_id, receiver.ids[0], sender.ids[0], target)]
    if not (all(ids) and _are_plain("".join(codes)) and (text + location).isprintable()):
        return ""
    return _USUAL % (
        ids[0],
        transmission.creation_time,
        transmission.processing_code,
        *ids[1:3],
        value.type_code,
        ids[3],
        detail.type_code,
        escape(text),
        location if _are_plain(location) else escape(location),
    )


def _is_bare(device: Device) -> bool:
    return len(device.ids) == 1 and not device.name and not device.organization_ids


def _ii(value: II) -> str:
    """An id; empty where it holds what is written otherwise in XML."""
    if not _are_plain(value.root + value.extension + value.assigning_authority_name + value.null_flavor):
        return ""
    text = f'<id nullFlavor="{value.null_flavor}"' if value.null_flavor else "<id"
    if value.root:
        text += f' root="{value.root}"'
    if value.extension:
        text += f' extension="{value.extension}"'
    if value.assigning_authority_name:
        text += f' assigningAuthorityName="{value.assigning_authority_name}"'
    return text + "/>"


def _are_plain(text: str) -> bool:
    return text.isprintable() and "&" not in text and "<" not in text and ">" not in text and '"' not in text


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
