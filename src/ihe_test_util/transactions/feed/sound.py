"""Whether a feed is beyond reproach, told quickly: most requests are, and thirty rules asked in turn cost more."""

from typing import Final

from ihe_test_util.transactions.feed.model import (
    ADMINISTRATIVE_GENDER,
    ControlAct,
    FeedRequest,
    PatientRecord,
    Person,
    RegistrationEvent,
    trigger_of,
)
from ihe_test_util.transactions.feed.other_ids_checks import is_sound_other
from ihe_test_util.transactions.wrapper_rules import is_sound_wrapper
from ihe_test_util.xml.hl7v3 import oid_problem, ts_problem
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS

GENDERS: Final = frozenset({"M", "F", "UN"})
_GENDER_SYSTEMS: Final = frozenset({"", ADMINISTRATIVE_GENDER})


def is_sound_feed(request: FeedRequest, interaction: str) -> bool:
    """Whether an add or a revise keeps each of the rules that ``feed_rules`` gives for it.

    No is no judgement: a rule says more precisely what it forbids.
    """
    act = request.control_act
    return (
        request.interaction == interaction
        and not request.strays
        and is_sound_wrapper(request.transmission, interaction)
        and act is not None
        and _is_sound_act(act, interaction)
    )


def _is_sound_act(act: ControlAct, interaction: str) -> bool:
    code = act.code
    return (
        code is not None
        and code.code == trigger_of(interaction)
        and code.code_system == HL7_INTERACTIONS
        and act.class_code == "CACT"
        and act.mood_code == "EVN"
        and len(act.registrations) == 1
        and (event := act.registrations[0]) is not None
        and _is_sound_event(event)
    )


def _is_sound_event(event: RegistrationEvent) -> bool:
    return (
        event.class_code == "REG"
        and event.mood_code == "EVN"
        and event.status_code == "active"
        and not event.replacements
        and bool(event.custodian_ids)
        and bool(event.custodian_ids[0].root)
        and (record := event.record) is not None
        and _is_sound_record(record)
        and (person := record.person) is not None
        and _is_sound_person(person)
    )


def _is_sound_record(record: PatientRecord) -> bool:
    provider = record.provider
    if record.class_code != "PAT" or record.status_code != "active" or not record.ids:
        return False
    if provider is None or not provider.ids:
        return False
    for one in provider.ids:
        if oid_problem(one.root):
            return False
    for one in record.ids:  # noqa: SIM110 - a generator costs more than the check
        if not one.extension or oid_problem(one.root):
            return False
    return True


def _is_sound_person(person: Person) -> bool:
    name = person.names[0] if person.names else None
    if name is None or name.null_flavor or not name.parts or not name.parts[0].text:
        return False
    gender = person.gender
    if gender is not None and not (gender.code in GENDERS and gender.code_system in _GENDER_SYSTEMS):
        return False
    for telecom in person.telecoms:
        if ":" not in telecom.value:
            return False
    for other in person.other_ids:
        if not is_sound_other(other):
            return False
    return (
        person.class_code == "PSN"
        and person.determiner_code == "INSTANCE"
        and not (person.birth_time and ts_problem(person.birth_time))
        and not (person.deceased_time and ts_problem(person.deceased_time))
    )
