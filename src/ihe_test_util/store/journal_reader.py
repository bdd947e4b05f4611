"""The journal as anyone reads it: beside the server or without it, from another process, changing nothing."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Exchange, PartRecord
from ihe_test_util.store.database import open_to_look, translated
from ihe_test_util.store.documents import stored_content
from ihe_test_util.store.journal_rows import BODY_COLUMNS, HEAD_COLUMNS, JournalEntry, read_entry, read_exchange
from ihe_test_util.store.schema import DOMAIN_FILE, JOURNAL_FILE

POLL_S: Final = 0.25
_SHORTEST_ID: Final = 4
_SHOWN_MATCHES: Final = 5

_FILTER: Final = "(:failed = 0 OR outcome <> 'success') AND (:code = '' OR transaction_code = :code)"
# The names of our own columns are all that is put together here.
_TAIL: Final = f"SELECT {HEAD_COLUMNS} FROM exchanges WHERE {_FILTER} ORDER BY seq DESC LIMIT :n"  # noqa: S608
_AFTER: Final = f"SELECT {HEAD_COLUMNS} FROM exchanges WHERE seq > :seq AND {_FILTER} ORDER BY seq"  # noqa: S608
_ONE: Final = f"SELECT {HEAD_COLUMNS}, {BODY_COLUMNS} FROM exchanges WHERE id = ? ORDER BY seq DESC"  # noqa: S608
_IDS: Final = "SELECT id FROM exchanges WHERE id LIKE ? ESCAPE '!' ORDER BY seq DESC LIMIT ?"
_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM exchanges"


class JournalReader:
    """Reads the journal of a data directory. No connection is held between calls: the server may come, go and purge."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.absolute()
        self._path = self._data_dir / JOURNAL_FILE

    def tail(self, n: int, *, failed_only: bool = False, transaction: str = "") -> list[JournalEntry]:
        """The last ``n`` exchanges that match, oldest first.

        Raises:
            BadInput: there is no journal.
            StorageError: it cannot be read.
        """
        values = {"failed": failed_only, "code": _code(transaction), "n": n}
        with self._connection() as connection:
            rows = connection.execute(_TAIL, values).fetchall()
        return [read_entry(row) for row in reversed(rows)]

    def get(self, wanted: str) -> Exchange:
        """The exchange with this id, or the only one whose id begins or ends with it.

        Raises:
            BadInput: there is no journal, none such in it, or more than one.
            StorageError: the journal cannot be read.
        """
        wanted = wanted.strip().lower()
        with self._connection() as connection:
            row = connection.execute(_ONE, (wanted,)).fetchone()
            if row is None:
                row = connection.execute(_ONE, (self._full_id(connection, wanted),)).fetchone()
        return read_exchange(row)

    def follow(
        self,
        *,
        after: int = 0,
        failed_only: bool = False,
        transaction: str = "",
        wait: Callable[[float], object] = time.sleep,
    ) -> Iterator[JournalEntry]:
        """Every matching exchange after the one at ``after``, for ever, as they come.

        A purge, or a journal that was replaced by a new one, begins again at its first.

        Raises:
            BadInput: there is no journal.
            StorageError: it cannot be read.
        """
        values = {"failed": failed_only, "code": _code(transaction)}
        while True:
            with self._connection() as connection:
                # Read first: what matches none of the filters is passed over as well.
                (newest,) = connection.execute(_NEWEST).fetchone()
                if newest < after and newest > 0:
                    after = 0
                rows = connection.execute(_AFTER, {**values, "seq": after}).fetchall() if newest > after else []
            for row in rows:
                entry = read_entry(row)
                after = entry.seq
                yield entry
            after = max(after, newest)
            wait(POLL_S)

    def part_content(self, part: PartRecord) -> Content:
        """The bytes of a part, wherever they were kept.

        Raises:
            BadInput: they were not kept, or are gone.
            StorageError: the database cannot be read.
        """
        if part.data is not None:
            return Content.of(part.data)
        if part.path is not None and part.path.is_file():
            return Content.of_file(part.path)
        found = (
            stored_content(self._data_dir, part.sha1, part.size) if (self._data_dir / DOMAIN_FILE).exists() else None
        )
        if found is None or (found.path is not None and not found.path.is_file()):
            raise BadInput(
                "the bytes of this part are not kept",
                where=f"<{part.content_id}>, {part.size} bytes, SHA-1 {part.sha1}",
                hint="large parts are kept with the documents of accepted submissions only, until these are reset",
            )
        return found

    def _full_id(self, connection: sqlite3.Connection, wanted: str) -> str:
        if len(wanted) < _SHORTEST_ID:
            raise BadInput(
                "the id is too short", got=wanted or "nothing", expected=f"at least {_SHORTEST_ID} characters"
            )
        literal = wanted.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        found: set[str] = set()
        for pattern in (f"{literal}%", f"%{literal}"):
            found.update(one for (one,) in connection.execute(_IDS, (pattern, _SHOWN_MATCHES + 1)))
        if not found:
            raise BadInput(
                "there is no exchange with this id in the journal",
                where=str(self._path),
                got=wanted,
                hint="list the newest with: ihe-test-util mock requests --tail 20; old ones make room for new ones",
            )
        if len(found) > 1:
            raise BadInput(
                "more than one exchange has an id that begins or ends like this",
                got=wanted,
                expected="one of "
                + ", ".join(sorted(found)[:_SHOWN_MATCHES])
                + (" …" if len(found) > _SHOWN_MATCHES else ""),
            )
        return found.pop()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise BadInput(
                "there is no journal",
                where=str(self._path),
                hint="start the server (ihe-test-util mock start -b), or name its configuration with --config;"
                " for a server started elsewhere cd there, or set MOCK_SERVER_PID_FILE to its PID file",
            )
        with closing(open_to_look(self._path)) as connection, translated(self._path):
            yield connection


def _code(transaction: str) -> str:
    """A transaction code as the journal has it; ``iti44`` will do for ``ITI-44``."""
    upper = transaction.strip().upper()
    letters = upper.rstrip("0123456789")
    return f"{letters}-{upper[len(letters) :]}" if letters and letters != upper and letters.isalpha() else upper
