"""Reading the log file: the last lines that match, whatever its size, and what comes after."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from ihe_test_util.errors import BadInput
from ihe_test_util.runtime.log_format import BACKUPS, INDENT, LEVELS, Head, backup, parse_head, stamp

_BLOCK: Final = 256 * 1024
_HEAD_BYTES: Final = 64  # more than a head has up to its level
#: Worker processes write up to 100 ms late, so the file is not strictly in the order of time.
_DISORDER: Final = timedelta(seconds=2)
_FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGE: Final = re.compile(r"(?:\d+[smhd])+")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines are wanted: records from a level on, not before a time, and lines that a pattern finds."""

    level: str | None = None
    since: datetime | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def needs_heads(self) -> bool:
        """Whether a line can be judged only with the head of its record."""
        return self.level is not None or self.since is not None

    def wants_record(self, head: Head | None) -> bool:
        """Whether a record's level and time pass; what belongs to no record counts as DEBUG of no known time."""
        severity = head.severity if head else LEVELS["DEBUG"]
        if self.level is not None and severity < LEVELS[self.level]:
            return False
        return self.since is None or (head is not None and head.stamp >= stamp(self.since))

    def wants_line(self, line: bytes) -> bool:
        """Whether the pattern finds something in the line."""
        return self.pattern is None or self.pattern.search(as_text(line)) is not None

    def may_want_records_in(self, data: bytes) -> bool:
        """Whether a record of the wanted level may begin somewhere in the data; quick, for large files."""
        if self.level is None:
            return True
        least = LEVELS[self.level]
        return any(b"Z %s " % name.encode() in data for name, severity in LEVELS.items() if severity >= least)

    def is_before(self, head: Head) -> bool:
        """Whether this record and all before it are too old."""
        return self.since is not None and head.stamp < stamp(self.since - _DISORDER)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record read back; ``head`` is None for lines that belong to none."""

    head: Head | None
    lines: tuple[bytes, ...]

    @property
    def message(self) -> str:
        """The whole message, its further lines without the indent that the file gives them."""
        first, *further = map(as_text, self.lines)
        return "\n".join([self.head.message if self.head else first, *(line.removeprefix(INDENT) for line in further)])


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file has been read: up to the end of a line, just before ``position``."""

    file: tuple[int, int]  # device and inode
    position: int


def as_text(line: bytes) -> str:
    """A line for people; what is not UTF-8 is replaced."""
    return line.decode("utf-8", "replace")


def parse_since(text: str, now: datetime) -> datetime:
    """A point in time, given as an age (``90s``, ``10m``, ``1h30m``, ``2d``) or in ISO 8601 (local unless it says).

    Raises:
        BadInput: it is neither.
    """
    wanted = text.strip()
    try:
        if _AGE.fullmatch(wanted):
            parts = re.findall(r"(\d+)([smhd])", wanted)
            found = now - sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
        else:
            found = datetime.fromisoformat(wanted).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput(
            "Invalid time",
            where="--since",
            got=text,
            expected="an age such as 90s, 10m, 1h30m, 2d, or ISO 8601 such as 2026-01-31T13:45 (local) or …T13:45Z",
        ) from error
    return max(found, _FIRST)  # no log is older, and below it there is no room for arithmetic


def compile_pattern(text: str) -> re.Pattern[str]:
    """A regular expression in Python's syntax.

    Raises:
        BadInput: it is none; says at which character.
    """
    try:
        return re.compile(text)
    except re.error as error:
        position = (error.pos or 0) + 1
        raise BadInput(
            f"Invalid regular expression: {error.msg}",
            where=f"--grep, character {position}",
            got=text,
            hint="put a backslash before a character that is meant literally, as in 'urn:oid:2\\.999'",
        ) from error


def tail(path: Path, count: int, wanted: LogFilter, *, end: Place | None = None) -> list[bytes]:
    """The last ``count`` lines that match, oldest first, read backwards through the file and its rotated ones."""
    found: list[bytes] = []
    pending: list[bytes] = []  # of a record whose head comes next
    heads = wanted.needs_heads
    for line in _lines_of_all(path, end, wanted) if count > 0 else ():
        if len(found) + len(pending) < count and wanted.wants_line(line):
            pending.append(line)
        head = parse_head(line) if heads else None
        if head is not None or not heads:
            if not heads or wanted.wants_record(head):
                found += pending
            pending.clear()
            if len(found) >= count or (head and wanted.is_before(head)):
                break
    if wanted.wants_record(None):
        found += pending
    return found[::-1]


def tail_records(path: Path, count: int, wanted: LogFilter, *, end: Place | None = None) -> list[LogRecord]:
    """The last ``count`` records that match, oldest first; a pattern may match any line of a record."""
    found: list[LogRecord] = []
    for record in _records_backwards(path, end, wanted) if count > 0 else ():
        if wanted.wants_record(record.head) and any(map(wanted.wants_line, record.lines)):
            found.append(record)
        if len(found) >= count or (record.head and wanted.is_before(record.head)):
            break
    return found[::-1]


def head_at(path: Path, end: Place) -> Head | None:
    """The head of the record that stands before a place, for the lines that may continue it."""
    for line in _lines_of_all(path, end, LogFilter()):
        head = parse_head(line)
        if head is not None:
            return head
    return None


def generations(path: Path) -> Iterator[BinaryIO]:
    """The log and its rotated files, open, newest first, each once even if they are rotated meanwhile.

    Whoever asked closes them.
    """
    seen: set[tuple[int, int]] = set()
    for number in range(BACKUPS + 1):
        try:
            stream = backup(path, number).open("rb")
        except FileNotFoundError:
            continue  # not that many yet, or just being renamed
        identity = identity_of(stream)
        if identity in seen:
            stream.close()
        else:
            seen.add(identity)
            yield stream


def identity_of(stream: BinaryIO) -> tuple[int, int]:
    """What stays the same when a file is renamed."""
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino


def _records_backwards(path: Path, end: Place | None, wanted: LogFilter) -> Iterator[LogRecord]:
    lines: list[bytes] = []
    for line in _lines_of_all(path, end, wanted):
        lines.append(line)
        head = parse_head(line)
        if head is not None:
            yield LogRecord(head, tuple(reversed(lines)))
            lines.clear()
    if lines:
        yield LogRecord(None, tuple(reversed(lines)))


def _lines_of_all(path: Path, end: Place | None, wanted: LogFilter) -> Iterator[bytes]:
    for stream in generations(path):
        with stream:
            limit = end.position if end and end.file == identity_of(stream) else None
            yield from lines_backwards(stream, limit, wanted)


def lines_backwards(
    stream: BinaryIO, end: int | None = None, wanted: LogFilter | None = None, *, block_bytes: int = _BLOCK
) -> Iterator[bytes]:
    """The lines of a file, last first, without line ends; reads no more than it is asked for.

    Lines of records that ``wanted`` does not want may be left out, many at a time.
    """
    position = stream.seek(0, 2) if end is None else end
    pieces: list[bytes] = []  # of the line whose start is not read yet, last first
    last = True
    while position > 0:
        size = min(block_bytes, position)
        position -= size
        stream.seek(position)
        block = stream.read(size)
        if last and block.endswith(b"\n"):
            block = block[:-1]
        last = False
        if wanted is not None and not wanted.may_want_records_in(block + _start_of(pieces)):
            kept = _to_first_head(block)
            if kept < len(block):
                block, pieces = block[:kept], []
        first, *lines = block.split(b"\n")
        if lines:
            yield lines.pop() + b"".join(reversed(pieces))
            yield from reversed(lines)
            pieces = []
        pieces.append(first)
    if not last:
        yield b"".join(reversed(pieces))


def _start_of(pieces: list[bytes]) -> bytes:
    """As much as a head may have, of a line whose pieces are given last first."""
    start = b""
    for piece in reversed(pieces):
        start += piece[:_HEAD_BYTES]
        if len(start) >= _HEAD_BYTES:
            break
    return start


def _to_first_head(block: bytes) -> int:
    """Where the first head that begins in the block ends; its end where none does.

    Whatever comes after is of records that begin in the block; what comes before may be of one that began earlier.
    """
    start = block.find(b"\n") + 1
    while start > 0:
        stop = block.find(b"\n", start)
        if stop < 0:
            break
        if parse_head(block[start:stop]) is not None:
            return stop
        start = stop + 1
    return len(block)
