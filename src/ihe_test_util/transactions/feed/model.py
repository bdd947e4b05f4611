"""What ITI-44 says: PRPA_IN201301UV02 (add), 201302 (revise), 201304 (merge), answered by MCCI_IN000002UV01.

Not modelled: personal relationships (mother's maiden name), contact parties of the patient, guardians, citizenship,
employment, language, marital status, race, religion, birth place, insurance, confidentiality and VIP codes,
animals (``patientNonPersonLivingSubject``), author and other participants of the control act.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from ihe_test_util.domain.patients import Patient
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL
from ihe_test_util.xml.hl7v3.acknowledgement import Acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS, Device, Transmission

ADD: Final = "PRPA_IN201301UV02"
REVISE: Final = "PRPA_IN201302UV02"
MERGE: Final = "PRPA_IN201304UV02"
#: Code system of administrativeGenderCode.
ADMINISTRATIVE_GENDER: Final = "2.16.840.1.113883.5.1"

ACT_PATH: Final = "/controlActProcess"
EVENT_PATH: Final = f"{ACT_PATH}/subject/registrationEvent"
PATIENT_PATH: Final = f"{EVENT_PATH}/subject1/patient"
PATIENT_ID_PATH: Final = f"{PATIENT_PATH}/id"
PERSON_PATH: Final = f"{PATIENT_PATH}/patientPerson"

FeedResponse: TypeAlias = Acknowledgement


@dataclass(frozen=True, slots=True)
class OtherIds:
    """Identifiers of the person that others assigned (OtherIDs); ``scoping_ids`` are the assigner's."""

    ids: tuple[II, ...] = ()
    scoping_ids: tuple[II, ...] = ()
    class_code: str = "PAT"


@dataclass(frozen=True, slots=True)
class Organization:
    """The organization that keeps the patient record (providerOrganization); telecoms are its contact party's."""

    ids: tuple[II, ...] = ()
    names: tuple[str, ...] = ()
    telecoms: tuple[TEL, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """The patient as a person (patientPerson); times are TS as they arrived, ``deceased`` None where not said."""

    names: tuple[PN, ...] = ()
    telecoms: tuple[TEL, ...] = ()
    gender: CD | None = None
    birth_time: str = ""
    deceased: bool | None = None
    deceased_time: str = ""
    multiple_birth: bool | None = None
    multiple_birth_order: str = ""
    addresses: tuple[AD, ...] = ()
    other_ids: tuple[OtherIds, ...] = ()
    class_code: str = "PSN"
    determiner_code: str = "INSTANCE"


@dataclass(frozen=True, slots=True)
class Match:
    """How well a record fits a query: percent, by an algorithm (queryMatchObservation)."""

    code: CD | None = None
    degree: str = ""


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """The record of a person in the role of patient (Patient); addresses here are those of the role.

    ``match`` is how well it fits a query, where it answers one (queryMatchObservation).
    """

    ids: tuple[II, ...] = ()
    addresses: tuple[AD, ...] = ()
    telecoms: tuple[TEL, ...] = ()
    status_code: str = ""
    person: Person | None = None
    provider: Organization | None = None
    class_code: str = "PAT"
    match: Match | None = None

    @property
    def patient(self) -> Patient:
        """The patient as a registry keeps them: complete identifiers, real names."""
        person = self.person or Person()
        return Patient(
            identifiers=tuple([one for one in self.ids if one.root and one.extension]),
            names=tuple([one for one in person.names if one.parts]),
            gender=person.gender.code if person.gender is not None else "",
            birth_time=person.birth_time,
            addresses=person.addresses + self.addresses,
            telecoms=person.telecoms + self.telecoms,
            other_ids=tuple([one for others in person.other_ids for one in others.ids if one.root]),
            deceased=person.deceased,
            deceased_time=person.deceased_time,
        )


@dataclass(frozen=True, slots=True)
class Replacement:
    """A registration that this one takes the place of (replacementOf/priorRegistration), with its patient's ids."""

    status_code: str = ""
    patient_ids: tuple[II, ...] = ()
    ids: tuple[II, ...] = ()
    has_registration: bool = True


@dataclass(frozen=True, slots=True)
class RegistrationEvent:
    """The registration (RegistrationEvent); only a merge has ``replacements``.

    ``custodian_code`` is for answers of ITI-55.
    """

    ids: tuple[II, ...] = ()
    status_code: str = ""
    record: PatientRecord | None = None
    custodian_ids: tuple[II, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    class_code: str = "REG"
    mood_code: str = "EVN"
    custodian_code: CD | None = None


@dataclass(frozen=True, slots=True)
class ControlAct:
    """The trigger event (controlActProcess) and its subjects, None for a subject without a registration."""

    code: CD | None = None
    registrations: tuple[RegistrationEvent | None, ...] = ()
    class_code: str = "CACT"
    mood_code: str = "EVN"


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """An ITI-44 message (ITI TF-2: 3.44.4.1.2, 3.44.4.2.2); what a message left out is None or empty.

    ``strays`` are paths of elements that are in a namespace where nobody looks for them. ``interaction`` says which
    of the three messages it is.
    """

    transmission: Transmission
    control_act: ControlAct | None = None
    strays: tuple[str, ...] = ()
    interaction: str = ADD

    @property
    def trigger(self) -> str:
        """The trigger event of the interaction."""
        return trigger_of(self.interaction)

    @property
    def patient_id_path(self) -> str:
        """The XPath of the patient's identifiers."""
        return f"/{self.interaction}{PATIENT_ID_PATH}"

    @property
    def message_id(self) -> II | None:
        """The id by which the acknowledgement refers to this message."""
        return self.transmission.message_id

    @property
    def event(self) -> RegistrationEvent | None:
        """The registration of the first subject."""
        act = self.control_act
        return act.registrations[0] if act is not None and act.registrations else None

    @property
    def record(self) -> PatientRecord | None:
        """The patient record of the first subject."""
        act = self.control_act
        event = act.registrations[0] if act is not None and act.registrations else None
        return event.record if event is not None else None

    @property
    def person(self) -> Person | None:
        """The patient of the first subject as a person."""
        record = self.record
        return record.person if record is not None else None

    @property
    def patient(self) -> Patient:
        """What the message says about the patient, as the registry keeps it: complete identifiers, real names."""
        return (self.record or PatientRecord()).patient


def trigger_of(interaction: str) -> str:
    """The trigger event that belongs to an interaction (PRPA_TE201301UV02 to PRPA_IN201301UV02)."""
    return interaction.replace("_IN", "_TE")


def feed_request(
    interaction: str,
    patient: Patient,
    *,
    message_id: str,
    creation_time: str,
    sender_oid: str,
    receiver_oid: str,
    provider_oid: str = "",
    processing_code: str = "P",
    subsumed: tuple[II, ...] = (),
) -> FeedRequest:
    """The message that registers, revises or merges a patient, with everything that HL7 V3 and IHE demand around it.

    ``message_id`` is a UUID or OID, ``creation_time`` a TS. ``provider_oid`` names the organization that keeps the
    record; without it, it is the authority that assigned the patient's first identifier. ``subsumed`` are the
    identifiers that a merge ends.
    """
    authority = provider_oid or (patient.identifiers[0].root if patient.identifiers else "")
    organization = (II(authority),)
    person = Person(
        names=patient.names,
        telecoms=patient.telecoms,
        gender=CD(patient.gender, ADMINISTRATIVE_GENDER) if patient.gender else None,
        birth_time=patient.birth_time,
        deceased=patient.deceased,
        deceased_time=patient.deceased_time,
        addresses=patient.addresses,
        other_ids=tuple(OtherIds((one,), (II(one.root),)) for one in patient.other_ids),
    )
    record = PatientRecord(
        patient.identifiers, status_code="active", person=person, provider=Organization(organization)
    )
    replacements = tuple(Replacement("obsolete", (one,)) for one in subsumed)
    registration = RegistrationEvent((II(null_flavor="NA"),), "active", record, organization, replacements)
    transmission = Transmission(
        II(message_id),
        creation_time,
        II(HL7_INTERACTIONS, interaction),
        processing_code,
        "T",
        "AL",
        (Device.of(receiver_oid),),
        Device.of(sender_oid),
    )
    act = ControlAct(CD(trigger_of(interaction), HL7_INTERACTIONS), (registration,))
    return FeedRequest(transmission, act, interaction=interaction)
