"""Who uses a data directory: a lock for moments, and a place of its own for each running process."""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

_LOCK_NAME: Final = "lock"
_DIRECTORY_LOCK: Final = ".lock"
_SPOOL: Final = "spool"


class FileLock:
    """A lock that the operating system takes back when its process ends, however that happens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock; without ``wait``, whether nobody else held it.

        Raises:
            OSError: the file cannot be made or locked.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            taken = _lock(descriptor, wait=wait)
        except BaseException:
            os.close(descriptor)
            raise
        if taken:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return taken

    def release(self) -> None:
        """Let go of the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def directory_lock(data_dir: Path) -> Iterator[None]:
    """Nobody else, in this process or another, moves or removes files of the data directory meanwhile."""
    lock = FileLock(data_dir / _DIRECTORY_LOCK)
    lock.acquire(wait=True)
    try:
        yield
    finally:
        lock.release()


class Instance:
    """One running user of a data directory; ``directory`` is its own, and outlives it only if it is killed."""

    def __init__(self, directory: Path, lock: FileLock) -> None:
        self.directory = directory
        self._lock = lock

    @classmethod
    def register(cls, data_dir: Path) -> Self:
        """Make a directory for this process; the caller holds the directory lock."""
        directory = data_dir / _SPOOL / f"{os.getpid()}-{secrets.token_hex(4)}"
        directory.mkdir(parents=True)
        lock = FileLock(directory / _LOCK_NAME)
        lock.acquire(wait=True)
        return cls(directory, lock)

    def close(self) -> None:
        """Remove the directory with all that is in it."""
        self._lock.release()
        shutil.rmtree(self.directory, ignore_errors=True)  # what stays behind, the next start removes


def alive_and_dead(data_dir: Path) -> tuple[list[Path], list[Path]]:
    """The directories of running instances, and what dead ones left; the caller holds the directory lock.

    Instances register under the directory lock, so that one without a locked file in it is not being made.
    """
    alive: list[Path] = []
    dead: list[Path] = []
    spool = data_dir / _SPOOL
    for entry in sorted(spool.iterdir()) if spool.is_dir() else ():
        (dead if _is_dead(entry) else alive).append(entry)
    return alive, dead


def remove_left_over(entry: Path) -> None:
    """Remove what a dead instance left in the spool directory.

    Raises:
        OSError: it cannot be removed.
    """
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _is_dead(entry: Path) -> bool:
    if not (entry / _LOCK_NAME).is_file():
        return True
    lock = FileLock(entry / _LOCK_NAME)
    if not lock.acquire(wait=False):
        return False
    lock.release()
    return True


if sys.platform == "win32":
    import msvcrt
    import time

    _POLL_S: Final = 0.01

    def _lock(descriptor: int, *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
                time.sleep(_POLL_S)
            else:
                return True

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
