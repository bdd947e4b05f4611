"""Bytes to the lines of a CSV file: UTF-8 with or without BOM, any line ends, in bounded memory (RFC 4180)."""

import codecs
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.sniffing import not_utf8, refuse_other_formats

CHUNK_BYTES: Final = 256 * 1024
#: A longer line is not kept; the record that it belongs to is rejected.
MAX_LINE_CHARACTERS: Final = 1024 * 1024
#: A line that is still longer has no end that would be worth waiting for: a device, a disk's image.
MAX_DROPPED_CHARACTERS: Final = 256 * 1024 * 1024
#: A record over more lines than this has a quote that never closes.
MAX_RECORD_CHARACTERS: Final = 4 * 1024 * 1024
_MARK_BYTES: Final = 4  # enough to know a byte order mark, or another format, when a stream gives little at once


class RecordTooLong(Exception):
    """The lines of one record exceed the limit; whoever reads records says so in words."""


@dataclass
class _Block:
    """Some lines, and the number of the first."""

    first: int
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return list(io.StringIO(self.text, newline=""))


class Lines:
    r"""The lines of a file with their ends, which may be ``\n``, ``\r\n`` or ``\r``; numbers count from 1.

    ``record_line`` is set by whoever reads records to the line on which one begins: lines before it are forgotten.
    In place of a line that is too long comes an empty one, or a single quote where its quotes are odd, so that what
    follows is still read aright; ``overlong`` is its number, 0 while there was none.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.record_line = 1
        self.overlong = 0
        self.had_bom = False
        self._stream = stream
        self._name = name
        self._kept: list[_Block] = []  # from the one on in which the record begins
        self._next_line = 1
        self._text = ""  # the beginning of a line whose end has not been read
        self._dropped_quotes: int | None = None  # in what was dropped of a line that is too long
        self._dropped = 0  # characters of it

    def __iter__(self) -> Iterator[str]:
        """Give the lines.

        Raises:
            BadInput: not UTF-8, or not to be read on, after the lines before the place where that shows.
            RecordTooLong: there are too many lines since ``record_line``.
        """
        # A block iterates its lines without a step of Python's for each: this is where the time would go.
        return itertools.chain.from_iterable(self._blocks())

    def since_record(self, last: int) -> list[str]:
        """The lines from ``record_line`` to the one with the number ``last``."""
        found: list[str] = []
        for block in self._kept:
            found += block.lines[max(0, self.record_line - block.first) : max(0, last + 1 - block.first)]
        return found or [""]

    def _blocks(self) -> Iterator[io.StringIO]:
        for text, last in self._texts():
            lines = self._whole_lines(text, last=last)
            if lines:
                yield self._keep(lines)

    def _texts(self) -> Iterator[tuple[str, bool]]:
        """The file as text, piece by piece, and whether it is the last piece."""
        data = b""
        while len(data) < _MARK_BYTES and (more := self._read()):
            data += more
        refuse_other_formats(data, self._name)
        self.had_bom = data.startswith(codecs.BOM_UTF8)
        offset = len(codecs.BOM_UTF8) if self.had_bom else 0
        rest = data[offset:]
        while True:
            try:
                text, used = codecs.utf_8_decode(rest, "strict", not data)
            except UnicodeDecodeError as error:
                yield rest[: error.start].decode(), False
                raise not_utf8(rest, error.start, offset=offset, line=self._next_line, name=self._name) from None
            yield text, not data
            if not data:
                return
            data = self._read()
            rest, offset = rest[used:] + data, offset + used

    def _read(self) -> bytes:
        try:
            return self._stream.read(CHUNK_BYTES)
        except OSError as error:
            where = f"{self._name}, after line {self._next_line - 1:,}"
            raise BadInput("the file cannot be read on", where=where, got=error.strerror or str(error)) from error

    def _whole_lines(self, text: str, *, last: bool) -> str:
        """What is now there of whole lines; the beginning of the next is kept for later, or dropped."""
        if self._dropped_quotes is not None:
            text = self._drop(text + "\n" if last else text)
        text = self._text + text
        # A carriage return at the end may be the first half of a line end.
        end = len(text) if last else max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
        self._text = text[end:]
        if len(self._text) > MAX_LINE_CHARACTERS:
            self._dropped_quotes = self._text.count('"')
            self._dropped = len(self._text)
            self._text = ""
            self.overlong = self._next_line + _line_count(text[:end])
        return text[:end]

    def _drop(self, text: str) -> str:
        """Forget text up to the end of the line that is too long; what is left begins with what stands in for it."""
        ends = [at for at in (text.find("\n"), text.find("\r")) if at >= 0]
        quotes = (self._dropped_quotes or 0) + text.count('"', 0, min(ends, default=len(text)))
        if not ends:
            self._dropped_quotes = quotes
            self._dropped += len(text)
            if self._dropped > MAX_DROPPED_CHARACTERS:
                raise self._endless()
            return ""
        self._dropped_quotes = None
        return ('"' if quotes % 2 else "") + text[min(ends) :]

    def _endless(self) -> BadInput:
        return BadInput(
            f"a line goes on for more than {MAX_DROPPED_CHARACTERS:,} characters",
            where=f"{self._name}, line {self.overlong:,}",
            expected="a CSV file, with a line for each patient",
        )

    def _keep(self, lines: str) -> io.StringIO:
        starts = [*(block.first for block in self._kept[1:]), self._next_line]
        self._kept = [block for block, after in zip(self._kept, starts, strict=False) if after > self.record_line]
        if sum(len(block.text) for block in self._kept) > MAX_RECORD_CHARACTERS:
            raise RecordTooLong
        self._kept.append(_Block(self._next_line, lines))
        self._next_line += _line_count(lines)
        return io.StringIO(lines, newline="")


def _line_count(text: str) -> int:
    returns = text.count("\r")
    ends = text.count("\n") + returns - (text.count("\r\n") if returns else 0)
    return ends + (not text.endswith(("\n", "\r")) if text else 0)
