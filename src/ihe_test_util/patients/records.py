"""The records of a CSV file, one at a time, with the row and the line on which each begins (RFC 4180)."""

import csv
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.lines import MAX_LINE_CHARACTERS, MAX_RECORD_CHARACTERS, Lines, RecordTooLong
from ihe_test_util.patients.model import RejectedRow, visible
from ihe_test_util.patients.quotes import QuoteTrouble, quote_trouble
from ihe_test_util.patients.rules import problem

#: Row, line, cells; a blank line has no cells.
Record: TypeAlias = tuple[int, int, list[str]]

_KEPT_CHARACTERS: Final = 64 * 1024


def records(lines: Lines, *, delimiter: str, name: str) -> Iterator[Record | RejectedRow]:
    """Give the records, and those that cannot be taken apart.

    Raises:
        BadInput: not UTF-8, not to be read on, or a quote that never closes; after the records before.
    """
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        line = reader.line_num + 1
        lines.record_line = line
        try:
            cells = next(reader)
        except StopIteration:
            return
        except RecordTooLong:
            raise _never_ends(row, line, name) from None
        except csv.Error:
            yield _malformed(row, line, lines.since_record(reader.line_num), delimiter, name)
            continue
        if line <= lines.overlong <= reader.line_num:
            yield _overlong(row, line)
        else:
            yield row, line, cells


def _malformed(row: int, line: int, lines: Sequence[str], delimiter: str, name: str) -> RejectedRow:
    trouble = quote_trouble(lines, delimiter)
    text = "".join(lines)
    if trouble is None:
        return _oversized(row, line, text)
    if not trouble.stray:
        raise _never_closes(trouble, row, line, lines, name)
    # The line after the one that broke the rule is read as a new row, as the csv module does.
    found = problem(
        "quoting",
        row=row,
        line=line,
        value=trouble.stray,
        reason=f"after the end of the quoted value in cell {trouble.cell + 1}, which begins on line"
        f" {line + trouble.line}, comes more text",
        suggestion='write a quote within a quoted value twice, as in "5\'10"" tall", and close each quote',
    )
    return RejectedRow(row, line, (text[:_KEPT_CHARACTERS].rstrip("\r\n"),), (found,))


def _never_ends(row: int, line: int, name: str) -> BadInput:
    return BadInput(
        f"row {row:,} begins on line {line:,} and goes on for more than {MAX_RECORD_CHARACTERS:,} characters",
        where=f"{name}, line {line:,}",
        hint=f"is a quote on line {line:,} not closed, or one too many there?",
    )


def _never_closes(trouble: QuoteTrouble, row: int, line: int, lines: Sequence[str], name: str) -> BadInput:
    after = len(lines) - 1 - trouble.line
    where = f"cell {trouble.cell + 1} of row {row:,}"
    looked = f"in the {after:,} lines after it" if after > 1 else "in what follows"
    return BadInput(
        f"a quote opens on line {line + trouble.line:,} ({where}) and does not close {looked}",
        where=f"{name}, line {line + trouble.line:,}",
        got=visible(lines[trouble.line].rstrip("\r\n")),
        expected="a closing quote; a value may have 131,072 characters",
        hint=f"close it on line {line + trouble.line:,}; a quote that is part of a quoted value is written twice",
    )


def _oversized(row: int, line: int, text: str) -> RejectedRow:
    found = problem(
        "row-too-long",
        row=row,
        line=line,
        value=text,
        reason=f"a value of this row is too long to be read; the row has {len(text):,} characters",
        suggestion="shorten it; is a quote not closed in the row before?",
    )
    return RejectedRow(row, line, (), (found,))


def _overlong(row: int, line: int) -> RejectedRow:
    found = problem(
        "row-too-long",
        row=row,
        line=line,
        reason=f"a line of this row has more than {MAX_LINE_CHARACTERS:,} characters",
        suggestion="shorten its values",
    )
    return RejectedRow(row, line, (), (found,))
