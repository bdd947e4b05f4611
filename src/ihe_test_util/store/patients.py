"""Patients in the database: feeding, merging, and what is asked about them."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from ihe_test_util.domain.patients import CrossReferencing, MergeProblem, Patient, PendingQuery, Sought, Standing
from ihe_test_util.store.database import microseconds
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.patient_lookup import corresponding_ids, found_patients
from ihe_test_util.store.patient_merging import merge, standing_of
from ihe_test_util.store.patient_rows import FEED, LINK, TOLD, links_of, patient_of, rows_of
from ihe_test_util.store.reader import ReadPool
from ihe_test_util.store.writer import GroupWriter, Insert
from ihe_test_util.xml.hl7v3 import II

_HOUR: Final = 3_600_000_000
_GET: Final = f"SELECT {TOLD} FROM patients WHERE root = ? AND extension = ? AND merged_into = ''"  # noqa: S608 - our own
_COUNT: Final = "SELECT count(*) FROM patients WHERE position = 0 AND merged_into = ''"
_FORGET: Final = ("DELETE FROM patients", "DELETE FROM patient_links", "DELETE FROM pending_queries")
_ANY_OF_DOMAIN: Final = "SELECT 1 FROM patients WHERE root = ? LIMIT 1"
_SUBSUMED: Final = (
    "SELECT root, extension FROM patients WHERE merged_into = ? AND merged_into > '' ORDER BY root, extension"
)
_KEEP: Final = Insert(
    "pending_queries", ("root", "extension", "kept_at", "query", "found", "told"), key=("root", "extension")
)
_EXPIRE: Final = "DELETE FROM pending_queries WHERE kept_at < ?"
_PENDING: Final = "SELECT query, found, told FROM pending_queries WHERE root = ? AND extension = ?"
_DROP: Final = "DELETE FROM pending_queries WHERE root = ? AND extension = ?"


def forget_patients(connection: Connection) -> None:
    """Forget every patient and query."""
    for statement in _FORGET:
        connection.execute(statement)


class SqlitePatients:
    """The ``domain.patients.PatientStore`` of a data directory."""

    def __init__(self, writer: GroupWriter, reader: ReadPool) -> None:
        self._writer = writer
        self._reader = reader

    async def feed(self, patient: Patient, *, at: datetime) -> None:
        """Add a patient, or replace the demographics of a known identity; each identifier is one.

        Raises:
            StorageError: nothing was stored.
            ValueError: the patient has no identifier to be stored under.
        """
        links = links_of(patient, at)
        rows = (FEED, rows_of(patient, at))
        await (self._writer.insert(rows, (LINK, links)) if links else self._writer.insert(rows))

    async def merge(self, patient: Patient, subsumed: II, *, at: datetime) -> MergeProblem | None:
        """End an identifier in favour of the patient's first one, which is registered where it is not known.

        Raises:
            StorageError: nothing was stored.
        """
        problem: MergeProblem | None = await self._writer.run(
            lambda connection: merge(connection, patient, subsumed, at)
        )
        return problem

    async def reset(self) -> None:
        """Forget every patient and query."""
        await self._writer.run(forget_patients)

    async def get(self, root: str, extension: str) -> Patient | None:
        """What was fed last under an identifier that is in use.

        Raises:
            StorageError: the database cannot be read.
        """
        found = await self.fetch([II(root, extension)])
        return found[0] if found else None

    async def fetch(self, identifiers: Sequence[II]) -> tuple[Patient, ...]:
        """The patients with these identifiers, in their order; without those who are gone.

        Raises:
            StorageError: the database cannot be read.
        """

        def look(connection: Connection) -> tuple[Patient, ...]:
            rows = [connection.execute(_GET, (one.root, one.extension)).fetchone() for one in identifiers]
            return tuple(patient_of(*row) for row in rows if row is not None)

        return await self._reader.run(look)

    async def standing(self, identifier: II) -> Standing:
        """Whether an identifier was fed, and is still in use."""
        return await self._reader.run(lambda connection: standing_of(connection, identifier))

    async def subsumed_by(self, identifier: II) -> tuple[II, ...]:
        """The identifiers that ended in favour of this one, at once or one after the other."""

        def look(connection: Connection) -> tuple[II, ...]:
            return tuple(II(*row) for row in connection.execute(_SUBSUMED, (identifier.cx,)))

        return await self._reader.run(look)

    async def unknown_domains(self, roots: Collection[str]) -> tuple[str, ...]:
        """Those assigning authorities under which no patient was ever fed, in their order."""

        def look(connection: Connection) -> tuple[str, ...]:
            return tuple(root for root in roots if connection.execute(_ANY_OF_DOMAIN, (root,)).fetchone() is None)

        return await self._reader.run(look)

    async def corresponding(self, identifier: II, rule: CrossReferencing) -> tuple[II, ...] | None:
        """The other identifiers of the person, in the order of root and extension; None where this one is not known."""
        return await self._reader.run(lambda connection: corresponding_ids(connection, identifier, rule))

    async def find(self, sought: Sought, *, limit: int) -> tuple[Patient, ...]:
        """The patients who fit, at most so many, in the order of their first identifiers."""
        return await self._reader.run(lambda connection: found_patients(connection, sought, limit))

    async def keep_query(self, query: PendingQuery, *, at: datetime) -> None:
        """Remember a query of which there is more, and forget those that nobody asked about for an hour."""
        found = json.dumps([part for one in query.found for part in (one.root, one.extension)])
        now = microseconds(at)
        row = (query.query_id.root, query.query_id.extension, now, query.query, found, query.told)

        def keep(connection: Connection) -> None:
            connection.execute(_EXPIRE, (now - _HOUR,))
            for sql, values in _KEEP.statements([row]):
                connection.execute(sql, values)

        await self._writer.run(keep)

    async def pending_query(self, query_id: II) -> PendingQuery | None:
        """The query of which there is more."""

        def look(connection: Connection) -> PendingQuery | None:
            row = connection.execute(_PENDING, (query_id.root, query_id.extension)).fetchone()
            if row is None:
                return None
            query, found, told = row
            parts: list[str] = json.loads(found)
            pairs = zip(parts[::2], parts[1::2], strict=True)
            return PendingQuery(query_id, query, tuple(II(*pair) for pair in pairs), told)

        return await self._reader.run(look)

    async def drop_query(self, query_id: II) -> bool:
        """Forget a query; whether there was one."""
        key = (query_id.root, query_id.extension)

        def drop(connection: Connection) -> bool:
            there = connection.execute(_PENDING, key).fetchone() is not None
            connection.execute(_DROP, key)
            return there

        dropped: bool = await self._writer.run(drop)
        return dropped

    async def count(self) -> int:
        """How many patients there are; one fed under several identifiers is one."""
        return await self._reader.run(lambda connection: int(connection.execute(_COUNT).fetchone()[0]))
