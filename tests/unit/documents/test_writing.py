"""Documents as files."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.template import Template
from ihe_test_util.documents.writing import SEEDED_TIME, DocumentWriter, file_name, writing_time
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.patients.model import PatientRow

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def counted() -> Iterator[str]:
    """A source of UUIDs that never repeats itself."""
    for number in range(1, 1000):
        yield f"{number:08}-0000-4000-8000-000000000000"


def writer(directory: Path, *, seed: int | None = None, template: str = "ccd-minimal") -> DocumentWriter:
    """A writer with a fixed clock."""
    uuids = counted()
    return DocumentWriter(Template.load(template), directory, lambda: NOW, lambda: next(uuids), seed)


def test_a_seed_makes_the_same_files(row: PatientRow, tmp_path: Path) -> None:
    """Names and bytes are the same whenever and wherever they are written; without seed they are not."""
    rows = [row, replace(row, line=3), replace(row, patient_id="PAT-2", line=4, dob=date(2026, 8, 1))]
    for directory, seed in (("a", 7), ("b", 7), ("c", 8), ("d", None)):
        of_run = writer(tmp_path / directory, seed=seed)
        for one in rows:
            of_run.write(one)
    files = {name: {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "abcd"}
    assert len(files["a"]) == 3
    assert files["a"] == files["b"]
    assert not set(files["a"].values()) & set(files["c"].values())
    assert not set(files["a"].values()) & set(files["d"].values())


def test_what_is_written_is_the_document(row: PatientRow, tmp_path: Path) -> None:
    """Byte for byte, under its name, with nothing else left in the directory."""
    path, document = writer(tmp_path / "new" / "directory").write(row)
    assert path.read_bytes() == document.content.read()
    assert [one.name for one in path.parent.iterdir()] == [file_name(row)]


def test_a_document_replaces_one_of_its_name(row: PatientRow, tmp_path: Path) -> None:
    """Whole: the old one is there until the new one is."""
    (tmp_path / file_name(row)).write_text("old")
    path, document = writer(tmp_path).write(row)
    assert path.read_bytes() == document.content.read()


def test_a_failure_leaves_nothing_behind(row: PatientRow, tmp_path: Path) -> None:
    """A directory where the file should be: an error with the path, and no remains."""
    (tmp_path / file_name(row)).mkdir()
    with pytest.raises(StorageError) as failed:
        writer(tmp_path).write(row)
    assert failed.value.where == str(tmp_path / file_name(row))
    assert [one.name for one in tmp_path.iterdir()] == [file_name(row)]


def test_an_invalid_document_is_not_written(row: PatientRow, tmp_path: Path, schema: Schema) -> None:
    """Where there is a schema, only what it takes becomes a file."""
    template = Template.from_bytes(b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="2.999.1"/></ClinicalDocument>')
    with pytest.raises(BadInput, match="not valid"):
        replace(writer(tmp_path), template=template, schema=schema).write(row)
    assert list(tmp_path.iterdir()) == []
    path, _ = replace(writer(tmp_path), schema=schema).write(row)
    assert path.is_file()


@given(patient_id=st.text(max_size=300), line=st.integers(2, 10**9))
def test_names_stay_in_the_directory(patient_id: str, line: int) -> None:
    """Whatever an identifier is, the name is plain, and another row's is another."""
    row = PatientRow(line, "A", "B", date(1980, 1, 1), "F", "2.999.1", patient_id)
    name = file_name(row)
    assert Path(name).name == name
    assert name.isascii()
    assert name.endswith(".xml")
    assert not name.startswith((".", "-"))
    assert name != file_name(replace(row, line=line + 1))


def test_the_time_of_writing_is_given_fixed_or_now(row: PatientRow) -> None:
    """In this order; nobody is born after the document about them."""
    given_time = datetime(2020, 1, 1, tzinfo=UTC)
    assert writing_time(row, seed=1, given=given_time, clock=lambda: NOW) == given_time
    assert writing_time(row, seed=1, given=None, clock=lambda: NOW) == SEEDED_TIME
    assert writing_time(row, seed=None, given=None, clock=lambda: NOW) == NOW
    born_later = replace(row, dob=date(2026, 8, 1))
    assert writing_time(born_later, seed=1, given=None, clock=lambda: NOW).date() == date(2026, 8, 2)
