"""An ITI-44 message from an element. Whatever is missing becomes None or empty, so that the rules can speak of it.

Each element's children are visited once, for this runs for every request of a load test. Of an element that may
stand only once, the first counts.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.feed.model import (
    ADD,
    MERGE,
    REVISE,
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

_CONTROL_ACT: Final = q("controlActProcess")
_CODE: Final = q("code")
_SUBJECT: Final = q("subject")
_REGISTRATION_EVENT: Final = q("registrationEvent")
_STATUS_CODE: Final = q("statusCode")
_SUBJECT1: Final = q("subject1")
_CUSTODIAN: Final = q("custodian")
_ASSIGNED_ENTITY: Final = q("assignedEntity")
_REPLACEMENT_OF: Final = q("replacementOf")
_PRIOR_REGISTRATION: Final = q("priorRegistration")
_PRIOR_REGISTERED_ROLE: Final = q("priorRegisteredRole")
_SUBJECT_OF_1: Final = q("subjectOf1")
_QUERY_MATCH: Final = q("queryMatchObservation")
_VALUE: Final = q("value")
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
_MEANINGS: Final = {ADD: "an ITI-44 add", REVISE: "an ITI-44 revise", MERGE: "an ITI-44 merge"}


def parse_add(message: Element, _attachments: Attachments) -> FeedRequest:
    """An ITI-44 add as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return parse_feed(message, ADD)


def parse_feed(message: Element, interaction: str) -> FeedRequest:
    """An ITI-44 message of one interaction as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    if message.tag != q(interaction):
        raise another_message(message, interaction)
    transmission, rest = read_transmission(message)
    act = next((_control_act(one) for one in rest if one.tag == _CONTROL_ACT), None)
    request = FeedRequest(transmission, act, unqualified(message), interaction)
    return request if request.record is not None else replace(request, strays=elsewhere(message))


def parse_response(message: Element, _attachments: Attachments) -> FeedResponse:
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
            registrations.append(read_registration(event) if event is not None else None)
        elif tag == _CODE and code is None:
            code = read_cd(one)
    return ControlAct(code, tuple(registrations), element.get("classCode", ""), element.get("moodCode", ""))


def read_registration(element: Element) -> RegistrationEvent:
    """A registration, of a feed or of an answer to a query."""
    ids: list[II] = []
    status_code: str | None = None
    record: PatientRecord | None = None
    custodian_ids: tuple[II, ...] = ()
    custodian_code: CD | None = None
    replacements: list[Replacement] = []
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
            if entity is not None and not custodian_ids:
                custodian_ids = read_ids(entity)
                code = child(entity, _CODE)
                custodian_code = read_cd(code) if code is not None else None
        elif tag == _REPLACEMENT_OF:
            replacements.append(_replacement(one))
    return RegistrationEvent(
        tuple(ids),
        status_code or "",
        record,
        custodian_ids,
        tuple(replacements),
        element.get("classCode", ""),
        element.get("moodCode", ""),
        custodian_code,
    )


def _replacement(element: Element) -> Replacement:
    prior = child(element, _PRIOR_REGISTRATION)
    if prior is None:
        return Replacement(has_registration=False)
    status, subject = child(prior, _STATUS_CODE), child(prior, _SUBJECT1)
    role = child(subject, _PRIOR_REGISTERED_ROLE) if subject is not None else None
    return Replacement(
        status.get("code", "") if status is not None else "",
        read_ids(role) if role is not None else (),
        read_ids(prior),
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
        _match(once[_SUBJECT_OF_1]) if _SUBJECT_OF_1 in once else None,
    )


def _match(element: Element) -> Match | None:
    observation = child(element, _QUERY_MATCH)
    if observation is None:
        return None
    code, value = child(observation, _CODE), child(observation, _VALUE)
    return Match(read_cd(code) if code is not None else None, value.get("value", "") if value is not None else "")


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


def unqualified(message: Element) -> tuple[str, ...]:
    """The paths of elements that are in no namespace, the topmost of each."""
    if next(message.iter(_UNQUALIFIED), None) is None:
        return ()
    return _strays(message, message.iter(_UNQUALIFIED))


def elsewhere(message: Element) -> tuple[str, ...]:
    """The paths of elements that are not in the namespace of HL7 V3, the topmost of each."""
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


def another_message(message: Element, interaction: str) -> MessageMalformed:
    """What to say of an element that is not the message that was expected."""
    if local(message) == interaction:
        return MessageMalformed(
            f"the {interaction} is not in the namespace of HL7 V3",
            got=message.tag.rpartition("}")[0][1:] or "no namespace",
            expected="urn:hl7-org:v3",
            hint=f'write <{interaction} xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0">',
        )
    return MessageMalformed(
        f"the body is not {_MEANINGS.get(interaction, interaction)}",
        got=f"<{local(message)}>",
        expected=f"<{interaction}>",
    )
