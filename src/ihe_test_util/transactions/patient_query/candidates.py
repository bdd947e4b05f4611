"""PRPA_IN201305UV02 and PRPA_IN201306UV02, which ITI-47 and ITI-55 share, and whom they look for."""

from ihe_test_util.domain.patients import NameSought, Sought
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.patient_query.model import (
    CANDIDATES,
    FIND_CANDIDATES,
    Parameter,
    Period,
    Query,
    QueryRequest,
    QueryResponse,
)
from ihe_test_util.transactions.patient_query.parse import read_query_request, read_query_response
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL
from ihe_test_util.xml.io import Element


def parse_find(message: Element, _attachments: Attachments) -> QueryRequest:
    """A query by demographics as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return read_query_request(message, FIND_CANDIDATES)


def parse_candidates(message: Element, _attachments: Attachments) -> QueryResponse:
    """The answer to a query by demographics as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return read_query_response(message, CANDIDATES)


def sought_by(query: Query) -> Sought:
    """Whom a query looks for."""
    genders = _values(query, "livingSubjectAdministrativeGender")
    return Sought(
        identifiers=tuple(one for one in query.ids("livingSubjectId") if one.root and one.extension),
        names=tuple(
            NameSought(one.family, one.given)
            for one in _values(query, "livingSubjectName")
            if isinstance(one, PN) and (one.family or one.given)
        ),
        gender=next((one.code for one in genders if isinstance(one, CD) and one.code), ""),
        births=tuple(
            (one.value or one.low, one.value or one.high)
            for one in _values(query, "livingSubjectBirthTime")
            if isinstance(one, Period) and (one.value or one.low or one.high)
        ),
        addresses=tuple(one for one in _values(query, "patientAddress") if isinstance(one, AD) and one.parts),
        telecoms=tuple(one for one in _values(query, "patientTelecom") if isinstance(one, TEL) and one.value),
    )


def parameters_for(sought: Sought) -> tuple[Parameter, ...]:
    """The parameters of a query that looks for somebody."""
    # Each name is a parameter of its own (ITI TF-2: 3.55.4.1.2).
    names = [("livingSubjectName", (PN.of(one.family, *one.given.split(), use=""),)) for one in sought.names]
    births = (Period(low) if low == high else Period(low=low, high=high) for low, high in sought.births)
    given = (
        ("livingSubjectAdministrativeGender", (CD(sought.gender),) if sought.gender else ()),
        ("livingSubjectBirthTime", tuple(births)),
        ("livingSubjectId", sought.identifiers),
        *names,
        ("patientAddress", sought.addresses),
        ("patientTelecom", sought.telecoms),
    )
    return tuple(Parameter.of(name, *values) for name, values in given if values)


def domains_of(query: Query) -> tuple[II, ...]:
    """The domains whose identifiers a query wants to know."""
    return query.ids("otherIDsScopingOrganization")


def _values(query: Query, name: str) -> tuple[object, ...]:
    return tuple(value for parameter in query.named(name) for value in parameter.values)
