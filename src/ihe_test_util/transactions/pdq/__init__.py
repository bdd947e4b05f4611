"""ITI-47: patients by their demographics, with continuation and cancel (ITI TF-2: 3.47)."""

from typing import Final

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.feed.answer import verdict as acknowledgement_verdict
from ihe_test_util.transactions.feed.build import build_response
from ihe_test_util.transactions.feed.parse import parse_response as parse_acknowledgement
from ihe_test_util.transactions.patient_query.answer import log_ids, patient_ids, verdict
from ihe_test_util.transactions.patient_query.build import build_query_request, build_query_response
from ihe_test_util.transactions.patient_query.candidates import parse_candidates, parse_find
from ihe_test_util.transactions.patient_query.model import CANDIDATES, FIND_CANDIDATES
from ihe_test_util.transactions.pdq.answer import answer, answer_cancel, answer_continuation
from ihe_test_util.transactions.pdq.continuation import (
    CANCEL,
    CANCEL_ELEMENT,
    CONTINUE,
    INTERACTION,
    ContinuationRequest,
    build_continuation,
    continuation_request,
    log_continuation,
    parse_continuation,
    status_of,
)
from ihe_test_util.transactions.pdq.pieces import Pieces
from ihe_test_util.transactions.pdq.rules import CANCEL_RULES, CONTINUE_RULES, RULES
from ihe_test_util.transactions.pdq.sought import pdq_request
from ihe_test_util.xml.hl7v3 import acknowledgement
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.ns import HL7

_ACTORS: Final = ("Patient Demographics Consumer", "Patient Demographics Supplier")

SPEC: Final = Transaction(
    name="pdq",
    code="ITI-47",
    title="Patient Demographics Query HL7 V3",
    section="ITI TF-2: 3.47.4.1",
    actors=_ACTORS,
    action=f"{HL7}:{FIND_CANDIDATES}",
    response_action=f"{HL7}:{CANDIDATES}",
    request_root=q(FIND_CANDIDATES),
    response_root=q(CANDIDATES),
    path="/pdq",
    config_field="pdq_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_query_request,
    parse_request=parse_find,
    build_response=build_query_response,
    parse_response=parse_candidates,
    rules=RULES,
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
)

CONTINUE_SPEC: Final = Transaction(
    name="pdq-continue",
    code="ITI-47",
    title="Patient Demographics Query HL7 V3, continuation",
    section="ITI TF-2: 3.47.4.3",
    actors=_ACTORS,
    action=f"{HL7}:{INTERACTION}_Continue",
    response_action=f"{HL7}:{CANDIDATES}",
    request_root=q(INTERACTION),
    response_root=q(CANDIDATES),
    path="/pdq",
    config_field="pdq_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_continuation,
    parse_request=parse_continuation,
    build_response=build_query_response,
    parse_response=parse_candidates,
    rules=CONTINUE_RULES,
    answer=answer_continuation,
    verdict=verdict,
    log_ids=log_continuation,
    matches=lambda message: status_of(message) != CANCEL,
)

CANCEL_SPEC: Final = Transaction(
    name="pdq-cancel",
    code="ITI-47",
    title="Patient Demographics Query HL7 V3, cancel",
    section="ITI TF-2: 3.47.4.4",
    actors=_ACTORS,
    action=f"{HL7}:{CANCEL_ELEMENT}",
    response_action=f"{HL7}:{acknowledgement.INTERACTION}",
    request_root=q(CANCEL_ELEMENT),
    other_roots=(q(INTERACTION),),
    response_root=acknowledgement.ROOT,
    path="/pdq",
    config_field="pdq_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_continuation,
    parse_request=parse_continuation,
    build_response=build_response,
    parse_response=parse_acknowledgement,
    rules=CANCEL_RULES,
    answer=answer_cancel,
    verdict=acknowledgement_verdict,
    log_ids=log_continuation,
    matches=lambda message: message.tag == q(CANCEL_ELEMENT) or status_of(message) == CANCEL,
)

__all__ = [
    "CANCEL",
    "CANCEL_SPEC",
    "CONTINUE",
    "CONTINUE_SPEC",
    "SPEC",
    "ContinuationRequest",
    "Pieces",
    "continuation_request",
    "pdq_request",
]
