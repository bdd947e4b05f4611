"""Patients as rows and back: one row for each identifier, holding what was fed last under it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ihe_test_util.domain.matching import key_of
from ihe_test_util.domain.patients import Patient
from ihe_test_util.store.database import Row, microseconds
from ihe_test_util.store.writer import Insert
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL, Part

#: The columns that ``patient_of`` reads.
TOLD: Final = "gender, birth_time, demographics"

FEED: Final = Insert(
    "patients",
    (
        "root",
        "extension",
        "position",
        "fed_at",
        "gender",
        "birth_time",
        "demographics",
        "family",
        "given",
        "further_names",
        "merged_into",
    ),
    key=("root", "extension"),
)
LINK: Final = Insert(
    "patient_links",
    ("root", "extension", "other_root", "other_extension", "fed_at"),
    key=("root", "extension", "other_root", "other_extension"),
)
_QUOTED, _BETWEEN = '["%s"]', '","'
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
#: What is said of the death of somebody of whom none was told.
_UNKNOWN: Final = '[null,""]'


def rows_of(patient: Patient, at: datetime) -> list[Row]:
    """The rows of a feed.

    Raises:
        ValueError: the patient has no identifier to be stored under.
    """
    demographics = _demographics(
        {
            "identifiers": [_ii(one) for one in patient.identifiers],
            "names": [_parts(one) for one in patient.names],
            "addresses": [_parts(one) for one in patient.addresses],
            "telecoms": [(one.value, one.use, one.null_flavor) for one in patient.telecoms],
            "other_ids": [_ii(one) for one in patient.other_ids],
        },
        _UNKNOWN
        if patient.deceased is None and not patient.deceased_time
        else _ENCODE([patient.deceased, patient.deceased_time]),
    )
    fed_at = microseconds(at)
    family, given, further = names_of(patient)
    gender, birth_time = patient.gender, patient.birth_time
    rows: list[Row] = [
        (one.root, one.extension, position, fed_at, gender, birth_time, demographics, family, given, further, "")
        for position, one in enumerate(patient.identifiers)
        if one.root or one.extension
    ]
    if not rows:
        raise ValueError("a patient without an identifier cannot be stored")
    return rows


def names_of(patient: Patient) -> tuple[str, str, str]:
    """Family and given name as they are compared, and the further names."""
    names = [key_of(name) for name in patient.names if name.parts]
    family, given = names[0] if names else ("", "")
    return family, given, "|".join("^".join(name) for name in names[1:])


def links_of(patient: Patient, at: datetime) -> list[Row]:
    """The rows that say which identifiers were fed together."""
    if len(patient.identifiers) == 1 and not patient.other_ids:
        return []
    ids = [one for one in (*patient.identifiers, *patient.other_ids) if one.root and one.extension]
    fed_at = microseconds(at)
    return [(ids[0].root, ids[0].extension, one.root, one.extension, fed_at) for one in ids[1:] if one != ids[0]]


def patient_of(gender: str, birth_time: str, demographics: str) -> Patient:
    """The patient of a row."""
    told: dict[str, Any] = json.loads(demographics)
    deceased, deceased_time = told.get("deceased", (None, ""))
    return Patient(
        identifiers=tuple(II(*one) for one in told["identifiers"]),
        names=tuple(PN(_read_parts(parts), use, null) for use, null, *parts in told["names"]),
        gender=gender,
        birth_time=birth_time,
        addresses=tuple(AD(_read_parts(parts), use, null) for use, null, *parts in told["addresses"]),
        telecoms=tuple(TEL(*one) for one in told["telecoms"]),
        other_ids=tuple(II(*one) for one in told["other_ids"]),
        deceased=deceased,
        deceased_time=deceased_time,
    )


def _demographics(told: dict[str, list[Sequence[str]]], deceased: str) -> str:
    """The JSON of everything that is kept of a patient."""
    members: list[str] = []
    marks = 0
    for name, lists in told.items():
        members.append(f'"{name}":[{",".join([_QUOTED % _BETWEEN.join(one) for one in lists])}]')
        marks += 2 + 2 * sum(map(len, lists))
    text = ",".join(members)
    if text.count('"') != marks or "\\" in text or not text.isprintable():  # something has to be escaped
        text = _ENCODE(told)[1:-1]
    return f'{{{text},"deceased":{deceased}}}'


def _ii(value: II) -> tuple[str, ...]:
    return (value.root, value.extension, value.assigning_authority_name, value.null_flavor)


def _parts(value: PN | AD) -> list[str]:
    # Flat, kind, text and qualifier in turn: this runs for each patient fed, and JSON is half of what a feed costs.
    told = [value.use, value.null_flavor]
    for part in value.parts:
        told += (part.kind, part.text, part.qualifier)
    return told


def _read_parts(told: list[str]) -> tuple[Part, ...]:
    return tuple(Part(*told[start : start + 3]) for start in range(0, len(told), 3))
