import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from io import BytesIO, StringIO
from typing import TypeAlias

import pytest

from ihe_test_util.patients.columns import NAMES
from ihe_test_util.patients.csv_reader import Item, read_patients
from ihe_test_util.patients.model import Problem, RejectedRow

Read: TypeAlias = Callable[..., list[Item]]
Table: TypeAlias = Callable[..., str]
Problems: TypeAlias = Callable[[Iterable[Item]], list[Problem]]


@pytest.fixture
def today() -> date:
    return date(2026, 1, 2)


@pytest.fixture
def header() -> str:
    return ",".join(NAMES)


@pytest.fixture
def good() -> Mapping[str, str]:
    return {
        "first_name": "Anna",
        "last_name": "Müller",
        "dob": "1980-02-29",
        "gender": "F",
        "patient_id_oid": "2.999.1",
        "patient_id": "PAT-1",
        "mrn": "MRN-1",
        "ssn": "987-65-4320",
        "address": "12 Main St",
        "city": "Ulm",
        "state": "BW",
        "zip": "89073",
        "phone": "+49 731 5550100",
        "email": "anna@example.org",
    }


@pytest.fixture
def read(today: date) -> Read:
    def read_text(text: str | bytes, *, seed: int | None = 1, delimiter: str = ",") -> list[Item]:
        data = text.encode() if isinstance(text, str) else text
        return list(read_patients(BytesIO(data), seed=seed, delimiter=delimiter, today=today))

    return read_text


@pytest.fixture
def table(good: Mapping[str, str]) -> Table:
    """A file with the usual header, and the good patient with these changes in each row."""

    def write(*rows: Mapping[str, str]) -> str:
        stream = StringIO(newline="")
        writer = csv.writer(stream)
        writer.writerow(NAMES)
        writer.writerows([{**good, **row}[name] for name in NAMES] for row in rows)
        return stream.getvalue()

    return write


@pytest.fixture
def problems_of() -> Problems:
    """Every problem of some items, those of rejected rows too."""

    def collect(items: Iterable[Item]) -> list[Problem]:
        found: list[Problem] = []
        for item in items:
            if isinstance(item, RejectedRow):
                found += item.problems
            elif isinstance(item, Problem):
                found.append(item)
        return found

    return collect
