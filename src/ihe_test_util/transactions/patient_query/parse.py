"""Queries for patients and their answers from elements; of an element that may stand only once, the first counts."""

from collections.abc import Callable
from typing import Final

from ihe_test_util.transactions.feed.parse import another_message, elsewhere, read_registration, unqualified
from ihe_test_util.transactions.patient_query.model import (
    PARAMETERS,
    Criterion,
    Issue,
    Parameter,
    Period,
    Query,
    QueryAck,
    QueryAct,
    QueryRequest,
    QueryResponse,
    Value,
    in_order,
)
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL
from ihe_test_util.xml.hl7v3.acknowledgement import acknowledgement_in
from ihe_test_util.xml.hl7v3.elements import (
    by_tag,
    child,
    local,
    q,
    read_ad,
    read_cd,
    read_ii,
    read_pn,
    read_tel,
)
from ihe_test_util.xml.hl7v3.wrappers import read_transmission
from ihe_test_util.xml.io import Element

CONTROL_ACT: Final = q("controlActProcess")
_CODE: Final = q("code")
_QUERY: Final = q("queryByParameter")
_QUERY_ID: Final = q("queryId")
_STATUS: Final = q("statusCode")
_MODALITY: Final = q("responseModalityCode")
_PRIORITY: Final = q("responsePriorityCode")
_INITIAL_QUANTITY: Final = q("initialQuantity")
_PARAMETER_LIST: Final = q("parameterList")
_MATCH_CRITERIA: Final = q("matchCriterionList")
_ALGORITHM: Final = q("matchAlgorithm")
_DEGREE: Final = q("minimumDegreeMatch")
_AUTHOR: Final = q("authorOrPerformer")
_SUBJECT: Final = q("subject")
_REGISTRATION_EVENT: Final = q("registrationEvent")
_REASON: Final = q("reasonOf")
_ISSUE: Final = q("detectedIssueEvent")
_TRIGGER_FOR: Final = q("triggerFor")
_ACT_ORDER: Final = q("actOrderRequired")
_MITIGATED_BY: Final = q("mitigatedBy")
_MANAGEMENT: Final = q("detectedIssueManagement")
_QUERY_ACK: Final = q("queryAck")
_RESPONSE_CODE: Final = q("queryResponseCode")
_TOTAL: Final = q("resultTotalQuantity")
_CURRENT: Final = q("resultCurrentQuantity")
_REMAINING: Final = q("resultRemainingQuantity")
_VALUE: Final = q("value")
_SEMANTICS: Final = q("semanticsText")
_LOW: Final = q("low")
_HIGH: Final = q("high")
_BY_TAG: Final = {q(name): name for name in PARAMETERS}
#: What no query of these profiles may have, beside what stands in matchCriterionList.
_FORBIDDEN: Final = frozenset(
    map(q, ("modifyCode", "responseElementGroupId", "executionAndDeliveryTime", "sortControl", "initialQuantityCode"))
)
_FORBIDDEN_CRITERIA: Final = frozenset({q("id"), q("matchWeight")})


def read_query_request(message: Element, interaction: str) -> QueryRequest:
    """A query of one interaction as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    if message.tag != q(interaction):
        raise another_message(message, interaction)
    transmission, rest = read_transmission(message)
    act = next((_act(one) for one in rest if one.tag == CONTROL_ACT), None)
    strays = unqualified(message) if act is not None and act.query is not None else elsewhere(message)
    return QueryRequest(transmission, interaction, act, strays)


def read_query_response(message: Element, interaction: str) -> QueryResponse:
    """The answer to a query as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    if message.tag != q(interaction):
        raise another_message(message, interaction)
    transmission, rest = read_transmission(message)
    acknowledgement = acknowledgement_in(transmission, rest)
    act = next((one for one in rest if one.tag == CONTROL_ACT), None)
    if act is None:
        return QueryResponse(acknowledgement, interaction, class_code="", mood_code="")
    children = by_tag(act)
    events = (child(one, _REGISTRATION_EVENT) for one in children.get(_SUBJECT, ()))
    issues = (child(one, _ISSUE) for one in children.get(_REASON, ()))
    code, ack, query = (children.get(tag) for tag in (_CODE, _QUERY_ACK, _QUERY))
    return QueryResponse(
        acknowledgement,
        interaction,
        read_cd(code[0]) if code else None,
        tuple(read_registration(one) for one in events if one is not None),
        tuple(_issue(one) for one in issues if one is not None),
        _ack(ack[0]) if ack else None,
        read_query(query[0]) if query else None,
        act.get("classCode", ""),
        act.get("moodCode", ""),
    )


def read_query(element: Element) -> Query:
    """A queryByParameter as a value."""
    children = by_tag(element)
    lists, query_ids = children.get(_PARAMETER_LIST), children.get(_QUERY_ID)
    return Query(
        read_ii(query_ids[0]) if query_ids else None,
        _attribute(children, _STATUS, "code"),
        _attribute(children, _MODALITY, "code"),
        _attribute(children, _PRIORITY, "code"),
        _attribute(children, _INITIAL_QUANTITY, "value"),
        in_order(tuple(_parameter(one) for one in lists[0] if one.tag in _BY_TAG)) if lists else (),
        *_criteria(children),
        _forbidden(children),
    )


def _criteria(children: dict[str, list[Element]]) -> tuple[Criterion | None, Criterion | None]:
    """The algorithm to look by (ST), and the least degree of a match (INT)."""
    found = children.get(_MATCH_CRITERIA)
    if not found:
        return None, None
    algorithm, degree = child(found[0], _ALGORITHM), child(found[0], _DEGREE)
    return (
        Criterion((algorithm.findtext(_VALUE) or "").strip(), _semantics(algorithm)) if algorithm is not None else None,
        Criterion(_degree(degree), _semantics(degree)) if degree is not None else None,
    )


def _degree(element: Element) -> str:
    value = child(element, _VALUE)
    return value.get("value", "") if value is not None else ""


def _semantics(element: Element) -> str:
    return (element.findtext(_SEMANTICS) or "").strip()


def _forbidden(children: dict[str, list[Element]]) -> tuple[str, ...]:
    found = [local(children[tag][0]) for tag in children if tag in _FORBIDDEN]
    for tag, names in ((_MATCH_CRITERIA, _FORBIDDEN_CRITERIA), (_PARAMETER_LIST, frozenset({q("id")}))):
        for element in children.get(tag, ())[:1]:
            found += [f"{local(element)}/{local(one)}" for one in element if one.tag in names]
    return tuple(dict.fromkeys(found))


def _act(element: Element) -> QueryAct:
    code, query = child(element, _CODE), child(element, _QUERY)
    return QueryAct(
        read_cd(code) if code is not None else None,
        read_query(query) if query is not None else None,
        element.get("classCode", ""),
        element.get("moodCode", ""),
        tuple([one.get("typeCode", "") for one in element if one.tag == _AUTHOR]),
    )


def _parameter(element: Element) -> Parameter:
    name = _BY_TAG[element.tag]
    read = _READERS[PARAMETERS[name]]
    return Parameter(name, tuple(read(one) for one in element if one.tag == _VALUE), _semantics(element))


def _period(element: Element) -> Period:
    low, high = child(element, _LOW), child(element, _HIGH)
    return Period(
        element.get("value", ""),
        low.get("value", "") if low is not None else "",
        high.get("value", "") if high is not None else "",
    )


def _ack(element: Element) -> QueryAck:
    children = by_tag(element)
    query_ids = children.get(_QUERY_ID)
    return QueryAck(
        read_ii(query_ids[0]) if query_ids else None,
        _attribute(children, _STATUS, "code"),
        _attribute(children, _RESPONSE_CODE, "code"),
        *(_attribute(children, tag, "value") for tag in (_TOTAL, _CURRENT, _REMAINING)),
    )


def _issue(element: Element) -> Issue:
    code = child(element, _CODE)
    return Issue(
        read_cd(code) if code is not None else None,
        _codes(element, _TRIGGER_FOR, _ACT_ORDER),
        _codes(element, _MITIGATED_BY, _MANAGEMENT),
    )


def _codes(element: Element, relation: str, act: str) -> tuple[CD, ...]:
    acts = (child(one, act) for one in element if one.tag == relation)
    codes = (child(one, _CODE) for one in acts if one is not None)
    return tuple(read_cd(one) for one in codes if one is not None)


def _attribute(children: dict[str, list[Element]], tag: str, name: str) -> str:
    found = children.get(tag)
    return found[0].get(name, "") if found else ""


_READERS: Final[dict[type[Value], Callable[[Element], Value]]] = {
    II: read_ii,
    CD: read_cd,
    PN: read_pn,
    AD: read_ad,
    TEL: read_tel,
    Period: _period,
}
