"""The line format of the log file and the names of its rotated ones: written by ``log_setup``, read by ``logs``.

A record is ``2026-01-31T13:45:09.123Z WARNING  logger.name: message``; the further lines of its message are indented,
so that nothing a peer sends can pass for the head of a record.
"""

import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 10_000_000
BACKUPS: Final = 5
LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
INDENT: Final = "    "

_STAMP: Final = len("2026-01-31T13:45:09.123Z")
_HEAD: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) +[^\s:]+:")
#: Control characters (a peer's terminal escapes) are shown, never sent to a terminal; tab and line feed stay.
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(0x7F, 0xA0)) if code not in (9, 10)}


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a record, read back."""

    line: bytes

    @property
    def stamp(self) -> str:
        """The time as written, UTC with milliseconds and a Z."""
        return self.line[:_STAMP].decode("ascii")

    @property
    def level(self) -> str:
        """The record's own level."""
        return self.line[_STAMP + 1 :].split(b" ", 1)[0].decode("ascii")

    @property
    def severity(self) -> int:
        """The level as a number, as in the standard library's logging."""
        return LEVELS[self.level]

    @property
    def logger(self) -> str:
        """Who logged it."""
        return self._logger_and_message()[0]

    @property
    def message(self) -> str:
        """The first line of what was logged."""
        return self._logger_and_message()[1]

    def _logger_and_message(self) -> tuple[str, str]:
        text = self.line[_STAMP + 1 :].decode("utf-8", "replace")
        logger, _, message = text.split(" ", 1)[1].lstrip(" ").partition(":")
        return logger, message.removeprefix(" ")


def parse_head(line: bytes) -> Head | None:
    """The head in a line without its line end; None where the line continues a record or is no record."""
    return Head(line) if line[_STAMP - 1 : _STAMP + 1] == b"Z " and _HEAD.match(line) else None


def stamp(moment: datetime) -> str:
    """The time as records carry it; stamps sort as their times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def backup(path: Path, number: int) -> Path:
    """The file that was rotated ``number`` times; 0 is the log itself."""
    return path.with_name(f"{path.name}.{number}") if number else path


class LineFormatter(logging.Formatter):
    """Formats records for the file; the text of a second is made once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._prefix = ""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, or several of which all but the first are indented; no line end."""
        text = record.getMessage()
        if record.exc_info or record.stack_info:
            text = self._with_trace(record, text)
        if not text.isprintable():
            text = text.rstrip("\r\n").replace("\r\n", "\n").translate(_CONTROLS).replace("\n", "\n" + INDENT)
        millis = int(record.created * 1000)
        second, fraction = divmod(millis, 1000)
        if second != self._second:
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        level = record.levelname if record.levelname in LEVELS else _nearest(record.levelno)
        return f"{self._prefix}.{fraction:03d}Z {level:<8} {record.name}: {text}"

    def _with_trace(self, record: logging.LogRecord, text: str) -> str:
        parts = [text]
        if record.exc_info:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(record.stack_info)
        return "\n".join(parts)


def _nearest(severity: int) -> str:
    """The standard level at or below an in-between one."""
    below = [name for name, value in LEVELS.items() if value <= severity]
    return below[-1] if below else "DEBUG"
