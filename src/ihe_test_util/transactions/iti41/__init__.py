"""ITI-41 Provide and Register Document Set-b (ITI TF-2: 3.41): documents and their metadata for a repository."""

from typing import Final

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.iti41.answer import (
    answer,
    log_ids,
    patient_ids,
    refuse,
    verdict,
    warn,
    with_custom_ids,
)
from ihe_test_util.transactions.iti41.build import build_request
from ihe_test_util.transactions.iti41.metadata_file import request_from_metadata
from ihe_test_util.transactions.iti41.model import REQUEST_ROOT, ProvideAndRegisterRequest, ProvidedDocument
from ihe_test_util.transactions.iti41.parse import parse_request
from ihe_test_util.transactions.iti41.rules import RULES, is_usual
from ihe_test_util.transactions.iti41.submission import C_CDA_SUMMARY, DocumentCodes, DocumentDraft, submission_for
from ihe_test_util.transactions.xds.response import (
    REGISTRY_RESPONSE,
    RegistryError,
    RegistryResponse,
    build_response,
    parse_response,
)

SPEC: Final = Transaction(
    name="iti-41",
    code="ITI-41",
    title="Provide and Register Document Set-b",
    section="ITI TF-2: 3.41",
    actors=("Document Source", "Document Repository"),
    action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
    response_action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
    request_root=REQUEST_ROOT,
    response_root=REGISTRY_RESPONSE,
    path="/iti41/submit",
    config_field="iti41_endpoint",
    mtom=Mtom.REQUIRED,
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
    missing_is_fault=True,
)

__all__ = [
    "C_CDA_SUMMARY",
    "SPEC",
    "DocumentCodes",
    "DocumentDraft",
    "ProvideAndRegisterRequest",
    "ProvidedDocument",
    "RegistryError",
    "RegistryResponse",
    "request_from_metadata",
    "submission_for",
    "with_custom_ids",
]
