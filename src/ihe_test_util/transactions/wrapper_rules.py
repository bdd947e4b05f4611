"""What IHE demands of the transmission wrapper of every HL7 V3 request (ITI TF-2: O.1.1).

A check runs for every request, so it returns an empty tuple as soon as its rule is kept.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.xml.hl7v3 import II, is_uuid, oid_problem, shown, ts_problem
from ihe_test_util.xml.hl7v3.datatypes import OID_WANTED, TS_WANTED
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS, ITS_VERSION, Device, Transmission

SECTION: Final = "ITI TF-2: O.1.1"
_PROCESSING_CODES: Final = frozenset({"D", "P", "T"})
_TO_THE_SECOND: Final = 14


class Transmitted(Protocol):
    """A request that came in a transmission wrapper."""

    @property
    def transmission(self) -> Transmission:
        """The wrapper."""


Req = TypeVar("Req", bound=Transmitted)
Check = Callable[[Transmitted], Sequence[Miss]]


def wrapper_rules(series: str, interaction: str, section: str, *, or_named: str = "") -> tuple[Rule[Req], ...]:
    """The rules ``series``-01 to -12 for one interaction; ``section`` is where its profile fixes the codes.

    ``or_named`` is another name that messages give the interaction.
    """
    root = f"/{interaction}"
    error, warning = Severity.ERROR, Severity.WARNING

    def rule(number: int, where: str, severity: Severity, sentence: str, check: Check) -> Rule[Req]:
        return Rule(f"{series}-{number:02}", where, severity, sentence, check)

    return (
        rule(1, SECTION, error, "the message has an id whose root is a UUID or an OID", _message_id(root)),
        rule(2, SECTION, error, "creationTime has a value", _creation_time_given(root)),
        rule(3, SECTION, error, "creationTime is a point in time that exists", _creation_time_exists(root)),
        rule(4, SECTION, warning, "creationTime is precise to the second", _creation_time_precise(root)),
        rule(5, section, error, f"interactionId names {interaction}", _interaction_id(root, interaction, or_named)),
        rule(6, SECTION, error, "processingCode is D, P or T", _processing_code(root)),
        rule(7, section, error, "processingModeCode is T", _processing_mode_code(root)),
        rule(8, section, error, "acceptAckCode is AL", _accept_ack_code(root)),
        rule(9, section, error, "there is exactly one receiver device", _one_receiver(root)),
        rule(10, SECTION, error, "the receiver is identified by an OID without extension", _receiver(root)),
        rule(11, SECTION, error, "the sender is identified by an OID without extension", _sender(root)),
        rule(12, "HL7 V3 XML ITS 2008", error, "ITSVersion is XML_1.0", _its_version(root)),
    )


def is_sound_wrapper(transmission: Transmission, interaction: str) -> bool:
    """Whether a wrapper keeps each of the rules that ``wrapper_rules`` gives; no is no judgement."""
    identifier, named, sender = transmission.message_id, transmission.interaction_id, transmission.sender
    created, receivers = transmission.creation_time, transmission.receivers
    return (
        identifier is not None
        and (not oid_problem(identifier.root) or is_uuid(identifier.root))
        and len(created) >= _TO_THE_SECOND
        and created[:_TO_THE_SECOND].isdigit()
        and not ts_problem(created)
        and named is not None
        and named.extension == interaction
        and named.root == HL7_INTERACTIONS
        and transmission.processing_code in _PROCESSING_CODES
        and transmission.processing_mode_code == "T"
        and transmission.accept_ack_code == "AL"
        and transmission.its_version == ITS_VERSION
        and len(receivers) == 1
        and _is_sound(receivers[0])
        and sender is not None
        and _is_sound(sender)
    )


def positioned(path: str, position: int) -> str:
    """The XPath of the n-th (from 0) element at a path."""
    return path if position == 0 else f"{path}[{position + 1}]"


def oid_misses(path: str, ids: Sequence[II]) -> list[Miss]:
    """What is wrong with identifiers that should be a bare OID each."""
    if not ids:
        return [Miss(f"{path}/@root", want=OID_WANTED)]
    misses: list[Miss] = []
    for position, identifier in enumerate(ids):
        here = positioned(path, position)
        if problem := oid_problem(identifier.root):
            misses.append(Miss(f"{here}/@root", bad(identifier.root, problem), OID_WANTED))
        if identifier.extension:
            misses.append(Miss(f"{here}/@extension", shown(identifier.extension), "no extension"))
    return misses


def bare_oids(ids: Sequence[II]) -> bool:
    """Whether each identifier is an OID without an extension."""
    for one in ids:  # noqa: SIM110 - a generator costs more than the check
        if one.extension or oid_problem(one.root):
            return False
    return True


def bad(value: str, problem: str) -> str:
    """A value and what is wrong with it; the problem goes without saying where there is no value."""
    return f"{shown(value)} ({problem})" if value else "nothing"


def _message_id(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        identifier = request.transmission.message_id
        found = identifier.root if identifier is not None else ""
        if is_uuid(found) or not oid_problem(found):
            return ()
        problem = "neither a UUID nor an OID"
        if found.lower().startswith(("urn:uuid:", "urn:oid:")):
            problem = "the prefix belongs in URIs only"
        want = "a UUID such as 5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11, or an OID"
        return (Miss(f"{root}/id/@root", bad(found, problem), want),)

    return check


def _creation_time_given(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        if request.transmission.creation_time:
            return ()
        return (Miss(f"{root}/creationTime/@value", want=TS_WANTED),)

    return check


def _creation_time_exists(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        value = request.transmission.creation_time
        if not value or not (problem := ts_problem(value)):
            return ()
        return (Miss(f"{root}/creationTime/@value", bad(value, problem), TS_WANTED),)

    return check


def _creation_time_precise(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        value = request.transmission.creation_time
        if not value or (len(value) >= _TO_THE_SECOND and value[:_TO_THE_SECOND].isdigit()) or ts_problem(value):
            return ()
        return (Miss(f"{root}/creationTime/@value", shown(value), "YYYYMMDDHHMMSS at least"),)

    return check


def _interaction_id(root: str, interaction: str, or_named: str) -> Check:
    names = {interaction, or_named} - {""}

    def check(request: Transmitted) -> Sequence[Miss]:
        found = request.transmission.interaction_id
        if found is None:
            return (Miss(f"{root}/interactionId", want=f"root {HL7_INTERACTIONS}, extension {interaction}"),)
        if found.extension in names and found.root == HL7_INTERACTIONS:
            return ()
        path = f"{root}/interactionId"
        misses: list[Miss] = []
        if found.root != HL7_INTERACTIONS:
            misses.append(Miss(f"{path}/@root", shown(found.root), HL7_INTERACTIONS))
        if found.extension not in names:
            misses.append(Miss(f"{path}/@extension", shown(found.extension), interaction))
        return misses

    return check


def _processing_code(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        found = request.transmission.processing_code
        if found in _PROCESSING_CODES:
            return ()
        return (Miss(f"{root}/processingCode/@code", shown(found), "D (debugging), P (production) or T (training)"),)

    return check


def _processing_mode_code(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        found = request.transmission.processing_mode_code
        return () if found == "T" else (Miss(f"{root}/processingModeCode/@code", shown(found), "T"),)

    return check


def _accept_ack_code(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        found = request.transmission.accept_ack_code
        return () if found == "AL" else (Miss(f"{root}/acceptAckCode/@code", shown(found), "AL"),)

    return check


def _one_receiver(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        count = len(request.transmission.receivers)
        if count == 1:
            return ()
        path = f"{root}/receiver" if count == 0 else f"{root}/receiver[2]"
        return (Miss(path, f"{count} receivers", "exactly one receiver with a device"),)

    return check


def _receiver(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        for receiver in request.transmission.receivers:
            if not _is_sound(receiver):
                break
        else:
            return ()
        return [
            miss
            for position, receiver in enumerate(request.transmission.receivers)
            for miss in _device_misses(positioned(f"{root}/receiver", position), receiver)
        ]

    return check


def _sender(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        sender = request.transmission.sender
        if sender is not None and _is_sound(sender):
            return ()
        return _device_misses(f"{root}/sender", sender or Device())

    return check


def _its_version(root: str) -> Check:
    def check(request: Transmitted) -> Sequence[Miss]:
        found = request.transmission.its_version
        return () if found == ITS_VERSION else (Miss(f"{root}/@ITSVersion", shown(found), ITS_VERSION),)

    return check


def _is_sound(device: Device) -> bool:
    if not device.ids or not bare_oids(device.ids):
        return False
    return not device.organization_ids or bare_oids(device.organization_ids)


def _device_misses(path: str, device: Device) -> list[Miss]:
    misses = oid_misses(f"{path}/device/id", device.ids)
    if device.organization_ids:
        misses += oid_misses(f"{path}/device/asAgent/representedOrganization/id", device.organization_ids)
    return misses
