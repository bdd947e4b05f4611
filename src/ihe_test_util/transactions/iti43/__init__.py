"""ITI-43 Retrieve Document Set (ITI TF-2: 3.43): documents out of a repository, as they were put in."""

from typing import Final

from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.iti43.answer import answer, log_ids, refuse, verdict
from ihe_test_util.transactions.iti43.messages import (
    REQUEST_ROOT,
    RESPONSE_ROOT,
    RetrievedDocument,
    RetrieveRequest,
    RetrieveResponse,
    build_request,
    build_response,
    parse_request,
    parse_response,
)
from ihe_test_util.transactions.xds.document_request import DocumentRequest, document_request_rules

SPEC: Final = Transaction(
    name="iti-43",
    code="ITI-43",
    title="Retrieve Document Set",
    section="ITI TF-2: 3.43",
    actors=("Document Consumer", "Document Repository"),
    action="urn:ihe:iti:2007:RetrieveDocumentSet",
    response_action="urn:ihe:iti:2007:RetrieveDocumentSetResponse",
    request_root=REQUEST_ROOT,
    response_root=RESPONSE_ROOT,
    path="/iti43/retrieve",
    config_field="iti43_endpoint",
    mtom=Mtom.ALLOWED,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=document_request_rules(RetrieveRequest, "RET", "RetrieveDocumentSetRequest", "ITI TF-2: 3.43.4.1.2"),
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    refuse=refuse,
)

__all__ = ["SPEC", "DocumentRequest", "RetrieveRequest", "RetrieveResponse", "RetrievedDocument"]
