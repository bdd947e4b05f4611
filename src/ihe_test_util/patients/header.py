"""The header of a patient file: which column is where, and what to say where it cannot be used."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Final

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.columns import COLUMNS, EXPORTED, NAMES, REQUIRED
from ihe_test_util.patients.model import Problem, visible
from ihe_test_util.patients.rules import problem

_DELIMITERS: Final = MappingProxyType({",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"})
_ENOUGH_NAMES: Final = 2
_NEAR_ENOUGH: Final = 0.75
_LOOKED_AT_COLUMNS: Final = 100  # of those that are not known; a header may have a million
_MEANT: Final = MappingProxyType({other: column.name for column in COLUMNS for other in (column.name, *column.also)})


@dataclass(frozen=True, slots=True)
class Header:
    """The names as they stand in the file, and how to take the values of a row out of its cells.

    ``pick`` takes the cells followed by an empty one, and gives the values in the order of ``COLUMNS``.
    """

    cells: tuple[str, ...]
    pick: Callable[[Sequence[str]], tuple[str, ...]]
    problems: tuple[Problem, ...]


def read_header(cells: Sequence[str], *, delimiter: str, row: int, line: int, name: str) -> Header:
    """Find the columns.

    Raises:
        BadInput: another delimiter, columns that are missing or come twice; all of them at once.
    """
    names = [cell.strip().lower() for cell in cells]
    where = f"{name}, line {line}"
    check_delimiter(cells, delimiter, where)
    missing = [column for column in REQUIRED if column not in names]
    twice = [column for column in (*NAMES, *EXPORTED) if names.count(column) > 1]
    if missing or twice:
        raise _unusable(cells, names, missing, twice, where)
    places = [names.index(column) if column in names else len(cells) for column in NAMES]
    known = {*NAMES, *EXPORTED}
    unknown = [number for number, one in enumerate(names, 1) if one not in known]
    warnings = [_unknown(cells[number - 1], number, names, row, line) for number in unknown[:_LOOKED_AT_COLUMNS]]
    return Header(tuple(cells), itemgetter(*places), tuple(warnings))


def delimiter_of(text: str) -> str:
    r"""The delimiter that an option names: the character itself, ``tab`` or ``\t``.

    Raises:
        BadInput: not one character, or one that cannot delimit.
    """
    delimiter = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n\0' or delimiter.isalnum():
        raise BadInput(
            "this cannot separate columns", where="--delimiter", got=repr(text), expected="one of , ; | or tab"
        )
    return delimiter


def check_delimiter(cells: Sequence[str], delimiter: str, where: str) -> None:
    """See whether a header is separated by something else.

    Raises:
        BadInput: it is, or it is not the header yet.
    """
    first = cells[0].strip().lower()
    if first.startswith("sep=") and len("".join(cells)) <= len("sep=;"):
        given = first.removeprefix("sep=") or delimiter
        raise BadInput(
            "the first line is a note for Excel, not the header",
            where=where,
            got=visible(cells[0]),
            hint=f"remove the line; {_remedy(given)}" if given != "," else "remove the line",
        )
    text = delimiter.join(cells)
    found = {one: _known_names(text.split(one)) for one in _DELIMITERS}
    best = max(found, key=lambda one: found[one])
    if best != delimiter and found[best] >= _ENOUGH_NAMES and found[best] > _known_names(cells):
        raise BadInput(
            f"the columns are separated by {_DELIMITERS[best]}, not by {_DELIMITERS.get(delimiter, repr(delimiter))}",
            where=where,
            got=visible(text),
            hint=_remedy(best),
        )


def _known_names(cells: Sequence[str]) -> int:
    return sum(cell.strip().strip('"').lower() in _MEANT for cell in cells)


def _remedy(delimiter: str) -> str:
    """Only ``csv validate`` and ``csv process`` take other delimiters; what sends wants commas."""
    option = f"--delimiter {_option(delimiter)}"
    return f"csv validate and csv process take {option}; for other commands: csv process FILE {option} --output NEW.csv"


def _option(delimiter: str) -> str:
    return {"\t": "tab", ";": "';'", "|": "'|'"}.get(delimiter, delimiter)


def _unusable(
    cells: Sequence[str], names: Sequence[str], missing: Sequence[str], twice: Sequence[str], where: str
) -> BadInput:
    likely = {_nearest(one): cell.strip() for cell, one in list(zip(cells, names, strict=True))[:_LOOKED_AT_COLUMNS]}
    lines = [
        f"the column {column} is missing"
        + (f"; is {visible(likely[column])!r} meant for it?" if column in likely else "")
        for column in missing
    ]
    for column in twice:
        places = [str(number) for number, name in enumerate(names, 1) if name == column]
        lines.append(f"the column {column} is there twice: columns {' and '.join(places)}")
    if len(missing) == len(REQUIRED) and not _known_names(cells):
        lines = ["the first line is no header: it names none of the columns"]
    message = lines[0] if len(lines) == 1 else "\n".join(["the header cannot be used:", *(f"  {one}" for one in lines)])
    return BadInput(
        message,
        where=where,
        got=visible(", ".join(cells)),
        expected=f"{', '.join(REQUIRED)}; and optionally {', '.join(one for one in NAMES if one not in REQUIRED)}",
        hint="rename the columns in the header; their order is free" if missing else "remove or rename one of them",
    )


def _nearest(name: str) -> str:
    """The column that a name is likely to mean, empty where there is none."""
    plain = name.replace(" ", "_").replace("-", "_")
    near = difflib.get_close_matches(plain, _MEANT, n=1, cutoff=_NEAR_ENOUGH)
    return _MEANT[near[0]] if near else ""


def _unknown(cell: str, number: int, names: Sequence[str], row: int, line: int) -> Problem:
    if not cell.strip():
        reason, suggestion = f"column {number} has no name and is not used", "remove it, or name it"
    else:
        nearest = _nearest(cell.strip().lower())
        reason = "this column is not known and not used"
        suggestion = (
            f"is {nearest} meant?" if nearest and nearest not in names else "remove it, or leave it if that is meant"
        )
    return problem(
        "unknown-column", row=row, line=line, column=visible(cell.strip()), reason=reason, suggestion=suggestion
    )
