"""Rows of earlier versions made whole: what later versions find them by."""

from collections.abc import Iterator
from typing import Final

from ihe_test_util.store.database import moment
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.patient_rows import LINK, TOLD, links_of, names_of, patient_of

_PIECE: Final = 500
_FED: Final = (
    f"SELECT root, extension, position, fed_at, {TOLD} FROM patients"  # noqa: S608 - our own names
    " WHERE (root, extension) > (?, ?) ORDER BY root, extension LIMIT ?"
)
_NAME: Final = "UPDATE patients SET family = ?, given = ?, further_names = ? WHERE root = ? AND extension = ?"


def complete_patients(connection: Connection) -> None:
    """Give patients of before version 3 the names that they are found by, and the links to what was fed with them."""
    for root, extension, position, fed_at, *told in _fed(connection):
        patient = patient_of(*told)
        connection.execute(_NAME, (*names_of(patient), root, extension))
        if position == 0 and (links := links_of(patient, moment(fed_at))):
            for sql, values in LINK.statements(links):
                connection.execute(sql, values)


def _fed(connection: Connection) -> Iterator[tuple[str, str, int, int, str, str, str]]:
    """Every row, in pieces: a whole registry does not fit into memory."""
    last: tuple[str, str] | None = ("", "")
    while last is not None:
        rows = connection.execute(_FED, (*last, _PIECE)).fetchall()
        yield from rows
        last = rows[-1][:2] if len(rows) == _PIECE else None
