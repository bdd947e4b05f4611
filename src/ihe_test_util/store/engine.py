"""What a database has to offer, whichever it is: connections, transactions, and errors in our words."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from ihe_test_util.errors import StorageError
from ihe_test_util.store import database
from ihe_test_util.store.database import Schema

if TYPE_CHECKING:
    import sqlite3

Params: TypeAlias = Sequence[Any]


class Cursor(Protocol):
    """The rows of one statement."""

    @property
    def description(self) -> Any:  # noqa: ANN401 - a sequence whose items begin with the name of a column
        """The columns, None where the statement gives no rows."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a row, of whatever the statement asked for
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, in turn."""


class Connection(Protocol):
    """A connection in the form of Python's sqlite3; values are marked by ``?`` in statements."""

    def execute(self, sql: str, parameters: Params = ..., /) -> Cursor:
        """Run a statement."""

    def executemany(self, sql: str, parameters: Sequence[Params], /) -> object:
        """Run a statement for each of several rows of values."""

    def close(self) -> None:
        """End the connection."""


class Engine(Protocol):
    """One database of the domain."""

    @property
    def where(self) -> str:
        """How messages name it; no password stands in it."""

    @property
    def shared(self) -> bool:
        """Whether other machines use it, so that files beside it are not enough."""

    def open(self) -> Connection:
        """A connection that reads and writes, to a database that is made or upgraded where needed.

        Raises:
            StorageError: it cannot be opened, is damaged, or was made by a newer version of this program.
        """

    def open_to_read(self) -> Connection:
        """A connection that only reads.

        Raises:
            StorageError: it cannot be opened or is damaged.
        """

    def writing(self, connection: Connection) -> AbstractContextManager[None]:
        """Everything in the block, or nothing of it; other writers wait meanwhile."""

    def reading(self, connection: Connection) -> AbstractContextManager[None]:
        """Everything in the block sees the database at one moment."""

    def translated(self) -> AbstractContextManager[None]:
        """Errors of the database leave the block as StorageError."""

    def told(self, error: Exception) -> Exception:
        """An error in our words, where it is one of the database; else as it is."""

    def is_hopeless(self, error: Exception) -> bool:
        """Whether what failed for a batch would fail in the same way, and as slowly, for each of its writes."""

    def is_lost(self, error: Exception) -> bool:
        """Whether the connection has ended, and another one may do."""

    def check(self) -> None:
        """Look whether the database is still what was opened.

        Raises:
            StorageError: it was removed or replaced.
        """


@dataclass(slots=True)
class SqliteEngine:
    """A database in a file, for the processes of one machine."""

    path: Path
    schema: Schema
    _opened: tuple[int, int] | None = None

    @property
    def where(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def shared(self) -> bool:
        """Never: the file's directory holds the documents."""
        return False

    def open(self) -> Connection:
        """A connection that reads and writes."""
        connection = database.open_database(self.path, self.schema)
        self._opened = _identity(self.path)
        return connection

    def open_to_read(self) -> Connection:
        """A connection that only reads."""
        return database.open_to_read(self.path)

    @contextmanager
    def writing(self, connection: Connection) -> Iterator[None]:
        """Everything in the block, or nothing of it; waits for other writers."""
        with database.transaction(cast("sqlite3.Connection", connection)):
            yield

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[None]:
        """Everything in the block sees the database at one moment."""
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    def translated(self) -> AbstractContextManager[None]:
        """Errors of SQLite and of the file system leave the block as StorageError."""
        return database.translated(self.path)

    def told(self, error: Exception) -> Exception:
        """An error in our words, where it is one of SQLite or of what was to be stored."""
        return database.told(error, self.path)

    def is_hopeless(self, error: Exception) -> bool:
        """Whether the next write would fail like this one."""
        return database.is_hopeless(error)

    def is_lost(self, error: Exception) -> bool:  # noqa: ARG002 - the protocol's form
        """Never: a file does not hang up."""
        return False

    def check(self) -> None:
        """Look whether the file is still the one that was opened."""
        # Of a file that was removed SQLite goes on writing what nobody will ever read again.
        if _identity(self.path) != self._opened:
            raise StorageError(
                "the database was removed or replaced while the server runs, nothing was stored",
                where=str(self.path),
                hint="restart the server",
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
