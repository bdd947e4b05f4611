"""The registry in the database: one row an object, with the columns that find it and the ebRIM object as XML."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from ihe_test_util.domain.documents import Submission
from ihe_test_util.domain.registry.access import RegistryChange, RegistryView
from ihe_test_util.domain.registry.entry import Entry, Kept, Kind
from ihe_test_util.domain.xds.datatypes import cx_parts
from ihe_test_util.store.database import Row, SqlValue
from ihe_test_util.store.documents import SqliteDocuments
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.reader import ReadPool
from ihe_test_util.store.writer import GroupWriter, Insert
from ihe_test_util.xml.ebrim import Association, object_as_xml

T = TypeVar("T")

_COLUMNS: Final = (
    "id",
    "seq",
    "kind",
    "lid",
    "version",
    "status",
    "unique_id",
    "patient_id",
    "type",
    "source",
    "target",
    "xml",
)
_ADD: Final = Insert("registry_objects", _COLUMNS, heavy=(11,))
_REPLACE: Final = """
    UPDATE registry_objects SET lid = ?, version = ?, status = ?, unique_id = ?, patient_id = ?, type = ?, source = ?,
        target = ?, xml = ? WHERE id = ?
"""
_SELECT: Final = "SELECT kind, unique_id, patient_id, id, lid, version, status, type, xml FROM registry_objects WHERE "
_ORDER: Final = " ORDER BY seq"
_LATEST: Final = "SELECT lid, max(version) FROM registry_objects WHERE lid IN {} GROUP BY lid"
_REMOVE: Final = "DELETE FROM registry_objects WHERE id IN "
_KNOWN: Final = "SELECT 1 FROM patients WHERE root = ? AND extension = ? AND merged_into = ''"
_KEPT: Final = "SELECT unique_id, sha1, size FROM documents WHERE unique_id IN {} ORDER BY submission_id, position DESC"
_COUNT: Final = "SELECT kind, count(*) FROM registry_objects GROUP BY kind"
_FORGET: Final = "DELETE FROM registry_objects"
#: Values in one list of a statement; databases limit them.
_AT_ONCE: Final = 500


class RegistryRows:
    """The registry on one connection, inside a transaction of the caller's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_ids(self, ids: Collection[str]) -> list[Entry]:
        """The objects with these entryUUIDs."""
        return self._where("id", ids)

    def by_unique_ids(self, unique_ids: Collection[str], kinds: Collection[Kind] = ()) -> list[Entry]:
        """Every version of the objects with these uniqueIds; of any kind where none is named."""
        return self._where("unique_id", unique_ids, **({"kind": kinds} if kinds else {}))

    def by_lids(self, lids: Collection[str]) -> list[Entry]:
        """Every version of the objects with these logical ids."""
        return self._where("lid", lids)

    def latest_versions(self, lids: Collection[str]) -> dict[str, int]:
        """The highest version that there is under each of these logical ids."""
        found: dict[str, int] = {}
        for chunk in _chunks(lids):
            found.update(self._connection.execute(_LATEST.format(_marks(chunk)), chunk))
        return found

    def of_patients(
        self, patient_ids: Collection[str], kinds: Collection[Kind], statuses: Collection[str] = ()
    ) -> list[Entry]:
        """What belongs to patients (CX); in any state where none is named."""
        return self._where("patient_id", patient_ids, kind=kinds, **({"status": statuses} if statuses else {}))

    def of_any_patient(self, kinds: Collection[Kind], statuses: Collection[str]) -> list[Entry]:
        """What there is of some kinds in some states, whoever it belongs to."""
        return self._where("kind", kinds, status=statuses)

    def associations_from(self, sources: Collection[str]) -> list[Entry]:
        """Associations whose sourceObject is one of these ids."""
        return self._where("source", sources)

    def associations_to(self, targets: Collection[str]) -> list[Entry]:
        """Associations whose targetObject is one of these ids."""
        return self._where("target", targets)

    def knows_patient(self, patient_id: str) -> bool:
        """Whether an identifier (CX) was fed and is still in force."""
        found = cx_parts(patient_id)
        return found is not None and self._connection.execute(_KNOWN, (found[1], found[0])).fetchone() is not None

    def kept_documents(self, unique_ids: Collection[str]) -> dict[str, tuple[str, int]]:
        """SHA-1 and size of what the repository beside the registry has under these uniqueIds, provided last."""
        found: dict[str, tuple[str, int]] = {}
        for chunk in _chunks(unique_ids):
            rows = self._connection.execute(_KEPT.format(_marks(chunk)), chunk)
            found.update((unique_id, (sha1, int(size))) for unique_id, sha1, size in rows)
        return found

    def add(self, entries: Iterable[Entry]) -> None:
        """Register new objects."""
        rows = [_row(entry, seq) for seq, entry in enumerate(entries, start=time.time_ns())]
        if rows:
            for sql, values in _ADD.statements(rows):
                self._connection.execute(sql, values)

    def replace(self, entries: Iterable[Entry]) -> None:
        """Put objects in the place of those with the same ids."""
        for entry in entries:
            _, _, _, *values = _row(entry, 0)
            self._connection.execute(_REPLACE, (*values, entry.id))

    def remove(self, ids: Collection[str]) -> None:
        """Remove objects."""
        for chunk in _chunks(ids):
            self._connection.execute(_REMOVE + _marks(chunk), chunk)

    def _where(self, column: str, values: Collection[str], **others: Collection[str]) -> list[Entry]:
        """The objects that have one of ``values`` in a column, and one of the others' in theirs."""
        fixed = "".join(f" AND {name} IN {_marks(allowed)}" for name, allowed in others.items())
        bound = [value for allowed in others.values() for value in allowed]
        found = []
        for chunk in _chunks(values):
            sql = f"{_SELECT}{column} IN {_marks(chunk)}{fixed}{_ORDER}"
            found += [_entry(row) for row in self._connection.execute(sql, [*chunk, *bound])]
        return found


def forget_objects(connection: Connection) -> None:
    """Forget every object."""
    connection.execute(_FORGET)


@dataclass(frozen=True, slots=True)
class SqlRegistry:
    """The ``domain.registry.access.RegistryStore`` of a data directory."""

    writer: GroupWriter
    reader: ReadPool
    documents: SqliteDocuments

    async def look(self, work: Callable[[RegistryView], T]) -> T:
        """What ``work`` makes of the registry as it is.

        Raises:
            StorageError: the database cannot be read.
        """
        return await self.reader.run(lambda connection: work(RegistryRows(connection)))

    async def change(self, work: Callable[[RegistryChange], T]) -> T:
        """Let ``work`` change the registry; returns when the change is durable.

        Raises:
            StorageError: nothing was changed.
            Exception: what ``work`` raised; nothing was changed.
        """
        result: T = await self.writer.run(lambda connection: work(RegistryRows(connection)))
        return result

    async def provide(self, submission: Submission, work: Callable[[RegistryChange], T], *, at: datetime) -> T:
        """As ``change``, and keep the documents of a submission in the same stroke, taking over their files.

        Raises:
            StorageError: nothing was changed or kept.
            Exception: what ``work`` raised; nothing was changed or kept.
        """
        result: T = await self.documents.provide(submission, lambda connection: work(RegistryRows(connection)), at=at)
        return result

    async def reset(self) -> None:
        """Forget every object."""
        await self.writer.run(forget_objects)

    async def count(self) -> dict[Kind, int]:
        """How many objects of each kind there are."""
        rows = await self.reader.run(lambda connection: connection.execute(_COUNT).fetchall())
        return {Kind(kind): int(count) for kind, count in rows}


def _row(entry: Entry, seq: int) -> Row:
    source = entry.source
    target = None
    if isinstance(source, Association):
        kind, origin, target = source.association_type, source.source, source.target
    else:
        kind, origin = source.object_type, None
    return (
        entry.id,
        seq,
        entry.kind,
        entry.lid,
        entry.version,
        entry.status,
        entry.unique_id or None,
        entry.patient_id or None,
        kind,
        origin,
        target,
        object_as_xml(source),
    )


def _entry(row: tuple[str, str | None, str | None, str, str, int, str, str, bytes]) -> Entry:
    kind, unique_id, patient_id, own_id, lid, version, status, object_type, xml = row
    kept = Kept(own_id, lid, version, status, object_type, xml)
    return Entry.of_store(Kind(kind), kept, unique_id or "", patient_id or "")


def _marks(values: Collection[SqlValue] | Collection[str]) -> str:
    return f"({','.join('?' * len(values))})"


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    listed = list(dict.fromkeys(values))
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
