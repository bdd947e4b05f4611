"""What the schemas of HL7 V3 accept of what peers said: lenient mode keeps more than an answer may repeat."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.transactions.patient_query.model import Parameter, Period, Query, Value
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL, Part, is_uid, ts_problem

_CODE: Final = re.compile(r"[^\s]+")
#: What every validator takes for a URL; telephones and addresses of e-mail are among them.
_URL: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:(?!//))?(?:[A-Za-z0-9._~!$&'()*+,;=@?-]|%[0-9A-Fa-f]{2})"
    r"(?:[A-Za-z0-9._~!$&'()*+,;=@/?-]|%[0-9A-Fa-f]{2})*"
    r"|https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/(?:[A-Za-z0-9._~!$&'()*+,;=@:?/-]|%[0-9A-Fa-f]{2})*)?"
)
_INTEGER: Final = re.compile(r"-?[0-9]+")
_NAME_PARTS: Final = frozenset({"", "delimiter", "family", "given", "prefix", "suffix"})
_NAME_USES: Final = frozenset({"L", "A", "I", "P", "R", "C", "ABC", "SYL", "IDE", "SRCH", "PHON", "SNDX"})
_QUALIFIERS: Final = frozenset({"AC", "AD", "BR", "CL", "IN", "LS", "NB", "PR", "SP", "TITLE", "VV"})
_ADDRESS_PARTS: Final = frozenset(
    {
        "",
        "additionalLocator",
        "buildingNumberSuffix",
        "careOf",
        "censusTract",
        "city",
        "country",
        "county",
        "delimiter",
        "deliveryAddressLine",
        "direction",
        "houseNumber",
        "houseNumberNumeric",
        "postBox",
        "postalCode",
        "precinct",
        "state",
        "streetAddressLine",
        "streetName",
        "streetNameBase",
        "streetNameType",
        "unitID",
        "unitType",
    }
)
_PLACES: Final = frozenset({"H", "HP", "HV", "WP", "DIR", "PUB", "BAD", "TMP"})
_ADDRESS_USES: Final = _PLACES | {"PST", "PHYS", "ABC", "SYL", "IDE"}
_TELECOM_USES: Final = _PLACES | {"AS", "EC", "PG", "MC"}
_GENDERS: Final = frozenset({"M", "F", "UN"})


def sound_patient(patient: Patient) -> Patient:
    """A patient with what an answer can say of them."""
    return replace(
        patient,
        identifiers=sound_ids(patient.identifiers),
        names=tuple([_name(one) for one in patient.names if one.parts]),
        gender=patient.gender if patient.gender in _GENDERS else "",
        birth_time=patient.birth_time if not ts_problem(patient.birth_time) else "",
        addresses=tuple([_address(one) for one in patient.addresses if one.parts]),
        telecoms=tuple([_telecom(one) for one in patient.telecoms if _URL.fullmatch(one.value)]),
        other_ids=sound_ids(patient.other_ids),
        deceased_time=patient.deceased_time if not ts_problem(patient.deceased_time) else "",
    )


def sound_ids(ids: Iterable[II]) -> tuple[II, ...]:
    """The identifiers whose root and extension can be said."""
    return tuple([replace(one, null_flavor="") for one in ids if one.extension and is_uid(one.root)])


def sound_query(query: Query) -> Query | None:
    """The query as its answer repeats it; None where the schemas accept no repetition."""
    if query.query_id is None or not is_uid(query.query_id.root) or not query.parameters:
        return None
    codes = (query.status_code, query.response_modality, query.response_priority)
    if not query.status_code or any(code and not _CODE.fullmatch(code) for code in codes):
        return None
    if query.initial_quantity and not _INTEGER.fullmatch(query.initial_quantity):
        return None
    if not all(_is_sound(one) for one in query.parameters):
        return None
    algorithm, degree = query.match_algorithm, query.minimum_degree
    return replace(
        query,
        query_id=replace(query.query_id, null_flavor=""),
        match_algorithm=algorithm if algorithm and algorithm.value and algorithm.semantics_text else None,
        minimum_degree=degree if degree and _INTEGER.fullmatch(degree.value) and degree.semantics_text else None,
        forbidden=(),
    )


def _is_sound(parameter: Parameter) -> bool:
    return bool(parameter.values and parameter.semantics_text) and all(_value_is_sound(one) for one in parameter.values)


def _value_is_sound(value: Value) -> bool:
    if isinstance(value, II):
        return is_uid(value.root) and not value.null_flavor
    if isinstance(value, CD):
        return (
            bool(_CODE.fullmatch(value.code))
            and not value.null_flavor
            and (not value.code_system or is_uid(value.code_system))
        )
    if isinstance(value, Period):
        return not any(text and ts_problem(text) for text in (value.value, value.low, value.high))
    if isinstance(value, PN):
        return _name(value) == value
    if isinstance(value, AD):
        return _address(value) == value
    return bool(_URL.fullmatch(value.value)) and _telecom(value) == value


def _name(name: PN) -> PN:
    return PN(
        tuple(
            [
                Part(one.kind, one.text, _known(one.qualifier, _QUALIFIERS))
                for one in name.parts
                if one.kind in _NAME_PARTS
            ]
        ),
        _known(name.use, _NAME_USES),
    )


def _address(address: AD) -> AD:
    parts = tuple([Part(one.kind, one.text) for one in address.parts if one.kind in _ADDRESS_PARTS])
    return AD(parts, _known(address.use, _ADDRESS_USES))


def _telecom(telecom: TEL) -> TEL:
    return TEL(telecom.value, _known(telecom.use, _TELECOM_USES))


def _known(codes: str, known: frozenset[str]) -> str:
    return " ".join([code for code in codes.split() if code in known])
