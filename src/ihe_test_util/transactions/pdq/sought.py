"""The query of a Patient Demographics Consumer, as a client writes it."""

from ihe_test_util.domain.patients import Sought
from ihe_test_util.transactions.patient_query.candidates import parameters_for
from ihe_test_util.transactions.patient_query.model import FIND_CANDIDATES, Parameter, QueryRequest, query_request
from ihe_test_util.xml.hl7v3 import II


def pdq_request(
    sought: Sought,
    *domains: str,
    query_id: II,
    message_id: str,
    creation_time: str,
    sender_oid: str,
    receiver_oid: str,
    limit: int | None = None,
) -> QueryRequest:
    """The query for patients, with their identifiers in some domains (OIDs); at most ``limit`` in the first answer."""
    scopes = [Parameter.of("otherIDsScopingOrganization", II(domain)) for domain in domains]
    return query_request(
        FIND_CANDIDATES,
        *parameters_for(sought),
        *scopes,
        query_id=query_id,
        message_id=message_id,
        creation_time=creation_time,
        sender_oid=sender_oid,
        receiver_oid=receiver_oid,
        initial_quantity="" if limit is None else str(limit),
    )
