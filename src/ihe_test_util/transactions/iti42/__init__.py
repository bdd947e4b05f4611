"""ITI-42 Register Document Set-b (ITI TF-2: 3.42): the metadata of documents for a registry."""

from typing import Final

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.iti42.answer import answer, log_ids, patient_ids, refuse, verdict, warn
from ihe_test_util.transactions.iti42.model import RegisterRequest, build_request, parse_request
from ihe_test_util.transactions.iti42.rules import RULES, is_usual
from ihe_test_util.transactions.xds.response import REGISTRY_RESPONSE, build_response, parse_response
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST

SPEC: Final = Transaction(
    name="iti-42",
    code="ITI-42",
    title="Register Document Set-b",
    section="ITI TF-2: 3.42",
    actors=("Document Repository", "Document Registry"),
    action="urn:ihe:iti:2007:RegisterDocumentSet-b",
    response_action="urn:ihe:iti:2007:RegisterDocumentSet-bResponse",
    request_root=SUBMIT_OBJECTS_REQUEST,
    response_root=REGISTRY_RESPONSE,
    path="/iti42/register",
    config_field="iti42_endpoint",
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
    is_usual=is_usual,
    refuse=refuse,
    warn=warn,
)

__all__ = ["SPEC", "RegisterRequest"]
