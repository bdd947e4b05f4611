"""Patients from CSV: what is accepted, and the ids that are made up or come twice."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING

import pytest

from ihe_test_util.patients.columns import NAMES
from ihe_test_util.patients.csv_reader import Item, read_patients
from ihe_test_util.patients.model import PatientRow, Problem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Read = Callable[..., list[Item]]
Table = Callable[..., str]
Problems = Callable[[Iterable[Item]], list[Problem]]


def test_a_patient_with_everything(read: Read, table: Table, good: Mapping[str, str]) -> None:
    """Every column arrives where it belongs."""
    (patient,) = read(table({}))
    assert isinstance(patient, PatientRow)
    assert {name: str(getattr(patient, name)) for name in NAMES} == good
    assert (patient.row, patient.line, patient.generated_id) == (2, 2, False)


def test_a_patient_with_the_least(read: Read) -> None:
    """The required columns are enough, in any order, with names in any case; the rest is empty."""
    (patient,) = read("Gender,DOB, last_name ,PATIENT_ID_OID,first_name\nu,2000-01-01,Li,2.999.1,An\n")
    assert isinstance(patient, PatientRow)
    assert (patient.first_name, patient.gender, patient.mrn, patient.generated_id) == ("An", "U", "", True)
    assert patient.patient_id.startswith("TEST-")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_line_end_with_and_without_a_mark(ends: str, mark: bytes, header: str, read: Read) -> None:
    """CR, LF and CRLF are line ends, a byte order mark is no part of the first column, the last needs none."""
    line = "A,B,1980-01-01,F,2.999.1,X,,,,,,,,"
    items = read(mark + ends.join([header, line, "", line.replace("X", "Y")]).encode())
    assert [(item.row, item.line) for item in items if isinstance(item, PatientRow)] == [(2, 2), (4, 4)]


def test_values_lose_the_blanks_around_them(read: Read, table: Table) -> None:
    """Blanks, no-break spaces and tabs before and after a value do not count."""
    (patient,) = read(table({"first_name": " Anna\u00a0", "dob": "\t1980-02-29 ", "gender": " f "}))
    assert isinstance(patient, PatientRow)
    assert (patient.first_name, patient.dob, patient.gender) == ("Anna", date(1980, 2, 29), "F")


def test_an_address_keeps_its_lines_and_rows_know_their_line(read: Read, table: Table) -> None:
    """A line break in a quoted value is part of it; rows count on, and lines, too."""
    first, second = read(table({"address": "1 Main St\r\nApt 2"}, {"patient_id": "P2", "mrn": "", "ssn": ""}))
    assert isinstance(first, PatientRow)
    assert isinstance(second, PatientRow)
    assert first.address == "1 Main St\nApt 2"
    assert [(one.row, one.line) for one in (first, second)] == [(2, 2), (3, 4)]


def test_a_social_security_number_is_written_in_one_way(read: Read, table: Table) -> None:
    """Nine digits get their dashes."""
    (patient,) = read(table({"ssn": "987654320"}))
    assert isinstance(patient, PatientRow)
    assert patient.ssn == "987-65-4320"


def test_representations_show_no_personal_data(read: Read, table: Table) -> None:
    """What may end up in a log does not name the patient."""
    patient, rejected = read(table({}, {"dob": "x", "last_name": "Secret"}))
    assert "Müller" not in repr(patient)
    assert "Secret" not in repr(rejected)


def test_identifiers_that_come_twice(read: Read, problems_of: Problems, table: Table) -> None:
    """The same id under the same OID, mrn and ssn are doubted, with the row in which they came first."""
    other = {"mrn": "M2", "ssn": ""}
    items = read(table({}, {**other, "patient_id_oid": "2.999.2"}, other, {"patient_id": "P3", "ssn": "", "mrn": "P3"}))
    assert [(one.rule, one.column, one.row) for one in problems_of(items)] == [("duplicate-id", "patient_id", 4)]
    assert isinstance(items[2], Problem)
    assert "row 2" in items[2].reason
    assert isinstance(items[3], PatientRow)


def test_the_same_mrn_and_ssn(read: Read, problems_of: Problems, table: Table) -> None:
    """Two patients with the mrn or the ssn of one."""
    items = read(table({}, {"patient_id": "P2"}))
    assert [(one.rule, one.column, one.row) for one in problems_of(items)] == [
        ("duplicate-id", "mrn", 3),
        ("duplicate-id", "ssn", 3),
    ]


def test_the_same_person_twice_without_id(read: Read, table: Table) -> None:
    """They are doubted, and get different ids all the same."""
    person = {"patient_id": "", "mrn": "", "ssn": ""}
    first, problem, second = read(table(person, person))
    assert isinstance(problem, Problem)
    assert (problem.rule, problem.row) == ("duplicate-patient", 3)
    assert isinstance(first, PatientRow)
    assert isinstance(second, PatientRow)
    assert first.patient_id != second.patient_id


def test_seeds_decide_ids_and_other_rows_do_not(read: Read, table: Table) -> None:
    """The same seed makes the same id wherever the row stands; another seed makes another."""
    rows = [{"patient_id": "", "mrn": "", "ssn": "", "first_name": name} for name in ("Ann", "Ben", "Cy")]

    def ids(seed: int, *some: dict[str, str]) -> dict[str, str]:
        items = read(table(*some), seed=seed)
        return {item.first_name: item.patient_id for item in items if isinstance(item, PatientRow)}

    assert ids(7, *rows) == ids(7, *rows[::-1]) == ids(7, *rows[1:], rows[0])
    assert ids(7, rows[0]).items() <= ids(7, *rows).items()
    assert not set(ids(7, *rows).values()) & set(ids(8, *rows).values())


def test_ids_are_random_without_a_seed(read: Read, table: Table) -> None:
    """Two readings of the same file never agree."""
    text = table({"patient_id": ""})
    (one,), (other,) = read(text, seed=None), read(text, seed=None)
    assert isinstance(one, PatientRow)
    assert isinstance(other, PatientRow)
    assert one.patient_id != other.patient_id


class Made(RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """What comes next."""
        view = memoryview(buffer)
        self._rest = self._rest or next(self._pieces, b"")
        piece, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(piece)] = piece
        return len(piece)


def test_memory_does_not_grow_with_the_file(header: str) -> None:
    """Three times the rows take the same memory; only the table of identifiers grows, in steps and to a limit."""

    def pieces(rows: int) -> Iterator[bytes]:
        yield f"{header}\n".encode()
        for start in range(0, rows, 100):
            piece = (f"Ann,Doe,1980-01-01,F,2.999,P{start + n},,,{'Main ' * 30}St,Ulm,,,,\n" for n in range(100))
            yield "".join(piece).encode()

    def peak(rows: int) -> int:
        stream = BufferedReader(Made(pieces(rows)))
        tracemalloc.start()
        assert sum(isinstance(item, PatientRow) for item in read_patients(stream)) == rows
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(36_000) < peak(13_000) + 100_000
