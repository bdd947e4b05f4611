"""The domain as one file: written out of any database, read into any other.

A ZIP archive: ``manifest.json``, a ``TABLE.jsonl`` for each table with a JSON object a row, and large documents as
``content/…``, where their rows say. Bytes in a row are ``{"base64": …}``.
"""

import base64
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from ihe_test_util.content import Content
from ihe_test_util.errors import BadInput
from ihe_test_util.store.database import Row
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.writer import Insert

MANIFEST: Final = "manifest.json"
FORMAT: Final = "ihe-test-util domain"
#: In the order in which they are read back.
TABLES: Final = ("patients", "patient_links", "submissions", "documents", "registry_objects")
_CONTENT: Final = re.compile(r"content/([0-9a-f]{2})/(\1[0-9a-f]{38})(?:-[0-9]+)?")
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]*")
_ROWS: Final = 500
_MAX_LINE: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds: the version of the tables, and how many rows each has."""

    version: int
    rows: Mapping[str, int]


def write_archive(archive: zipfile.ZipFile, connection: Connection, version: int, content_dir: Path) -> Manifest:
    """Write every table and every large document; ``content_dir`` is what the paths of documents begin at."""
    rows: dict[str, int] = {}
    paths: set[str] = set()
    for table in TABLES:
        with archive.open(f"{table}.jsonl", "w", force_zip64=True) as stream:
            rows[table] = 0
            for row in _rows(connection, table):
                rows[table] += 1
                stream.write(json.dumps(_as_json(row), ensure_ascii=False).encode() + b"\n")
                if table == "documents" and row["path"] is not None:
                    paths.add(str(row["path"]))
    for path in sorted(paths):
        with archive.open(path, "w", force_zip64=True) as stream:
            for chunk in Content.of_file(content_dir / path).chunks(_CHUNK_BYTES):
                stream.write(chunk)
    manifest = Manifest(version, rows)
    archive.writestr(MANIFEST, json.dumps({"format": FORMAT, "version": version, "rows": rows}, indent=2))
    return manifest


def read_manifest(archive: zipfile.ZipFile, version: int) -> Manifest:
    """What an archive says it holds.

    Raises:
        BadInput: it is no archive of ours, or one of another version.
    """
    where = str(archive.filename)
    try:
        told = json.loads(archive.read(MANIFEST))
        found = Manifest(int(told["version"]), {str(name): int(count) for name, count in told["rows"].items()})
        known = told["format"] == FORMAT and {f"{table}.jsonl" for table in TABLES} <= set(archive.namelist())
    except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile):
        known = False
    if not known:
        raise BadInput("this is no export of a domain", where=where, expected="a file that mock data export wrote")
    if found.version != version:
        raise BadInput(
            "the export was made by another version of ihe-test-util",
            where=where,
            got=f"version {found.version} of the tables",
            expected=f"version {version}",
            hint="import it with the version that made it, start that mock once with this version, and export again",
        )
    return found


def contents_of(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, IO[bytes]]]:
    """The large documents: path, SHA-1, and their bytes as a stream.

    Raises:
        BadInput: a path that leaves its place.
    """
    for info in archive.infolist():
        if info.filename == MANIFEST or info.filename in {f"{table}.jsonl" for table in TABLES}:
            continue
        match = _CONTENT.fullmatch(info.filename)
        if match is None:
            raise BadInput(
                "the export holds a file that belongs nowhere", where=str(archive.filename), got=info.filename
            )
        with archive.open(info) as stream:
            yield info.filename, match[2], stream


def read_rows(archive: zipfile.ZipFile, connection: Connection) -> None:
    """Put every row into its table.

    Raises:
        BadInput: a row that is none.
    """
    for table in TABLES:
        with archive.open(f"{table}.jsonl") as stream:
            pending: list[Row] = []
            insert: Insert | None = None
            for number, line in enumerate(iter(lambda: stream.readline(_MAX_LINE), b""), start=1):
                columns, row = _from_json(line, f"{archive.filename}, {table}.jsonl:{number}")
                if insert is None or insert.columns != columns or len(pending) >= _ROWS:
                    _put(connection, insert, pending)
                    pending = []
                    if insert is None or insert.columns != columns:
                        insert = Insert(table, columns, heavy=tuple(range(len(columns))))
                pending.append(row)
            _put(connection, insert, pending)


def _put(connection: Connection, insert: Insert | None, rows: list[Row]) -> None:
    if insert is not None and rows:
        for sql, values in insert.statements(rows):
            connection.execute(sql, values)


def _rows(connection: Connection, table: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
    names = [str(column[0]) for column in cursor.description or ()]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value
        for name, value in row.items()
    }


def _from_json(line: bytes, where: str) -> tuple[tuple[str, ...], Row]:
    try:
        told = json.loads(line)
        return tuple(map(_column, told)), tuple(map(_value, told.values()))
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput("a row of the export cannot be read", where=where, got=str(error)[:200]) from None


def _column(name: str) -> str:
    if not _COLUMN.fullmatch(name):
        raise ValueError(f"no name of a column: {name!r}")
    return name


def _value(value: object) -> str | int | float | bytes | None:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"], validate=True)
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"a value that no column takes: {type(value).__name__}")
