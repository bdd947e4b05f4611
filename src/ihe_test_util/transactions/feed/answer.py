"""How a Patient Identifier Cross-reference Manager replies to ITI-44 (ITI TF-2: 3.44.4.1.3, 3.44.4.2.3, O.1.2)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from ihe_test_util.domain.world import World
from ihe_test_util.errors import OtherMessage
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.feed.model import ADD, PATIENT_ID_PATH, FeedRequest, FeedResponse
from ihe_test_util.transactions.wrapper_rules import Transmitted
from ihe_test_util.xml.hl7v3 import II, is_uid, is_uuid, shown, ts
from ihe_test_util.xml.hl7v3.acknowledgement import UNKNOWN_KEY, AcknowledgementDetail, acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import Device

UNKNOWN_DEVICE: Final = Device((II(null_flavor="UNK"),))
_NO_INFORMATION: Final = II(null_flavor="NI")
PROCESSING_CODES: Final = frozenset({"D", "P", "T"})
_SHOWN_OF_ID: Final = 4
_SHOWN_OF_MESSAGE_ID: Final = 8
_SHOWN_OF_ROOT: Final = 64


async def answer(request: FeedRequest, world: World) -> FeedResponse:
    """Register the patient of an add or a revise, then say so.

    A revise of a patient who is not known registers them: the Framework has one set of expected actions for both.
    Strict mode refuses identifiers of other domains than those that the configuration names, where it names any, in
    the words that the Framework has for queries (ITI TF-2: 3.45.4.2.3); it has none for feeds.

    Raises:
        StorageError: the patient was not stored, so nothing is acknowledged.
    """
    now = world.now()
    patient = request.patient
    if problems := _in_unknown_domains(request, world):
        return acknowledged("CE", request, world, now, problems)
    await world.patients.feed(patient, at=now)
    return accepted(request, world, now)


def _in_unknown_domains(request: FeedRequest, world: World) -> tuple[AcknowledgementDetail, ...]:
    if not (world.strict and world.identity_domains):
        return ()
    roots = dict.fromkeys(one.root for one in request.patient.identifiers)
    return tuple(
        AcknowledgementDetail("E", f"the domain {root} is not known", UNKNOWN_KEY, (request.patient_id_path,))
        for root in roots
        if root not in world.identity_domains
    )


def accepted(request: FeedRequest, world: World, now: datetime) -> FeedResponse:
    """The acknowledgement that names the patient's first identifier."""
    record = request.record
    for one in record.ids if record is not None else ():
        if one.root and one.extension:
            return acknowledged("CA", request, world, now, (_accepted(one.cx, request.patient_id_path),))
    return acknowledged("CA", request, world, now)


def acknowledged(
    type_code: str,
    request: Transmitted,
    world: World,
    now: datetime,
    details: tuple[AcknowledgementDetail, ...] = (),
) -> FeedResponse:
    """The accept acknowledgement of a request: CA (accepted), CE (an error in it) or CR (rejected)."""
    transmission = request.transmission
    receiver = transmission.receivers[0] if transmission.receivers else None
    return acknowledgement(
        type_code,
        echoed_id(transmission.message_id),
        message_id=II(world.new_uuid()),
        creation_time=ts(now),
        sender=echoed_device(receiver) or Device.of(world.device),
        receiver=echoed_device(transmission.sender) or UNKNOWN_DEVICE,
        details=details,
        processing_code=transmission.processing_code if transmission.processing_code in PROCESSING_CODES else "P",
    )


def with_patient_id(response: FeedResponse, patient_id: str) -> FeedResponse:
    """An acceptance that names another patient identifier, for ``custom_patient_id``; a rejection as it is.

    ``patient_id`` is ``extension^^^&root&ISO``, an extension (one word) that gets the root of the identifier that
    was accepted, or free text.
    """
    if not response.accepted:
        return response
    path = next((where for detail in response.details if _names_patient(detail) for where in detail.locations), "")
    shown_before = [detail for detail in response.details if _names_patient(detail)]
    others = tuple(detail for detail in response.details if not _names_patient(detail))
    accepted = II.from_cx(shown_before[0].text) if shown_before else None
    is_extension = patient_id and "^" not in patient_id and not any(c.isspace() for c in patient_id)
    text = II(accepted.root, patient_id).cx if accepted is not None and is_extension else patient_id
    return replace(response, details=(_accepted(text, path), *others))


def verdict(response: FeedResponse, request: Transmitted) -> Verdict:
    """Whether the feed was accepted: CA or AA.

    Raises:
        OtherMessage: it is another message that was acknowledged, or none that is named.
    """
    problems: list[str] = []
    target, message_id = response.target_message_id, request.transmission.message_id
    if not response.type_code:
        problems.append("the answer has no acknowledgement/typeCode")
    elif target is None or target not in {message_id, echoed_id(message_id)}:
        raise OtherMessage(
            f"the answer, {response.type_code}, acknowledges another message than ours",
            where="acknowledgement/targetMessage/id",
            got=described(target),
            expected=described(message_id),
            hint="the server, or a proxy before it, mixes up answers: this request's outcome is unknown",
        )
    if response.contradiction:
        problems.append(response.contradiction)
    accepted = response.accepted and not problems
    told: list[tuple[str, str]] = []
    codes: list[str] = []
    for detail in response.details:
        if not _names_patient(detail):
            problems.append(sentence(detail))
        elif accepted:
            told.append(("Patient ID", detail.text))
        if detail.type_code == "E" and detail.code is not None:
            codes.append(detail.code.code)
    return Verdict(accepted, response.type_code or "none", tuple(problems), tuple(told), tuple(codes))


def log_ids(request: FeedRequest) -> str:
    """Which patient and message, too short to identify anybody, and safe to stand in one line of a log."""
    record = request.record
    parts = [
        f"patient {shortened(one.extension)} of {one_line(one.root)}" for one in (record.ids[:1] if record else ())
    ]
    if request.message_id is not None and request.message_id.root:
        parts.append(f"message {one_line(request.message_id.root[:_SHOWN_OF_MESSAGE_ID])}…")
    return ", ".join(parts)


def patient_ids(request: FeedRequest) -> Iterator[str]:
    """Every identifier of the patient, as CX."""
    for one in request.record.ids if request.record else ():
        yield one.cx


def _accepted(text: str, path: str) -> AcknowledgementDetail:
    return AcknowledgementDetail("I", text, locations=(path or f"/{ADD}{PATIENT_ID_PATH}",))


def _names_patient(detail: AcknowledgementDetail) -> bool:
    if detail.type_code != "I":
        return False
    for where in detail.locations:
        if where.endswith(PATIENT_ID_PATH):
            return True
    return II.from_cx(detail.text) is not None


def echoed_id(message_id: II | None) -> II:
    """The id of a message as its answer can give it: one that the schemas refuse goes where they allow any text."""
    if message_id is None or not (message_id.root or message_id.extension):
        return _NO_INFORMATION
    if is_uuid(message_id.root) or not message_id.root or is_uid(message_id.root):
        return replace(message_id, null_flavor="") if message_id.null_flavor else message_id
    return II(extension=message_id.extension or message_id.root, null_flavor="OTH")


def echoed_device(device: Device | None) -> Device | None:
    """A device as an answer can name it: by what the schemas accept; None where nothing is left."""
    if device is None:
        return None
    ids = _echoed_ids(device.ids)
    organization_ids = _echoed_ids(device.organization_ids)
    if ids == device.ids and organization_ids == device.organization_ids:
        return device if ids else None
    return Device(ids, device.name, organization_ids) if ids else None


def _echoed_ids(ids: tuple[II, ...]) -> tuple[II, ...]:
    return tuple([one for one in ids if one.root and not one.null_flavor and is_uid(one.root)])


def sentence(detail: AcknowledgementDetail) -> str:
    """An error, warning or remark of an answer, as people read it."""
    code = f" {detail.code.code}" if detail.code is not None and detail.code.code else ""
    where = f" (at {', '.join(detail.locations)})" if detail.locations else ""
    return f"{detail.type_code or '?'}{code}: {detail.text or 'no text'}{where}"


def described(identifier: II | None) -> str:
    """An identifier in an error message."""
    if identifier is None:
        return "nothing"
    return shown("^".join(part for part in (identifier.root, identifier.extension) if part))


def shortened(extension: str) -> str:
    """An identifier too short to identify anybody."""
    return one_line(extension[: min(_SHOWN_OF_ID, len(extension) // 2)]) + "…"


def one_line(text: str) -> str:
    """Text that is safe to stand in a line of a log."""
    beginning = text[:_SHOWN_OF_ROOT]
    if beginning.isprintable():
        return beginning
    return "".join(c if c.isprintable() else "�" for c in beginning)
