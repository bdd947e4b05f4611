"""An ITI-44 message as an element, its children in the order that the schemas of HL7 V3 2008 demand."""

from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.feed.model import (
    ControlAct,
    FeedRequest,
    FeedResponse,
    Match,
    Organization,
    OtherIds,
    PatientRecord,
    Person,
    RegistrationEvent,
    Replacement,
)
from ihe_test_util.xml.hl7v3.acknowledgement import acknowledgement_as_xml
from ihe_test_util.xml.hl7v3.elements import add, add_ad, add_bl, add_cd, add_ii, add_pn, add_tel, new_message
from ihe_test_util.xml.hl7v3.wrappers import add_transmission
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.ns import XSI


def build_request(request: FeedRequest) -> Payload:
    """The SOAP Body's content for an ITI-44 message; what the request does not have is left out."""
    message = new_message(request.interaction)
    add_transmission(message, request.transmission)
    if request.control_act is not None:
        _add_control_act(message, request.control_act)
    return Payload(message)


def build_response(response: FeedResponse) -> Payload:
    """The SOAP Body's content for the acknowledgement."""
    return Payload.of_xml(acknowledgement_as_xml(response))


def _add_control_act(message: Element, act: ControlAct) -> None:
    element = add(message, "controlActProcess", classCode=act.class_code, moodCode=act.mood_code)
    if act.code is not None:
        add_cd(element, "code", act.code)
    for registration in act.registrations:
        subject = add(element, "subject", typeCode="SUBJ")
        if registration is not None:
            add_registration(subject, registration)


def add_registration(subject: Element, event: RegistrationEvent) -> None:
    """A registration as a child of its subject, in the order of MFMI_MT700701UV01 and MFMI_MT700711UV01."""
    element = add(subject, "registrationEvent", classCode=event.class_code, moodCode=event.mood_code)
    for identifier in event.ids:
        add_ii(element, "id", identifier)
    _add_code(element, "statusCode", event.status_code)
    if event.record is not None:
        _add_record(add(element, "subject1", typeCode="SBJ"), event.record)
    if event.custodian_ids:
        entity = add(add(element, "custodian", typeCode="CST"), "assignedEntity", classCode="ASSIGNED")
        for identifier in event.custodian_ids:
            add_ii(entity, "id", identifier)
        if event.custodian_code is not None:
            add_cd(entity, "code", event.custodian_code)
    for replacement in event.replacements:
        _add_replacement(add(element, "replacementOf", typeCode="RPLC"), replacement)


def _add_replacement(parent: Element, replacement: Replacement) -> None:
    if not replacement.has_registration:
        return
    element = add(parent, "priorRegistration", classCode="REG", moodCode="EVN")
    for identifier in replacement.ids:
        add_ii(element, "id", identifier)
    _add_code(element, "statusCode", replacement.status_code)
    if replacement.patient_ids:
        role = add(add(element, "subject1", typeCode="SBJ"), "priorRegisteredRole", classCode="PAT")
        for identifier in replacement.patient_ids:
            add_ii(role, "id", identifier)


def _add_record(subject: Element, record: PatientRecord) -> None:
    element = add(subject, "patient", classCode=record.class_code)
    for identifier in record.ids:
        add_ii(element, "id", identifier)
    for address in record.addresses:
        add_ad(element, "addr", address)
    for telecom in record.telecoms:
        add_tel(element, "telecom", telecom)
    _add_code(element, "statusCode", record.status_code)
    if record.person is not None:
        _add_person(element, record.person)
    if record.provider is not None:
        _add_provider(element, record.provider)
    if record.match is not None:
        _add_match(add(element, "subjectOf1", typeCode="SBJ"), record.match)


def _add_person(patient: Element, person: Person) -> None:
    element = add(patient, "patientPerson", classCode=person.class_code, determinerCode=person.determiner_code)
    for name in person.names:
        add_pn(element, "name", name)
    for telecom in person.telecoms:
        add_tel(element, "telecom", telecom)
    if person.gender is not None:
        add_cd(element, "administrativeGenderCode", person.gender)
    _add_value(element, "birthTime", person.birth_time)
    if person.deceased is not None:
        add_bl(element, "deceasedInd", value=person.deceased)
    _add_value(element, "deceasedTime", person.deceased_time)
    if person.multiple_birth is not None:
        add_bl(element, "multipleBirthInd", value=person.multiple_birth)
    _add_value(element, "multipleBirthOrderNumber", person.multiple_birth_order)
    for address in person.addresses:
        add_ad(element, "addr", address)
    for other in person.other_ids:
        _add_other_ids(element, other)


def _add_other_ids(person: Element, other: OtherIds) -> None:
    element = add(person, "asOtherIDs", classCode=other.class_code)
    for identifier in other.ids:
        add_ii(element, "id", identifier)
    if other.scoping_ids:
        scoping = add(element, "scopingOrganization", classCode="ORG", determinerCode="INSTANCE")
        for identifier in other.scoping_ids:
            add_ii(scoping, "id", identifier)


def _add_provider(patient: Element, organization: Organization) -> None:
    element = add(patient, "providerOrganization", classCode="ORG", determinerCode="INSTANCE")
    for identifier in organization.ids:
        add_ii(element, "id", identifier)
    for name in organization.names:
        add(element, "name").text = name or None
    party = add(element, "contactParty", classCode="CON")
    for telecom in organization.telecoms:
        add_tel(party, "telecom", telecom)


def _add_match(subject: Element, match: Match) -> None:
    element = add(subject, "queryMatchObservation", classCode="COND", moodCode="EVN")
    if match.code is not None:
        add_cd(element, "code", match.code)
    value = add(element, "value", value=match.degree)
    value.set(f"{{{XSI}}}type", "INT")


def _add_code(parent: Element, name: str, code: str) -> None:
    if code:
        add(parent, name, code=code)


def _add_value(parent: Element, name: str, value: str) -> None:
    if value:
        add(parent, name, value=value)
