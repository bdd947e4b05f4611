"""Queries for patients and their answers: written and read again, and valid whatever they are made of."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.world import World
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions import pdq, pix_query, xcpd
from ihe_test_util.transactions.feed.model import Match
from ihe_test_util.transactions.patient_query.answer import answered, how_it_went
from ihe_test_util.transactions.patient_query.model import (
    CANDIDATES,
    FIND_CANDIDATES,
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
from ihe_test_util.transactions.patient_query.records import demographics, identifiers_only
from ihe_test_util.transactions.pdq.continuation import Continuation, ContinuationRequest
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL, Part
from ihe_test_util.xml.hl7v3.acknowledgement import Acknowledgement, AcknowledgementDetail
from ihe_test_util.xml.hl7v3.wrappers import Device, Transmission
from ihe_test_util.xml.io import parse, serialize
from tests.support.schemas import schema_check

ANYTHING = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)
STRIPPED = ANYTHING.map(str.strip)
IDS = st.builds(II, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
CODES = st.builds(CD, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
DEVICES = st.builds(Device, st.tuples(IDS), STRIPPED, st.tuples(IDS))
NOW = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)


def some(of: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[Any]:
    """A few of something."""
    return st.lists(of, min_size=least, max_size=2).map(tuple)


def named(kind: Any, *parts: str) -> st.SearchStrategy[Any]:
    """Names or addresses of such parts."""
    part = st.builds(Part, st.sampled_from(parts), STRIPPED, st.just(""))
    return st.builds(kind, some(part), ANYTHING, ANYTHING)


VALUES: dict[type[Value], st.SearchStrategy[Any]] = {
    II: IDS,
    CD: CODES,
    PN: named(PN, "family", "given", "prefix"),
    AD: named(AD, "city", "streetAddressLine"),
    TEL: st.builds(TEL, ANYTHING, ANYTHING, ANYTHING),
    Period: st.builds(Period, ANYTHING, ANYTHING, ANYTHING),
}
PARAMETER = st.sampled_from(sorted(PARAMETERS)).flatmap(
    lambda name: st.builds(Parameter, st.just(name), some(VALUES[PARAMETERS[name]]), STRIPPED)
)
CRITERION = st.none() | st.builds(Criterion, STRIPPED, STRIPPED)
DEGREE = st.none() | st.builds(Criterion, ANYTHING, STRIPPED)
QUERY = st.builds(
    Query,
    st.none() | IDS,
    ANYTHING,
    ANYTHING,
    ANYTHING,
    ANYTHING,
    some(PARAMETER).map(in_order),
    CRITERION,
    DEGREE,
    st.just(()),
)
TRANSMISSION = st.builds(
    Transmission,
    st.none() | IDS,
    ANYTHING,
    st.none() | IDS,
    ANYTHING,
    ANYTHING,
    ANYTHING,
    some(DEVICES),
    st.none() | DEVICES,
    ANYTHING,
)
ACT = st.builds(QueryAct, st.none() | CODES, st.none() | QUERY, ANYTHING, ANYTHING)
DETAIL = st.builds(AcknowledgementDetail, ANYTHING, STRIPPED, st.none() | CODES, some(STRIPPED))
ACKNOWLEDGEMENT = st.builds(Acknowledgement, TRANSMISSION, ANYTHING, st.none() | IDS, some(DETAIL))
ACK = st.builds(QueryAck, st.none() | IDS, ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
ISSUE = st.builds(Issue, st.none() | CODES, some(CODES), some(CODES))
CONTINUATION = st.builds(Continuation, st.none() | IDS, ANYTHING, ANYTHING, ANYTHING)


@given(st.builds(QueryRequest, TRANSMISSION, st.just(FIND_CANDIDATES), st.none() | ACT))
def test_a_query_comes_back_as_it_was(request: QueryRequest) -> None:
    """Whatever is in it, what was written is read again."""
    written = parse(serialize(pdq.SPEC.build_request(request).element))
    assert pdq.SPEC.parse_request(written, InlineAttachments()) == request
    pdq.SPEC.judge(request)
    xcpd.SPEC.judge(request)


@given(
    st.builds(
        QueryResponse,
        ACKNOWLEDGEMENT,
        st.just(CANDIDATES),
        st.none() | CODES,
        issues=some(ISSUE),
        ack=ACK,
        query=st.none() | QUERY,
    )
)
def test_an_answer_comes_back_as_it_was(response: QueryResponse) -> None:
    """Whatever is in it, what was written is read again."""
    written = parse(serialize(pdq.SPEC.build_response(response).element))
    assert pdq.SPEC.parse_response(written, InlineAttachments()) == response


@given(
    st.builds(ContinuationRequest, ACKNOWLEDGEMENT, st.none() | CODES, CONTINUATION, st.just(()), ANYTHING, ANYTHING)
)
def test_a_continuation_comes_back_as_it_was(request: ContinuationRequest) -> None:
    """Whatever is in it, what was written is read again."""
    written = parse(serialize(pdq.CONTINUE_SPEC.build_request(request).element))
    assert pdq.CONTINUE_SPEC.parse_request(written, InlineAttachments()) == request
    pdq.CANCEL_SPEC.judge(request)


URLS = st.text("ahtp0123:/?#[]@%+.-;= ", max_size=10).map(lambda text: f"http{text}") | st.from_regex(
    r"tel:[ -~]{0,9}", fullmatch=True
)
PATIENT = st.builds(
    Patient,
    identifiers=some(IDS),
    names=some(named(PN, "family", "given", "nickname", "")),
    gender=ANYTHING | st.sampled_from(["M", "F", "UN"]),
    birth_time=ANYTHING | st.just("19800229"),
    addresses=some(named(AD, "city", "postOffice", "")),
    telecoms=some(st.builds(TEL, ANYTHING | URLS.map(str.strip), ANYTHING | st.just("HP"), ANYTHING)),
    other_ids=some(IDS),
    deceased=st.none() | st.booleans(),
    deceased_time=ANYTHING,
)


@given(PATIENT, st.builds(QueryRequest, TRANSMISSION, st.just(FIND_CANDIDATES), st.none() | ACT))
@settings(max_examples=150, deadline=None)
def test_every_answer_is_valid(patient: Patient, request: QueryRequest) -> None:
    """Whatever patients and queries are made of in lenient mode, the schemas accept the answer."""
    check = schema_check()
    if check is None:
        pytest.skip("the schemas of HL7 are not beside the repository")
    nothing = cast("Any", None)
    world = World(
        nothing,
        documents=nothing,
        registry=nothing,
        now=lambda: NOW,
        new_uuid=lambda: "9d7c2f60-3c3a-4f0e-8a57-2f1b64e1c7aa",
    )
    ids = (II("2.999.1", "1"), *patient.identifiers)
    found = demographics(patient, ids, world.device, Match(CD("IHE_PDQ"), "100"))
    response = answered(
        request, world, CANDIDATES, request.query, how_it_went("OK", total=1, current=1), registrations=(found,)
    )
    assert tuple(check(pdq.SPEC.build_response(response).element)) == ()
    only_ids = identifiers_only(ids, world.device)
    corresponding = answered(request, world, "PRPA_IN201310UV02", Query(), how_it_went("OK"), registrations=(only_ids,))
    assert tuple(check(pix_query.SPEC.build_response(corresponding).element)) == ()


@pytest.mark.parametrize("spec", [pix_query.SPEC, pdq.SPEC, pdq.CONTINUE_SPEC, xcpd.SPEC], ids=lambda spec: spec.name)
def test_another_message_is_refused_by_name(spec: Any) -> None:
    """Readers say what they got and what they wanted."""
    with pytest.raises(MessageMalformed, match=spec.request_root.rpartition("}")[2]):
        spec.parse_request(parse(b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>'), InlineAttachments())
    with pytest.raises(MessageMalformed, match=spec.response_root.rpartition("}")[2]):
        spec.parse_response(parse(b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>'), InlineAttachments())
