"""Identifiers that are made up, and those that come twice."""

from collections.abc import Sequence
from typing import Final

from ihe_test_util.patients.duplicates import SeenIds
from ihe_test_util.patients.ids import PatientIds
from ihe_test_util.patients.model import Problem
from ihe_test_util.patients.rules import problem

_MEANT: Final = "change one of them, unless they are meant to be the same"


class Identities:
    """The identifiers of a file so far; those of rejected rows do not count.

    ``seen`` gives the row in which an identifier, with who assigned it, came first (``SeenIds.first``).
    """

    def __init__(self, seed: int | None, table: SeenIds | None = None) -> None:
        self._ids = PatientIds(seed)
        self._table = table or SeenIds()
        self.seen = self._table.first
        self._told = False

    def make(self, person: Sequence[str], row: int, line: int) -> tuple[str, Sequence[Problem]]:
        """An identifier for the person of a row, and what is doubtful about the person."""
        first = self.seen(tuple(person), row)
        if first == row:
            return self._ids.make(person), ()
        made = self._ids.make(person, twin_row=row)
        if not first:
            return made, self._full(row, line)
        found = problem(
            "duplicate-patient",
            row=row,
            line=line,
            reason=f"row {first} describes the same person (names, dob, gender, OID, mrn, ssn), and neither has an id",
            suggestion="remove one of them, or give each a patient_id; they get different ones now",
        )
        return made, (found,)

    def compare(self, column: str, identifier: tuple[str, str], row: int, line: int) -> Sequence[Problem]:
        """What is doubtful about an identifier that a row gives; the first of the pair is who assigned it."""
        first = self.seen(identifier, row)
        if first == row:
            return ()
        if not first:
            return self._full(row, line)
        found = problem(
            "duplicate-id",
            row=row,
            line=line,
            column=column,
            value=identifier[1],
            reason=f"row {first} has the same identifier",
            suggestion=_MEANT,
        )
        return (found,)

    def _full(self, row: int, line: int) -> Sequence[Problem]:
        if self._told:
            return ()
        self._told = True
        found = problem(
            "duplicates-unchecked",
            row=row,
            line=line,
            reason=f"from here on, identifiers are compared with the first {self._table.count:,} only",
            suggestion="split the file if duplicates matter",
        )
        return (found,)
