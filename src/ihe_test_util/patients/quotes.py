"""What is wrong with the quotes of a record, which Python's csv reader tells in no detail (RFC 4180, rules 5 to 7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_QUOTE: Final = '"'


@dataclass(frozen=True, slots=True)
class QuoteTrouble:
    """A quoted value that never ends, or (``stray`` is not empty) that is followed by more than a delimiter.

    ``line`` counts from 0 among the lines given and is where the quote opened; ``cell`` counts from 0 in the record.
    """

    line: int
    cell: int
    stray: str = ""


def quote_trouble(lines: Sequence[str], delimiter: str) -> QuoteTrouble | None:
    """The first trouble in the lines of one record."""
    cell = 0
    opened: QuoteTrouble | None = None
    for number, line in enumerate(lines):
        at = 0
        while at < len(line):
            if opened is None and line[at] == _QUOTE:
                opened = QuoteTrouble(number, cell)
                at += 1
            if opened is not None:
                at = _after_quoted(line, at)
                if at > len(line):
                    break
                stray = line[at:].split(delimiter)[0].rstrip("\r\n")
                if stray:
                    return QuoteTrouble(opened.line, opened.cell, stray)
                opened = None
            at = _next_cell(line, at, delimiter)
            cell += 1
    return opened


def _after_quoted(line: str, at: int) -> int:
    """Where the quoted value that goes on at a place ends, beyond the line where it does not end in it."""
    for close in _quotes_from(line, at):
        if line[close + 1 : close + 2] != _QUOTE:
            return close + 1
    return len(line) + 1


def _quotes_from(line: str, at: int) -> Iterator[int]:
    # Two quotes within a quoted value stand for one: whoever goes on after the first has to skip the second.
    while (at := line.find(_QUOTE, at)) >= 0:
        yield at
        at += 2


def _next_cell(line: str, at: int, delimiter: str) -> int:
    end = line.find(delimiter, at)
    return len(line) if end < 0 else end + 1
