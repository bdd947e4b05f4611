"""Assertions that were used already, in a file that several processes may share."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ihe_test_util.errors import StorageError

_TABLE: Final = """CREATE TABLE IF NOT EXISTS used_assertion (
    issuer TEXT NOT NULL, assertion_id TEXT NOT NULL, expires REAL NOT NULL, PRIMARY KEY (issuer, assertion_id)
) WITHOUT ROWID"""
_WAIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ReplayCache:
    """A file of assertions that were used once and may not be used again (OneTimeUse; SAML Core, 2.5.1.5)."""

    path: Path

    def use(self, issuer: str, assertion_id: str, *, expires_s: float, now: datetime) -> bool:
        """Mark an assertion as used; False where it was already.

        It is forgotten at ``expires_s`` (seconds since 1970), when nobody would take it any more.
        Of several at the same moment one is the first.

        Raises:
            StorageError: the file cannot be written, or is something else.
        """
        with self._transaction() as database:
            database.execute("DELETE FROM used_assertion WHERE expires < ?", (now.timestamp(),))
            added = database.execute(
                "INSERT OR IGNORE INTO used_assertion VALUES (?, ?, ?)", (issuer, assertion_id, expires_s)
            )
            return added.rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        database: sqlite3.Connection | None = None
        try:
            database = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
            database.execute("BEGIN IMMEDIATE")
            database.execute(_TABLE)
            yield database
            database.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageError(
                "the file of used assertions cannot be used",
                where=str(self.path.absolute()),
                got=str(error),
                hint="name a file that you may write, or that is not there yet (--replay-cache)",
            ) from None
        finally:
            if database is not None:
                database.close()
