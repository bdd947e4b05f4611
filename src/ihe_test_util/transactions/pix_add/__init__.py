"""ITI-44 add: a Patient Identity Source registers a patient (PRPA_IN201301UV02, ITI TF-2: 3.44)."""

from typing import Final

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.pix_add.answer import answer, log_ids, patient_ids, verdict, with_patient_id
from ihe_test_util.transactions.pix_add.build import build_request, build_response
from ihe_test_util.transactions.pix_add.model import (
    INTERACTION,
    ControlAct,
    Organization,
    OtherIds,
    PatientRecord,
    Person,
    PixAddRequest,
    PixAddResponse,
    RegistrationEvent,
    pix_add_request,
)
from ihe_test_util.transactions.pix_add.parse import ROOT, parse_request, parse_response
from ihe_test_util.transactions.pix_add.rules import RULES
from ihe_test_util.xml.hl7v3 import acknowledgement
from ihe_test_util.xml.ns import HL7

SPEC: Final = Transaction(
    name="pix-add",
    code="ITI-44",
    title="Patient Identity Feed HL7 V3, add",
    section="ITI TF-2: 3.44.4.1",
    actors=("Patient Identity Source", "Patient Identifier Cross-reference Manager"),
    action=f"{HL7}:{INTERACTION}",
    response_action=f"{HL7}:{acknowledgement.INTERACTION}",
    request_root=ROOT,
    response_root=acknowledgement.ROOT,
    path="/pix/add",
    config_field="pix_add_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=RULES,
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
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
    "pix_add_request",
    "with_patient_id",
]
