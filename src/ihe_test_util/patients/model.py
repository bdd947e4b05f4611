"""A patient as a row of a CSV file gives it, and what can be wrong with a row."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from ihe_test_util.exchange import Severity

#: male, female, other, unknown
Gender: TypeAlias = Literal["M", "F", "O", "U"]

#: Who assigns social security numbers of the United States (HL7 OID registry).
SSN_ROOT: Final = "2.16.840.1.113883.4.1"

#: How much of a cell a problem quotes.
SHOWN_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True, repr=False)
class PatientRow:
    """A row that can be used: values without blanks around them, optional ones empty where they were not given.

    ``row`` counts as a spreadsheet does: the header is 1. ``line`` is the line of the file on which the row begins;
    they differ after a value with a line break in it. ``generated_id`` is whether ``patient_id`` was made up because
    the file gave none. ``repr`` shows no personal data.
    """

    line: int
    first_name: str
    last_name: str
    dob: date
    gender: Gender
    patient_id_oid: str
    patient_id: str
    mrn: str = ""
    ssn: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""
    generated_id: bool = False
    row: int = 0

    def __repr__(self) -> str:
        return f"PatientRow(row={self.row}, line={self.line})"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with, or doubtful about, one cell, one row (``column`` is empty) or the header (row 1).

    ``rule`` is a short name that stays the same over releases (``dob-future``), ``value`` the cell, bounded in length.
    An error rejects its row, a warning does not.
    """

    row: int
    line: int
    column: str
    value: str
    reason: str
    suggestion: str
    rule: str
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        """The row, and the line where it is another number."""
        return f"row {self.row}" + (f" (line {self.line})" if self.line != self.row else "")

    @property
    def about(self) -> str:
        """All but the place, in a sentence."""
        cell = " ".join(part for part in (self.column, repr(self.value) if self.value else "") if part)
        return (f"{cell}: " if cell else "") + f"{self.reason}; {self.suggestion}"

    def __str__(self) -> str:
        return f"{self.place}, {self.about}"


@dataclass(frozen=True, slots=True, repr=False)
class RejectedRow:
    """A row with at least one error; ``problems`` are all of its errors and warnings.

    ``cells`` are those of the file, as they stood; where they could not be told apart, the only one is the row's text,
    and where that was too long to keep there is none.
    """

    row: int
    line: int
    cells: tuple[str, ...]
    problems: tuple[Problem, ...]

    def __repr__(self) -> str:
        return f"RejectedRow(row={self.row}, line={self.line}, rules={[problem.rule for problem in self.problems]})"


def visible(text: str) -> str:
    """A piece of a file as errors quote it: bounded, and nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown(text))


def shown(value: str) -> str:
    """A value as problems hold it, bounded."""
    return value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 1] + "…"
