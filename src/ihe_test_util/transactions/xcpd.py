"""ITI-55: whether a community knows a patient (PRPA_IN201305UV02, PRPA_IN201306UV02, ITI TF-2: 3.55); synchronous."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.patients import Patient, Sought
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Mtom, Rule, Transaction
from ihe_test_util.transactions.feed.model import Match
from ihe_test_util.transactions.patient_query.answer import answered, how_it_went, log_ids, patient_ids, verdict
from ihe_test_util.transactions.patient_query.build import build_query_request, build_query_response
from ihe_test_util.transactions.patient_query.candidates import (
    parameters_for,
    parse_candidates,
    parse_find,
    sought_by,
)
from ihe_test_util.transactions.patient_query.model import (
    CANDIDATES,
    FIND_CANDIDATES,
    LIST_PATH,
    QUERY_PATH,
    Issue,
    QueryAck,
    QueryRequest,
    QueryResponse,
    query_request,
)
from ihe_test_util.transactions.patient_query.records import demographics, with_authority_names
from ihe_test_util.transactions.patient_query.rules import (
    Check,
    authors_known,
    births_exist,
    degree_possible,
    genders_known,
    modality,
    nothing_forbidden,
    oid_roots,
    omitted,
    once,
    one_value,
    places,
    query_rules,
)
from ihe_test_util.transactions.patient_query.sound import sound_ids
from ihe_test_util.xml.hl7v3 import CD, II, PN, shown
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.ns import HL7

_SECTION: Final = "ITI TF-2: 3.55.4.1.2"
_NAME: Final = "livingSubjectName"
_NAME_PATH: Final = f"{LIST_PATH}/{_NAME}"
_BIRTH_PATH: Final = f"{LIST_PATH}/livingSubjectBirthTime"
_GIVEN_ONCE: Final = (
    "livingSubjectAdministrativeGender",
    "livingSubjectBirthPlaceAddress",
    "livingSubjectBirthPlaceName",
    "livingSubjectBirthTime",
    "mothersMaidenName",
    "patientAddress",
    "patientTelecom",
)
_OF_ONE_VALUE: Final = (
    "livingSubjectAdministrativeGender",
    "livingSubjectBirthTime",
    "livingSubjectName",
    "mothersMaidenName",
)
_OMITTED: Final = frozenset(
    {"livingSubjectDeceasedTime", "otherIDsScopingOrganization", "patientStatusCode", "principalCareProvisionId"}
)
_MOST_LOOKED_AT: Final = 50
_MATCH: Final = Match(CD("IHE_PDQ"), "100")
#: Whether the gateway keeps records of where patients have data (ITI TF-2: 3.55.4.2.2).
NO_DATA_LOCATOR: Final = CD("NotHealthDataLocator", "1.3.6.1.4.1.19376.1.2.27.2")
_REQUESTED: Final = "1.3.6.1.4.1.19376.1.2.27.1"
_ADMINISTRATIVE_ISSUE: Final = CD("ActAdministrativeDetectedIssueCode", "2.16.840.1.113883.5.4")
#: What can be asked for (ITI TF-2: 3.55.4.2.2.6), and the parameter that would give it.
_ATTRIBUTES: Final = (
    ("LivingSubjectAdministrativeGenderRequested", "livingSubjectAdministrativeGender"),
    ("PatientAddressRequested", "patientAddress"),
    ("PatientTelecomRequested", "patientTelecom"),
    ("LivingSubjectBirthPlaceNameRequested", "livingSubjectBirthPlaceName"),
    ("LivingSubjectBirthPlaceAddressRequested", "livingSubjectBirthPlaceAddress"),
    ("MothersMaidenNameRequested", "mothersMaidenName"),
)


def xcpd_request(
    sought: Sought,
    *,
    query_id: II,
    message_id: str,
    creation_time: str,
    sender_oid: str,
    receiver_oid: str,
    sender_community: str,
) -> QueryRequest:
    """The query of an initiating gateway for a patient; ``sender_community`` is the OID of its home community."""
    return query_request(
        FIND_CANDIDATES,
        *parameters_for(sought),
        query_id=query_id,
        message_id=message_id,
        creation_time=creation_time,
        sender_oid=sender_oid,
        receiver_oid=receiver_oid,
        sender_community=sender_community,
    )


async def answer(request: QueryRequest, world: World) -> QueryResponse:
    """The one patient who fits, NF where nobody does; where several do, what else would be good to know.

    Identities that are cross-referenced are one patient.

    Raises:
        StorageError: the registry cannot be read.
    """
    patients = await world.patients.find(sought_by(request.query), limit=_MOST_LOOKED_AT)
    persons = await _persons([one for one in patients if sound_ids(one.identifiers)], world)
    if not persons:
        return _answered(request, world, "NF")
    if len(persons) > 1:
        return _answered(request, world, "OK", issues=(_ask_for_more(request),))
    patient = persons[0]
    ids = with_authority_names(sound_ids(patient.identifiers)[:1], world.identity_domains)
    found = demographics(patient, ids, world.home_community, _MATCH, NO_DATA_LOCATOR)
    response = _answered(request, world, "OK")
    return replace(response, registrations=(found,))


async def _persons(patients: Sequence[Patient], world: World) -> list[Patient]:
    """One identity of each person."""
    seen: set[tuple[str, str]] = set()
    persons: list[Patient] = []
    for one in patients:
        first = one.identifiers[0]
        if (first.root, first.extension) in seen:
            continue
        persons.append(one)
        others = await world.patients.corresponding(first, world.cross_reference) or ()
        seen.update((other.root, other.extension) for other in others)
    return persons


def _answered(request: QueryRequest, world: World, response_code: str, issues: tuple[Issue, ...] = ()) -> QueryResponse:
    # Quantities shall not be there (ITI TF-2: 3.55.4.2.2).
    ack = QueryAck(None, how_it_went(response_code).status_code, response_code)
    return answered(request, world, CANDIDATES, request.query, ack, issues=issues)


def _ask_for_more(request: QueryRequest) -> Issue:
    codes = tuple(CD(code, _REQUESTED) for code, name in _ATTRIBUTES if not request.query.named(name))
    return Issue(_ADMINISTRATIVE_ISSUE, codes)


def _enough(request: QueryRequest) -> Sequence[Miss]:
    if request.act is None or request.act.query is None:
        return ()
    sought = sought_by(request.query)
    if sought.identifiers or (sought.names and sought.births):
        return ()
    path = _BIRTH_PATH if sought.names else _NAME_PATH
    return (Miss(request.at(path), want="a name and a date of birth, or an identifier"),)


def _whole_names(request: QueryRequest) -> Sequence[Miss]:
    return [
        Miss(f"{path}/{part}", want="family and given names")
        for path, value in places(request, _NAME)
        if isinstance(value, PN)
        for part, text in (("family", value.family), ("given", value.given))
        if not text
    ]


def _no_quantity(request: QueryRequest) -> Sequence[Miss]:
    wanted = request.query.initial_quantity
    if not wanted:
        return ()
    return (Miss(request.at(f"{QUERY_PATH}/initialQuantity"), shown(wanted), "none: there is no continuation"),)


def _rule(number: int, sentence: str, check: Check, *, essential: bool = False) -> Rule[QueryRequest]:
    return Rule(f"XCPD-{number:02}", _SECTION, Severity.ERROR, sentence, check, essential=essential)


RULES: Final[tuple[Rule[QueryRequest], ...]] = (
    *query_rules("XCPD", FIND_CANDIDATES, _SECTION),
    _rule(21, "responseModalityCode is R", modality),
    _rule(22, "the patient is described by name and date of birth, or by an identifier", _enough, essential=True),
    _rule(23, "a livingSubjectName has family and given names", _whole_names),
    _rule(24, "there is no initialQuantity", _no_quantity),
    _rule(25, "the root of livingSubjectId is an OID", oid_roots("livingSubjectId")),
    _rule(26, "livingSubjectBirthTime is a point in time that exists, or a range of such", births_exist),
    _rule(27, "livingSubjectAdministrativeGender is M, F or UN", genders_known),
    _rule(28, "what the profile omits is not there", nothing_forbidden),
    _rule(29, "minimumDegreeMatch is a percentage", degree_possible),
    _rule(30, "authorOrPerformer is an author", authors_known),
    _rule(31, "only names, identifiers and care providers are given more than once", once(*_GIVEN_ONCE)),
    _rule(
        32, "each of several names is a livingSubjectName; gender and birth have one value", one_value(*_OF_ONE_VALUE)
    ),
    _rule(33, "parameters that the profile omits are not there", omitted(_OMITTED)),
)

SPEC: Final = Transaction(
    name="xcpd",
    code="ITI-55",
    title="Cross Gateway Patient Discovery",
    section="ITI TF-2: 3.55.4.1",
    actors=("Initiating Gateway", "Responding Gateway"),
    action=f"{HL7}:{FIND_CANDIDATES}:CrossGatewayPatientDiscovery",
    response_action=f"{HL7}:{CANDIDATES}:CrossGatewayPatientDiscovery",
    request_root=q(FIND_CANDIDATES),
    response_root=q(CANDIDATES),
    path="/xcpd",
    config_field="xcpd_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_query_request,
    parse_request=parse_find,
    build_response=build_query_response,
    parse_response=parse_candidates,
    rules=RULES,
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=patient_ids,
)
