"""SQLite as this package drives it: opening, upgrading, and saying what went wrong."""

import errno
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from ihe_test_util.errors import StorageError

SqlValue: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[SqlValue, ...]

#: Patience with another process that is writing.
BUSY_TIMEOUT_S: Final = 30.0
_STATEMENTS_KEPT: Final = 256
_MIB: Final = 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schema:
    """How one database is laid out; ``migrations[n]`` are the statements that lead from version n to n + 1.

    ``synchronous`` is FULL where a commit must survive a power failure, NORMAL where surviving the death of the
    process will do. ``wal_bytes`` is how much is written before it is moved into the database itself.
    ``completions[n]`` makes the rows whole that were there before version n, on a connection.
    """

    what: str
    migrations: tuple[tuple[str, ...], ...]
    page_bytes: int
    synchronous: str
    wal_bytes: int
    completions: Mapping[int, Callable[[Any], None]] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """The version that this program reads and writes."""
        return len(self.migrations)

    def complete(self, connection: object, version: int) -> None:
        """Make the rows whole of a database that was of an earlier version, not of one that was made just now."""
        for reached in range(version + 1, self.version + 1) if version else ():
            if completion := self.completions.get(reached):
                completion(connection)


def open_database(path: Path, schema: Schema) -> sqlite3.Connection:
    """A connection that reads and writes, to a database that is made or upgraded where needed.

    Transactions are begun and ended by hand; the connection may be used from any one thread at a time.

    Raises:
        StorageError: it cannot be opened, is damaged, or was made by a newer version of this program.
    """
    with translated(path):
        connection = _connect(f"{path.absolute().as_uri()}?mode=rwc")
        try:
            connection.execute(f"PRAGMA page_size={schema.page_bytes}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={schema.synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint={schema.wal_bytes // schema.page_bytes}")
            connection.execute(f"PRAGMA journal_size_limit={2 * schema.wal_bytes}")
            connection.execute(f"PRAGMA cache_size={-16 * _MIB // 1024}")
            _migrate(connection, path, schema)
        except BaseException:
            connection.close()
            raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection of the server's own that only reads an existing database.

    It is allowed to write, so that whoever closes the database last leaves one file and no WAL.

    Raises:
        StorageError: it cannot be opened or is damaged.
    """
    with translated(path):
        connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
        connection.execute("PRAGMA query_only=ON")
    return connection


def open_to_look(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, to an existing database that others may be using, or on a read-only disk.

    Raises:
        StorageError: it cannot be opened or is damaged.
    """
    uri = path.absolute().as_uri()
    with translated(path):
        connection = _connect(f"{uri}?mode=ro")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            connection.close()
            # Beside a database in WAL mode its reader makes a file of shared memory, which it may not here. Without a
            # WAL nobody is writing, so that the database can be read as it lies.
            if _primary_code(error) not in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY} or _has_wal(path):
                raise
            connection = _connect(f"{uri}?mode=ro&immutable=1")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything in the block, or nothing of it; waits for other writers."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A failed COMMIT may leave the transaction open; some errors have ended it already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the file system leave the block as StorageError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise storage_error(error, path) from error


def storage_error(error: sqlite3.Error | OSError | ValueError | OverflowError, path: Path) -> StorageError:
    """What an error means for whoever wanted something stored, and what to do about it.

    ValueError and OverflowError are what Python says of values that no database could hold.
    """
    code = _primary_code(error) if isinstance(error, sqlite3.Error) else None
    if isinstance(error, OSError):
        code = _SAME_AS.get(error.errno or 0)
    message, hint = _MEANINGS.get(code, _UNUSABLE if isinstance(error, OSError) else _REFUSED)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    name = getattr(error, "sqlite_errorname", "")
    return StorageError(message, where=str(path.absolute()), got=f"{reason} ({name})" if name else reason, hint=hint)


def told(error: Exception, path: Path) -> Exception:
    """An error as StorageError, where it is one of SQLite, the file system or of what was to be stored."""
    if isinstance(error, sqlite3.Error | OSError | ValueError | OverflowError):
        return storage_error(error, path)
    return error


def microseconds(at: datetime) -> int:
    """An aware time as the tables have it: microseconds since 1970, UTC."""
    since = at - _EPOCH  # exact, as at.timestamp() is not
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(since_1970: int) -> datetime:
    """The aware UTC time of a table."""
    return _EPOCH + timedelta(microseconds=since_1970)


def is_hopeless(error: Exception) -> bool:
    """Whether what failed for a batch would fail in the same way, and as slowly, for each of its writes."""
    if isinstance(error, sqlite3.Error):
        return _primary_code(error) in _HOPELESS
    return isinstance(error, StorageError)


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
    )


def _migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    if _version(connection) == schema.version:
        return
    with transaction(connection):
        version = _version(connection)  # another process may have been faster
        if version > schema.version:
            raise StorageError(
                f"the {schema.what} was made by a newer version of ihe-test-util",
                where=str(path.absolute()),
                got=f"schema version {version}",
                expected=f"at most {schema.version}",
                hint="upgrade ihe-test-util, or use another data_dir",
            )
        for statements in schema.migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        schema.complete(connection, version)
        connection.execute(f"PRAGMA user_version={schema.version}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _has_wal(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _primary_code(error: sqlite3.Error) -> int | None:
    # Errors that the Python module raises by itself carry no code.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


_DAMAGED: Final = (
    "the database is damaged",
    "move the file and its -wal and -shm away, a new one is made at the next start; or restore it from a backup",
)
_REFUSED: Final = ("the database refuses what was to be stored", "")
_UNUSABLE: Final = (
    "the data directory could not be used, nothing was stored",
    "check that it exists, and its permissions",
)
_MEANINGS: Final[Mapping[int | None, tuple[str, str]]] = {
    sqlite3.SQLITE_FULL: ("the disk is full, nothing was stored", "make room on the disk that holds data_dir"),
    sqlite3.SQLITE_READONLY: (
        "the database cannot be written to, nothing was stored",
        "give the server's user write permission for the database and its directory, or use another data_dir",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened",
        "check that data_dir is a directory that the server's user may write to, or use another data_dir",
    ),
    sqlite3.SQLITE_PERM: (
        "the database cannot be opened",
        "check that data_dir is a directory that the server's user may write to, or use another data_dir",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk failed, nothing was stored",
        "look into the system's log; check free space, quotas and limits of file size",
    ),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: (
        f"another process kept the database locked for {BUSY_TIMEOUT_S:.0f} seconds, nothing was stored",
        "end the program that has the database open, such as a database browser",
    ),
}
#: Errors of the file system that SQLite has a name for.
_SAME_AS: Final = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EIO: sqlite3.SQLITE_IOERR,
    errno.EFBIG: sqlite3.SQLITE_IOERR,
}
_HOPELESS: Final = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_BUSY,
    }
)
