"""The checkpoint of a run: a file of JSON lines to which every change of a patient's state is appended.

The first line says what the run is; each other one is the whole state of one patient, and the last line of a row
counts. So a run that was killed at any moment goes on from what the file says: what has no acknowledgement in it is
sent, or sent again, with the same identifiers.
"""

import json
import os
import shutil
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from io import RawIOBase
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Final, Self

from ihe_test_util.batch.choices import Choices
from ihe_test_util.batch.result_lines import as_line, json_bytes, result_of
from ihe_test_util.batch.results import Mode, PatientResult
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.store.locks import FileLock

_FORMAT: Final = "ihe-test-util run"
_VERSION: Final = 1
_NOT_THERE: Final = -1
#: A longer line was not written here.
_MAX_LINE_BYTES: Final = 1024 * 1024
#: What the members of the first line are; text where nothing is said.
_KINDS: Final = MappingProxyType[str, type]({"seed": int, "seeded": bool, "dry_run": bool, "choices": dict})


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What a run is: all that decides what is sent, made once and the same for every process that works on it.

    ``seed`` is the user's where ``seeded``, else drawn. ``content`` is a digest of everything else that documents and
    messages are made from: template, identifiers, codes, author. ``choices`` are taken up again by ``--resume``.
    """

    run_id: str
    mode: Mode
    started: datetime
    seed: int
    seeded: bool
    csv: str
    csv_sha256: str
    template: str
    content: str
    pix_add_url: str
    iti41_url: str
    pix_results: str = ""
    dry_run: bool = False
    choices: Choices = field(default_factory=Choices)

    def as_line(self) -> bytes:
        """The first line of the file."""
        values = asdict(self) | {"started": self.started.isoformat(), "choices": self.choices.as_json()}
        return json_bytes({"format": _FORMAT, "version": _VERSION, **values}) + b"\n"

    @classmethod
    def of_line(cls, line: bytes, where: str) -> Self:
        """The header that the first line of a file is.

        Raises:
            BadInput: it is none, or one of a version that is not known here.
        """
        expected = f"a first line with the format {_FORMAT!r}"
        try:
            found = json.loads(line.decode())
        except (ValueError, RecursionError) as error:
            raise BadInput("this is no checkpoint of a run", where=where, got=str(error), expected=expected) from None
        if not isinstance(found, dict) or found.pop("format", None) != _FORMAT:
            raise BadInput("this is no checkpoint of a run", where=where, expected=expected)
        version = found.pop("version", None)
        if version != _VERSION:
            hint = "use the version of ihe-test-util that began the run"
            raise BadInput(
                "the checkpoint is of another version", where=where, got=str(version), expected=str(_VERSION), hint=hint
            )
        try:
            _check_kinds(found)
            header = cls(**found | {"choices": Choices.of_json(found.get("choices", {}))})
            return replace(header, mode=Mode(header.mode), started=_moment(found["started"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadInput("the checkpoint's first line cannot be used", where=where, got=str(error)) from None


class Checkpoint:
    """An open checkpoint: what is known of each row, and room for more. Not for several processes at once.

    Of each row only the place of its last line is held in memory, 8 bytes.
    """

    def __init__(self, path: Path, header: RunHeader, file: RawIOBase, reader: BinaryIO) -> None:
        self.path = path
        self.header = header
        self._file = file
        self._reader = reader
        self._stack = ExitStack()
        self._places = array("q")
        self._end = 0
        self._unsynced = 0

    @classmethod
    def create(cls, path: Path, header: RunHeader) -> Self:
        """A new file; one that is there already stays as it is.

        Raises:
            BadInput: there is a file already.
            StorageError: the file cannot be made.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _locked(path)
            try:
                _begin(path, header.as_line())
            finally:
                lock.release()
        except OSError as error:
            raise _unwritable(path, error) from error
        return cls._open(path, writable=True)

    @classmethod
    def resume(cls, path: Path) -> Self:
        """A file that a run left; a torn line at its end is cut off.

        Raises:
            BadInput: there is none, it is no checkpoint, it is damaged, or another process works on it.
            StorageError: it cannot be read or written.
        """
        return cls._open(path, writable=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """A file to look into only; its run may still be going on.

        Raises:
            BadInput: there is none, it is no checkpoint, or it is damaged.
            StorageError: it cannot be read.
        """
        return cls._open(path, writable=False)

    @classmethod
    def _open(cls, path: Path, *, writable: bool) -> Self:
        _check_there(path)
        try:
            with ExitStack() as stack:
                if writable:
                    stack.callback(_locked(path).release)
                file = stack.enter_context(path.open("r+b" if writable else "rb", buffering=0))
                reader = stack.enter_context(path.open("rb"))
                header = RunHeader.of_line(reader.readline(_MAX_LINE_BYTES), f"{path}, line 1")
                checkpoint = cls(path, header, file, reader)
                checkpoint._replay(writable=writable)
                checkpoint._stack = stack.pop_all()
                return checkpoint
        except OSError as error:
            raise _unwritable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def last(self, row: int) -> PatientResult | None:
        """What is known of a row; None where it was not reached."""
        place = self._places[row] if row < len(self._places) else _NOT_THERE
        if place == _NOT_THERE:
            return None
        return result_of(self._line_at(place))

    def results(self) -> Iterator[PatientResult]:
        """What is known of every row that was reached, in the order of the CSV file."""
        for row in range(len(self._places)):
            found = self.last(row)
            if found is not None:
                yield found

    def append(self, result: PatientResult) -> None:
        """Record a patient's state; it survives the end of this process, and that of the machine once synced.

        Raises:
            StorageError: it could not be written.
        """
        place = self._end
        self._write(as_line(result))
        self._place(result.row, place)
        self._unsynced += 1

    def change_header(self, header: RunHeader) -> None:
        """Put another first line in the place of the one there is, wholly or not at all.

        Raises:
            StorageError: it could not be written; the file is as it was, and closed.
        """
        line, before = header.as_line(), self._line_at(0)
        partial = _partial(self.path)
        try:
            with partial.open("wb") as file:
                file.write(line)
                shutil.copyfileobj(self._reader, file)  # what follows the line that was just read
                file.flush()
                os.fsync(file.fileno())
            self._file.close()  # Windows replaces no open file
            self._reader.close()
            partial.replace(self.path)
            _sync_directory(self.path.parent)
            self._file = self._stack.enter_context(self.path.open("r+b", buffering=0))
            self._reader = self._stack.enter_context(self.path.open("rb"))
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise _unwritable(self.path, error) from error
        self.header = header
        longer = len(line) - len(before)
        self._places = array("q", (place if place == _NOT_THERE else place + longer for place in self._places))
        self._end += longer

    def check_rows(self, last: int) -> None:
        """Refuse results of rows that the file of patients does not have; ``last`` is the last one that it has.

        Raises:
            BadInput: there are some.
        """
        beyond = len(self._places) - 1
        if beyond > last:
            got = f"a result of row {beyond:,}, where the file of patients has {last:,}"
            raise BadInput("the checkpoint is damaged", where=str(self.path), got=got)

    @property
    def unsynced(self) -> int:
        """How many lines an end of the machine might lose."""
        return self._unsynced

    def sync(self) -> None:
        """Make everything durable.

        Raises:
            StorageError: the disk refuses.
        """
        self._unsynced = 0
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._stack.close()

    def _write(self, data: bytes) -> None:
        try:
            self._file.seek(self._end)
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._end += len(data)

    def _line_at(self, place: int) -> bytes:
        self._reader.seek(place)
        return self._reader.readline()

    def _replay(self, *, writable: bool) -> None:
        self._end = self._reader.tell()
        number = 1
        while line := self._reader.readline(_MAX_LINE_BYTES):
            number += 1
            try:
                if not line.endswith(b"\n") and len(line) < _MAX_LINE_BYTES:
                    break  # torn: written by a process that ended in the middle of it
                self._place(result_of(line).row, self._end)
            except ValueError as error:
                place = f"{self.path}, line {number}"
                raise BadInput("the checkpoint is damaged", where=place, got=str(error)) from None
            self._end += len(line)
        if writable:
            self._file.truncate(self._end)

    def _place(self, row: int, place: int) -> None:
        missing = row + 1 - len(self._places)
        if missing > 0:
            self._places.extend(array("q", [_NOT_THERE]) * missing)
        self._places[row] = place


def header_of(path: Path) -> RunHeader:
    """What the run is that left a file; nothing else of the file is read.

    Raises:
        BadInput: there is no such file, or it is no checkpoint.
        StorageError: it cannot be read.
    """
    _check_there(path)
    try:
        with path.open("rb") as file:
            return RunHeader.of_line(file.readline(_MAX_LINE_BYTES), f"{path}, line 1")
    except OSError as error:
        raise _unwritable(path, error) from error


def _check_kinds(found: Mapping[str, object]) -> None:
    for name, value in found.items():
        if type(value) is not _KINDS.get(name, str):
            raise TypeError(f"{name}: {value!r:.80}")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"started: {text!r} has no zone")
    return moment


def _check_there(path: Path) -> None:
    if not path.is_file():
        inside = (path / "results.jsonl", path / "results" / "results.jsonl")
        found = next((one for one in inside if one.is_file()), None)
        hint = f"give the file in it: --resume {found}" if found else "give the file results/results.jsonl of the run"
        raise BadInput("there is no such checkpoint", where=str(path.absolute()), hint=hint)


def _begin(path: Path, line: bytes) -> None:
    """Make the file with its first line, complete or not at all."""
    if path.exists():
        hint = f"--resume {path} goes on with it; or give another --output-dir"
        raise BadInput("there is a run in this directory already", where=str(path), hint=hint)
    partial = _partial(path)
    with partial.open("wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_directory(path.parent)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _locked(path: Path) -> FileLock:
    lock = FileLock(_lock_path(path))
    if not lock.acquire(wait=False):
        hint = "wait for it to end, or stop it"
        raise BadInput("another process works on this run", where=str(path), hint=hint)
    return lock


def _lock_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _sync_directory(directory: Path) -> None:
    if os.name == "nt":
        return  # Windows has no such call, and does not need it
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        "the checkpoint cannot be written", where=str(path), got=error.strerror or str(error), hint="is the disk full?"
    )
