"""PRPA_IN201301UV02 from an element. Whatever is missing becomes None or empty, so that the rules can speak of it.

Each element's children are visited once, for this runs for every request of a load test. Of an element that may
stand only once, the first counts.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.pix_add.model import (
    INTERACTION,
    ControlAct,
    Organization,
    OtherIds,
    PatientRecord,
    Person,
    PixAddRequest,
    PixAddResponse,
    RegistrationEvent,
)
from ihe_test_util.xml.hl7v3.acknowledgement import read_acknowledgement
from ihe_test_util.xml.hl7v3.elements import (
    by_tag,
    local,
    q,
    read_ad,
    read_bl,
    read_cd,
    read_pn,
    read_tel,
)
from ihe_test_util.xml.hl7v3.wrappers import NAME, first, read_ids, read_transmission
from ihe_test_util.xml.io import Element

ROOT: Final = q(INTERACTION)

_CONTROL_ACT: Final = q("controlActProcess")
_CODE: Final = q("code")
_SUBJECT: Final = q("subject")
_REGISTRATION_EVENT: Final = q("registrationEvent")
_STATUS_CODE: Final = q("statusCode")
_SUBJECT1: Final = q("subject1")
_CUSTODIAN: Final = q("custodian")
_ASSIGNED_ENTITY: Final = q("assignedEntity")
_REPLACEMENT_OF: Final = q("replacementOf")
_PATIENT: Final = q("patient")
_PATIENT_PERSON: Final = q("patientPerson")
_PROVIDER: Final = q("providerOrganization")
_CONTACT_PARTY: Final = q("contactParty")
_TELECOM: Final = q("telecom")
_ADDR: Final = q("addr")
_GENDER: Final = q("administrativeGenderCode")
_BIRTH_TIME: Final = q("birthTime")
_DECEASED: Final = q("deceasedInd")
_DECEASED_TIME: Final = q("deceasedTime")
_MULTIPLE_BIRTH: Final = q("multipleBirthInd")
_MULTIPLE_BIRTH_ORDER: Final = q("multipleBirthOrderNumber")
_AS_OTHER_IDS: Final = q("asOtherIDs")
_SCOPING_ORGANIZATION: Final = q("scopingOrganization")
_UNQUALIFIED: Final = "{}*"
_QUALIFIED: Final = q("")
_STRAYS_SHOWN: Final = 10


def parse_request(message: Element, _attachments: Attachments) -> PixAddRequest:
    """An ITI-44 add as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    if message.tag != ROOT:
        raise _another_message(message)
    children = by_tag(message)
    acts = children.get(_CONTROL_ACT)
    request = PixAddRequest(
        read_transmission(message, children), _control_act(acts[0]) if acts else None, _unqualified(message)
    )
    return request if request.record is not None else replace(request, strays=_elsewhere(message))


def parse_response(message: Element, _attachments: Attachments) -> PixAddResponse:
    """The accept acknowledgement that answers.

    Raises:
        MessageMalformed: the element is something else.
    """
    return read_acknowledgement(message)


def _control_act(element: Element) -> ControlAct:
    children = by_tag(element)
    codes = children.get(_CODE)
    return ControlAct(
        read_cd(codes[0]) if codes else None,
        tuple([_registration(subject) for subject in children.get(_SUBJECT, ())]),
        element.get("classCode", ""),
        element.get("moodCode", ""),
    )


def _registration(subject: Element) -> RegistrationEvent | None:
    element = subject.find(_REGISTRATION_EVENT)
    if element is None:
        return None
    children = by_tag(element)
    subjects, custodians = children.get(_SUBJECT1), children.get(_CUSTODIAN)
    patient = subjects[0].find(_PATIENT) if subjects else None
    custodian = custodians[0].find(_ASSIGNED_ENTITY) if custodians else None
    return RegistrationEvent(
        read_ids(children),
        first(children, _STATUS_CODE, "code"),
        _record(patient) if patient is not None else None,
        read_ids(by_tag(custodian)) if custodian is not None else (),
        len(children.get(_REPLACEMENT_OF, ())),
        element.get("classCode", ""),
        element.get("moodCode", ""),
    )


def _record(element: Element) -> PatientRecord:
    children = by_tag(element)
    persons, providers = children.get(_PATIENT_PERSON), children.get(_PROVIDER)
    return PatientRecord(
        read_ids(children),
        tuple([read_ad(child) for child in children.get(_ADDR, ())]),
        tuple([read_tel(child) for child in children.get(_TELECOM, ())]),
        first(children, _STATUS_CODE, "code"),
        _person(persons[0]) if persons else None,
        _organization(providers[0]) if providers else None,
        element.get("classCode", ""),
    )


def _person(element: Element) -> Person:
    children = by_tag(element)
    genders = children.get(_GENDER)
    deceased, multiple_birth = children.get(_DECEASED), children.get(_MULTIPLE_BIRTH)
    return Person(
        tuple([read_pn(child) for child in children.get(NAME, ())]),
        tuple([read_tel(child) for child in children.get(_TELECOM, ())]),
        read_cd(genders[0]) if genders else None,
        first(children, _BIRTH_TIME, "value"),
        read_bl(deceased[0]) if deceased else None,
        first(children, _DECEASED_TIME, "value"),
        read_bl(multiple_birth[0]) if multiple_birth else None,
        first(children, _MULTIPLE_BIRTH_ORDER, "value"),
        tuple([read_ad(child) for child in children.get(_ADDR, ())]),
        tuple([_other_ids(child) for child in children.get(_AS_OTHER_IDS, ())]),
        element.get("classCode", ""),
        element.get("determinerCode", ""),
    )


def _other_ids(element: Element) -> OtherIds:
    children = by_tag(element)
    scoping = children.get(_SCOPING_ORGANIZATION)
    return OtherIds(read_ids(children), read_ids(by_tag(scoping[0])) if scoping else (), element.get("classCode", ""))


def _organization(element: Element) -> Organization:
    children = by_tag(element)
    return Organization(
        read_ids(children),
        tuple([(child.text or "").strip() for child in children.get(NAME, ())]),
        tuple(
            [read_tel(child) for party in children.get(_CONTACT_PARTY, ()) for child in by_tag(party).get(_TELECOM, ())]
        ),
    )


def _unqualified(message: Element) -> tuple[str, ...]:
    if next(message.iter(_UNQUALIFIED), None) is None:
        return ()
    return _strays(message, message.iter(_UNQUALIFIED))


def _elsewhere(message: Element) -> tuple[str, ...]:
    return _strays(message, (one for one in message.iter() if not one.tag.startswith(_QUALIFIED)))


def _strays(message: Element, elements: Iterator[Element]) -> tuple[str, ...]:
    topmost = (one for one in elements if (above := one.getparent()) is None or above.tag.startswith(_QUALIFIED))
    return tuple(_path(message, one) for one in islice(topmost, _STRAYS_SHOWN))


def _path(message: Element, element: Element) -> str:
    steps: list[str] = []
    here: Element | None = element
    while here is not None:
        name, above = local(here), here.getparent()
        if here is message or above is None:
            steps.append(name)
            break
        position = sum(local(before) == name for before in here.itersiblings(preceding=True)) + 1
        steps.append(name if position == 1 else f"{name}[{position}]")
        here = above
    return "/" + "/".join(reversed(steps))


def _another_message(message: Element) -> MessageMalformed:
    if local(message) == INTERACTION:
        return MessageMalformed(
            f"the {INTERACTION} is not in the namespace of HL7 V3",
            got=message.tag.rpartition("}")[0][1:] or "no namespace",
            expected="urn:hl7-org:v3",
            hint=f'write <{INTERACTION} xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0">',
        )
    return MessageMalformed("the body is not an ITI-44 add", got=f"<{local(message)}>", expected=f"<{INTERACTION}>")
