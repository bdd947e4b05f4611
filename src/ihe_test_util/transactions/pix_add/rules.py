"""What HL7 V3 and IHE demand of an ITI-44 add (ITI TF-2: 3.44.4.1.2, O.1.1, O.2.1).

Not checked: the order of elements and what the model leaves out (for that there are the schemas of HL7), codes of
name, address and telecom use, and whether organizations are known.

A check runs for every request, so it returns an empty tuple as soon as its rule is kept. Where an element is
missing one rule says so, and the rules on its content keep silent.
"""

from collections.abc import Sequence
from typing import Final

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.pix_add.model import (
    ADMINISTRATIVE_GENDER,
    INTERACTION,
    TRIGGER,
    OtherIds,
    Person,
    PixAddRequest,
)
from ihe_test_util.transactions.wrapper_rules import bad, oid_misses, positioned, wrapper_rules
from ihe_test_util.xml.hl7v3 import CD, II, oid_problem, shown, ts_problem
from ihe_test_util.xml.hl7v3.datatypes import OID_WANTED, TS_WANTED
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS

ACT_PATH: Final = f"/{INTERACTION}/controlActProcess"
EVENT_PATH: Final = f"{ACT_PATH}/subject/registrationEvent"
PATIENT_PATH: Final = f"{EVENT_PATH}/subject1/patient"
PATIENT_ID_PATH: Final = f"{PATIENT_PATH}/id"
PERSON_PATH: Final = f"{PATIENT_PATH}/patientPerson"

_MESSAGE: Final = "ITI TF-2: 3.44.4.1.2.2"
_CONTROL: Final = "ITI TF-2: 3.44.4.1.2.3"
_NOTIFICATION: Final = "ITI TF-2: O.2.1"
_XML_ITS: Final = "HL7 V3 XML ITS 2008"
_DATA_TYPES: Final = "HL7 V3 Data Types R1"
_GENDERS: Final = frozenset({"M", "F", "UN"})
_NOT_OTHER_IDS: Final = frozenset({"CIT", "EMP"})
_ID_WANTED: Final = "an id with a root (the assigning authority's OID) and an extension"


def _qualified(request: PixAddRequest) -> Sequence[Miss]:
    if not request.strays:
        return ()
    return [
        Miss(path, "an element in another namespace, or in none", "an element in urn:hl7-org:v3")
        for path in request.strays
    ]


def _control_act(request: PixAddRequest) -> Sequence[Miss]:
    act = request.control_act
    if act is None:
        return (Miss(ACT_PATH, want="the control act with the patient's registration"),)
    if act.class_code == "CACT" and act.mood_code == "EVN":
        return ()
    return _codes(ACT_PATH, ("classCode", act.class_code, "CACT"), ("moodCode", act.mood_code, "EVN"))


def _trigger(request: PixAddRequest) -> Sequence[Miss]:
    if (act := request.control_act) is None:
        return ()
    code = act.code
    if code is None:
        return (Miss(f"{ACT_PATH}/code", want=f"code {TRIGGER} of {HL7_INTERACTIONS}"),)
    if code.code == TRIGGER and code.code_system == HL7_INTERACTIONS:
        return ()
    return _codes(f"{ACT_PATH}/code", ("code", code.code, TRIGGER), ("codeSystem", code.code_system, HL7_INTERACTIONS))


def _one_subject(request: PixAddRequest) -> Sequence[Miss]:
    if request.control_act is None or (count := len(request.control_act.registrations)) == 1:
        return ()
    path = f"{ACT_PATH}/subject" if count == 0 else f"{ACT_PATH}/subject[2]"
    return (Miss(path, f"{count} subjects", "exactly one subject; send a message for each patient"),)


def _registration(request: PixAddRequest) -> Sequence[Miss]:
    event, act = request.event, request.control_act
    if act is None or not act.registrations:
        return ()
    if event is None:
        return (Miss(EVENT_PATH, want="the registration of the patient"),)
    if event.class_code == "REG" and event.mood_code == "EVN":
        return ()
    return _codes(EVENT_PATH, ("classCode", event.class_code, "REG"), ("moodCode", event.mood_code, "EVN"))


def _event_active(request: PixAddRequest) -> Sequence[Miss]:
    event = request.event
    if event is None or event.status_code == "active":
        return ()
    return (Miss(f"{EVENT_PATH}/statusCode/@code", shown(event.status_code), "active"),)


def _nothing_replaced(request: PixAddRequest) -> Sequence[Miss]:
    event = request.event
    if event is None or not event.replacements:
        return ()
    want = "none: only a merge (PRPA_IN201304UV02) replaces registrations"
    return (Miss(f"{EVENT_PATH}/replacementOf", f"{event.replacements} of them", want),)


def _custodian(request: PixAddRequest) -> Sequence[Miss]:
    event = request.event
    if event is None:
        return ()
    for one in event.custodian_ids:
        if one.root:
            return ()
    return (Miss(f"{EVENT_PATH}/custodian/assignedEntity/id", want="an id of who keeps the registration"),)


def _patient(request: PixAddRequest) -> Sequence[Miss]:
    event, record = request.event, request.record
    if event is None or (record is not None and record.class_code == "PAT"):
        return ()
    if record is None:
        return (Miss(PATIENT_PATH, want="the patient"),)
    return _codes(PATIENT_PATH, ("classCode", record.class_code, "PAT"))


def _patient_identified(request: PixAddRequest) -> Sequence[Miss]:
    record = request.record
    ids = record.ids if record is not None else ()
    for one in ids:
        if one.root and one.extension:
            return ()
    return _incomplete(ids) or (Miss(PATIENT_ID_PATH, want=_ID_WANTED),)


def _patient_ids_sound(request: PixAddRequest) -> Sequence[Miss]:
    record = request.record
    if record is None:
        return ()
    sound = True
    complete = False
    for one in record.ids:
        if one.root and one.extension:
            complete = True
            sound = sound and not oid_problem(one.root)
        elif not one.null_flavor:
            sound = False
    if sound:
        return ()
    misses = [
        Miss(f"{positioned(PATIENT_ID_PATH, n)}/@root", bad(one.root, problem), OID_WANTED)
        for n, one in enumerate(record.ids)
        if one.root and one.extension and (problem := oid_problem(one.root))
    ]
    # Where no id is complete, the rule before this one has said what is missing.
    return misses + _incomplete(record.ids) if complete else misses


def _patient_active(request: PixAddRequest) -> Sequence[Miss]:
    record = request.record
    if record is None or record.status_code == "active":
        return ()
    return (Miss(f"{PATIENT_PATH}/statusCode/@code", shown(record.status_code), "active"),)


def _person(request: PixAddRequest) -> Sequence[Miss]:
    record = request.record
    if record is None:
        return ()
    person = record.person
    if person is None:
        return (Miss(PERSON_PATH, want="the patient as a person"),)
    if person.class_code == "PSN" and person.determiner_code == "INSTANCE":
        return ()
    return _codes(
        PERSON_PATH, ("classCode", person.class_code, "PSN"), ("determinerCode", person.determiner_code, "INSTANCE")
    )


def _named(request: PixAddRequest) -> Sequence[Miss]:
    person = _person_of(request)
    if person is None:
        return ()
    for name in person.names:
        if not name.null_flavor:
            for part in name.parts:
                if part.text:
                    return ()
    got = "nothing"
    if person.names:
        flavor = person.names[0].null_flavor
        got = f"a null name (nullFlavor {shown(flavor)})" if flavor else "an empty name"
    return (Miss(f"{PERSON_PATH}/name", got, "a name with parts such as <given> and <family>"),)


def _gender(request: PixAddRequest) -> Sequence[Miss]:
    gender = _gender_of(request)
    if gender is None or gender.code in _GENDERS:
        return ()
    if gender.code_system not in {"", ADMINISTRATIVE_GENDER} or (gender.null_flavor and not gender.code):
        return ()
    want = "M, F or UN; leave the element out where it is unknown"
    return (Miss(f"{PERSON_PATH}/administrativeGenderCode/@code", shown(gender.code), want),)


def _gender_system(request: PixAddRequest) -> Sequence[Miss]:
    gender = _gender_of(request)
    if gender is None or gender.code_system in {"", ADMINISTRATIVE_GENDER}:
        return ()
    path = f"{PERSON_PATH}/administrativeGenderCode/@codeSystem"
    return (Miss(path, shown(gender.code_system), f"{ADMINISTRATIVE_GENDER} (AdministrativeGender)"),)


def _times(request: PixAddRequest) -> Sequence[Miss]:
    person = _person_of(request)
    if person is None or not (
        (person.birth_time and ts_problem(person.birth_time))
        or (person.deceased_time and ts_problem(person.deceased_time))
    ):
        return ()
    return [
        Miss(f"{PERSON_PATH}/{name}/@value", bad(value, problem), TS_WANTED)
        for name, value in (("birthTime", person.birth_time), ("deceasedTime", person.deceased_time))
        if value and (problem := ts_problem(value))
    ]


def _telecoms(request: PixAddRequest) -> Sequence[Miss]:
    person = _person_of(request)
    if person is None:
        return ()
    for telecom in person.telecoms:
        if ":" not in telecom.value:
            break
    else:
        return ()
    want = "a URL such as tel:+1-555-0100 or mailto:someone@example.org"
    return [
        Miss(f"{positioned(f'{PERSON_PATH}/telecom', n)}/@value", shown(telecom.value), want)
        for n, telecom in enumerate(person.telecoms)
        if ":" not in telecom.value and not telecom.null_flavor
    ]


def _other_ids_class(request: PixAddRequest) -> Sequence[Miss]:
    person = _person_of(request)
    if person is None:
        return ()
    for other in person.other_ids:
        if not other.class_code or other.class_code in _NOT_OTHER_IDS:
            break
    else:
        return ()
    return [
        Miss(
            f"{positioned(f'{PERSON_PATH}/asOtherIDs', n)}/@classCode",
            shown(other.class_code),
            "a role that bears an id, such as PAT; citizenship is asCitizen, employment asEmployee",
        )
        for n, other in enumerate(person.other_ids)
        if not other.class_code or other.class_code in _NOT_OTHER_IDS
    ]


def _other_ids_sound(request: PixAddRequest) -> Sequence[Miss]:
    person = _person_of(request)
    if person is None:
        return ()
    for other in person.other_ids:
        if not _is_sound(other):
            break
    else:
        return ()
    misses: list[Miss] = []
    for n, other in enumerate(person.other_ids):
        path = positioned(f"{PERSON_PATH}/asOtherIDs", n)
        if not other.ids:
            misses.append(Miss(f"{path}/id", want=_ID_WANTED))
        misses += [
            Miss(f"{positioned(f'{path}/id', m)}/@root", bad(one.root, problem), OID_WANTED)
            for m, one in enumerate(other.ids)
            if not one.null_flavor and (problem := oid_problem(one.root))
        ]
        if not any(one.root for one in other.scoping_ids):
            misses.append(Miss(f"{path}/scopingOrganization/id", want="an id of who assigned the identifier"))
    return misses


def _provider(request: PixAddRequest) -> Sequence[Miss]:
    record = request.record
    if record is None:
        return ()
    ids = record.provider.ids if record.provider is not None else ()
    for one in ids:
        if oid_problem(one.root):
            break
    else:
        if ids:
            return ()
    path = f"{PATIENT_PATH}/providerOrganization/id"
    return [miss for miss in oid_misses(path, ids) if not miss.path.endswith("/@extension")]


def _is_sound(other: OtherIds) -> bool:
    for one in other.ids:
        if not one.null_flavor and oid_problem(one.root):
            return False
    for one in other.scoping_ids:
        if one.root:
            return bool(other.ids)
    return False


def _person_of(request: PixAddRequest) -> Person | None:
    record = request.record
    return record.person if record is not None else None


def _gender_of(request: PixAddRequest) -> CD | None:
    person = _person_of(request)
    return person.gender if person is not None else None


def _incomplete(ids: Sequence[II]) -> list[Miss]:
    misses: list[Miss] = []
    for n, one in enumerate(ids):
        path = positioned(PATIENT_ID_PATH, n)
        if not one.root and (one.extension or not one.null_flavor):
            misses.append(Miss(f"{path}/@root", want=f"{OID_WANTED} of the authority that assigned the identifier"))
        if not one.extension and (one.root or not one.null_flavor):
            misses.append(Miss(f"{path}/@extension", want="the identifier that the authority (root) assigned"))
    return misses


def _codes(path: str, *codes: tuple[str, str, str]) -> list[Miss]:
    return [Miss(f"{path}/@{name}", shown(got), want) for name, got, want in codes if got != want]


_E: Final = Severity.ERROR
_W: Final = Severity.WARNING

RULES: Final[tuple[Rule[PixAddRequest], ...]] = (
    *wrapper_rules("PIXF", INTERACTION, _CONTROL),
    Rule("PIXF-13", _XML_ITS, _E, "every element is in the namespace urn:hl7-org:v3", _qualified),
    Rule("PIXF-14", _CONTROL, _E, "there is a controlActProcess with moodCode EVN", _control_act),
    Rule("PIXF-15", _CONTROL, _E, f"controlActProcess/code is the trigger event {TRIGGER}", _trigger),
    Rule("PIXF-16", _NOTIFICATION, _E, "the control act has exactly one subject", _one_subject),
    Rule("PIXF-17", _NOTIFICATION, _E, "the subject is a registrationEvent", _registration),
    Rule("PIXF-18", _CONTROL, _E, "the registrationEvent's statusCode is active", _event_active),
    Rule("PIXF-19", _CONTROL, _E, "an add replaces no registration", _nothing_replaced),
    Rule("PIXF-20", _NOTIFICATION, _E, "the registration has a custodian with an id", _custodian),
    Rule("PIXF-21", _MESSAGE, _E, "the registration has a patient with classCode PAT", _patient),
    Rule("PIXF-22", _MESSAGE, _E, "the patient has an id with root and extension", _patient_identified, essential=True),
    Rule("PIXF-23", _MESSAGE, _E, "every id of the patient has an OID as root, and an extension", _patient_ids_sound),
    Rule("PIXF-24", _MESSAGE, _E, "the patient's statusCode is active", _patient_active),
    Rule("PIXF-25", _MESSAGE, _E, "the patient is a patientPerson, an instance of class PSN", _person),
    Rule("PIXF-26", _MESSAGE, _E, "the patient has a name", _named),
    Rule("PIXF-27", _MESSAGE, _E, "administrativeGenderCode is M, F or UN", _gender),
    Rule("PIXF-28", _MESSAGE, _W, "the gender is coded in AdministrativeGender", _gender_system),
    Rule("PIXF-29", _DATA_TYPES, _E, "the patient's dates are points in time that exist", _times),
    Rule("PIXF-30", _DATA_TYPES, _W, "the patient's telecoms are URLs", _telecoms),
    Rule("PIXF-31", _MESSAGE, _E, "asOtherIDs has a classCode, and none of citizen or employee", _other_ids_class),
    Rule("PIXF-32", _MESSAGE, _E, "asOtherIDs has OID ids and a scopingOrganization with an id", _other_ids_sound),
    Rule("PIXF-33", _MESSAGE, _E, "the patient has a providerOrganization with an OID as id", _provider),
)
