"""What HL7 V3 and IHE demand of an ITI-44 message (ITI TF-2: 3.44.4.1.2, 3.44.4.2.2, O.1.1, O.2.1, O.2.2).

Not checked: the order of elements and what the model leaves out (for that there are the schemas of HL7), codes of
name, address and telecom use, and whether organizations are known.

A check runs for every request, so it returns an empty tuple as soon as its rule is kept. Where an element is
missing one rule says so, and the rules on its content keep silent.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.feed.merge_checks import ID_WANTED, one_replaced, replaced_identified, replaced_obsolete
from ihe_test_util.transactions.feed.model import (
    ACT_PATH,
    ADD,
    ADMINISTRATIVE_GENDER,
    EVENT_PATH,
    MERGE,
    PATIENT_PATH,
    PERSON_PATH,
    REVISE,
    FeedRequest,
    trigger_of,
)
from ihe_test_util.transactions.feed.other_ids_checks import other_ids_class, other_ids_sound
from ihe_test_util.transactions.feed.sound import GENDERS
from ihe_test_util.transactions.wrapper_rules import bad, oid_misses, positioned, wrapper_rules
from ihe_test_util.xml.hl7v3 import CD, II, oid_problem, shown, ts_problem
from ihe_test_util.xml.hl7v3.datatypes import OID_WANTED, TS_WANTED
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS

_NOTIFICATION: Final = "ITI TF-2: O.2.1"
_XML_ITS: Final = "HL7 V3 XML ITS 2008"
_DATA_TYPES: Final = "HL7 V3 Data Types R1"
_A: Final = {ADD: "an add", REVISE: "a revise"}


Check: TypeAlias = "Callable[[FeedRequest], Sequence[Miss]]"


def _qualified(request: FeedRequest) -> Sequence[Miss]:
    if not request.strays:
        return ()
    return [
        Miss(path, "an element in another namespace, or in none", "an element in urn:hl7-org:v3")
        for path in request.strays
    ]


def _control_act(request: FeedRequest) -> Sequence[Miss]:
    act = request.control_act
    if act is None:
        return (Miss(f"/{request.interaction}{ACT_PATH}", want="the control act with the patient's registration"),)
    if act.class_code == "CACT" and act.mood_code == "EVN":
        return ()
    return _codes(
        f"/{request.interaction}{ACT_PATH}", ("classCode", act.class_code, "CACT"), ("moodCode", act.mood_code, "EVN")
    )


def _trigger(request: FeedRequest) -> Sequence[Miss]:
    if (act := request.control_act) is None:
        return ()
    code = act.code
    if code is None:
        return (Miss(f"/{request.interaction}{ACT_PATH}/code", want=f"code {request.trigger} of {HL7_INTERACTIONS}"),)
    if code.code == request.trigger and code.code_system == HL7_INTERACTIONS:
        return ()
    return _codes(
        f"/{request.interaction}{ACT_PATH}/code",
        ("code", code.code, request.trigger),
        ("codeSystem", code.code_system, HL7_INTERACTIONS),
    )


def _one_subject(request: FeedRequest) -> Sequence[Miss]:
    if request.control_act is None or (count := len(request.control_act.registrations)) == 1:
        return ()
    path = f"/{request.interaction}{ACT_PATH}/subject" if count == 0 else f"/{request.interaction}{ACT_PATH}/subject[2]"
    return (Miss(path, f"{count} subjects", "exactly one subject; send a message for each patient"),)


def _registration(request: FeedRequest) -> Sequence[Miss]:
    event, act = request.event, request.control_act
    if act is None or not act.registrations:
        return ()
    if event is None:
        return (Miss(f"/{request.interaction}{EVENT_PATH}", want="the registration of the patient"),)
    if event.class_code == "REG" and event.mood_code == "EVN":
        return ()
    return _codes(
        f"/{request.interaction}{EVENT_PATH}",
        ("classCode", event.class_code, "REG"),
        ("moodCode", event.mood_code, "EVN"),
    )


def _event_active(request: FeedRequest) -> Sequence[Miss]:
    event = request.event
    if event is None or event.status_code == "active":
        return ()
    return (Miss(f"/{request.interaction}{EVENT_PATH}/statusCode/@code", shown(event.status_code), "active"),)


def _nothing_replaced(request: FeedRequest) -> Sequence[Miss]:
    event = request.event
    if event is None or not event.replacements:
        return ()
    want = "none: only a merge (PRPA_IN201304UV02) replaces registrations"
    return (Miss(f"/{request.interaction}{EVENT_PATH}/replacementOf", f"{len(event.replacements)} of them", want),)


def _custodian(request: FeedRequest) -> Sequence[Miss]:
    event = request.event
    if event is None:
        return ()
    for one in event.custodian_ids:
        if one.root:
            return ()
    return (
        Miss(
            f"/{request.interaction}{EVENT_PATH}/custodian/assignedEntity/id",
            want="an id of who keeps the registration",
        ),
    )


def _patient(request: FeedRequest) -> Sequence[Miss]:
    event, record = request.event, request.record
    if event is None or (record is not None and record.class_code == "PAT"):
        return ()
    if record is None:
        return (Miss(f"/{request.interaction}{PATIENT_PATH}", want="the patient"),)
    return _codes(f"/{request.interaction}{PATIENT_PATH}", ("classCode", record.class_code, "PAT"))


def _patient_identified(request: FeedRequest) -> Sequence[Miss]:
    record = request.record
    ids = record.ids if record is not None else ()
    for one in ids:
        if one.root and one.extension:
            return ()
    return _incomplete(request, ids) or (Miss(request.patient_id_path, want=ID_WANTED),)


def _patient_ids_sound(request: FeedRequest) -> Sequence[Miss]:
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
        Miss(f"{positioned(request.patient_id_path, n)}/@root", bad(one.root, problem), OID_WANTED)
        for n, one in enumerate(record.ids)
        if one.root and one.extension and (problem := oid_problem(one.root))
    ]
    # Where no id is complete, the rule before this one has said what is missing.
    return misses + _incomplete(request, record.ids) if complete else misses


def _patient_active(request: FeedRequest) -> Sequence[Miss]:
    record = request.record
    if record is None or record.status_code == "active":
        return ()
    return (Miss(f"/{request.interaction}{PATIENT_PATH}/statusCode/@code", shown(record.status_code), "active"),)


def _person(request: FeedRequest) -> Sequence[Miss]:
    record = request.record
    if record is None:
        return ()
    person = record.person
    if person is None:
        return (Miss(f"/{request.interaction}{PERSON_PATH}", want="the patient as a person"),)
    if person.class_code == "PSN" and person.determiner_code == "INSTANCE":
        return ()
    return _codes(
        f"/{request.interaction}{PERSON_PATH}",
        ("classCode", person.class_code, "PSN"),
        ("determinerCode", person.determiner_code, "INSTANCE"),
    )


def _named(request: FeedRequest) -> Sequence[Miss]:
    person = request.person
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
    return (Miss(f"/{request.interaction}{PERSON_PATH}/name", got, "a name with parts such as <given> and <family>"),)


def _gender(request: FeedRequest) -> Sequence[Miss]:
    gender = _gender_of(request)
    if gender is None or gender.code in GENDERS:
        return ()
    if gender.code_system not in {"", ADMINISTRATIVE_GENDER} or (gender.null_flavor and not gender.code):
        return ()
    want = "M, F or UN; leave the element out where it is unknown"
    return (Miss(f"/{request.interaction}{PERSON_PATH}/administrativeGenderCode/@code", shown(gender.code), want),)


def _gender_system(request: FeedRequest) -> Sequence[Miss]:
    gender = _gender_of(request)
    if gender is None or gender.code_system in {"", ADMINISTRATIVE_GENDER}:
        return ()
    path = f"/{request.interaction}{PERSON_PATH}/administrativeGenderCode/@codeSystem"
    return (Miss(path, shown(gender.code_system), f"{ADMINISTRATIVE_GENDER} (AdministrativeGender)"),)


def _times(request: FeedRequest) -> Sequence[Miss]:
    person = request.person
    if person is None or not (
        (person.birth_time and ts_problem(person.birth_time))
        or (person.deceased_time and ts_problem(person.deceased_time))
    ):
        return ()
    return [
        Miss(f"/{request.interaction}{PERSON_PATH}/{name}/@value", bad(value, problem), TS_WANTED)
        for name, value in (("birthTime", person.birth_time), ("deceasedTime", person.deceased_time))
        if value and (problem := ts_problem(value))
    ]


def _telecoms(request: FeedRequest) -> Sequence[Miss]:
    person = request.person
    if person is None:
        return ()
    for telecom in person.telecoms:
        if ":" not in telecom.value:
            break
    else:
        return ()
    want = "a URL such as tel:+1-555-0100 or mailto:someone@example.org"
    return [
        Miss(f"{positioned(f'/{request.interaction}{PERSON_PATH}/telecom', n)}/@value", shown(telecom.value), want)
        for n, telecom in enumerate(person.telecoms)
        if ":" not in telecom.value and not telecom.null_flavor
    ]


def _provider(request: FeedRequest) -> Sequence[Miss]:
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
    path = f"/{request.interaction}{PATIENT_PATH}/providerOrganization/id"
    return [miss for miss in oid_misses(path, ids) if not miss.path.endswith("/@extension")]


def _gender_of(request: FeedRequest) -> CD | None:
    person = request.person
    return person.gender if person is not None else None


def _incomplete(request: FeedRequest, ids: Sequence[II]) -> list[Miss]:
    misses: list[Miss] = []
    for n, one in enumerate(ids):
        path = positioned(request.patient_id_path, n)
        if not one.root and (one.extension or not one.null_flavor):
            misses.append(Miss(f"{path}/@root", want=f"{OID_WANTED} of the authority that assigned the identifier"))
        if not one.extension and (one.root or not one.null_flavor):
            misses.append(Miss(f"{path}/@extension", want="the identifier that the authority (root) assigned"))
    return misses


def _codes(path: str, *codes: tuple[str, str, str]) -> list[Miss]:
    return [Miss(f"{path}/@{name}", shown(got), want) for name, got, want in codes if got != want]


_E: Final = Severity.ERROR
_W: Final = Severity.WARNING


def feed_rules(series: str, interaction: str) -> tuple[Rule[FeedRequest], ...]:
    """The rules of one of the three messages, ``series``-01 and on."""
    merge = interaction == MERGE
    message = "ITI TF-2: 3.44.4.2.2.2" if merge else "ITI TF-2: 3.44.4.1.2.2"
    control = "ITI TF-2: 3.44.4.2.2.3" if merge else "ITI TF-2: 3.44.4.1.2.3"
    trigger = trigger_of(interaction)

    def rule(
        number: int, section: str, severity: Severity, sentence: str, check: Check, *, essential: bool = False
    ) -> Rule[FeedRequest]:
        return Rule(f"{series}-{number:02}", section, severity, sentence, check, essential=essential)

    return (
        *wrapper_rules(series, interaction, control),
        rule(13, _XML_ITS, _E, "every element is in the namespace urn:hl7-org:v3", _qualified),
        rule(14, control, _E, "there is a controlActProcess with moodCode EVN", _control_act),
        rule(15, control, _E, f"controlActProcess/code is the trigger event {trigger}", _trigger),
        rule(16, _NOTIFICATION, _E, "the control act has exactly one subject", _one_subject),
        rule(17, _NOTIFICATION, _E, "the subject is a registrationEvent", _registration),
        rule(18, control, _E, "the registrationEvent's statusCode is active", _event_active),
        rule(19, control, _E, "a merge replaces exactly one registration, by one", one_replaced, essential=True)
        if merge
        else rule(19, control, _E, f"{_A[interaction]} replaces no registration", _nothing_replaced),
        rule(20, _NOTIFICATION, _E, "the registration has a custodian with an id", _custodian),
        rule(21, message, _E, "the registration has a patient with classCode PAT", _patient),
        rule(22, message, _E, "the patient has an id with root and extension", _patient_identified, essential=True),
        rule(23, message, _E, "every id of the patient has an OID as root, and an extension", _patient_ids_sound),
        rule(24, message, _E, "the patient's statusCode is active", _patient_active),
        rule(25, message, _E, "the patient is a patientPerson, an instance of class PSN", _person),
        rule(26, message, _E, "the patient has a name", _named),
        rule(27, message, _E, "administrativeGenderCode is M, F or UN", _gender),
        rule(28, message, _W, "the gender is coded in AdministrativeGender", _gender_system),
        rule(29, _DATA_TYPES, _E, "the patient's dates are points in time that exist", _times),
        rule(30, _DATA_TYPES, _W, "the patient's telecoms are URLs", _telecoms),
        rule(31, message, _E, "asOtherIDs has a classCode, and none of citizen or employee", other_ids_class),
        rule(32, message, _E, "asOtherIDs has OID ids and a scopingOrganization with an id", other_ids_sound),
        rule(33, message, _E, "the patient has a providerOrganization with an OID as id", _provider),
        *(
            (
                rule(34, control, _E, "the replaced registration's statusCode is obsolete", replaced_obsolete),
                rule(
                    35,
                    control,
                    _E,
                    "the replaced registration names one patient, by an id with root and extension",
                    replaced_identified,
                    essential=True,
                ),
            )
            if merge
            else ()
        ),
    )
