"""ITI-44 revise: a Patient Identity Source tells what changed of a patient (PRPA_IN201302UV02, ITI TF-2: 3.44.4.1)."""

from functools import partial
from typing import Final

from ihe_test_util.transactions.card import Attachments, Mtom, Transaction
from ihe_test_util.transactions.feed.answer import answer, log_ids, patient_ids, verdict
from ihe_test_util.transactions.feed.build import build_request, build_response
from ihe_test_util.transactions.feed.model import REVISE, FeedRequest
from ihe_test_util.transactions.feed.parse import parse_feed, parse_response
from ihe_test_util.transactions.feed.rules import feed_rules
from ihe_test_util.transactions.feed.sound import is_sound_feed
from ihe_test_util.xml.hl7v3 import acknowledgement
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.ns import HL7


def parse_request(message: Element, _attachments: Attachments) -> FeedRequest:
    """An ITI-44 revise as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return parse_feed(message, REVISE)


SPEC: Final = Transaction(
    name="pix-revise",
    code="ITI-44",
    title="Patient Identity Feed HL7 V3, revise",
    section="ITI TF-2: 3.44.4.1",
    actors=("Patient Identity Source", "Patient Identifier Cross-reference Manager"),
    action=f"{HL7}:{REVISE}",
    response_action=f"{HL7}:{acknowledgement.INTERACTION}",
    request_root=q(REVISE),
    response_root=acknowledgement.ROOT,
    path="/pix/add",
    config_field="pix_add_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=feed_rules("PIXR", REVISE),
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
    as_it_stands=True,
    is_usual=partial(is_sound_feed, interaction=REVISE),
)
