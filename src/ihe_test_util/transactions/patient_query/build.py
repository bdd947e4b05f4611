"""Queries for patients and their answers as elements, their children in the order of the schemas of HL7 V3 2008."""

from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.feed.build import add_registration
from ihe_test_util.transactions.patient_query.model import (
    Criterion,
    Issue,
    Parameter,
    Period,
    Query,
    QueryAck,
    QueryRequest,
    QueryResponse,
    Value,
)
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN
from ihe_test_util.xml.hl7v3.acknowledgement import add_acknowledgement
from ihe_test_util.xml.hl7v3.elements import add, add_ad, add_cd, add_ii, add_pn, add_tel, new_message
from ihe_test_util.xml.hl7v3.wrappers import add_transmission
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.ns import XSI


def build_query_request(request: QueryRequest) -> Payload:
    """The SOAP Body's content for a query; what the request does not have is left out."""
    message = new_message(request.interaction)
    add_transmission(message, request.transmission)
    act = request.act
    if act is not None:
        element = add(message, "controlActProcess", classCode=act.class_code, moodCode=act.mood_code)
        if act.code is not None:
            add_cd(element, "code", act.code)
        if act.query is not None:
            add_query(element, act.query)
    return Payload(message)


def build_query_response(response: QueryResponse) -> Payload:
    """The SOAP Body's content for the answer to a query."""
    message = new_message(response.interaction)
    add_acknowledgement(message, response.acknowledgement)
    if not response.class_code and response.ack is None:
        return Payload(message)
    act = add(message, "controlActProcess", classCode=response.class_code, moodCode=response.mood_code)
    if response.code is not None:
        add_cd(act, "code", response.code)
    for registration in response.registrations:
        subject = add(act, "subject", typeCode="SUBJ", contextConductionInd="false")
        add_registration(subject, registration)
    for issue in response.issues:
        _add_issue(add(act, "reasonOf", typeCode="RSON"), issue)
    if response.ack is not None:
        _add_ack(act, response.ack)
    if response.query is not None:
        add_query(act, response.query)
    return Payload(message)


def add_query(act: Element, query: Query) -> None:
    """A queryByParameter as the last child of a control act."""
    element = add(act, "queryByParameter")
    if query.query_id is not None:
        add_ii(element, "queryId", query.query_id)
    for name, code in (
        ("statusCode", query.status_code),
        ("responseModalityCode", query.response_modality),
        ("responsePriorityCode", query.response_priority),
    ):
        if code:
            add(element, name, code=code)
    if query.initial_quantity:
        add(element, "initialQuantity", value=query.initial_quantity)
    if query.match_algorithm is not None or query.minimum_degree is not None:
        _add_criteria(element, query.match_algorithm, query.minimum_degree)
    parameters = add(element, "parameterList")
    for parameter in query.parameters:
        _add_parameter(parameters, parameter)


def _add_criteria(query: Element, algorithm: Criterion | None, degree: Criterion | None) -> None:
    criteria = add(query, "matchCriterionList")
    if algorithm is not None:
        element = add(criteria, "matchAlgorithm")
        _typed(add(element, "value"), "ST").text = algorithm.value or None
        add(element, "semanticsText").text = algorithm.semantics_text or None
    if degree is not None:
        element = add(criteria, "minimumDegreeMatch")
        _typed(add(element, "value", value=degree.value), "INT")
        add(element, "semanticsText").text = degree.semantics_text or None


def _typed(value: Element, data_type: str) -> Element:
    value.set(f"{{{XSI}}}type", data_type)
    return value


def _add_parameter(parent: Element, parameter: Parameter) -> None:
    element = add(parent, parameter.name)
    for value in parameter.values:
        _add_value(element, value)
    add(element, "semanticsText").text = parameter.semantics_text or None


def _add_value(parameter: Element, value: Value) -> None:
    if isinstance(value, II):
        add_ii(parameter, "value", value)
    elif isinstance(value, CD):
        add_cd(parameter, "value", value)
    elif isinstance(value, PN):
        add_pn(parameter, "value", value)
    elif isinstance(value, AD):
        add_ad(parameter, "value", value)
    elif isinstance(value, Period):
        period = add(parameter, "value", value=value.value)
        for name, bound in (("low", value.low), ("high", value.high)):
            if bound:
                add(period, name, value=bound)
    else:
        add_tel(parameter, "value", value)


def _add_issue(reason: Element, issue: Issue) -> None:
    element = add(reason, "detectedIssueEvent", classCode="ALRT", moodCode="EVN")
    if issue.code is not None:
        add_cd(element, "code", issue.code)
    for code in issue.management:
        relation = add(element, "mitigatedBy", typeCode="MITGT")
        add_cd(add(relation, "detectedIssueManagement", classCode="ACT", moodCode="RQO"), "code", code)
    for code in issue.requested:
        relation = add(element, "triggerFor", typeCode="TRIG")
        add_cd(add(relation, "actOrderRequired", classCode="ACT", moodCode="RQO"), "code", code)


def _add_ack(act: Element, ack: QueryAck) -> None:
    element = add(act, "queryAck")
    if ack.query_id is not None:
        add_ii(element, "queryId", ack.query_id)
    for name, code in (("statusCode", ack.status_code), ("queryResponseCode", ack.response_code)):
        if code:
            add(element, name, code=code)
    for name, quantity in (
        ("resultTotalQuantity", ack.total),
        ("resultCurrentQuantity", ack.current),
        ("resultRemainingQuantity", ack.remaining),
    ):
        if quantity:
            add(element, name, value=quantity)
