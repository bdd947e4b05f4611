"""PostgreSQL as the domain's database: for several servers, on several machines, that are one domain."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from ihe_test_util.errors import StorageError
from ihe_test_util.store.database import Schema
from ihe_test_util.store.engine import Connection, Cursor, Params

try:
    import psycopg
    from psycopg import conninfo
except ImportError as missing:
    raise StorageError(
        "store_url names a PostgreSQL database, and the driver for it is not installed",
        got=str(missing),
        hint="pip install 'ihe-test-util[postgres]'",
    ) from missing


#: Held by whoever writes, for the length of a transaction: the writers of all servers come one after the other, as
#: with SQLite, so that what one has looked at is still so when it writes.
_WRITERS_LOCK: Final = 0x1E7E57
_VERSION_TABLE: Final = "CREATE TABLE IF NOT EXISTS domain_version (version BIGINT NOT NULL)"
_VERSION: Final = "SELECT version FROM domain_version"
_TYPES: Final = (("BLOB", "BYTEA"), ("INTEGER", "BIGINT"))
_CONNECT_TIMEOUT_S: Final = 10
_LOST_CLASSES: Final = ("08", "57P")


class PostgresConnection:
    """A connection in the form of Python's sqlite3: each statement by itself, values marked by ``?``."""

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._raw = raw

    def execute(self, sql: str, parameters: Params = (), /) -> Cursor:
        """Run a statement."""
        if not parameters:
            return self._raw.execute(sql)
        return self._raw.execute(_marked(sql), parameters)

    def executemany(self, sql: str, parameters: Sequence[Params], /) -> None:
        """Run a statement for each of several rows of values."""
        with self._raw.cursor() as cursor:
            cursor.executemany(_marked(sql), parameters)

    def close(self) -> None:
        """End the connection."""
        self._raw.close()


#: In place of the address, where the URL has none that can be read.
_UNREADABLE: Final = "store_url"


@dataclass(frozen=True, slots=True)
class PostgresEngine:
    """A database of a PostgreSQL server, by its URL."""

    url: str = field(repr=False)
    schema: Schema

    @property
    def where(self) -> str:
        """Host, port and database; no user and no password."""
        try:
            parts = conninfo.conninfo_to_dict(self.url)
        except psycopg.Error:
            return _UNREADABLE
        return f"postgresql://{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"

    @property
    def shared(self) -> bool:
        """Always: whoever knows the URL may use it."""
        return True

    def open(self) -> Connection:
        """A connection that reads and writes, to tables that are made or upgraded where needed.

        Raises:
            StorageError: it cannot be opened, or was made by a newer version of this program.
        """
        with self.translated():
            connection = self._connect()
            try:
                with self.writing(connection):
                    self._migrate(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def open_to_read(self) -> Connection:
        """A connection that only reads.

        Raises:
            StorageError: it cannot be opened.
        """
        with self.translated():
            return self._connect()

    @contextmanager
    def writing(self, connection: Connection) -> Iterator[None]:
        """Everything in the block, or nothing of it; the writers of other servers wait meanwhile."""
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT pg_advisory_xact_lock(?)", (_WRITERS_LOCK,))
        except psycopg.OperationalError as error:
            raise _LostBeforeWorkError from error
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):  # what went wrong is on its way already
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[None]:
        """Everything in the block sees the database at one moment."""
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Errors of the database leave the block as StorageError."""
        try:
            yield
        except (psycopg.Error, _LostBeforeWorkError) as error:
            raise self._storage_error(error) from error

    def told(self, error: Exception) -> Exception:
        """An error as StorageError, where it is one of the database or of what was to be stored."""
        if isinstance(error, psycopg.Error | _LostBeforeWorkError | OSError | ValueError | OverflowError):
            return self._storage_error(error)
        return error

    def is_hopeless(self, error: Exception) -> bool:
        """Whether the next write would fail like this one."""
        return isinstance(error, psycopg.OperationalError | _LostBeforeWorkError | StorageError)

    def is_lost(self, error: Exception) -> bool:
        """Whether the connection had ended before anything was done on it."""
        if isinstance(error, _LostBeforeWorkError):
            return True
        return isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08").startswith(_LOST_CLASSES)

    def check(self) -> None:
        """Nothing to look at: a database that is gone says so itself."""

    def _connect(self) -> PostgresConnection:
        raw = psycopg.connect(
            self.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="ihe-test-util"
        )
        return PostgresConnection(raw)

    def _migrate(self, connection: Connection) -> None:
        connection.execute(_VERSION_TABLE)
        row = connection.execute(_VERSION).fetchone()
        version = int(row[0]) if row else 0
        if row is None:
            connection.execute("INSERT INTO domain_version (version) VALUES (0)")
        if version > self.schema.version:
            raise StorageError(
                f"the {self.schema.what} was made by a newer version of ihe-test-util",
                where=self.where,
                got=f"schema version {version}",
                expected=f"at most {self.schema.version}",
                hint="upgrade ihe-test-util, or use another database",
            )
        for statements in self.schema.migrations[version:]:
            for statement in statements:
                connection.execute(_typed(statement))
        self.schema.complete(connection, version)
        connection.execute("UPDATE domain_version SET version = ?", (self.schema.version,))

    def _storage_error(self, error: Exception) -> StorageError:
        cause = error.__cause__ if isinstance(error, _LostBeforeWorkError) else error
        state = getattr(cause, "sqlstate", None) or ""
        # Of a URL that it cannot read, the driver cites pieces, and the password may be one.
        text = " ".join(str(cause).split()) if self.where != _UNREADABLE else "it is no URL that can be read"
        message, hint = next(
            (meaning for start, meaning in _MEANINGS if state.startswith(start)),
            _UNREACHABLE if isinstance(cause, psycopg.OperationalError) else _REFUSED,
        )
        return StorageError(message, where=self.where, got=f"{text} ({state})" if state else text, hint=hint)


class _LostBeforeWorkError(Exception):
    """The connection had ended when a transaction should begin: nothing was done."""


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    # The text of a statement is always ours; values never stand in it.
    return sql.replace("%", "%%").replace("?", "%s")


def _typed(statement: str) -> str:
    for ours, theirs in _TYPES:
        statement = statement.replace(ours, theirs)
    return statement


_REFUSED: Final = ("the database refuses what was to be stored", "")
_UNREACHABLE: Final = (
    "the database cannot be reached, nothing was stored",
    "check that the PostgreSQL server runs, and store_url",
)
_MEANINGS: Final = (
    ("28", ("the database does not let us in", "check user and password in store_url")),
    ("3D", ("there is no such database", "make it: createdb NAME; or check store_url")),
    ("42501", ("the database's user may not do this", "grant it CREATE on the schema, or use another user")),
    ("53100", ("the disk of the database is full, nothing was stored", "make room there")),
    ("53300", ("the database has no connection left", "raise max_connections, or stop other servers")),
)
