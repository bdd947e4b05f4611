"""What the profile demands of a query by demographics, and of continuing one (ITI TF-2: 3.47.4.1.2, 3.47.4.3.2)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.patient_query.model import (
    FIND_CANDIDATES,
    LIST_PATH,
    QUERY_PATH,
    QueryRequest,
    count_of,
)
from ihe_test_util.transactions.patient_query.rules import (
    Check,
    authors_known,
    bare_oids,
    births_exist,
    degree_possible,
    genders_known,
    modality,
    nothing_forbidden,
    oid_roots,
    omitted,
    query_id_misses,
    query_rules,
    single,
    trigger_misses,
)
from ihe_test_util.transactions.pdq.continuation import (
    CANCEL,
    CANCEL_ELEMENT,
    CONTINUATION_PATH,
    CONTINUE,
    INTERACTION,
    TRIGGERS,
    ContinuationRequest,
)
from ihe_test_util.transactions.wrapper_rules import wrapper_rules
from ihe_test_util.xml.hl7v3 import shown

_SECTION: Final = "ITI TF-2: 3.47.4.1.2"
_MORE: Final = "ITI TF-2: 3.47.4.3.2"
_NO_MORE: Final = "ITI TF-2: 3.47.4.4"
_ERROR: Final = Severity.ERROR
_ASKED: Final = (
    "livingSubjectAdministrativeGender",
    "livingSubjectBirthTime",
    "livingSubjectId",
    "livingSubjectName",
    "patientAddress",
)
_OMITTED: Final = frozenset(
    {
        "livingSubjectBirthPlaceAddress",
        "livingSubjectBirthPlaceName",
        "livingSubjectDeceasedTime",
        "patientStatusCode",
        "principalCareProviderId",
        "principalCareProvisionId",
    }
)
#: Of the Pediatric Demographics Option.
_PEDIATRIC: Final = ("mothersMaidenName", "patientTelecom")
_ACT_PATH: Final = f"/{INTERACTION}/controlActProcess"

More: TypeAlias = Callable[[ContinuationRequest], Sequence[Miss]]


def _asks(request: QueryRequest) -> Sequence[Miss]:
    if request.act is None or request.act.query is None:
        return ()
    for parameter in request.query.parameters:
        if parameter.name in _ASKED:
            return ()
    return (Miss(request.at(LIST_PATH), "no parameter to look for", f"one of {', '.join(_ASKED)}"),)


def _pediatric(request: QueryRequest) -> Sequence[Miss]:
    want = "none, unless both sides have the Pediatric Demographics Option; a maiden name is not looked for here"
    return [
        Miss(request.at(f"{LIST_PATH}/{name}"), "a parameter", want) for name in _PEDIATRIC if request.query.named(name)
    ]


def _quantity(request: QueryRequest) -> Sequence[Miss]:
    wanted = request.query.initial_quantity
    if not wanted or count_of(wanted):
        return ()
    return (Miss(request.at(f"{QUERY_PATH}/initialQuantity/@value"), shown(wanted), "a number of patients, from 1"),)


def _rule(number: int, sentence: str, check: Check) -> Rule[QueryRequest]:
    return Rule(f"PDQ-{number:02}", _SECTION, _ERROR, sentence, check)


RULES: Final[tuple[Rule[QueryRequest], ...]] = (
    *query_rules("PDQ", FIND_CANDIDATES, _SECTION),
    _rule(21, "responseModalityCode is R", modality),
    _rule(22, "each parameter to look for stands at most once, with one value", single(*_ASKED)),
    _rule(23, "the query looks for somebody", _asks),
    _rule(24, "parameters that the profile omits are not there", omitted(_OMITTED)),
    _rule(25, "initialQuantity is a number from 1", _quantity),
    _rule(26, "a scoping organization is the OID of a domain", bare_oids("otherIDsScopingOrganization")),
    _rule(27, "the root of livingSubjectId is an OID", oid_roots("livingSubjectId")),
    _rule(28, "livingSubjectBirthTime is a point in time that exists, or a range of such", births_exist),
    _rule(29, "livingSubjectAdministrativeGender is M, F or UN", genders_known),
    _rule(30, "what the profile omits is not there", nothing_forbidden),
    Rule("PDQ-31", _SECTION, Severity.WARNING, "parameters of the Pediatric Option are not there", _pediatric),
    _rule(32, "minimumDegreeMatch is a percentage", degree_possible),
    _rule(33, "authorOrPerformer is an author", authors_known),
)


def _qualified(request: ContinuationRequest) -> Sequence[Miss]:
    return [
        Miss(path, "an element in another namespace, or in none", "an element in urn:hl7-org:v3")
        for path in request.strays
    ]


def _control_act(request: ContinuationRequest) -> Sequence[Miss]:
    if not request.class_code and request.continuation is None:
        return (Miss(_ACT_PATH, want="the control act with the continuation"),)
    if request.class_code == "CACT" and request.mood_code in {"EVN", "RQO"}:
        return ()
    if request.class_code != "CACT":
        return (Miss(f"{_ACT_PATH}/@classCode", shown(request.class_code), "CACT"),)
    return (Miss(f"{_ACT_PATH}/@moodCode", shown(request.mood_code), "EVN or RQO"),)


def _trigger(request: ContinuationRequest) -> Sequence[Miss]:
    if not request.class_code and request.continuation is None:
        return ()
    return trigger_misses(request.code, f"{_ACT_PATH}/code", TRIGGERS)


def _continued(request: ContinuationRequest) -> Sequence[Miss]:
    asked = request.continuation
    if asked is not None and asked.query_id is not None and asked.query_id.root:
        return ()
    path = CONTINUATION_PATH if asked is None else f"{CONTINUATION_PATH}/queryId/@root"
    return (Miss(path, want="the queryId of the query that this is about"),)


def _query_id(request: ContinuationRequest) -> Sequence[Miss]:
    asked = request.continuation
    if asked is None or asked.query_id is None or not asked.query_id.root:
        return ()
    return query_id_misses(asked.query_id, f"{CONTINUATION_PATH}/queryId")


def _numbers(request: ContinuationRequest) -> Sequence[Miss]:
    asked = request.continuation
    if asked is None:
        return ()
    return [
        Miss(f"{CONTINUATION_PATH}/{name}/@value", shown(value), "a number from 1")
        for name, value in (("startResultNumber", asked.start), ("continuationQuantity", asked.quantity))
        if value and not count_of(value)
    ]


def _status(wanted: str) -> More:
    def check(request: ContinuationRequest) -> Sequence[Miss]:
        asked = request.continuation
        if asked is None or asked.status_code == wanted:
            return ()
        return (Miss(f"{CONTINUATION_PATH}/statusCode/@code", shown(asked.status_code), wanted),)

    return check


def _answer_acknowledged(request: ContinuationRequest) -> Sequence[Miss]:
    theirs, path = request.acknowledgement, f"/{INTERACTION}/acknowledgement"
    if not theirs.type_code and theirs.target_message_id is None:
        return (Miss(path, want="the acknowledgement of the answer before: AA, with its id"),)
    misses = []
    if theirs.type_code != "AA":
        misses.append(Miss(f"{path}/typeCode/@code", shown(theirs.type_code), "AA"))
    if theirs.target_message_id is None or not theirs.target_message_id.root:
        misses.append(Miss(f"{path}/targetMessage/id/@root", want="the id of the answer before"))
    return misses


def _below(element: str, check: More) -> More:
    """The check, with paths that begin at the element that a message has for its root."""
    usual = f"/{INTERACTION}/"
    if element == INTERACTION:
        return check
    return lambda request: [
        replace(miss, path=f"/{element}/{miss.path.removeprefix(usual)}") if miss.path.startswith(usual) else miss
        for miss in check(request)
    ]


def _more_rules(series: str, element: str, section: str, status: str) -> tuple[Rule[ContinuationRequest], ...]:
    def rule(number: int, sentence: str, check: More, *, essential: bool = False) -> Rule[ContinuationRequest]:
        return Rule(f"{series}-{number:02}", section, _ERROR, sentence, _below(element, check), essential=essential)

    return (
        *wrapper_rules(series, element, section, or_named=INTERACTION),
        rule(13, "every element is in the namespace urn:hl7-org:v3", _qualified),
        rule(14, "there is a controlActProcess with moodCode EVN or RQO", _control_act),
        rule(15, f"controlActProcess/code is the trigger event {TRIGGERS[0]}", _trigger),
        rule(16, "there is a queryContinuation with the queryId of a query", _continued, essential=True),
        rule(17, "the root of queryId is an OID or a UUID", _query_id),
        rule(18, "numbers of results are whole numbers from 1", _numbers),
        rule(19, f"the statusCode is {status}", _status(status)),
        rule(20, "the answer before is acknowledged by AA and its id", _answer_acknowledged),
    )


CONTINUE_RULES: Final = _more_rules("PDQC", INTERACTION, _MORE, CONTINUE)
CANCEL_RULES: Final = _more_rules("PDQX", CANCEL_ELEMENT, _NO_MORE, CANCEL)
