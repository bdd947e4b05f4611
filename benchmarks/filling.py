"""A registry filled at once: what submissions leave in it, over and over with other numbers, past the server."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.load import Among
from benchmarks.messages import FIRST, MARKER, sample_document, submission
from benchmarks.servers import BenchFailedError
from ihe_test_util.content import Content
from ihe_test_util.domain.registry.draft import drafted
from ihe_test_util.store.database import Row, SqlValue
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.opening import Store
from ihe_test_util.store.registry import RegistryRows
from ihe_test_util.store.schema import DOMAIN, DOMAIN_FILE

#: Documents of one patient, from one submission.
ENTRIES_EACH: Final = 10
_TABLE: Final = "registry_objects"
_SEQ: Final = 1
_BLOCK: Final = 1_000
_MARKED: Final = MARKER.encode()
#: A row, and those of its columns that differ from one submission to the next.
_RowTemplate: TypeAlias = tuple[Row, list[tuple[int, str | bytes]]]
# Nobody uses the file meanwhile; what a failure leaves is thrown away.
_FAST: Final = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "locking_mode=EXCLUSIVE")


def fill_file(data_dir: Path, entries: int, *, already: int = 0) -> Among:
    """Fill a data directory that no server has, to so many document entries; the numbers of their patients."""
    asyncio.run(Store.open(data_dir).close())
    with closing(sqlite3.connect(data_dir / DOMAIN_FILE, isolation_level=None)) as connection:
        for pragma in _FAST:
            connection.execute(f"PRAGMA {pragma}")
        among = fill(connection, entries, already=already)
        connection.execute("PRAGMA journal_mode=WAL")
    return among


def fill(connection: Connection, entries: int, *, already: int = 0) -> Among:
    """Fill the registry of a database to so many document entries; the numbers of their patients."""
    begin, end = (FIRST + wanted // ENTRIES_EACH for wanted in (already, entries))
    columns, templates = _templates()
    sql = f"INSERT INTO {_TABLE} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"  # noqa: S608 - our own names
    connection.execute("BEGIN")
    for start in range(begin, end, _BLOCK):
        block = range(start, min(start + _BLOCK, end))
        connection.executemany(sql, [row for number in block for row in _rows(templates, number)])
    connection.execute("COMMIT")
    return Among(FIRST, end - FIRST)


def _templates() -> tuple[tuple[str, ...], list[_RowTemplate]]:
    """The columns of the table, and the rows that one submission leaves, with places for the patient's number."""
    document = Content.of(sample_document())
    numbers = count(1)
    draft = drafted(
        submission(*[document] * ENTRIES_EACH, patient_number=MARKER).metadata,
        new_uuid=lambda: f"{next(numbers):08x}-0000-4000-8000-{MARKER}",
        at=datetime(2026, 3, 14, tzinfo=UTC),
    )
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statements in DOMAIN.migrations:
            for statement in statements:
                connection.execute(statement)
        RegistryRows(connection).add(draft.entries)
        cursor = connection.execute(f"SELECT * FROM {_TABLE} ORDER BY seq")  # noqa: S608 - our own name
        columns = tuple(str(column[0]) for column in cursor.description)
        if columns[_SEQ] != "seq":
            raise BenchFailedError(f"column {_SEQ} of {_TABLE} is {columns[_SEQ]}")
        return columns, [
            (row, [(place, found) for place, value in enumerate(row) if (found := _formattable(value)) is not None])
            for row in cursor
        ]


def _formattable(value: SqlValue) -> str | bytes | None:
    """A text with a place for each marker; None where there is none."""
    if isinstance(value, bytes) and _MARKED in value:
        return value.replace(b"%", b"%%").replace(_MARKED, b"%(n)d")
    if isinstance(value, str) and MARKER in value:
        return value.replace("%", "%%").replace(MARKER, "%(n)d")
    return None


def _rows(templates: Sequence[_RowTemplate], number: int) -> Iterator[list[SqlValue]]:
    """What a submission with a number leaves."""
    text, binary = {"n": number}, {b"n": number}
    for place, (row, filled) in enumerate(templates):
        values = list(row)
        values[_SEQ] = number * len(templates) + place
        for column, template in filled:
            values[column] = template % text if isinstance(template, str) else template % binary
        yield values
