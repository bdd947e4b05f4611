"""ITI-18 Registry Stored Query (ITI TF-2: 3.18): what a document registry holds."""

from typing import Final

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.iti18.answer import answer, log_ids, patient_ids, refuse, verdict, warn
from ihe_test_util.transactions.iti18.build import build_request, build_response
from ihe_test_util.transactions.iti18.model import (
    LEAF_CLASS,
    OBJECT_REF,
    REQUEST_ROOT,
    RESPONSE_ROOT,
    StoredQueryRequest,
    StoredQueryResponse,
    request_for,
)
from ihe_test_util.transactions.iti18.parse import parse_request, parse_response
from ihe_test_util.transactions.iti18.rules import RULES

SPEC: Final = Transaction(
    name="iti-18",
    code="ITI-18",
    title="Registry Stored Query",
    section="ITI TF-2: 3.18",
    actors=("Document Consumer", "Document Registry"),
    action="urn:ihe:iti:2007:RegistryStoredQuery",
    response_action="urn:ihe:iti:2007:RegistryStoredQueryResponse",
    request_root=REQUEST_ROOT,
    response_root=RESPONSE_ROOT,
    path="/iti18/query",
    config_field="iti18_endpoint",
    mtom=Mtom.ALLOWED,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=RULES,
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
    refuse=refuse,
    warn=warn,
)

__all__ = [
    "LEAF_CLASS",
    "OBJECT_REF",
    "SPEC",
    "StoredQueryRequest",
    "StoredQueryResponse",
    "request_for",
]
