"""What every query for patients has to be (ITI TF-2: 3.45.4.1, 3.47.4.1, 3.55.4.1, O.1.1, O.2.3), and building blocks.

A check runs for every request, so it returns an empty tuple as soon as its rule is kept. Where an element is
missing one rule says so, and the rules on its content keep silent.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, TypeAlias

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import NOTHING, Miss, Rule
from ihe_test_util.transactions.feed.model import trigger_of
from ihe_test_util.transactions.patient_query.model import (
    LIST_PATH,
    QUERY_PATH,
    Parameter,
    Period,
    QueryRequest,
    Value,
)
from ihe_test_util.transactions.wrapper_rules import bad, positioned, wrapper_rules
from ihe_test_util.xml.hl7v3 import CD, II, is_uuid, oid_problem, shown, ts_problem
from ihe_test_util.xml.hl7v3.datatypes import OID_WANTED, TS_WANTED
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS

Check: TypeAlias = Callable[[QueryRequest], Sequence[Miss]]

ACT_PATH: Final = "/controlActProcess"
GENDERS: Final = frozenset({"M", "F", "UN"})
ID_WANTED: Final = "an id with a root (the assigning authority's OID) and an extension"
_ERROR: Final = Severity.ERROR
_ALL: Final = "100"
_CONTROL: Final = "ITI TF-2: O.2.3"
#: HL7's examples have EVN, its vocabulary RQO.
_MOODS: Final = frozenset({"EVN", "RQO"})


def query_rules(series: str, interaction: str, section: str) -> tuple[Rule[QueryRequest], ...]:
    """The rules ``series``-01 to -20 of one interaction; ``section`` is where its profile says what the query is."""
    trigger = trigger_of(interaction)

    def rule(number: int, where: str, sentence: str, check: Check, *, essential: bool = False) -> Rule[QueryRequest]:
        return Rule(f"{series}-{number:02}", where, _ERROR, sentence, check, essential=essential)

    return (
        *wrapper_rules(series, interaction, section),
        rule(13, "HL7 V3 XML ITS 2008", "every element is in the namespace urn:hl7-org:v3", _qualified),
        rule(14, _CONTROL, "there is a controlActProcess with moodCode EVN or RQO", _control_act),
        rule(15, section, f"controlActProcess/code is the trigger event {trigger}", _trigger),
        rule(16, section, "there is a queryByParameter", _query, essential=True),
        rule(17, section, "the query has a queryId", _query_id),
        rule(18, section, "the query's statusCode is new", _status),
        rule(19, section, "responsePriorityCode is I, for an immediate answer", _priority),
        rule(20, section, "every parameter has a value and a semanticsText", _filled),
    )


def places(request: QueryRequest, name: str) -> Iterator[tuple[str, Value]]:
    """The values of the parameters of a name, each with its XPath."""
    for n, parameter in enumerate(request.query.named(name)):
        path = positioned(request.at(f"{LIST_PATH}/{name}"), n)
        for m, value in enumerate(parameter.values):
            yield positioned(f"{path}/value", m), value


def single(*names: str) -> Check:
    """A check that parameters stand at most once, with one value; of some names, whatever else there is."""
    at_most_once, of_one_value = once(*names), one_value(*names)
    return lambda request: [*at_most_once(request), *of_one_value(request)]


def once(*names: str) -> Check:
    """A check that parameters of some names stand at most once."""

    def check(request: QueryRequest) -> Sequence[Miss]:
        counts = ((name, len(request.query.named(name))) for name in names)
        return [
            Miss(request.at(f"{LIST_PATH}/{name}[2]"), f"{count} of them", "one at most")
            for name, count in counts
            if count > 1
        ]

    return check


def one_value(*names: str) -> Check:
    """A check that each parameter of some names has one value."""

    def check(request: QueryRequest) -> Sequence[Miss]:
        return [
            Miss(
                f"{positioned(request.at(f'{LIST_PATH}/{name}'), n)}/value[2]", f"{len(one.values)} values", "one value"
            )
            for name in names
            for n, one in enumerate(request.query.named(name))
            if len(one.values) > 1
        ]

    return check


def omitted(names: Collection[str]) -> Check:
    """A check that parameters of some names, which a profile omits, are not there."""

    def check(request: QueryRequest) -> Sequence[Miss]:
        found = dict.fromkeys(one.name for one in request.query.parameters if one.name in names)
        return [Miss(request.at(f"{LIST_PATH}/{name}"), "a parameter", "none: the profile omits it") for name in found]

    return check


def bare_oids(name: str) -> Check:
    """A check that the values of a parameter name domains: OIDs without extension."""

    def check(request: QueryRequest) -> Sequence[Miss]:
        misses: list[Miss] = []
        for path, value in places(request, name):
            if not isinstance(value, II):
                continue
            if problem := oid_problem(value.root):
                misses.append(Miss(f"{path}/@root", bad(value.root, problem), OID_WANTED))
            if value.extension:
                misses.append(Miss(f"{path}/@extension", shown(value.extension), "no extension"))
        return misses

    return check


def oid_roots(name: str) -> Check:
    """A check that the identifiers of a parameter have OIDs as roots."""

    def check(request: QueryRequest) -> Sequence[Miss]:
        return [
            Miss(f"{path}/@root", bad(value.root, problem), OID_WANTED)
            for path, value in places(request, name)
            if isinstance(value, II) and value.root and (problem := oid_problem(value.root))
        ]

    return check


def births_exist(request: QueryRequest) -> Sequence[Miss]:
    """Dates of birth are points in time that exist."""
    misses: list[Miss] = []
    for path, value in places(request, "livingSubjectBirthTime"):
        if not isinstance(value, Period):
            continue
        for suffix, text in (("", value.value), ("/low", value.low), ("/high", value.high)):
            if text and (problem := ts_problem(text)):
                misses.append(Miss(f"{path}{suffix}/@value", bad(text, problem), TS_WANTED))
        if not (value.value or value.low or value.high):
            misses.append(Miss(f"{path}/@value", want=TS_WANTED))
    return misses


def genders_known(request: QueryRequest) -> Sequence[Miss]:
    """Genders are codes of AdministrativeGender."""
    return [
        Miss(f"{path}/@code", shown(value.code), "M, F or UN")
        for path, value in places(request, "livingSubjectAdministrativeGender")
        if isinstance(value, CD) and value.code not in GENDERS
    ]


def modality(request: QueryRequest) -> Sequence[Miss]:
    """The answer is wanted in real time."""
    act = request.act
    if act is None or act.query is None or act.query.response_modality == "R":
        return ()
    return (Miss(request.at(f"{QUERY_PATH}/responseModalityCode/@code"), shown(act.query.response_modality), "R"),)


def degree_possible(request: QueryRequest) -> Sequence[Miss]:
    """The least degree of a match is a percentage."""
    act = request.act
    if act is None or act.query is None or (degree := act.query.minimum_degree) is None:
        return ()
    text = degree.value
    if text.isascii() and text.isdecimal() and len(text) <= len(_ALL) and int(text) <= int(_ALL):
        return ()
    path = request.at(f"{QUERY_PATH}/matchCriterionList/minimumDegreeMatch/value/@value")
    return (Miss(path, shown(text) if text else NOTHING, f"a whole number from 0 to {_ALL}"),)


def authors_known(request: QueryRequest) -> Sequence[Miss]:
    """Whoever asks is an author."""
    act = request.act
    if act is None or not act.author_types or set(act.author_types) == {"AUT"}:
        return ()
    return [
        Miss(f"{positioned(request.at(f'{ACT_PATH}/authorOrPerformer'), n)}/@typeCode", shown(code), "AUT")
        for n, code in enumerate(act.author_types)
        if code != "AUT"
    ]


def nothing_forbidden(request: QueryRequest) -> Sequence[Miss]:
    """What the profile leaves out of the query is not there."""
    return [
        Miss(request.at(f"{QUERY_PATH}/{path}"), "an element", "none: the profile omits it")
        for path in request.query.forbidden
    ]


def _qualified(request: QueryRequest) -> Sequence[Miss]:
    if not request.strays:
        return ()
    return [
        Miss(path, "an element in another namespace, or in none", "an element in urn:hl7-org:v3")
        for path in request.strays
    ]


def _control_act(request: QueryRequest) -> Sequence[Miss]:
    act = request.act
    path = request.at(ACT_PATH)
    if act is None:
        return (Miss(path, want="the control act with the query"),)
    misses = []
    if act.class_code != "CACT":
        misses.append(Miss(f"{path}/@classCode", shown(act.class_code), "CACT"))
    if act.mood_code not in _MOODS:
        misses.append(Miss(f"{path}/@moodCode", shown(act.mood_code), "EVN or RQO"))
    return misses


def _trigger(request: QueryRequest) -> Sequence[Miss]:
    if (act := request.act) is None:
        return ()
    return trigger_misses(act.code, request.at(f"{ACT_PATH}/code"), (trigger_of(request.interaction),))


def trigger_misses(code: CD | None, path: str, triggers: Sequence[str]) -> Sequence[Miss]:
    """What is wrong with the code of a control act that should be one of some trigger events."""
    wanted = " or ".join(triggers)
    if code is None:
        return (Miss(path, want=f"code {wanted} of {HL7_INTERACTIONS}"),)
    misses = []
    if code.code not in triggers:
        misses.append(Miss(f"{path}/@code", shown(code.code), wanted))
    if code.code_system != HL7_INTERACTIONS:
        misses.append(Miss(f"{path}/@codeSystem", shown(code.code_system), HL7_INTERACTIONS))
    return misses


def _query(request: QueryRequest) -> Sequence[Miss]:
    if request.act is None or request.act.query is not None:
        return () if request.act is not None else (Miss(request.at(QUERY_PATH), want="the query"),)
    return (Miss(request.at(QUERY_PATH), want="the query"),)


def _query_id(request: QueryRequest) -> Sequence[Miss]:
    act = request.act
    if act is None or act.query is None:
        return ()
    return query_id_misses(act.query.query_id, request.at(f"{QUERY_PATH}/queryId"))


def query_id_misses(query_id: II | None, path: str) -> Sequence[Miss]:
    """What is wrong with the identifier of a query."""
    root = query_id.root if query_id is not None else ""
    if is_uuid(root) or not oid_problem(root):
        return ()
    return (Miss(f"{path}/@root", bad(root, "neither a UUID nor an OID"), "an OID, or a UUID"),)


def _status(request: QueryRequest) -> Sequence[Miss]:
    act = request.act
    if act is None or act.query is None or act.query.status_code == "new":
        return ()
    return (Miss(request.at(f"{QUERY_PATH}/statusCode/@code"), shown(act.query.status_code), "new"),)


def _priority(request: QueryRequest) -> Sequence[Miss]:
    act = request.act
    if act is None or act.query is None or act.query.response_priority == "I":
        return ()
    want = "I (deferred answers are not supported)" if act.query.response_priority == "D" else "I"
    return (Miss(request.at(f"{QUERY_PATH}/responsePriorityCode/@code"), shown(act.query.response_priority), want),)


def _filled(request: QueryRequest) -> Sequence[Miss]:
    for one in request.query.parameters:
        if not one.values or not one.semantics_text:
            break
    else:
        return ()
    misses: list[Miss] = []
    counts: dict[str, int] = {}
    for one in request.query.parameters:
        place = counts[one.name] = counts.get(one.name, -1) + 1
        misses += _emptiness(one, positioned(request.at(f"{LIST_PATH}/{one.name}"), place))
    return misses


def _emptiness(parameter: Parameter, path: str) -> Iterator[Miss]:
    if not parameter.values:
        yield Miss(f"{path}/value", want="a value")
    if not parameter.semantics_text:
        yield Miss(f"{path}/semanticsText", want="the name of the attribute, such as LivingSubject.name")
