"""ITI-57 Update Document Set (ITI TF-2: 3.57, XDS Metadata Update): new versions, other states, new associations."""

from typing import Final

from ihe_test_util.domain.registry.update_demands import METADATA_UPDATE
from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.update.answer import Updating, log_ids, patient_ids, verdict, warn
from ihe_test_util.transactions.update.model import UpdateRequest, build_request, parse_request
from ihe_test_util.transactions.update.rules import UPDATE_RULES
from ihe_test_util.transactions.xds.response import REGISTRY_RESPONSE, build_response, parse_response
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST

_UPDATING: Final = Updating(METADATA_UPDATE)

SPEC: Final = Transaction(
    name="iti-57",
    code="ITI-57",
    title="Update Document Set",
    section="ITI TF-2: 3.57",
    actors=("Document Administrator", "Document Registry"),
    action="urn:ihe:iti:2010:UpdateDocumentSet",
    response_action="urn:ihe:iti:2010:UpdateDocumentSetResponse",
    request_root=SUBMIT_OBJECTS_REQUEST,
    response_root=REGISTRY_RESPONSE,
    path="/iti57/update",
    config_field="iti57_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=UPDATE_RULES,
    answer=_UPDATING.answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
    refuse=_UPDATING.refuse,
    warn=warn,
)

__all__ = ["SPEC", "UpdateRequest"]
