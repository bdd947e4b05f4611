"""Patients from a CSV file, row by row, with everything that is wrong with it; memory does not grow with the file."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from types import MappingProxyType, TracebackType
from typing import Final, Self, TypeAlias

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.checks import check
from ihe_test_util.patients.columns import NAMES, PLAIN_ROW, SEPARATOR
from ihe_test_util.patients.dates import oldest_birth
from ihe_test_util.patients.header import Header, check_delimiter, delimiter_of, read_header
from ihe_test_util.patients.identities import Identities
from ihe_test_util.patients.lines import Lines
from ihe_test_util.patients.model import SSN_ROOT, Gender, PatientRow, Problem, RejectedRow, visible
from ihe_test_util.patients.records import records
from ihe_test_util.patients.rules import problem
from ihe_test_util.patients.sources import Source, name_of, opened

#: What a file consists of: patients, rows that are none, and warnings. Warnings come right before their patient.
Item: TypeAlias = PatientRow | RejectedRow | Problem

_DOB: Final = NAMES.index("dob")
_GENDERS: Final = MappingProxyType[str, Gender](
    {"M": "M", "F": "F", "O": "O", "U": "U", "m": "M", "f": "F", "o": "O", "u": "U"}
)


def read_patients(
    source: Source, *, seed: int | None = None, delimiter: str = ",", today: date | None = None
) -> Iterator[Item]:
    """The patients of a CSV file, its rejected rows and its warnings, in the order of the file.

    Identifiers that are missing are made up, the same ones each time where there is a ``seed``. ``today`` is the day
    after which nobody can have been born.

    Raises:
        BadInput: the file cannot be opened, is empty, has no usable header, is not UTF-8, or has a quote that never
            closes; after the rows before.
    """
    with PatientCsv(source, seed=seed, delimiter=delimiter, today=today) as patients:
        yield from patients


class PatientCsv:
    """An open patient file: its header at once, its rows as they are asked for, once.

    ``blank_rows`` counts the rows so far that have nothing in them; they are passed over.
    """

    def __init__(
        self, source: Source, *, seed: int | None = None, delimiter: str = ",", today: date | None = None
    ) -> None:
        self.name = name_of(source)
        self.delimiter = delimiter_of(delimiter)
        self.blank_rows = 0
        self._source = source
        self._today = today or datetime.now(UTC).astimezone().date()
        self._oldest = oldest_birth(self._today)
        self._identities = Identities(seed)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._lines = Lines(stack.enter_context(opened(self._source)), self.name)
            self._records = records(self._lines, delimiter=self.delimiter, name=self.name)
            self._header = self._read_header()
            self._pick = self._header.pick
            self._width = len(self._header.cells)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns as they stand in the file."""
        return self._header.cells

    @property
    def had_bom(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return self._lines.had_bom

    def __iter__(self) -> Iterator[Item]:
        """Give the rows.

        Raises:
            BadInput: the file cannot be read on, or has no rows.
        """
        yield from self._header.problems
        none = True
        for record in self._records:
            items = (record,) if isinstance(record, RejectedRow) else self._items(*record)
            if items:
                none = False
                yield from items
        if none:
            hint = "add a line for each patient below the header"
            raise BadInput("there is a header, and no patient", where=self.name, hint=hint)

    def _read_header(self) -> Header:
        for record in self._records:
            if isinstance(record, RejectedRow):
                where = f"{self.name}, line {record.line}"
                check_delimiter(record.cells or ("",), self.delimiter, where)
                wrong = record.problems[0]
                raise BadInput(
                    f"the header cannot be read: {wrong.reason}",
                    where=where,
                    got=visible(wrong.value),
                    hint=wrong.suggestion,
                )
            row, line, cells = record
            if any(cell.strip() for cell in cells):
                return read_header(cells, delimiter=self.delimiter, row=row, line=line, name=self.name)
        raise BadInput(
            "the file is empty",
            where=self.name,
            expected="a header, and a line for each patient",
            hint=f"begin with the line {','.join(NAMES)}",
        )

    def _items(self, row: int, line: int, cells: list[str]) -> Sequence[Item]:
        if not any(cells):
            self.blank_rows += 1
            return ()
        if len(cells) != self._width:
            return (self._miscounted(row, line, cells),)
        values = self._pick([*cells, ""])
        if PLAIN_ROW.fullmatch(SEPARATOR.join(values)):
            dob = _day(values[_DOB])
            if dob is not None and self._oldest <= dob <= self._today:
                return self._accepted(row, line, values, dob, ())
        checked = check(values, row=row, line=line, today=self._today)
        if checked.rejected or checked.dob is None:
            return (RejectedRow(row, line, tuple(cells), tuple(checked.problems)),)
        return self._accepted(row, line, checked.values, checked.dob, checked.problems)

    def _accepted(
        self, row: int, line: int, values: Sequence[str], dob: date, problems: Sequence[Problem]
    ) -> Sequence[Item]:
        first, last, born, gender, oid, patient_id, mrn, ssn, address, city, state, code, phone, email = values
        sex = _GENDERS[gender]
        given = patient_id
        identities = self._identities
        doubts: Sequence[Problem] = ()
        if not patient_id:
            patient_id, doubts = identities.make((first, last, born, sex, oid, mrn, ssn), row, line)
        elif identities.seen((oid, patient_id), row) != row:
            doubts = identities.compare("patient_id", (oid, patient_id), row, line)
        if mrn and identities.seen((oid, mrn), row) != row:
            doubts = (*doubts, *identities.compare("mrn", (oid, mrn), row, line))
        if ssn and identities.seen((SSN_ROOT, ssn), row) != row:
            doubts = (*doubts, *identities.compare("ssn", (SSN_ROOT, ssn), row, line))
        patient = PatientRow(
            line, first, last, dob, sex, oid, patient_id, mrn, ssn, address, city, state, code, phone, email,
            not given, row,
        )  # fmt: skip
        return (*problems, *doubts, patient) if problems or doubts else (patient,)

    def _miscounted(self, row: int, line: int, cells: list[str]) -> RejectedRow:
        breaks = sum(cell.count("\n") or cell.count("\r") for cell in cells)
        if breaks:
            suggestion = f"the row goes on to line {line + breaks}: is a quote not closed?"
        elif len(cells) > self._width:
            suggestion = f'put a value that has a {self.delimiter!r} in it between quotes, as in "Smith, Jr."'
        else:
            suggestion = f"write a {self.delimiter!r} for each value that is empty, too"
        found = problem(
            "cells",
            row=row,
            line=line,
            value=self.delimiter.join(cells),
            reason=f"the row has {len(cells):,} values, the header {self._width:,} columns",
            suggestion=suggestion,
        )
        return RejectedRow(row, line, tuple(cells), (found,))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
