"""What a query for patients says, and what answers it.

Not modelled: of participants in the control act more than what the authors are called, sorting, and what the profiles
forbid in a query; of an answer what ``feed.model`` leaves out.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from ihe_test_util.transactions.feed.model import RegistrationEvent, trigger_of
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL
from ihe_test_util.xml.hl7v3.acknowledgement import Acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS, Device, Transmission

PIX_QUERY: Final = "PRPA_IN201309UV02"
PIX_ANSWER: Final = "PRPA_IN201310UV02"
FIND_CANDIDATES: Final = "PRPA_IN201305UV02"
CANDIDATES: Final = "PRPA_IN201306UV02"

QUERY_PATH: Final = "/controlActProcess/queryByParameter"
LIST_PATH: Final = f"{QUERY_PATH}/parameterList"
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Period:
    """A point in time, or its bounds (IVL_TS); each a TS as it arrived."""

    value: str = ""
    low: str = ""
    high: str = ""


Value: TypeAlias = II | CD | PN | AD | TEL | Period

#: The parameters by name, with the type of their values, in the order of PRPA_MT201307UV02 and PRPA_MT201306UV02.
PARAMETERS: Final[dict[str, type[Value]]] = {
    "dataSource": II,
    "patientIdentifier": II,
    "livingSubjectAdministrativeGender": CD,
    "livingSubjectBirthPlaceAddress": AD,
    "livingSubjectBirthPlaceName": PN,
    "livingSubjectBirthTime": Period,
    "livingSubjectDeceasedTime": Period,
    "livingSubjectId": II,
    "livingSubjectName": PN,
    "mothersMaidenName": PN,
    "otherIDsScopingOrganization": II,
    "patientAddress": AD,
    "patientStatusCode": CD,
    "patientTelecom": TEL,
    "principalCareProviderId": II,
    "principalCareProvisionId": II,
}
#: What semanticsText says for a parameter.
SEMANTICS: Final = {
    "dataSource": "DataSource.id",
    "patientIdentifier": "Patient.id",
    "livingSubjectAdministrativeGender": "LivingSubject.administrativeGender",
    "livingSubjectBirthTime": "LivingSubject.birthTime",
    "livingSubjectId": "LivingSubject.id",
    "livingSubjectName": "LivingSubject.name",
    "otherIDsScopingOrganization": "OtherIDs.scopingOrganization.id",
    "patientAddress": "Patient.addr",
    "patientTelecom": "Patient.telecom",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query, by the name of its element."""

    name: str
    values: tuple[Value, ...] = ()
    semantics_text: str = ""

    @classmethod
    def of(cls, name: str, *values: Value) -> "Parameter":
        """A parameter with the semanticsText that it usually has."""
        return cls(name, values, SEMANTICS.get(name, name))


@dataclass(frozen=True, slots=True)
class Criterion:
    """How to look for patients: the name of an algorithm, or the least percentage of a match (matchCriterionList)."""

    value: str = ""
    semantics_text: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A query by parameters (queryByParameter); the parameters in the order of the schemas.

    ``match_algorithm`` and ``minimum_degree`` are None where they are not given; ``forbidden`` are the paths below it
    of elements that are there and that the profiles forbid.
    """

    query_id: II | None = None
    status_code: str = ""
    response_modality: str = ""
    response_priority: str = ""
    initial_quantity: str = ""
    parameters: tuple[Parameter, ...] = ()
    match_algorithm: Criterion | None = None
    minimum_degree: Criterion | None = None
    forbidden: tuple[str, ...] = ()

    def named(self, name: str) -> tuple[Parameter, ...]:
        """The parameters of a name."""
        return tuple(one for one in self.parameters if one.name == name)

    def ids(self, name: str) -> tuple[II, ...]:
        """The values of a parameter whose values are identifiers."""
        return tuple(one for parameter in self.named(name) for one in parameter.values if isinstance(one, II))


@dataclass(frozen=True, slots=True)
class QueryAct:
    """The control act of a query; ``author_types`` are the typeCodes of its authorOrPerformer elements."""

    code: CD | None = None
    query: Query | None = None
    class_code: str = "CACT"
    mood_code: str = "EVN"
    author_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """PRPA_IN201309UV02 or PRPA_IN201305UV02; what a message left out is None or empty.

    ``strays`` are paths of elements that are in a namespace where nobody looks for them.
    """

    transmission: Transmission
    interaction: str
    act: QueryAct | None = None
    strays: tuple[str, ...] = ()

    @property
    def query(self) -> Query:
        """The query, an empty one where there is none."""
        return (self.act.query if self.act is not None else None) or Query()

    def at(self, path: str) -> str:
        """The XPath of a place in this message."""
        return f"/{self.interaction}{path}"


def count_of(text: str) -> int:
    """A number of results as a message gives it; 0 where it is no whole number, or one beyond all counting."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


@dataclass(frozen=True, slots=True)
class QueryAck:
    """How a query went (queryAck); quantities are empty where they were not given."""

    query_id: II | None = None
    status_code: str = ""
    response_code: str = ""
    total: str = ""
    current: str = ""
    remaining: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """Why there is no match (detectedIssueEvent): what it is, what is asked for, what went wrong."""

    code: CD | None = None
    requested: tuple[CD, ...] = ()
    management: tuple[CD, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryResponse:
    """PRPA_IN201310UV02 or PRPA_IN201306UV02: what was found, and the query as it was asked."""

    acknowledgement: Acknowledgement
    interaction: str
    code: CD | None = None
    registrations: tuple[RegistrationEvent, ...] = ()
    issues: tuple[Issue, ...] = ()
    ack: QueryAck | None = None
    query: Query | None = None
    class_code: str = "CACT"
    mood_code: str = "EVN"

    @property
    def response_code(self) -> str:
        """OK, NF (nothing found), AE (an error in the query) or QE (an error with it)."""
        return self.ack.response_code if self.ack is not None else ""


def query_request(
    interaction: str,
    *parameters: Parameter,
    query_id: II,
    message_id: str,
    creation_time: str,
    sender_oid: str,
    receiver_oid: str,
    initial_quantity: str = "",
    processing_code: str = "P",
    sender_community: str = "",
) -> QueryRequest:
    """A query, with everything that HL7 V3 and IHE demand around it.

    ``message_id`` is a UUID or OID, ``creation_time`` a TS. ``sender_community`` is the OID of the home community
    for which a gateway asks (ITI-55).
    """
    sender = Device((II(sender_oid),), organization_ids=(II(sender_community),) if sender_community else ())
    transmission = Transmission(
        II(message_id),
        creation_time,
        II(HL7_INTERACTIONS, interaction),
        processing_code,
        "T",
        "AL",
        (Device.of(receiver_oid),),
        sender,
    )
    modality = "" if interaction == PIX_QUERY else "R"
    query = Query(query_id, "new", modality, "I", initial_quantity, in_order(parameters))
    return QueryRequest(transmission, interaction, QueryAct(CD(trigger_of(interaction), HL7_INTERACTIONS), query))


def in_order(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Parameters in the order of the schemas; those of one name as they come."""
    places = {name: place for place, name in enumerate(PARAMETERS)}
    return tuple(sorted(parameters, key=lambda one: places[one.name]))
