"""How a Patient Identifier Cross-reference Manager replies to an ITI-44 add (ITI TF-2: 3.44.4.1.3, O.1.2)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.world import World
from ihe_test_util.errors import OtherMessage
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.pix_add.model import PixAddRequest, PixAddResponse
from ihe_test_util.transactions.pix_add.rules import PATIENT_ID_PATH
from ihe_test_util.xml.hl7v3 import II, is_uid, is_uuid, shown, ts
from ihe_test_util.xml.hl7v3.acknowledgement import AcknowledgementDetail, acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import Device

_UNKNOWN: Final = Device((II(null_flavor="UNK"),))
_NO_INFORMATION: Final = II(null_flavor="NI")
_PROCESSING_CODES: Final = frozenset({"D", "P", "T"})
_SHOWN_OF_ID: Final = 4
_SHOWN_OF_MESSAGE_ID: Final = 8
_SHOWN_OF_ROOT: Final = 64


async def answer(request: PixAddRequest, world: World) -> PixAddResponse:
    """Register the patient, then say so.

    Raises:
        StorageError: the patient was not stored, so nothing is acknowledged.
    """
    now = world.now()
    patient = request.patient
    await world.patients.feed(patient, at=now)
    transmission = request.transmission
    receiver = transmission.receivers[0] if transmission.receivers else None
    return acknowledgement(
        "CA",
        _echoed(request.message_id),
        message_id=II(world.new_uuid()),
        creation_time=ts(now),
        sender=_echoed_device(receiver) or Device.of(world.device),
        receiver=_echoed_device(transmission.sender) or _UNKNOWN,
        details=(_accepted(patient.identifiers[0].cx),) if patient.identifiers else (),
        processing_code=transmission.processing_code if transmission.processing_code in _PROCESSING_CODES else "P",
    )


def with_patient_id(response: PixAddResponse, patient_id: str) -> PixAddResponse:
    """An acceptance that names another patient identifier, for ``custom_patient_id``; a rejection as it is.

    ``patient_id`` is ``extension^^^&root&ISO``, an extension (one word) that gets the root of the identifier that
    was accepted, or free text.
    """
    if not response.accepted:
        return response
    shown_before = [detail for detail in response.details if _names_patient(detail)]
    others = tuple(detail for detail in response.details if not _names_patient(detail))
    accepted = II.from_cx(shown_before[0].text) if shown_before else None
    is_extension = patient_id and "^" not in patient_id and not any(c.isspace() for c in patient_id)
    text = II(accepted.root, patient_id).cx if accepted is not None and is_extension else patient_id
    return replace(response, details=(_accepted(text), *others))


def verdict(response: PixAddResponse, request: PixAddRequest) -> Verdict:
    """Whether the feed was accepted: CA or AA.

    Raises:
        OtherMessage: it is another message that was acknowledged, or none that is named.
    """
    problems: list[str] = []
    target = response.target_message_id
    if not response.type_code:
        problems.append("the answer has no acknowledgement/typeCode")
    elif target is None or target not in {request.message_id, _echoed(request.message_id)}:
        raise OtherMessage(
            f"the answer, {response.type_code}, acknowledges another message than ours",
            where="acknowledgement/targetMessage/id",
            got=_described(target),
            expected=_described(request.message_id),
            hint="the server, or a proxy before it, mixes up answers: this request's outcome is unknown",
        )
    accepted = response.accepted and not problems
    return Verdict(
        accepted,
        response.type_code or "none",
        (*problems, *(_sentence(detail) for detail in response.details if not _names_patient(detail))),
        tuple(("Patient ID", detail.text) for detail in response.details if accepted and _names_patient(detail)),
        tuple(detail.code.code for detail in response.details if detail.type_code == "E" and detail.code is not None),
    )


def log_ids(request: PixAddRequest) -> str:
    """Which patient and message, too short to identify anybody, and safe to stand in one line of a log."""
    record = request.record
    parts = [f"patient {_shortened(one.extension)} of {_line(one.root)}" for one in (record.ids[:1] if record else ())]
    if request.message_id is not None and request.message_id.root:
        parts.append(f"message {_line(request.message_id.root[:_SHOWN_OF_MESSAGE_ID])}…")
    return ", ".join(parts)


def patient_ids(request: PixAddRequest) -> Iterator[str]:
    """Every identifier of the patient, as CX."""
    for one in request.record.ids if request.record else ():
        yield one.cx


def _accepted(text: str) -> AcknowledgementDetail:
    return AcknowledgementDetail("I", text, locations=(PATIENT_ID_PATH,))


def _names_patient(detail: AcknowledgementDetail) -> bool:
    if detail.type_code != "I":
        return False
    return PATIENT_ID_PATH in detail.locations or II.from_cx(detail.text) is not None


def _echoed(message_id: II | None) -> II:
    """The id of a message as its answer can give it: one that the schemas refuse goes where they allow any text."""
    if message_id is None or not (message_id.root or message_id.extension):
        return _NO_INFORMATION
    if is_uuid(message_id.root) or not message_id.root or is_uid(message_id.root):
        return replace(message_id, null_flavor="") if message_id.null_flavor else message_id
    return II(extension=message_id.extension or message_id.root, null_flavor="OTH")


def _echoed_device(device: Device | None) -> Device | None:
    if device is None:
        return None
    ids = _echoed_ids(device.ids)
    organization_ids = _echoed_ids(device.organization_ids)
    if ids == device.ids and organization_ids == device.organization_ids:
        return device if ids else None
    return Device(ids, device.name, organization_ids) if ids else None


def _echoed_ids(ids: tuple[II, ...]) -> tuple[II, ...]:
    return tuple([one for one in ids if one.root and not one.null_flavor and is_uid(one.root)])


def _sentence(detail: AcknowledgementDetail) -> str:
    code = f" {detail.code.code}" if detail.code is not None and detail.code.code else ""
    where = f" (at {', '.join(detail.locations)})" if detail.locations else ""
    return f"{detail.type_code or '?'}{code}: {detail.text or 'no text'}{where}"


def _described(identifier: II | None) -> str:
    if identifier is None:
        return "nothing"
    return shown("^".join(part for part in (identifier.root, identifier.extension) if part))


def _shortened(extension: str) -> str:
    return _line(extension[: min(_SHOWN_OF_ID, len(extension) // 2)]) + "…"


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text[:_SHOWN_OF_ROOT])
