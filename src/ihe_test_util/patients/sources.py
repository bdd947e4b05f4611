"""Where a patient file comes from: a path, standard input, or a stream that somebody else opened."""

import difflib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

from ihe_test_util.errors import BadInput

Source: TypeAlias = Path | Literal["-"] | BinaryIO

_STDIN: Final = "standard input"


def name_of(source: Source) -> str:
    """What messages call the source."""
    if isinstance(source, Path):
        return str(source)
    return _STDIN if source == "-" else str(getattr(source, "name", "the stream"))


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The bytes of a source; what was opened here is closed here.

    Raises:
        BadInput: there is no such file, or it cannot be opened.
    """
    if isinstance(source, Path):
        try:
            stream = source.open("rb")
        except OSError as error:
            raise _unreadable(source, error) from error
        with stream:
            yield stream
    else:
        yield sys.stdin.buffer if source == "-" else source


def _unreadable(source: Path, error: OSError) -> BadInput:
    path = source.absolute()
    if isinstance(error, FileNotFoundError):
        near = _siblings(path)
        return BadInput(
            "there is no such file",
            where=str(path),
            hint=f"is {near[0]} meant?" if near else "name a CSV file, or - for standard input",
        )
    if isinstance(error, IsADirectoryError) or path.is_dir():
        files = sorted(one.name for one in path.glob("*.csv"))
        hint = f"name a file in it, as {source / files[0]}" if files else "name a CSV file; there is none in it"
        return BadInput("this is a directory, not a file", where=str(path), hint=hint)
    if isinstance(error, PermissionError):
        return BadInput("the file may not be read", where=str(path), hint="give yourself permission: chmod u+r")
    return BadInput("the file cannot be read", where=str(path), got=error.strerror or str(error))


def _siblings(path: Path) -> list[str]:
    try:
        names = [one.name for one in path.parent.iterdir()]
    except OSError:
        return []  # the directory is missing, too: there is nothing to suggest
    stems = {Path(name).stem.lower(): name for name in names}  # .csv is common to all, and no likeness
    near = difflib.get_close_matches(path.stem.lower(), stems, n=1)
    return [stems[one] for one in near]
