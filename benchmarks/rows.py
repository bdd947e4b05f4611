"""What a benchmark says: rows of a table, with their budgets and verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final

_HEAD: Final = ("what", "value", "budget", "ratio", "verdict")


class Verdict(StrEnum):
    """Whether a budget was kept; NONE where there is none, FAILED where nothing could be measured."""

    OK = "ok"
    SHORT = "short"
    NONE = ""
    FAILED = "failed"

    @classmethod
    def of(cls, kept: bool) -> "Verdict":  # noqa: FBT001 - the one thing it is made of
        """OK or SHORT."""
        return cls.OK if kept else cls.SHORT


@dataclass(frozen=True, slots=True)
class Row:
    """One row; ``numbers`` are what it was made from, for the JSON file."""

    case: str
    what: str
    value: str
    budget: str = ""
    ratio: float | None = None
    verdict: Verdict = Verdict.NONE
    numbers: Mapping[str, object] = field(default_factory=dict)

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        return (self.what, self.value, self.budget, "" if self.ratio is None else f"{self.ratio:.2f}", self.verdict)

    def as_json(self) -> dict[str, object]:
        """The row as it is kept."""
        return asdict(self)


def table(rows: Iterable[Row]) -> str:
    """The rows as an aligned Markdown table."""
    lines = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
