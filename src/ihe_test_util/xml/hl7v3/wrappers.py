"""The transmission wrapper that every HL7 V3 message has (ITI TF-2: O.1).

Not modelled: ``securityText``, ``versionCode``, ``profileId``, ``sequenceNumber``, ``attachmentText``,
``respondTo``, ``attentionLine``; of a device its description, model, software, telecoms and location.
"""

from dataclasses import dataclass
from typing import Final

from ihe_test_util.xml.hl7v3.datatypes import II
from ihe_test_util.xml.hl7v3.elements import add, add_ii, by_tag, q, read_ii
from ihe_test_util.xml.io import Element

#: Identifies interactions and trigger events of HL7 V3 (``interactionId``, ``controlActProcess/code``).
HL7_INTERACTIONS: Final = "2.16.840.1.113883.1.6"
ITS_VERSION: Final = "XML_1.0"

ID: Final = q("id")
NAME: Final = q("name")
_CREATION_TIME: Final = q("creationTime")
_INTERACTION_ID: Final = q("interactionId")
_PROCESSING_CODE: Final = q("processingCode")
_PROCESSING_MODE_CODE: Final = q("processingModeCode")
_ACCEPT_ACK_CODE: Final = q("acceptAckCode")
_RECEIVER: Final = q("receiver")
_SENDER: Final = q("sender")
_DEVICE: Final = q("device")
_AS_AGENT: Final = q("asAgent")
_REPRESENTED_ORGANIZATION: Final = q("representedOrganization")


@dataclass(frozen=True, slots=True)
class Device:
    """The application that sends or receives, and the organization it acts for (MCCI_MT000100UV01.Device)."""

    ids: tuple[II, ...] = ()
    name: str = ""
    organization_ids: tuple[II, ...] = ()

    @classmethod
    def of(cls, oid: str) -> "Device":
        """A device known by an OID alone, as IHE demands."""
        return cls((II(oid),))


@dataclass(frozen=True, slots=True)
class Transmission:
    """What a message says about itself: MCCI_MT000100UV01, MCCI_MT000200UV01, MCCI_MT000300UV01.

    What a message left out is None or empty. ``creation_time`` is a TS as it arrived.
    """

    message_id: II | None = None
    creation_time: str = ""
    interaction_id: II | None = None
    processing_code: str = ""
    processing_mode_code: str = ""
    accept_ack_code: str = ""
    receivers: tuple[Device, ...] = ()
    sender: Device | None = None
    its_version: str = ITS_VERSION


def read_transmission(message: Element, children: dict[str, list[Element]]) -> Transmission:
    """The wrapper of a message whose children ``by_tag`` has grouped already."""
    ids, interaction_ids = children.get(ID), children.get(_INTERACTION_ID)
    senders = children.get(_SENDER)
    return Transmission(
        read_ii(ids[0]) if ids else None,
        first(children, _CREATION_TIME, "value"),
        read_ii(interaction_ids[0]) if interaction_ids else None,
        first(children, _PROCESSING_CODE, "code"),
        first(children, _PROCESSING_MODE_CODE, "code"),
        first(children, _ACCEPT_ACK_CODE, "code"),
        tuple([_read_device(receiver) for receiver in children.get(_RECEIVER, ())]),
        _read_device(senders[0]) if senders else None,
        message.get("ITSVersion", ""),
    )


def add_transmission(message: Element, transmission: Transmission) -> None:
    """The wrapper as the first children of a message."""
    if transmission.its_version:
        message.set("ITSVersion", transmission.its_version)
    if transmission.message_id is not None:
        add_ii(message, "id", transmission.message_id)
    if transmission.creation_time:
        add(message, "creationTime", value=transmission.creation_time)
    if transmission.interaction_id is not None:
        add_ii(message, "interactionId", transmission.interaction_id)
    for name, code in (
        ("processingCode", transmission.processing_code),
        ("processingModeCode", transmission.processing_mode_code),
        ("acceptAckCode", transmission.accept_ack_code),
    ):
        if code:
            add(message, name, code=code)
    for receiver in transmission.receivers:
        _add_device(add(message, "receiver", typeCode="RCV"), receiver)
    if transmission.sender is not None:
        _add_device(add(message, "sender", typeCode="SND"), transmission.sender)


def first(children: dict[str, list[Element]], tag: str, attribute: str) -> str:
    """An attribute of the first child of a tag; empty where there is no such child or attribute."""
    found = children.get(tag)
    return found[0].get(attribute, "") if found else ""


def text_of(children: dict[str, list[Element]], tag: str) -> str:
    """The text of the first child of a tag, white space around it removed; empty where there is none."""
    found = children.get(tag)
    return (found[0].text or "").strip() if found else ""


def read_ids(children: dict[str, list[Element]]) -> tuple[II, ...]:
    """The ``id`` elements among grouped children."""
    return tuple([read_ii(element) for element in children.get(ID, ())])


def _read_device(communication: Element) -> Device:
    device = communication.find(_DEVICE)
    if device is None:
        return Device()
    children = by_tag(device)
    organization_ids: tuple[II, ...] = ()
    for agent in children.get(_AS_AGENT, ()):
        for organization in by_tag(agent).get(_REPRESENTED_ORGANIZATION, ()):
            organization_ids += read_ids(by_tag(organization))
    return Device(read_ids(children), text_of(children, NAME), organization_ids)


def _add_device(communication: Element, device: Device) -> None:
    element = add(communication, "device", classCode="DEV", determinerCode="INSTANCE")
    for identifier in device.ids:
        add_ii(element, "id", identifier)
    if device.name:
        add(element, "name").text = device.name
    if device.organization_ids:
        agent = add(element, "asAgent", classCode="AGNT")
        organization = add(agent, "representedOrganization", classCode="ORG", determinerCode="INSTANCE")
        for identifier in device.organization_ids:
            add_ii(organization, "id", identifier)
