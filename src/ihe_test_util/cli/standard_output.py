"""Standard output that is closed or full, or whose reader has gone: what a command did is done all the same."""

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ihe_test_util.cli.output import show_error
from ihe_test_util.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIPE_CLOSED: Final = 141  # 128 + SIGPIPE
_STANDARD: Final = range(3)
_NAME: Final = "standard output"


class _Named(io.FileIO):
    """File descriptor 1, whose errors say whose they are; those of Python's own stream name no file."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """As ``io.FileIO.write``."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = _NAME
            raise


def prepare() -> None:
    """Make standard output one that takes every letter, and is known by its errors."""
    _open_what_is_closed()
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return  # a test's own
    stream.reconfigure(errors="backslashreplace")  # a console of few letters shows names all the same
    if sys.platform != "win32" and stream is sys.__stdout__:
        raw = _Named(stream.fileno(), "w", closefd=False)
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=stream.line_buffering
        )


def _open_what_is_closed() -> None:
    """Let the standard streams that were closed (``>&-``) lead nowhere, so that no file of ours takes their place."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - for good


def told(tell: Callable[[], None]) -> StorageError | None:
    """Print the outcome of what was done; why it could not be written, None where nobody wants to read it any more."""
    try:
        tell()
        sys.stdout.flush()
    except BrokenPipeError:
        _forsake()
    except OSError as error:
        _forsake()
        return _unwritten(error)
    return None


def finished(code: int) -> int:
    """The exit code of a command that ended with ``code``, once all that it said is written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return gone()
    except OSError as error:
        _forsake()
        show_error(_unwritten(error))
        return code or 1
    return code


def gone() -> int:
    """The exit code where whoever read our output has gone."""
    _forsake()
    return PIPE_CLOSED


def lost(error: OSError) -> StorageError | None:
    """The error that says that standard output takes nothing, None where it was something else that did not."""
    if error.filename != _NAME:
        return None
    _forsake()
    return _unwritten(error)


def _forsake() -> None:
    """Write what is left nowhere, so that the interpreter does not complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _unwritten(error: OSError) -> StorageError:
    return StorageError(
        "standard output cannot be written",
        got=error.strerror or str(error),
        hint="make room where it leads; what the command was to do is done, only its words are lost",
    )
