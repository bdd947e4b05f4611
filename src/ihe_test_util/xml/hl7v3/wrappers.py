"""The transmission wrapper that every HL7 V3 message has (ITI TF-2: O.1).

Not modelled: ``securityText``, ``versionCode``, ``profileId``, ``sequenceNumber``, ``attachmentText``,
``respondTo``, ``attentionLine``; of a device its description, model, software, telecoms and location.
"""

from dataclasses import dataclass
from typing import Final

from ihe_test_util.xml.hl7v3.datatypes import II
from ihe_test_util.xml.hl7v3.elements import ID, add, add_ii, child, q, read_ids, read_ii
from ihe_test_util.xml.io import Element

#: Identifies interactions and trigger events of HL7 V3 (``interactionId``, ``controlActProcess/code``).
HL7_INTERACTIONS: Final = "2.16.840.1.113883.1.6"
ITS_VERSION: Final = "XML_1.0"

NAME: Final = q("name")
_CREATION_TIME: Final = q("creationTime")
_INTERACTION_ID: Final = q("interactionId")
_PROCESSING_CODE: Final = q("processingCode")
_PROCESSING_MODE_CODE: Final = q("processingModeCode")
_ACCEPT_ACK_CODE: Final = q("acceptAckCode")
_RECEIVER: Final = q("receiver")
_SENDER: Final = q("sender")
_DEVICE: Final = q("device")
_LEAVES: Final = {
    _CREATION_TIME: "value",
    _PROCESSING_CODE: "code",
    _PROCESSING_MODE_CODE: "code",
    _ACCEPT_ACK_CODE: "code",
}
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


def read_transmission(message: Element) -> tuple[Transmission, list[Element]]:
    """The wrapper of a message, and those of the message's children that are no part of it."""
    ids: list[II] = []
    interaction_ids: list[II] = []
    receivers: list[Device] = []
    senders: list[Device] = []
    values: dict[str, str] = {}
    rest: list[Element] = []
    for one in message:
        tag = one.tag
        if (attribute := _LEAVES.get(tag)) is not None:
            values.setdefault(tag, one.get(attribute, ""))
        elif (identifiers := ids if tag == ID else interaction_ids if tag == _INTERACTION_ID else None) is not None:
            identifiers.append(read_ii(one))
        elif tag == _RECEIVER:
            receivers.append(_read_device(one))
        elif tag == _SENDER:
            senders.append(_read_device(one))
        else:
            rest.append(one)
    get = values.get
    return Transmission(
        ids[0] if ids else None,
        get(_CREATION_TIME, ""),
        interaction_ids[0] if interaction_ids else None,
        get(_PROCESSING_CODE, ""),
        get(_PROCESSING_MODE_CODE, ""),
        get(_ACCEPT_ACK_CODE, ""),
        tuple(receivers),
        senders[0] if senders else None,
        message.get("ITSVersion", ""),
    ), rest


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


def _read_device(communication: Element) -> Device:
    device = child(communication, _DEVICE)
    if device is None:
        return Device()
    ids: list[II] = []
    name = ""
    organization_ids: tuple[II, ...] = ()
    for one in device:
        tag = one.tag
        if tag == ID:
            ids.append(read_ii(one))
        elif tag == NAME:
            name = name or (one.text or "").strip()
        elif tag == _AS_AGENT:
            organization = child(one, _REPRESENTED_ORGANIZATION)
            organization_ids = read_ids(organization) if organization is not None else ()
    return Device(tuple(ids), name, organization_ids)


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
