"""Configuration files: their bytes, and by what a change of them is known."""

import difflib
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from ihe_test_util.errors import ConfigError

MAX_FILE_BYTES: Final = 4 * 1024 * 1024


class Stamp(NamedTuple):
    """What the file system says of a file's version; two equal stamps far enough apart mean equal content."""

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        """The stamp in a result of stat."""
        return cls(status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns, status.st_dev)


class Snapshot(NamedTuple):
    """The bytes of a configuration file, and its stamp just before they were read."""

    data: bytes
    stamp: Stamp


def read_snapshot(path: Path) -> Snapshot:
    """Read a configuration file.

    Raises:
        FileNotFoundError: there is none.
        ConfigError: it cannot be read, or is no file.
    """
    # Without O_NONBLOCK a FIFO would hold up the reader until somebody writes to it.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(path, "is a directory" if stat.S_ISDIR(status.st_mode) else "is not a regular file")
            data = _read(descriptor, MAX_FILE_BYTES + 1)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(str(path)) from None
    except ValueError as error:  # a NUL in the path
        raise _unusable(path, f"cannot be read: {error}") from None
    except OSError as error:  # Windows does not open a directory at all
        why = "is a directory" if path.is_dir() else f"cannot be read: {error.strerror or error}"
        raise _unusable(path, why) from error
    if len(data) > MAX_FILE_BYTES:
        raise _unusable(path, f"has more than {MAX_FILE_BYTES:,} bytes; is it a configuration?")
    return Snapshot(data, Stamp.of(status))


def missing(path: Path) -> ConfigError:
    """The error for a file that was named and is not there, with the one that is probably meant."""
    try:
        beside = [other.name for other in path.parent.iterdir() if other.suffix == ".json"]
    except OSError:  # no such directory, or one we may not list: there is nothing to suggest
        beside = []
    near = difflib.get_close_matches(path.name, beside, n=1)
    hint = f"; did you mean {path.absolute().with_name(near[0])}?" if near else ""
    return ConfigError(f"{path.absolute()}: there is no such configuration file{hint}")


def _read(descriptor: int, most: int) -> bytes:
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, min(most, 1 << 20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path.absolute()}: {why}")
