"""A data directory opened: the stores of the domain, the journal, and a place for what arrives."""

import asyncio
import logging
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.private_files import make_private_directory
from ihe_test_util.store.content_files import ContentFiles
from ihe_test_util.store.database import translated
from ihe_test_util.store.documents import SqliteDocuments, usage
from ihe_test_util.store.engine import Connection, Engine, SqliteEngine
from ihe_test_util.store.journal import Journal, JournalBounds
from ihe_test_util.store.locks import Instance, alive_and_dead, directory_lock, remove_left_over
from ihe_test_util.store.patients import SqlitePatients, forget_patients
from ihe_test_util.store.reader import ReadPool
from ihe_test_util.store.registry import SqlRegistry, forget_objects
from ihe_test_util.store.saved_copies import SavedCopies
from ihe_test_util.store.schema import DOMAIN, DOMAIN_FILE, JOURNAL_FILE
from ihe_test_util.store.transfer import TABLES, Manifest, read_manifest, read_rows, write_archive
from ihe_test_util.store.writer import GroupWriter

_LOG: Final = logging.getLogger(__name__)
_FILE_THREADS: Final = 4
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a data directory holds."""

    patients: int
    submissions: int
    documents: int


class Store:
    """One process's access to a data directory; several processes may share the directory.

    ``patients``, ``documents`` and ``registry`` are the stores of ``domain.world.World``; ``saving_registry`` is the
    same as ``registry`` and also writes copies of documents for people (``save_submitted_documents``). ``spool_dir`` is
    where attachments go while they arrive: on the disk of the stored documents, so that they are moved and not copied.
    """

    def __init__(
        self, data_dir: Path, instance: Instance, engine: Engine, writer: GroupWriter, journal: Journal
    ) -> None:
        self.data_dir = data_dir
        self.spool_dir = instance.directory
        self.journal = journal
        self._instance = instance
        self._closed = False
        self._writer = writer
        self._engine = engine
        self._reader = ReadPool(engine)
        self._threads = ThreadPoolExecutor(_FILE_THREADS, thread_name_prefix="store-files")
        self._files = ContentFiles(data_dir, instance.directory)
        self.patients = SqlitePatients(writer, self._reader)
        self.documents = SqliteDocuments(data_dir, engine, writer, self._reader, self._files, self._threads)
        self.registry = SqlRegistry(writer, self._reader, self.documents)
        saving = self.documents.saving(SavedCopies(data_dir, instance.directory))
        self.saving_registry = SqlRegistry(writer, self._reader, saving)

    @classmethod
    def open(cls, data_dir: Path, *, url: str = "", bounds: JournalBounds | None = None) -> Self:
        """Open a data directory, make it where it is missing, and remove what killed processes left in it.

        ``url`` names the database of the domain where it is not a file of the directory: postgresql://…

        Raises:
            StorageError: it cannot be written to, or a database in it is damaged or too new.
        """
        data_dir = data_dir.absolute()
        _usable(data_dir)
        with translated(data_dir), directory_lock(data_dir), ExitStack() as undo:
            instance = Instance.register(data_dir)
            undo.callback(instance.close)
            engine = _engine(data_dir, url)
            writer = GroupWriter(engine)
            undo.callback(writer.close)
            journal = Journal(data_dir / JOURNAL_FILE, bounds)
            undo.callback(journal.close)
            _recover(data_dir, engine, instance)
            undo.pop_all()
        return cls(data_dir, instance, engine, writer, journal)

    async def counts(self) -> Counts:
        """How much is stored.

        Raises:
            StorageError: the database cannot be read.
        """
        patients = await self.patients.count()
        return Counts(patients, *await self.documents.count())

    async def reset(self) -> None:
        """Forget every patient, document and object of the registry; the journal stays.

        Raises:
            StorageError: the database cannot be written to.
        """

        def forget(connection: Connection) -> None:
            # In one stroke: of what is submitted meanwhile all is forgotten, or nothing.
            forget_patients(connection)
            forget_objects(connection)
            self.documents.forget(connection)

        await self._writer.run(forget)
        await self.documents.sweep()

    async def export(self, target: Path) -> Manifest:
        """Write the domain as it is now to a new file, which only its owner may read; where that fails, there is none.

        Raises:
            BadInput: the file cannot be written, or is there already.
            StorageError: the domain cannot be read.
        """

        def write(connection: Connection) -> Manifest:
            try:
                descriptor = os.open(target, _NEW_FILE, _OWNER_ONLY)
            except FileExistsError:
                raise BadInput(
                    "the file is there already", where=str(target), hint="remove it, or choose another"
                ) from None
            try:
                with translated(self.data_dir), os.fdopen(descriptor, "wb") as stream:
                    self.documents.fetch_all(connection)
                    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                        return write_archive(archive, connection, DOMAIN.version, self.data_dir)
            except BaseException:
                target.unlink(missing_ok=True)
                raise

        reader = ReadPool(self._engine)  # of its own: queries do not wait until all is written
        try:
            return await reader.run(write)
        finally:
            await asyncio.to_thread(reader.close)

    async def load(self, source: Path) -> Manifest:
        """Read a domain that ``export`` wrote into this one, which has to be empty; whole or not at all.

        Raises:
            BadInput: the file cannot be read, is no export, or the domain is not empty.
            StorageError: the domain cannot be written to.
        """
        try:
            with zipfile.ZipFile(source) as archive:
                manifest = read_manifest(archive, DOMAIN.version)
                await self._reader.run(self._expect_nothing)
                await self.documents.take_over(archive)
                await self._writer.run(lambda connection: self._read(archive, connection))
        except (zipfile.BadZipFile, KeyError) as error:
            raise BadInput("this is no export of a domain", where=str(source), got=str(error)) from None
        except OSError as error:
            raise BadInput("the export cannot be read", where=str(source), got=error.strerror or str(error)) from None
        return manifest

    def _expect_nothing(self, connection: Connection) -> None:
        for table in TABLES:
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
            if count:
                raise BadInput(
                    "the domain is not empty",
                    where=str(self.data_dir),
                    got=f"{count} {table.replace('_', ' ')}",
                    hint="ihe-test-util mock data reset",
                )

    def _read(self, archive: zipfile.ZipFile, connection: Connection) -> None:
        self._expect_nothing(connection)  # again, for somebody may have submitted something meanwhile
        read_rows(archive, connection)
        self.documents.share_all(connection)

    async def close(self) -> None:
        """Finish what is waiting, and close everything; done twice it does nothing more."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown(wait=True)
        self._writer.close()
        self._reader.close()
        self.journal.close()
        try:
            with translated(self.data_dir), directory_lock(self.data_dir), usage(self._engine) as is_used:
                self._files.recover(self.spool_dir, is_used)
                self._instance.close()
        except StorageError as error:  # what stays behind, the next start removes
            _LOG.warning("leaving the data directory: %s", error)


def _usable(data_dir: Path) -> None:
    try:
        make_private_directory(data_dir)
        with directory_lock(data_dir):
            pass
    except OSError as error:
        raise StorageError(
            "the data directory cannot be used",
            where=str(data_dir),
            got=error.strerror or str(error),
            expected="a directory that the server's user may write to",
            hint="mend its permissions, or set data_dir to another directory",
        ) from error


def _engine(data_dir: Path, url: str) -> Engine:
    if not url:
        return SqliteEngine(data_dir / DOMAIN_FILE, DOMAIN)
    from ihe_test_util.store.postgres import PostgresEngine  # noqa: PLC0415 - only where it is used

    return PostgresEngine(url, DOMAIN)


def _recover(data_dir: Path, engine: Engine, instance: Instance) -> None:
    files = ContentFiles(data_dir, instance.directory)
    _, dead = alive_and_dead(data_dir)
    with usage(engine) as is_used:
        for entry in dead:
            try:
                files.recover(entry, is_used)
                remove_left_over(entry)
            except OSError as error:  # another user's, say: no reason not to start
                _LOG.warning("what an ended process left cannot be removed: %s", error)
