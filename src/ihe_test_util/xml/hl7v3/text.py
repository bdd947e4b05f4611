"""Data types and wrapper of HL7 V3 as text, for what is written by the thousand: the same as ``elements`` builds."""

from ihe_test_util.xml import markup
from ihe_test_util.xml.hl7v3.datatypes import AD, CD, II, PN, TEL, Part
from ihe_test_util.xml.hl7v3.wrappers import Device, Transmission
from ihe_test_util.xml.markup import element
from ihe_test_util.xml.ns import HL7


def message(interaction: str, its_version: str, inner: str) -> bytes:
    """A whole message in UTF-8, without a declaration.

    Raises:
        ValueError: a text that XML cannot carry.
    """
    return markup.utf8(element(markup.name(interaction), inner, xmlns=HL7, ITSVersion=its_version))


def ii(name: str, value: II) -> str:
    """An instance identifier."""
    if not (value.null_flavor or value.assigning_authority_name):
        return element(name, root=value.root, extension=value.extension)
    return element(
        name,
        nullFlavor=value.null_flavor,
        root=value.root,
        extension=value.extension,
        assigningAuthorityName=value.assigning_authority_name,
    )


def ids(values: tuple[II, ...]) -> str:
    """Instance identifiers, each an ``id``."""
    return "".join([ii("id", value) for value in values])


def cd(name: str, value: CD | None) -> str:
    """A coded value, where there is one."""
    if value is None:
        return ""
    return element(
        name,
        nullFlavor=value.null_flavor,
        code=value.code,
        codeSystem=value.code_system,
        displayName=value.display_name,
    )


def code(name: str, value: str) -> str:
    """A code that needs no code system, where there is one."""
    return element(name, code=value) if value else ""


def value(name: str, text: str) -> str:
    """An element with a value, where there is one."""
    return element(name, value=text) if text else ""


def flag(name: str, truth: bool | None) -> str:  # noqa: FBT001 - a value of HL7 V3, as the others here
    """A Boolean, where there is one."""
    return "" if truth is None else element(name, value="true" if truth else "false")


def tel(name: str, value: TEL) -> str:
    """A telecommunication address."""
    return element(name, nullFlavor=value.null_flavor, value=value.value, use=value.use)


def parted(name: str, value: PN | AD) -> str:
    """A name or an address with its parts."""
    return element(name, _parts(value.parts), nullFlavor=value.null_flavor, use=value.use)


def transmission(wrapper: Transmission) -> str:
    """The wrapper, which comes first in a message; ``its_version`` is an attribute of the message."""
    return "".join(
        [
            ii("id", wrapper.message_id) if wrapper.message_id is not None else "",
            value("creationTime", wrapper.creation_time),
            ii("interactionId", wrapper.interaction_id) if wrapper.interaction_id is not None else "",
            code("processingCode", wrapper.processing_code),
            code("processingModeCode", wrapper.processing_mode_code),
            code("acceptAckCode", wrapper.accept_ack_code),
            *[element("receiver", _device(receiver), typeCode="RCV") for receiver in wrapper.receivers],
            element("sender", _device(wrapper.sender), typeCode="SND") if wrapper.sender is not None else "",
        ]
    )


def _device(device: Device) -> str:
    inner = ids(device.ids)
    if device.name:
        inner += element("name", markup.content(device.name))
    if device.organization_ids:
        organization = ids(device.organization_ids)
        represented = element("representedOrganization", organization, classCode="ORG", determinerCode="INSTANCE")
        inner += element("asAgent", represented, classCode="AGNT")
    return element("device", inner, classCode="DEV", determinerCode="INSTANCE")


def _parts(parts: tuple[Part, ...]) -> str:
    text = ""
    after_text = False
    for part in parts:
        if part.kind:
            text += element(markup.name(part.kind), markup.content(part.text), qualifier=part.qualifier)
        else:
            text += f" {markup.content(part.text)}" if after_text else markup.content(part.text)
        after_text = not part.kind and bool(after_text or part.text)
    return text
