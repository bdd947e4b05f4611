"""ITI-44 add: a Patient Identity Source registers a patient (PRPA_IN201301UV02, ITI TF-2: 3.44)."""

from functools import partial
from typing import Final, TypeAlias

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.feed.answer import answer, log_ids, patient_ids, verdict, with_patient_id
from ihe_test_util.transactions.feed.build import build_request, build_response
from ihe_test_util.transactions.feed.model import (
    ADD,
    ControlAct,
    FeedRequest,
    FeedResponse,
    Organization,
    OtherIds,
    PatientRecord,
    Person,
    RegistrationEvent,
    Replacement,
    feed_request,
)
from ihe_test_util.transactions.feed.parse import parse_add, parse_response
from ihe_test_util.transactions.feed.rules import feed_rules
from ihe_test_util.transactions.feed.sound import is_sound_feed
from ihe_test_util.xml.hl7v3 import acknowledgement
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.ns import HL7

PixAddRequest: TypeAlias = FeedRequest
PixAddResponse: TypeAlias = FeedResponse

#: The message that registers a patient (``feed.model.feed_request``).
pix_add_request = partial(feed_request, ADD)

SPEC: Final = Transaction(
    name="pix-add",
    code="ITI-44",
    title="Patient Identity Feed HL7 V3, add",
    section="ITI TF-2: 3.44.4.1",
    actors=("Patient Identity Source", "Patient Identifier Cross-reference Manager"),
    action=f"{HL7}:{ADD}",
    response_action=f"{HL7}:{acknowledgement.INTERACTION}",
    request_root=q(ADD),
    response_root=acknowledgement.ROOT,
    path="/pix/add",
    config_field="pix_add_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_add,
    build_response=build_response,
    parse_response=parse_response,
    rules=feed_rules("PIXF", ADD),
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
    as_it_stands=True,
    is_usual=partial(is_sound_feed, interaction=ADD),
)

__all__ = [
    "SPEC",
    "ControlAct",
    "Organization",
    "OtherIds",
    "PatientRecord",
    "Person",
    "PixAddRequest",
    "PixAddResponse",
    "RegistrationEvent",
    "Replacement",
    "pix_add_request",
    "with_patient_id",
]
