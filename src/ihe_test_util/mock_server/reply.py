"""The way out: an answer or a fault to the bytes of an HTTP response."""

from dataclasses import dataclass, replace
from typing import Final

from ihe_test_util.errors import Scenario
from ihe_test_util.exchange import Finding, PartRecord
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.fault import Fault, build_fault, fault_header_blocks
from ihe_test_util.soap.mtom import HeldBody, write_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import Payload
from ihe_test_util.xml import ns

#: WS-Addressing 1.0 SOAP Binding, 6.4: the faults it defines itself.
SUBCODES: Final = {
    Scenario.UNKNOWN_ACTION: "ActionNotSupported",
    Scenario.WRONG_ENDPOINT: "DestinationUnreachable",
}
_CONTENT_TYPES: Final = {version: f"{version.media_type}; charset=UTF-8" for version in SoapVersion}
_LISTED: Final = 20
#: Packages up to this size are sent at once.
_HELD_BYTES: Final = 512 * 1024
#: A message that breaks more rules than this does so in the same few ways; the rest is counted.
DETAILED: Final = 1000


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response to be: ``xml`` is its SOAP message, ``body`` the bytes sent (the same unless MTOM).

    A package that is too large to be held is in ``stream`` instead of ``body``, to be closed; ``parts`` are its
    documents.
    """

    status: int
    content_type: str
    body: bytes
    xml: bytes
    stream: HeldBody | None = None
    parts: tuple[PartRecord, ...] = ()


def answer_reply(
    payload: Payload, *, version: SoapVersion, addressing: Addressing, action: str, new_uuid: str, mtom: bool
) -> Reply:
    """A transaction's answer, as an MTOM package or plain, as the request was."""
    properties = addressing.reply(action, f"urn:uuid:{new_uuid}") if addressing.present else NONE
    xml = write_envelope(payload.xml or payload.element, version=version, addressing=properties)
    if not mtom:
        return Reply(200, _CONTENT_TYPES[version], xml, xml)
    package = write_package(
        xml,
        payload.attachments,
        soap_version=version,
        action=action,
        boundary=f"MIMEBoundary_{new_uuid}",
        root_id=f"root.message.{new_uuid}@ihe-test-util",
    )
    parts = tuple(
        [
            PartRecord(each.content_id, each.content_type, each.content.size, each.content.sha1)
            for each in payload.attachments
        ]
    )
    if package.length > _HELD_BYTES:
        return Reply(200, package.content_type, b"", xml, package.hold(), parts)
    return Reply(200, package.content_type, b"".join(package.chunks()), xml, None, parts)


def fault_reply(fault: Fault, *, version: SoapVersion, addressing: Addressing, new_uuid: str) -> Reply:
    """A fault; always without MTOM, which every client reads."""
    if fault.scenario is Scenario.WRONG_ENDPOINT and not fault.subcode:
        # Without it, clients that do without WS-Addressing cannot tell a wrong path from a wrong message. HTTP 404, as
        # servlet containers answer, would cost those of JAX-WS the reason, which names the right path.
        fault = replace(fault, subcode=SUBCODES[fault.scenario])
    action = ns.WSA_FAULT_ACTION if fault.subcode else ns.WSA_SOAP_FAULT_ACTION
    properties = addressing.reply(action, f"urn:uuid:{new_uuid}") if addressing.present else NONE
    xml = write_envelope(
        build_fault(fault, version),
        version=version,
        addressing=properties,
        header_blocks=fault_header_blocks(fault, version),
    )
    return Reply(fault.status(version), _CONTENT_TYPES[version], xml, xml)


def rejection(code: str, findings: list[Finding], *, strict: bool, lenient_field: str, logged: int = 0) -> str:
    """The reason of a fault that lists everything for which a request is refused; ``logged`` more did not refuse it."""
    count = len(findings)
    broken = "1 requirement" if count == 1 else f"{count} requirements"
    mode = "strict" if strict else "lenient"
    lines = [f"The {code} message was rejected (validation mode {mode}): it does not meet {broken}."]
    lines += [f"{number}. {finding}" for number, finding in enumerate(findings[:_LISTED], 1)]
    if count > DETAILED:
        lines.append(f"… and {count - _LISTED} more; the first {DETAILED:,} are in the fault's detail.")
    elif count > _LISTED:
        lines.append(f"… and {count - _LISTED} more; all are in the fault's detail.")
    if strict:
        lines.append(
            f"In lenient mode ({lenient_field} = lenient) all but the essential is logged as a warning and processed."
        )
    if logged:
        lines.append(f"Lenient mode let pass and logged {logged} more; strict mode would refuse them too.")
    return "\n".join(lines)
