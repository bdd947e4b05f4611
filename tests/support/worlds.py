"""A domain for tests of rooms: the real statements on a database in memory, and a clock that stands still."""

import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TypeVar

from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.domain.registry.access import RegistryChange, RegistryView
from ihe_test_util.domain.xds.datatypes import cx_parts
from ihe_test_util.errors import StorageError
from ihe_test_util.store.registry import RegistryRows
from ihe_test_util.store.schema import DOMAIN

T = TypeVar("T")

_FEED = """
    INSERT OR IGNORE INTO patients (root, extension, position, fed_at, gender, birth_time, demographics)
    VALUES (?, ?, 0, 0, '', '', '')
"""


def memory_database() -> sqlite3.Connection:
    """An empty domain database."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statements in DOMAIN.migrations:
        for statement in statements:
            connection.execute(statement)
    return connection


@dataclass
class MemoryRegistry:
    """A registry with its repository; fails to keep a submission as it is told."""

    connection: sqlite3.Connection = field(default_factory=memory_database)
    failure: StorageError | None = None
    provided: list[tuple[Submission, datetime]] = field(default_factory=list)

    async def look(self, work: Callable[[RegistryView], T]) -> T:
        """What ``work`` makes of the registry."""
        return work(RegistryRows(self.connection))

    async def change(self, work: Callable[[RegistryChange], T]) -> T:
        """Let ``work`` change the registry, whole or not at all."""
        self.connection.execute("BEGIN")
        try:
            result = work(RegistryRows(self.connection))
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    async def provide(self, submission: Submission, work: Callable[[RegistryChange], T], *, at: datetime) -> T:
        """Change the registry and keep a submission."""
        if self.failure is not None:
            raise self.failure
        result = await self.change(work)
        self.provided.append((submission, at))
        return result

    async def get(self, unique_id: str) -> StoredDocument | None:
        """The document that was provided last under a uniqueId."""
        kept = [each for submission, _ in self.provided for each in submission.documents]
        return next((each for each in reversed(kept) if each.unique_id == unique_id), None)

    async def remove(self, unique_ids: Collection[str]) -> None:
        """Forget documents by forgetting the submissions that hold them."""
        self.provided = [
            (submission, at)
            for submission, at in self.provided
            if not any(each.unique_id in unique_ids for each in submission.documents)
        ]

    async def reset(self) -> None:
        """Forget everything."""
        self.provided.clear()
        self.connection.execute("DELETE FROM registry_objects")

    def feed(self, patient_id: str) -> None:
        """Make a patient known (CX)."""
        found = cx_parts(patient_id)
        assert found is not None
        self.connection.execute(_FEED, (found[1], found[0]))

    def close(self) -> None:
        """Close the database."""
        with closing(self.connection):
            pass


def uuids() -> Callable[[], str]:
    """A source of UUIDs that counts."""
    numbers = count(0xFF)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012x}"
