"""Rejected rows and patients written, and read again."""

import csv
import json
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.columns import NAMES
from ihe_test_util.patients.csv_reader import Item, PatientCsv
from ihe_test_util.patients.export import RejectedRows, csv_writer, json_writer, replacing
from ihe_test_util.patients.model import PatientRow, RejectedRow

Read = Callable[..., list[Item]]
Table = Callable[..., str]


def exported(data: bytes, *, delimiter: str = ",") -> tuple[list[RejectedRow], bytes, RejectedRows]:
    """The rejected rows of a file, what is written of them, and the writer."""
    stream = StringIO(newline="")
    with PatientCsv(BytesIO(data), seed=1, delimiter=delimiter) as patients:
        writer = RejectedRows(stream, header=patients.header, delimiter=delimiter, mark=patients.had_bom)
        rejected = [item for item in patients if isinstance(item, RejectedRow)]
    for one in rejected:
        writer.write(one)
    return rejected, stream.getvalue().encode(), writer


def test_rejected_rows_can_be_read_again(table: Table) -> None:
    """Row and reasons come first, then the cells as they stood, under the header as it stood."""
    rejected, data, _ = exported(table({}, {"dob": "1980-02-30"}, {"gender": "X", "phone": "1"}).encode())
    header, *rows = csv.reader(StringIO(data.decode(), newline=""))
    assert header == ["rejected_row", "rejected_reasons", *NAMES]
    assert [row[0] for row in rows] == ["3", "4"]
    assert "dob '1980-02-30': there is no such day" in rows[0][1]
    assert rows[1][1].count(" | ") == 1
    assert [tuple(row[2:]) for row in rows] == [one.cells for one in rejected]


CELLS = st.text(alphabet='ab,;"\n\r =é\x00', max_size=6)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=7), min_size=1, max_size=5), mark=st.booleans())
def test_an_export_is_rejected_for_the_same_reasons(rows: list[list[str]], mark: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
    """Whatever the cells hold: exported, read and exported again, the same rows come with the same problems."""
    stream = StringIO(newline="")
    header = ["first_name", "last_name", "dob", "gender", "patient_id_oid"]
    csv.writer(stream).writerows([header, *rows, ["at least one"]])
    rejected, once, _ = exported(stream.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    again, twice, _ = exported(once)
    rules = [[(problem.rule, problem.column) for problem in one.problems] for one in rejected]
    assert [[(problem.rule, problem.column) for problem in one.problems] for one in again] == rules
    assert once.startswith(b"\xef\xbb\xbf") == mark
    first, second = (list(csv.reader(StringIO(one.decode("utf-8-sig"), newline=""))) for one in (once, twice))
    assert [row[2:] for row in first] == [row[2:] for row in second]


def test_formulas_are_counted_and_not_touched(table: Table) -> None:
    """A mended file has to be the file that was meant, so nothing is escaped; but it is said."""
    _, data, writer = exported(table({"dob": "x", "city": "=1+1", "phone": "+49 731 5550100"}).encode())
    assert ",=1+1," in data.decode()
    assert (writer.rows, writer.formulas) == (1, 1)


def test_patients_are_the_same_after_a_round_trip(table: Table, read: Read) -> None:
    """What is written as CSV has everything in its place and is read without a problem."""
    patients = read(
        table({"first_name": ' "Anna", x', "gender": "f", "address": "a\nb"}, {"patient_id": "", "mrn": "", "ssn": ""})
    )
    stream = StringIO(newline="")
    write = csv_writer(stream)
    for patient in patients:
        assert isinstance(patient, PatientRow)
        write(patient)
    again = read(stream.getvalue())
    for before, after in zip(patients, again, strict=True):
        assert isinstance(before, PatientRow)
        assert isinstance(after, PatientRow)
        assert all(getattr(before, name) == getattr(after, name) for name in NAMES)


def test_patients_as_json_lines(table: Table, read: Read) -> None:
    """An object a line: the columns that have a value, the row, and whether the id was made up."""
    stream = StringIO()
    write = json_writer(stream)
    (patient,) = read(table({"mrn": "", "patient_id": ""}))
    assert isinstance(patient, PatientRow)
    write(patient)
    made = json.loads(stream.getvalue())
    assert (made["row"], made["generated_id"], made["dob"], made["last_name"]) == (2, True, "1980-02-29", "Müller")
    assert "mrn" not in made


def test_a_file_is_replaced_when_all_went_well(tmp_path: Path) -> None:
    """An error on the way leaves the old file, and nothing beside it."""
    path = tmp_path / "out.csv"
    path.write_text("old")
    with suppress(BadInput), replacing(path, source=None) as stream:
        stream.write("new")
        raise BadInput("stopped")
    assert path.read_text() == "old"
    with replacing(path, source=None) as stream:
        stream.write("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_that_is_read_is_never_replaced(tmp_path: Path) -> None:
    """By no name that leads to it."""
    path = tmp_path / "patients.csv"
    path.write_text("x")
    (tmp_path / "link.csv").symlink_to(path)
    with pytest.raises(BadInput, match="replace the file that is read"), replacing(tmp_path / "link.csv", source=path):
        pass
    assert path.read_text() == "x"


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    """A directory that is missing, and a name that is a directory."""
    with (
        pytest.raises(BadInput, match="cannot be written") as refused,
        replacing(tmp_path / "a" / "b.csv", source=None),
    ):
        pass
    assert str(tmp_path / "a") in refused.value.hint
    with pytest.raises(BadInput, match="cannot be written"), replacing(tmp_path, source=None):
        pass


def test_the_root_of_all_files_is_a_directory_too() -> None:
    """It has no name beside which anything could be written."""
    with pytest.raises(BadInput, match="cannot be written"), replacing(Path("/"), source=None):
        pass


def test_a_name_under_a_file_is_refused_by_its_own_name(tmp_path: Path) -> None:
    """Nothing was made, so that nothing is to be removed; the file beside it is nobody's business."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(BadInput, match=r"x\.csv; got: Not a directory"),
        replacing(tmp_path / "file/x.csv", source=None),
    ):
        pass
