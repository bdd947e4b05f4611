"""Tables on standard output: fitted to a terminal, plain for other programs."""

import sys
from collections.abc import Sequence

from ihe_test_util.client.text import showable

Row = Sequence[str]


def table(columns: Row, rows: Sequence[Row]) -> str:
    """A table as wide as the terminal; elsewhere with columns as wide as they need. Nothing in it moves a cursor."""
    shown = [[showable(cell) for cell in row] for row in rows]
    return _fitting(columns, shown) if sys.stdout.isatty() else _wide(columns, shown)


def _wide(columns: Row, rows: Sequence[Row]) -> str:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (columns, *rows))
    return "\n".join(line.rstrip() for line in padded)


def _fitting(columns: Row, rows: Sequence[Row]) -> str:
    from rich.console import Console  # noqa: PLC0415 - 50 ms that other output does not need
    from rich.table import Table  # noqa: PLC0415 - same
    from rich.text import Text  # noqa: PLC0415 - same

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console()
    with console.capture() as captured:
        console.print(drawn)
    return captured.get().rstrip()
