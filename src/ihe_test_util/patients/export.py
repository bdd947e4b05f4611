"""Patients and rejected rows written as files: CSV (RFC 4180) and JSON lines."""

import csv
import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.columns import EXPORTED, NAMES
from ihe_test_util.patients.doubts import is_formula
from ihe_test_util.patients.model import PatientRow, RejectedRow

_REASON_SEPARATOR: Final = " | "


class RejectedRows:
    """Writes rejected rows: their number, the reasons, and their cells exactly as they stood.

    Nothing is escaped, so that a mended file is the file that was meant; ``formulas`` counts the cells written that a
    spreadsheet program would run, ``mark`` is whether a byte order mark is written, as the file that was read has one.
    """

    def __init__(self, stream: TextIO, *, header: Sequence[str], delimiter: str, mark: bool) -> None:
        if mark:
            stream.write("\ufeff")  # without it Excel takes the file for Latin-1
        self.formulas = 0
        self.rows = 0
        self._csv = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
        # A file that was exported before has these columns already.
        self._ours = frozenset(place for place, name in enumerate(header) if name.strip().lower() in EXPORTED)
        self._csv.writerow([*EXPORTED, *self._theirs(header)])

    def write(self, rejected: RejectedRow) -> None:
        """Write a row."""
        cells = self._theirs(rejected.cells)
        self.rows += 1
        self.formulas += sum(map(is_formula, cells))
        reasons = _REASON_SEPARATOR.join(problem.about for problem in rejected.problems)
        self._csv.writerow([rejected.row, reasons, *cells])

    def _theirs(self, cells: Sequence[str]) -> list[str]:
        if len(cells) <= len(self._ours):
            return list(cells)
        return [cell for place, cell in enumerate(cells) if place not in self._ours]


def csv_writer(stream: TextIO) -> Callable[[PatientRow], None]:
    """What writes patients as CSV, every column in its place; the header is written at once."""
    rows = csv.writer(stream, lineterminator="\r\n")
    rows.writerow(NAMES)

    def write(patient: PatientRow) -> None:
        rows.writerow(_values(patient))

    return write


def json_writer(stream: TextIO) -> Callable[[PatientRow], None]:
    """What writes patients as JSON lines: the columns that have a value, the row, and whether the id was made up."""

    def write(patient: PatientRow) -> None:
        values = {name: value for name, value in zip(NAMES, _values(patient), strict=True) if value}
        line = {"row": patient.row, **values, "generated_id": patient.generated_id}
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")

    return write


@contextmanager
def replacing(path: Path, *, source: Path | None) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when all went well, and is not there otherwise.

    Raises:
        BadInput: it would replace the file that is read, or cannot be written.
    """
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise BadInput("this would replace the file that is read", where=str(path), hint="name another file")
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("w", encoding="utf-8", newline="") as stream:  # a device or a pipe is written, not replaced
            yield stream
        return
    if path.is_dir():
        raise _not_written(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    target = path.resolve()  # of a symbolic link, what it leads to is replaced
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    created = _created(temporary, path)
    try:
        with created as stream:
            yield stream
        _move(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _created(temporary: Path, path: Path) -> TextIO:
    try:
        return temporary.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise _not_written(path, error) from error


def _move(temporary: Path, target: Path) -> None:
    try:
        temporary.replace(target)
    except OSError as error:
        raise _not_written(target, error) from error


def _not_written(path: Path, error: OSError) -> BadInput:
    missing = isinstance(error, FileNotFoundError)
    return BadInput(
        "the file cannot be written",
        where=str(path.absolute()),
        got=error.strerror or str(error),
        hint=f"make the directory {path.absolute().parent}" if missing else "name another file",
    )


def _values(patient: PatientRow) -> tuple[str, ...]:
    return (
        patient.first_name, patient.last_name, patient.dob.isoformat(), patient.gender, patient.patient_id_oid,
        patient.patient_id, patient.mrn, patient.ssn, patient.address, patient.city, patient.state, patient.zip,
        patient.phone, patient.email,
    )  # fmt: skip
