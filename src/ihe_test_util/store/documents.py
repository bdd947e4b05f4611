"""Submissions in the database, whole or not at all; large documents beside it."""

import asyncio
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.exchange import new_exchange_id
from ihe_test_util.store.content_files import ContentFiles, IsUsed, Placed
from ihe_test_util.store.database import Row, microseconds, open_to_look, translated
from ihe_test_util.store.engine import Connection, Engine
from ihe_test_util.store.reader import ReadPool
from ihe_test_util.store.saved_copies import SavedCopies
from ihe_test_util.store.schema import DOMAIN_FILE
from ihe_test_util.store.transfer import contents_of
from ihe_test_util.store.writer import GroupWriter, Insert

#: Documents up to this size are kept in the database, larger ones as files.
SMALL_BYTES: Final = 256 * 1024

_SUBMISSION: Final = Insert(
    "submissions", ("id", "unique_id", "patient_id", "source_id", "provided_at", "metadata"), heavy=(5,)
)
_DOCUMENT: Final = Insert(
    "documents",
    (
        "submission_id",
        "position",
        "entry_id",
        "unique_id",
        "mime_type",
        "size",
        "sha1",
        "path",
        "saved_as",
        "data",
    ),
    heavy=(9,),
)
_GET: Final = """
    SELECT entry_id, unique_id, mime_type, size, sha1, path, data FROM documents
    WHERE unique_id = ? ORDER BY submission_id DESC, position LIMIT 1
"""
_CONTENT: Final = "SELECT size, sha1, path, data FROM documents WHERE sha1 = ? AND size = ? LIMIT 1"
#: Where several machines share a database, the bytes of large documents are in it too, in pieces.
_CHUNK_BYTES: Final = 1024 * 1024
_CHUNK: Final = "SELECT data FROM document_chunks WHERE sha1 = ? AND size = ? AND number = ?"
_ADD_CHUNK: Final = "INSERT INTO document_chunks (sha1, size, number, data) VALUES (?, ?, ?, ?)"
_LARGE: Final = f"SELECT {','.join(_DOCUMENT.columns)} FROM documents WHERE path IS NOT NULL"  # noqa: S608 - our own names
_FORGET_CHUNKS: Final = """
    DELETE FROM document_chunks WHERE NOT EXISTS (
        SELECT 1 FROM documents d WHERE d.sha1 = document_chunks.sha1 AND d.size = document_chunks.size
    )
"""
_IS_USED: Final = "SELECT 1 FROM documents WHERE sha1 = ? AND path = ? LIMIT 1"
_COUNT: Final = "SELECT (SELECT count(*) FROM submissions), (SELECT count(*) FROM documents)"
_REMOVE: Final = "DELETE FROM documents WHERE unique_id = ?"
_FORGET: Final = ("DELETE FROM documents", "DELETE FROM submissions")

T = TypeVar("T")


def _nothing(_connection: Connection) -> None:
    pass


@dataclass(frozen=True, slots=True)
class SqliteDocuments:
    """The ``domain.documents.DocumentStore`` of a data directory; with ``copies`` it also writes files for people."""

    data_dir: Path
    engine: Engine
    writer: GroupWriter
    reader: ReadPool
    files: ContentFiles
    threads: Executor
    copies: SavedCopies | None = None

    async def provide(
        self, submission: Submission, work: Callable[[Connection], Any] = _nothing, *, at: datetime
    ) -> Any:  # noqa: ANN401 - whatever the work returns
        """Do ``work``, store a submission and take over the files of its contents, which are moved.

        Raises:
            StorageError: nothing was stored.
            Exception: what ``work`` raised; nothing was stored.
        """
        key = new_exchange_id()
        if self.copies is None and all(_is_small(one.content) for one in submission.documents):
            rows = [_row(key, place, one, data=one.content.data) for place, one in enumerate(submission.documents)]
            return await self._commit(key, submission, rows, work, at)
        preparation = _Preparation(self, key, submission, at)
        await self._in_thread(preparation.prepare)
        try:
            result = await self._commit(key, submission, preparation.rows, work, at)
        except Exception:
            await self._in_thread(preparation.undo)
            raise
        await self._in_thread(preparation.done)
        return result

    async def reset(self) -> None:
        """Forget every submission and its documents; copies for people stay."""
        await self.writer.run(self.forget)
        await self.sweep()

    def forget(self, connection: Connection) -> None:
        """Forget every submission and its documents, as part of more."""
        for statement in (*_FORGET, _FORGET_CHUNKS) if self.engine.shared else _FORGET:
            connection.execute(statement)

    async def sweep(self) -> None:
        """Remove the files of what was forgotten."""
        await self._in_thread(self._sweep)

    async def remove(self, unique_ids: Collection[str]) -> None:
        """Forget documents; what is not there does not matter.

        Raises:
            StorageError: none was removed.
        """
        ids = list(unique_ids)

        def forget(connection: Connection) -> None:
            connection.executemany(_REMOVE, [(unique_id,) for unique_id in ids])
            if self.engine.shared:
                connection.execute(_FORGET_CHUNKS)

        await self.writer.run(forget)
        await self._in_thread(self._sweep)

    async def get(self, unique_id: str) -> StoredDocument | None:
        """The document that was provided last under a uniqueId.

        Raises:
            StorageError: the database cannot be read.
        """

        def look(connection: Connection) -> StoredDocument | None:
            row = connection.execute(_GET, (unique_id,)).fetchone()
            if row is None:
                return None
            entry_id, found_id, mime_type, *content = row
            if self.engine.shared:
                self._fetch(connection, *content)
            return StoredDocument(entry_id, found_id, mime_type, _content(self.data_dir, *content))

        return await self.reader.run(look)

    async def count(self) -> tuple[int, int]:
        """How many submissions and how many documents there are."""

        def look(connection: Connection) -> tuple[int, int]:
            submissions, documents = connection.execute(_COUNT).fetchone()
            return int(submissions), int(documents)

        return await self.reader.run(look)

    def saving(self, copies: SavedCopies) -> "SqliteDocuments":
        """The same store, that also writes files for people."""
        return replace(self, copies=copies)

    async def take_over(self, archive: zipfile.ZipFile) -> None:
        """Put the large documents of an export where their rows will say.

        Raises:
            BadInput: bytes that are not what their name says.
            StorageError: they cannot be written.
        """
        await self._in_thread(lambda: self._take_over(archive))

    def _take_over(self, archive: zipfile.ZipFile) -> None:
        for path, sha1, stream in contents_of(archive):
            target = self.data_dir / path
            with translated(self.data_dir):
                target.parent.mkdir(parents=True, exist_ok=True)
                partly = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
                with partly.open("xb") as copy:
                    shutil.copyfileobj(stream, copy, _CHUNK_BYTES)
                    copy.flush()
                    os.fsync(copy.fileno())
                if Content.of_file(partly).sha1 != sha1:
                    partly.unlink()
                    raise BadInput("a document of the export is damaged", where=str(archive.filename), got=path)
                partly.replace(target)

    def _fetch(self, connection: Connection, size: int, sha1: str, path: str | None, _data: bytes | None) -> None:
        """Bring the bytes of a large document from the database, where another machine took them in."""
        if path is None or (self.data_dir / path).exists():
            return
        target = self.data_dir / path
        with translated(self.data_dir):
            target.parent.mkdir(parents=True, exist_ok=True)
            partly = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
            with partly.open("xb") as stream:
                for number in range(-(-size // _CHUNK_BYTES)):
                    stream.write(connection.execute(_CHUNK, (sha1, size, number)).fetchone()[0])
            partly.replace(target)

    def _sweep(self) -> None:
        with usage(self.engine) as is_used:
            self.files.sweep(is_used)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def _commit(
        self,
        key: str,
        submission: Submission,
        rows: Sequence[Row],
        work: Callable[[Connection], Any],
        at: datetime,
    ) -> Any:  # noqa: ANN401 - whatever the work returns
        head = (
            key,
            submission.submission_set_unique_id,
            submission.patient_id,
            submission.source_id,
            microseconds(at),
            submission.metadata,
        )

        def commit(connection: Connection) -> object:
            result = work(connection)
            if self.engine.shared:
                self._share(connection, rows)
            return result

        return await self.writer.run(commit, (_SUBMISSION, [head]), (_DOCUMENT, rows))

    def share_all(self, connection: Connection) -> None:
        """Put the bytes of every large document that lies here into a database that several machines share."""
        if self.engine.shared:
            self._share(connection, connection.execute(_LARGE).fetchall())

    def fetch_all(self, connection: Connection) -> None:
        """Bring the bytes of every large document here from a database that several machines share."""
        if self.engine.shared:
            for row in connection.execute(_LARGE).fetchall():
                size, sha1, path = row[5:8]
                self._fetch(connection, size, sha1, path, None)

    def _share(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Put the bytes of large documents into the database, once for all machines."""
        for row in rows:
            size, sha1, path = row[5:8]
            if path is None or connection.execute(_CHUNK, (sha1, size, 0)).fetchone() is not None:
                continue
            pieces = Content.of_file(self.data_dir / str(path)).chunks(_CHUNK_BYTES)
            for number, piece in enumerate(pieces):
                connection.execute(_ADD_CHUNK, (sha1, size, number, piece))


class _Preparation:
    """A submission on its way: the rows of its documents, and the files that wait for them. Everything blocks."""

    def __init__(self, store: SqliteDocuments, key: str, submission: Submission, at: datetime) -> None:
        self._store = store
        self._key = key
        self._submission = submission
        self._at = at
        self._placed: list[Placed] = []
        self.rows: list[Row] = []

    def prepare(self) -> None:
        """Put every document where it stays.

        Raises:
            StorageError: one could not be; none is.
        """
        try:
            for position, document in enumerate(self._submission.documents):
                self.rows.append(self._prepared(position, document))
        except StorageError:
            self.undo()
            raise

    def done(self) -> None:
        """The rows are committed."""
        self._store.files.keep(self._placed)

    def undo(self) -> None:
        """The rows were not committed."""
        if self._placed:
            with usage(self._store.engine) as is_used:
                self._store.files.release(self._placed, is_used)

    def _prepared(self, position: int, document: StoredDocument) -> Row:
        content, data_dir = document.content, self._store.data_dir
        path = None
        if content.size > SMALL_BYTES:
            placed = self._store.files.place(content)
            self._placed.append(placed)
            path = placed.path
            content = Content.of_file(data_dir / path, size=content.size, sha1=content.sha1)
        else:
            with translated(data_dir):
                content = Content(content.size, content.read(), known_sha1=content.sha1)
                if document.content.path is not None:
                    document.content.path.unlink(missing_ok=True)
        copies = self._store.copies
        saved_as = None if copies is None else copies.save(self._submission, document, content, self._at)
        return _row(self._key, position, document, data=content.data, path=path, saved_as=saved_as)


@contextmanager
def usage(engine: Engine) -> Iterator[IsUsed]:
    """Tells whether a committed document lies at a path relative to the data directory."""
    with engine.translated(), closing(engine.open_to_read()) as connection:
        yield lambda sha1, path: connection.execute(_IS_USED, (sha1, path)).fetchone() is not None


def stored_content(data_dir: Path, sha1: str, size: int) -> Content | None:
    """The bytes of a stored document by what is known of them; for other processes than the server's.

    Raises:
        StorageError: the database cannot be read.
    """
    database = data_dir / DOMAIN_FILE
    with translated(database), closing(open_to_look(database)) as connection:
        row = connection.execute(_CONTENT, (sha1, size)).fetchone()
    return None if row is None else _content(data_dir, *row)


def _is_small(content: Content) -> bool:
    return content.data is not None and content.size <= SMALL_BYTES


def _row(
    key: str,
    position: int,
    document: StoredDocument,
    *,
    data: bytes | None,
    path: str | None = None,
    saved_as: str | None = None,
) -> Row:
    return (
        key,
        position,
        document.entry_id,
        document.unique_id,
        document.mime_type,
        document.content.size,
        document.content.sha1,
        path,
        saved_as,
        data,
    )


def _content(data_dir: Path, size: int, sha1: str, path: str | None, data: bytes | None) -> Content:
    if path is None:
        return Content(size, data or b"", known_sha1=sha1)
    return Content.of_file(data_dir / path, size=size, sha1=sha1)
