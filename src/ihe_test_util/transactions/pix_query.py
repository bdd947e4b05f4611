"""ITI-45: what other identifiers a patient has (PRPA_IN201309UV02, PRPA_IN201310UV02, ITI TF-2: 3.45)."""

from collections.abc import Sequence
from typing import Final

from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Attachments, Miss, Mtom, Rule, Transaction
from ihe_test_util.transactions.patient_query.answer import (
    answered,
    how_it_went,
    log_ids,
    patient_ids,
    unknown_domain_details,
    unknown_key,
    verdict,
)
from ihe_test_util.transactions.patient_query.build import build_query_request, build_query_response
from ihe_test_util.transactions.patient_query.model import (
    LIST_PATH,
    PIX_ANSWER,
    PIX_QUERY,
    Parameter,
    QueryRequest,
    QueryResponse,
    query_request,
)
from ihe_test_util.transactions.patient_query.parse import read_query_request, read_query_response
from ihe_test_util.transactions.patient_query.records import identifiers_only, with_authority_names
from ihe_test_util.transactions.patient_query.rules import (
    ID_WANTED,
    Check,
    authors_known,
    bare_oids,
    nothing_forbidden,
    oid_roots,
    places,
    query_rules,
)
from ihe_test_util.transactions.patient_query.sound import sound_ids
from ihe_test_util.xml.hl7v3 import II, shown
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.ns import HL7

_SECTION: Final = "ITI TF-2: 3.45.4.1.2"
_PATIENT: Final = "patientIdentifier"
_PATIENT_PATH: Final = f"{LIST_PATH}/{_PATIENT}"


def parse_request(message: Element, _attachments: Attachments) -> QueryRequest:
    """An ITI-45 query as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return read_query_request(message, PIX_QUERY)


def parse_response(message: Element, _attachments: Attachments) -> QueryResponse:
    """The answer to an ITI-45 query as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return read_query_response(message, PIX_ANSWER)


def pix_query_request(
    patient_id: II,
    *domains: str,
    query_id: II,
    message_id: str,
    creation_time: str,
    sender_oid: str,
    receiver_oid: str,
) -> QueryRequest:
    """The query for a patient's identifiers in some domains (OIDs), or in every domain there is."""
    sources = [Parameter.of("dataSource", II(domain)) for domain in domains]
    return query_request(
        PIX_QUERY,
        *sources,
        Parameter.of(_PATIENT, patient_id),
        query_id=query_id,
        message_id=message_id,
        creation_time=creation_time,
        sender_oid=sender_oid,
        receiver_oid=receiver_oid,
    )


async def answer(request: QueryRequest, world: World) -> QueryResponse:
    """The patient's identifiers in the domains that are asked for, without the one that is asked about.

    OK with them, NF where there are none, AE with a detail 204 for each domain and identifier that nobody knows
    (ITI TF-2: 3.45.4.2.3).

    Raises:
        StorageError: the registry cannot be read.
    """
    patient_id, path = next(
        (one, path) for path, one in places(request, _PATIENT) if isinstance(one, II) and one.root and one.extension
    )
    found = await world.patients.corresponding(patient_id, world.cross_reference)
    details = await unknown_domain_details(request, world, "dataSource")
    if found is None or await world.unknown_domains((patient_id.root,)):
        known = found is not None or not await world.unknown_domains((patient_id.root,))
        what = f"the identifier {shown(patient_id.extension)}" if known else "the domain"
        details = (unknown_key(f"{what} of {patient_id.root} is not known", path), *details)
    query = request.query
    if details or found is None:
        return answered(request, world, PIX_ANSWER, query, how_it_went("AE"), details=details)
    wanted = {one.root for one in query.ids("dataSource")}
    unknown = set(await world.unknown_domains({one.root for one in found}))
    ids = sound_ids(one for one in found if one.root not in unknown and (not wanted or one.root in wanted))
    if not ids:
        return answered(request, world, PIX_ANSWER, query, how_it_went("NF"))
    registration = identifiers_only(with_authority_names(ids, world.identity_domains), world.device)
    return answered(
        request, world, PIX_ANSWER, query, how_it_went("OK", total=1, current=1), registrations=(registration,)
    )


def _one_patient(request: QueryRequest) -> Sequence[Miss]:
    if request.act is None or request.act.query is None:
        return ()
    found = request.query.named(_PATIENT)
    path = request.at(_PATIENT_PATH)
    if len(found) != 1:
        return (Miss(path if not found else f"{path}[2]", f"{len(found)} of them", "exactly one"),)
    if len(found[0].values) > 1:
        return (Miss(f"{path}/value[2]", f"{len(found[0].values)} values", "exactly one"),)
    return ()


def _identified(request: QueryRequest) -> Sequence[Miss]:
    if request.act is None or request.act.query is None:
        return ()
    ids = [(path, one) for path, one in places(request, _PATIENT) if isinstance(one, II)]
    for _, one in ids:
        if one.root and one.extension:
            return ()
    if not ids:
        return (Miss(f"{request.at(_PATIENT_PATH)}/value", want=ID_WANTED),)
    return [
        Miss(f"{path}/@{name}", want=ID_WANTED)
        for path, one in ids
        for name, value in (("root", one.root), ("extension", one.extension))
        if not value
    ]


def _rule(number: int, sentence: str, check: Check, *, essential: bool = False) -> Rule[QueryRequest]:
    return Rule(f"PIXQ-{number:02}", _SECTION, Severity.ERROR, sentence, check, essential=essential)


RULES: Final[tuple[Rule[QueryRequest], ...]] = (
    *query_rules("PIXQ", PIX_QUERY, _SECTION),
    _rule(21, "the query names exactly one patient, by one identifier", _one_patient),
    _rule(22, "the patient's identifier has root and extension", _identified, essential=True),
    _rule(23, "the root of the patient's identifier is an OID", oid_roots(_PATIENT)),
    _rule(24, "a dataSource is the OID of a domain, without extension", bare_oids("dataSource")),
    _rule(25, "what the profile omits is not there", nothing_forbidden),
    _rule(26, "authorOrPerformer is an author", authors_known),
)

SPEC: Final = Transaction(
    name="pix-query",
    code="ITI-45",
    title="PIXV3 Query",
    section="ITI TF-2: 3.45.4.1",
    actors=("Patient Identifier Cross-reference Consumer", "Patient Identifier Cross-reference Manager"),
    action=f"{HL7}:{PIX_QUERY}",
    response_action=f"{HL7}:{PIX_ANSWER}",
    request_root=q(PIX_QUERY),
    response_root=q(PIX_ANSWER),
    path="/pix/query",
    config_field="pix_query_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_query_request,
    parse_request=parse_request,
    build_response=build_query_response,
    parse_response=parse_response,
    rules=RULES,
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
)
