"""Patients in the database: one row for each identifier, holding what was fed last under it."""

import json
import sqlite3
from datetime import datetime
from typing import Any, Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.store.database import Row, microseconds
from ihe_test_util.store.reader import ReadPool
from ihe_test_util.store.writer import GroupWriter, Insert
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL, Part

_FEED: Final = Insert(
    "patients",
    ("root", "extension", "position", "fed_at", "gender", "birth_time", "demographics"),
    key=("root", "extension"),
)
_GET: Final = "SELECT gender, birth_time, demographics FROM patients WHERE root = ? AND extension = ?"
_COUNT: Final = "SELECT count(*) FROM patients WHERE position = 0"
_FORGET: Final = "DELETE FROM patients"
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class SqlitePatients:
    """The ``domain.patients.PatientStore`` of a data directory."""

    def __init__(self, writer: GroupWriter, reader: ReadPool) -> None:
        self._writer = writer
        self._reader = reader

    async def feed(self, patient: Patient, *, at: datetime) -> None:
        """Add a patient, or replace the demographics of a known identity; each identifier is one.

        Raises:
            StorageError: nothing was stored.
            ValueError: the patient has no identifier to be stored under.
        """
        await self._writer.insert((_FEED, _rows(patient, at)))

    async def reset(self) -> None:
        """Forget every patient."""
        await self._writer.run(lambda connection: connection.execute(_FORGET))

    async def get(self, root: str, extension: str) -> Patient | None:
        """What was fed last under an identifier.

        Raises:
            StorageError: the database cannot be read.
        """

        def look(connection: sqlite3.Connection) -> Patient | None:
            row = connection.execute(_GET, (root, extension)).fetchone()
            return None if row is None else _patient(*row)

        return await self._reader.run(look)

    async def count(self) -> int:
        """How many patients there are; one fed under several identifiers is one."""
        return await self._reader.run(lambda connection: int(connection.execute(_COUNT).fetchone()[0]))


def _rows(patient: Patient, at: datetime) -> list[Row]:
    demographics = _ENCODE(
        {
            "identifiers": [_ii(one) for one in patient.identifiers],
            "names": [_parts(one) for one in patient.names],
            "addresses": [_parts(one) for one in patient.addresses],
            "telecoms": [(one.value, one.use, one.null_flavor) for one in patient.telecoms],
            "other_ids": [_ii(one) for one in patient.other_ids],
            "deceased": [patient.deceased, patient.deceased_time],
        }
    )
    fed_at = microseconds(at)
    rows: list[Row] = [
        (one.root, one.extension, position, fed_at, patient.gender, patient.birth_time, demographics)
        for position, one in enumerate(patient.identifiers)
        if one.root or one.extension
    ]
    if not rows:
        raise ValueError("a patient without an identifier cannot be stored")
    return rows


def _patient(gender: str, birth_time: str, demographics: str) -> Patient:
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
