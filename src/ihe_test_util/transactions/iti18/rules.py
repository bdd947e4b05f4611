"""What the framework demands of a stored query (ITI TF-2: 3.18.4.1.2, 3.18.4.1.3)."""

from collections.abc import Callable, Sequence
from typing import Final

from ihe_test_util.domain.registry.queries.catalogue import STORED_QUERIES
from ihe_test_util.domain.xds.datatypes import is_home_community_id
from ihe_test_util.exchange import Severity
from ihe_test_util.settings.words import nearest
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.iti18.model import LEAF_CLASS, OBJECT_REF, StoredQueryRequest
from ihe_test_util.transactions.iti18.reading import QUERY, Fault
from ihe_test_util.transactions.xds.base import NONE, shown

UNKNOWN_STORED_QUERY: Final = "XDSUnknownStoredQuery"
MISSING_PARAM: Final = "XDSStoredQueryMissingParam"
PARAM_NUMBER: Final = "XDSStoredQueryParamNumber"
REGISTRY_ERROR: Final = "XDSRegistryError"

_MESSAGE: Final = "ITI TF-2: 3.18.4.1.2"
_ROOT: Final = "/AdhocQueryRequest"

_Check = Callable[[StoredQueryRequest], Sequence[Miss]]


def _query(request: StoredQueryRequest) -> Sequence[Miss]:
    if request.query is not None:
        return NONE
    known = nearest(request.query_id, [one.id for one in STORED_QUERIES]) if request.query_id else ""
    got = shown(request.query_id) if request.query_id else "no id"
    return (Miss(f"{QUERY}/@id", got, f"the id of a stored query{known}"),)


def _return_type(request: StoredQueryRequest) -> Sequence[Miss]:
    if request.return_type in (LEAF_CLASS, OBJECT_REF):
        return NONE
    got = shown(request.return_type) if request.return_type else "no returnType"
    return (Miss(f"{_ROOT}/ResponseOption/@returnType", got, f"{LEAF_CLASS} or {OBJECT_REF}"),)


def _home(request: StoredQueryRequest) -> Sequence[Miss]:
    if not request.home or is_home_community_id(request.home):
        return NONE
    return (Miss(f"{QUERY}/@home", shown(request.home), "urn:oid: and an OID of at most 64 characters"),)


def _told(fault: Fault) -> _Check:
    return lambda request: request.reading.misses(fault)


def _rule(
    number: int,
    section: str,
    sentence: str,
    check: _Check,
    code: str = REGISTRY_ERROR,
    *,
    essential: bool = True,
    severity: Severity = Severity.ERROR,
) -> Rule[StoredQueryRequest]:
    return Rule(f"RSQ-{number:02}", section, severity, sentence, check, essential=essential, error_code=code)


RULES: Final[tuple[Rule[StoredQueryRequest], ...]] = (
    _rule(1, f"{_MESSAGE}.4", "the query is one that the registry knows", _query, UNKNOWN_STORED_QUERY),
    _rule(2, f"{_MESSAGE}.3.1", "returnType is LeafClass or ObjectRef", _return_type),
    _rule(
        3,
        f"{_MESSAGE}.3.7",
        "every parameter that the query requires is given, with a value that is understood",
        _told(Fault.MISSING),
        MISSING_PARAM,
    ),
    _rule(
        4,
        f"{_MESSAGE}.3.7",
        "of parameters that exclude each other one is given",
        _told(Fault.CHOICE),
        PARAM_NUMBER,
    ),
    _rule(
        5,
        f"{_MESSAGE}.3.7",
        "a parameter that takes a single value has one",
        _told(Fault.SEVERAL),
        PARAM_NUMBER,
    ),
    _rule(
        6,
        f"{_MESSAGE}.3.5",
        "only a parameter on an attribute of several values is given more than once, for AND",
        _told(Fault.REPEATED),
    ),
    _rule(
        7,
        f"{_MESSAGE}.3.5",
        "texts stand in single quotes, with a quote within them doubled; lists in parentheses, with commas",
        _told(Fault.UNREADABLE),
    ),
    _rule(8, f"{_MESSAGE}.3.4", "a coded value has a code and a coding scheme", _told(Fault.NO_CODE)),
    _rule(9, f"{_MESSAGE}.3.3", "a time is a DTM", _told(Fault.NO_TIME)),
    _rule(
        10,
        "XDS Metadata Update: 3.18.4.1.2.3.5.1.1",
        "the metadata level is 1 or 2",
        _told(Fault.NO_NUMBER),
    ),
    _rule(
        11,
        f"{_MESSAGE}.3.5",
        "texts are quoted and numbers are not; values are in parentheses if the parameter takes several, else not",
        _told(Fault.FORM),
        severity=Severity.WARNING,
        essential=False,
    ),
    _rule(
        12,
        f"{_MESSAGE}.3.4",
        "a coded value has nothing between its code and its coding scheme",
        _told(Fault.CODE_FORM),
        essential=False,
    ),
    _rule(
        13,
        "ebRIM 3.0: LongName",
        "a value has at most 256 characters",
        _told(Fault.TOO_LONG),
        severity=Severity.WARNING,
        essential=False,
    ),
    _rule(
        14,
        f"{_MESSAGE}.3.8",
        "homeCommunityId is an OID as a URN",
        _home,
        essential=False,
    ),
    _rule(
        15,
        "ITI TF-3: Table 4.2.3.1.7-2",
        "patients are named as CX, objects by UUIDs as URNs; otherwise nothing is found",
        _told(Fault.IDENTIFIER),
        severity=Severity.WARNING,
        essential=False,
    ),
    _rule(
        16,
        f"{_MESSAGE}.3.7",
        "every parameter is one of the query's; others have no effect",
        _told(Fault.UNKNOWN),
        severity=Severity.WARNING,
        essential=False,
    ),
    _rule(
        17,
        f"{_MESSAGE}.3.6",
        "a state is Approved or Deprecated, as a URN; others are ignored",
        _told(Fault.IGNORED),
        severity=Severity.WARNING,
        essential=False,
    ),
)
