"""An ITI-44 message as text, its elements in the order that the schemas of HL7 V3 2008 demand."""

from lxml import etree

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
from ihe_test_util.xml.hl7v3 import text
from ihe_test_util.xml.hl7v3.acknowledgement import acknowledgement_as_xml
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.markup import content, element, utf8
from ihe_test_util.xml.ns import HL7, XSI


def build_request(request: FeedRequest) -> Payload:
    """The SOAP Body's content for an ITI-44 message; what the request does not have is left out.

    Raises:
        ValueError: a text that XML cannot carry.
    """
    wrapper, act = request.transmission, request.control_act
    inner = text.transmission(wrapper) + (_control_act(act) if act is not None else "")
    return Payload.of_xml(text.message(request.interaction, wrapper.its_version, inner))


def build_response(response: FeedResponse) -> Payload:
    """The SOAP Body's content for the acknowledgement."""
    return Payload.of_xml(acknowledgement_as_xml(response))


def add_registration(subject: Element, event: RegistrationEvent) -> None:
    """A registration as a child of its subject.

    Raises:
        ValueError: a text that XML cannot carry.
    """
    # Read from text, an element costs less than one made by lxml.
    subject.extend(etree.fromstring(utf8(element("subject", _registration(event), xmlns=HL7))))


def _control_act(act: ControlAct) -> str:
    subjects = [
        element("subject", "" if registration is None else _registration(registration), typeCode="SUBJ")
        for registration in act.registrations
    ]
    inner = text.cd("code", act.code) + "".join(subjects)
    return element("controlActProcess", inner, classCode=act.class_code, moodCode=act.mood_code)


def _registration(event: RegistrationEvent) -> str:
    """In the order of MFMI_MT700701UV01 and MFMI_MT700711UV01."""
    inner = text.ids(event.ids) + text.code("statusCode", event.status_code)
    if event.record is not None:
        inner += element("subject1", _record(event.record), typeCode="SBJ")
    if event.custodian_ids:
        entity = text.ids(event.custodian_ids) + text.cd("code", event.custodian_code)
        inner += element("custodian", element("assignedEntity", entity, classCode="ASSIGNED"), typeCode="CST")
    for replacement in event.replacements:
        inner += element("replacementOf", _replacement(replacement), typeCode="RPLC")
    return element("registrationEvent", inner, classCode=event.class_code, moodCode=event.mood_code)


def _replacement(replacement: Replacement) -> str:
    if not replacement.has_registration:
        return ""
    inner = text.ids(replacement.ids) + text.code("statusCode", replacement.status_code)
    if replacement.patient_ids:
        role = element("priorRegisteredRole", text.ids(replacement.patient_ids), classCode="PAT")
        inner += element("subject1", role, typeCode="SBJ")
    return element("priorRegistration", inner, classCode="REG", moodCode="EVN")


def _record(record: PatientRecord) -> str:
    parts = [
        text.ids(record.ids),
        *[text.parted("addr", address) for address in record.addresses],
        *[text.tel("telecom", telecom) for telecom in record.telecoms],
        text.code("statusCode", record.status_code),
        _person(record.person) if record.person is not None else "",
        _provider(record.provider) if record.provider is not None else "",
        element("subjectOf1", _match(record.match), typeCode="SBJ") if record.match is not None else "",
    ]
    return element("patient", "".join(parts), classCode=record.class_code)


def _person(person: Person) -> str:
    parts = [
        *[text.parted("name", name) for name in person.names],
        *[text.tel("telecom", telecom) for telecom in person.telecoms],
        text.cd("administrativeGenderCode", person.gender),
        text.value("birthTime", person.birth_time),
        text.flag("deceasedInd", person.deceased),
        text.value("deceasedTime", person.deceased_time),
        text.flag("multipleBirthInd", person.multiple_birth),
        text.value("multipleBirthOrderNumber", person.multiple_birth_order),
        *[text.parted("addr", address) for address in person.addresses],
        *[_other_ids(other) for other in person.other_ids],
    ]
    return element("patientPerson", "".join(parts), classCode=person.class_code, determinerCode=person.determiner_code)


def _other_ids(other: OtherIds) -> str:
    inner = text.ids(other.ids)
    if other.scoping_ids:
        scoping = text.ids(other.scoping_ids)
        inner += element("scopingOrganization", scoping, classCode="ORG", determinerCode="INSTANCE")
    return element("asOtherIDs", inner, classCode=other.class_code)


def _provider(organization: Organization) -> str:
    telecoms = "".join([text.tel("telecom", telecom) for telecom in organization.telecoms])
    parts = [
        text.ids(organization.ids),
        *[element("name", content(name)) for name in organization.names],
        element("contactParty", telecoms, classCode="CON"),
    ]
    return element("providerOrganization", "".join(parts), classCode="ORG", determinerCode="INSTANCE")


def _match(match: Match) -> str:
    degree = {"xmlns:xsi": XSI, "value": match.degree, "xsi:type": "INT"}
    inner = text.cd("code", match.code) + element("value", **degree)
    return element("queryMatchObservation", inner, classCode="COND", moodCode="EVN")
