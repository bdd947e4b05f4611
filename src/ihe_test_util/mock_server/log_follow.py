"""Following the log file: what is appended, across rotation, truncation and absence.

No file is held open between two looks, because Windows renames no open file; the file read last is found again by
its inode.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ihe_test_util.mock_server.logs import LogFilter, LogRecord, Place, generations, identity_of
from ihe_test_util.runtime.log_format import Head, parse_head

_AT_ONCE: Final = 8 * 1024 * 1024
_MARK_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class News:
    """What a look at the file gave: whole lines without their ends, and what happened to the file, if anything."""

    lines: tuple[bytes, ...] = ()
    note: str = ""


class LogFollower:
    """Gives the lines that were appended since the last look."""

    def __init__(self, path: Path) -> None:
        """Begins after the last whole line that the file has now, or before the first of one that is yet to come."""
        self.path = path
        self._place: Place | None = None
        self._mark = b""  # the bytes just before the place, to see that the file was written anew
        try:
            with path.open("rb") as stream:
                self._remember(stream, _end_of_lines(stream))
        except FileNotFoundError:
            pass  # it will come

    @property
    def place(self) -> Place | None:
        """Where the next look begins; None while there is no file."""
        return self._place

    def look(self) -> News:
        """The lines that came since the last look; a line without its end is kept for later."""
        with ExitStack() as stack:
            newer: list[BinaryIO] = []
            for stream in generations(self.path):
                stack.enter_context(stream)
                if self._place is not None and identity_of(stream) == self._place.file:
                    return self._read_on(newer, stream)
                newer.append(stream)
                if self._place is None:
                    break
            if not newer:
                return News()
            note = "the log was replaced; lines may be missing here" if self._place else ""
            return self._read_on(newer[:1], None, note)

    def _read_on(self, newer: list[BinaryIO], known: BinaryIO | None, note: str = "") -> News:
        """Read on in the file known, then the newer ones, which are given newest first."""
        lines: list[bytes] = []
        if known is not None and self._place is not None:
            start = self._place.position
            if not self._is_unchanged(known, start):
                start, note = 0, "the log was truncated"
            lines += self._read(known, start, whole=bool(newer))
        for number, stream in reversed(list(enumerate(newer))):
            lines += self._read(stream, 0, whole=number > 0)
        return News(tuple(lines), note)

    def _is_unchanged(self, stream: BinaryIO, position: int) -> bool:
        stream.seek(max(position - len(self._mark), 0))
        return stream.read(len(self._mark)) == self._mark

    def _read(self, stream: BinaryIO, start: int, *, whole: bool) -> list[bytes]:
        """The lines from a position on; all of a file that was rotated away, else a portion that ends with a line."""
        stream.seek(start)
        data = stream.read() if whole else _read_lines(stream)
        self._remember(stream, start + len(data))
        return data.removesuffix(b"\n").split(b"\n") if data else []

    def _remember(self, stream: BinaryIO, position: int) -> None:
        mark = max(position - _MARK_BYTES, 0)
        stream.seek(mark)
        self._mark = stream.read(position - mark)
        self._place = Place(identity_of(stream), position)


class Sieve:
    """Passes the wanted lines of a growing file; remembers which record the last line belonged to."""

    def __init__(self, wanted: LogFilter, head: Head | None) -> None:
        """``head`` is that of the record before the first line that will come."""
        self._wanted = wanted
        self._passes = wanted.wants_record(head)

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines that are wanted, each judged by the level and time of its own record."""
        for line in lines:
            head = parse_head(line) if self._wanted.needs_heads else None
            if head is not None:
                self._passes = self._wanted.wants_record(head)
            if self._passes and self._wanted.wants_line(line):
                yield line


class RecordSieve:
    """Passes the wanted records of a growing file, each when it is known to be whole."""

    def __init__(self, wanted: LogFilter) -> None:
        self._wanted = wanted
        self._head: Head | None = None
        self._lines: list[bytes] = []

    def records(self, lines: Iterable[bytes]) -> Iterator[LogRecord]:
        """The wanted records that ended: those that another followed."""
        for line in lines:
            head = parse_head(line)
            if head is not None:
                yield from self.rest()
                self._head = head
            self._lines.append(line)

    def rest(self) -> Iterator[LogRecord]:
        """The record that nothing followed yet, if it is wanted; the writer writes whole records."""
        if self._lines:
            record = LogRecord(self._head, tuple(self._lines))
            self._head = None
            self._lines = []
            if self._wanted.wants_record(record.head) and any(map(self._wanted.wants_line, record.lines)):
                yield record


def _read_lines(stream: BinaryIO) -> bytes:
    """Up to 8 MiB, or one line if that is longer, cut after the last line end."""
    data = stream.read(_AT_ONCE)
    while data and b"\n" not in data:
        more = stream.read(_AT_ONCE)
        if not more:
            return b""
        data += more
    return data[: data.rfind(b"\n") + 1]


def _end_of_lines(stream: BinaryIO) -> int:
    """The position after the last line end."""
    position = stream.seek(0, 2)
    while position > 0:
        start = max(position - 4096, 0)
        stream.seek(start)
        found = stream.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0
