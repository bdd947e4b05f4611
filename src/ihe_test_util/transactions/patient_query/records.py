"""Patients as the registrations that answer a query (ITI TF-2: 3.45.4.2.2, 3.47.4.2.2, 3.55.4.2.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.transactions.feed.model import (
    ADMINISTRATIVE_GENDER,
    Match,
    Organization,
    OtherIds,
    PatientRecord,
    Person,
    RegistrationEvent,
)
from ihe_test_util.transactions.patient_query.sound import sound_ids, sound_patient
from ihe_test_util.xml.hl7v3 import CD, II, PN

_NOT_APPLICABLE: Final = II(null_flavor="NA")
_NO_NAME: Final = PN(null_flavor="NA")
_UNKNOWN_NAME: Final = PN(null_flavor="UNK")


def identifiers_only(ids: Iterable[II], custodian: str) -> RegistrationEvent:
    """A registration that says nothing of the patient but who they are, by at least one sound identifier."""
    sound = sound_ids(ids)
    person = Person(names=(_NO_NAME,))
    record = PatientRecord(sound, status_code="active", person=person, provider=Organization((II(sound[0].root),)))
    return RegistrationEvent((_NOT_APPLICABLE,), "active", record, (II(custodian),))


def demographics(
    patient: Patient, ids: Iterable[II], custodian: str, match: Match, custodian_code: CD | None = None
) -> RegistrationEvent:
    """A registration with what is known of the patient, and at least one sound identifier."""
    sound, known = sound_ids(ids), sound_patient(patient)
    person = Person(
        names=known.names or (_UNKNOWN_NAME,),
        telecoms=known.telecoms,
        gender=CD(known.gender, ADMINISTRATIVE_GENDER) if known.gender else None,
        birth_time=known.birth_time,
        deceased=known.deceased,
        deceased_time=known.deceased_time,
        addresses=known.addresses,
        other_ids=tuple(OtherIds((one,), (II(one.root),)) for one in known.other_ids),
    )
    record = PatientRecord(
        sound, status_code="active", person=person, provider=Organization((II(sound[0].root),)), match=match
    )
    return RegistrationEvent((_NOT_APPLICABLE,), "active", record, (II(custodian),), custodian_code=custodian_code)


def with_authority_names(ids: Iterable[II], names: Mapping[str, str]) -> tuple[II, ...]:
    """Identifiers with the names of the authorities that assigned them, where those are known."""
    return tuple(replace(one, assigning_authority_name=names[one.root]) if names.get(one.root) else one for one in ids)
