"""ITI-92 Restricted Update Document Set (ITI TF-2: 3.92, RMU): new versions of document entries, and nothing else."""

from typing import Final

from ihe_test_util.domain.registry.update_demands import RESTRICTED_UPDATE
from ihe_test_util.transactions.card import Mtom, Transaction
from ihe_test_util.transactions.update.answer import Updating, log_ids, patient_ids, verdict, warn
from ihe_test_util.transactions.update.model import UpdateRequest, build_request, parse_request
from ihe_test_util.transactions.update.rules import RESTRICTED_UPDATE_RULES
from ihe_test_util.transactions.xds.response import REGISTRY_RESPONSE, build_response, parse_response
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST

_UPDATING: Final = Updating(RESTRICTED_UPDATE)

SPEC: Final = Transaction(
    name="iti-92",
    code="ITI-92",
    title="Restricted Update Document Set",
    section="ITI TF-2: 3.92",
    actors=("Update Initiator", "Update Responder"),
    action="urn:ihe:iti:2018:RestrictedUpdateDocumentSet",
    response_action="urn:ihe:iti:2018:RestrictedUpdateDocumentSetResponse",
    request_root=SUBMIT_OBJECTS_REQUEST,
    response_root=REGISTRY_RESPONSE,
    path="/iti92/update",
    config_field="iti92_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=RESTRICTED_UPDATE_RULES,
    answer=_UPDATING.answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
    refuse=_UPDATING.refuse,
    warn=warn,
)

__all__ = ["SPEC", "UpdateRequest"]
