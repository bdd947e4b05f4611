"""PRPA_IN201301UV02 from an element. Whatever is missing becomes None or empty, so that the rules can speak of it.

Each element's children are visited once, for this runs for every request of a load test. Of an element that may
stand only once, the first counts.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

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
    ID,
    child,
    local,
    q,
    read_ad,
    read_bl,
    read_cd,
    read_ids,
    read_ii,
    read_pn,
    read_tel,
)
from ihe_test_util.xml.hl7v3.wrappers import NAME, read_transmission
from ihe_test_util.xml.io import Element

if TYPE_CHECKING:
    from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL

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
_VALUES: Final = frozenset({_BIRTH_TIME, _DECEASED, _DECEASED_TIME, _MULTIPLE_BIRTH, _MULTIPLE_BIRTH_ORDER})
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
    transmission, rest = read_transmission(message)
    act = next((_control_act(one) for one in rest if one.tag == _CONTROL_ACT), None)
    request = PixAddRequest(transmission, act, _unqualified(message))
    return request if request.record is not None else replace(request, strays=_elsewhere(message))


def parse_response(message: Element, _attachments: Attachments) -> PixAddResponse:
    """The accept acknowledgement that answers.

    Raises:
        MessageMalformed: the element is something else.
    """
    return read_acknowledgement(message)


def _control_act(element: Element) -> ControlAct:
    code: CD | None = None
    registrations: list[RegistrationEvent | None] = []
    for one in element:
        tag = one.tag
        if tag == _SUBJECT:
            event = child(one, _REGISTRATION_EVENT)
            registrations.append(_registration(event) if event is not None else None)
        elif tag == _CODE and code is None:
            code = read_cd(one)
    return ControlAct(code, tuple(registrations), element.get("classCode", ""), element.get("moodCode", ""))


def _registration(element: Element) -> RegistrationEvent:
    ids: list[II] = []
    status_code: str | None = None
    record: PatientRecord | None = None
    custodian_ids: tuple[II, ...] = ()
    replacements = 0
    for one in element:
        tag = one.tag
        if tag == ID:
            ids.append(read_ii(one))
        elif tag == _STATUS_CODE and status_code is None:
            status_code = one.get("code", "")
        elif tag == _SUBJECT1 and record is None:
            patient = child(one, _PATIENT)
            record = _record(patient) if patient is not None else None
        elif tag == _CUSTODIAN:
            entity = child(one, _ASSIGNED_ENTITY)
            custodian_ids = custodian_ids or (read_ids(entity) if entity is not None else ())
        elif tag == _REPLACEMENT_OF:
            replacements += 1
    return RegistrationEvent(
        tuple(ids),
        status_code or "",
        record,
        custodian_ids,
        replacements,
        element.get("classCode", ""),
        element.get("moodCode", ""),
    )


def _record(element: Element) -> PatientRecord:
    ids: list[II] = []
    addresses: list[AD] = []
    telecoms: list[TEL] = []
    once: dict[str, Element] = {}
    for one in element:
        tag = one.tag
        if tag == ID:
            ids.append(read_ii(one))
        elif tag == _ADDR:
            addresses.append(read_ad(one))
        elif tag == _TELECOM:
            telecoms.append(read_tel(one))
        else:
            once.setdefault(tag, one)
    status, person, provider = once.get(_STATUS_CODE), once.get(_PATIENT_PERSON), once.get(_PROVIDER)
    return PatientRecord(
        tuple(ids),
        tuple(addresses),
        tuple(telecoms),
        status.get("code", "") if status is not None else "",
        _person(person) if person is not None else None,
        _organization(provider) if provider is not None else None,
        element.get("classCode", ""),
    )


def _person(element: Element) -> Person:
    names: list[PN] = []
    telecoms: list[TEL] = []
    addresses: list[AD] = []
    other_ids: list[OtherIds] = []
    gender: CD | None = None
    values: dict[str, str] = {}
    for one in element:
        tag = one.tag
        if tag in _VALUES:
            values.setdefault(tag, one.get("value", ""))
        elif tag == NAME:
            names.append(read_pn(one))
        elif tag == _ADDR:
            addresses.append(read_ad(one))
        elif tag == _TELECOM:
            telecoms.append(read_tel(one))
        elif tag == _GENDER:
            gender = gender or read_cd(one)
        elif tag == _AS_OTHER_IDS:
            other_ids.append(_other_ids(one))
    get = values.get
    return Person(
        tuple(names),
        tuple(telecoms),
        gender,
        get(_BIRTH_TIME, ""),
        read_bl(get(_DECEASED)),
        get(_DECEASED_TIME, ""),
        read_bl(get(_MULTIPLE_BIRTH)),
        get(_MULTIPLE_BIRTH_ORDER, ""),
        tuple(addresses),
        tuple(other_ids),
        element.get("classCode", ""),
        element.get("determinerCode", ""),
    )


def _other_ids(element: Element) -> OtherIds:
    ids: list[II] = []
    scoping_ids: tuple[II, ...] = ()
    for one in element:
        tag = one.tag
        if tag == ID:
            ids.append(read_ii(one))
        elif tag == _SCOPING_ORGANIZATION:
            scoping_ids = scoping_ids or read_ids(one)
    return OtherIds(tuple(ids), scoping_ids, element.get("classCode", ""))


def _organization(element: Element) -> Organization:
    ids: list[II] = []
    names: list[str] = []
    telecoms: list[TEL] = []
    for one in element:
        tag = one.tag
        if tag == ID:
            ids.append(read_ii(one))
        elif tag == NAME:
            names.append((one.text or "").strip())
        elif tag == _CONTACT_PARTY:
            telecoms += [read_tel(telecom) for telecom in one if telecom.tag == _TELECOM]
    return Organization(tuple(ids), tuple(names), tuple(telecoms))


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
