"""One start at a time: who holds the lock starts, the others wait and then see who won."""

import contextlib
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ihe_test_util.errors import AlreadyRunning, StorageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_STEP_S: Final = 0.02


class StartLock:
    """A lock file beside the PID file; the system lets go of it when its process ends, however that happens."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._fd = -1
        self._made: dict[Path, None] = {}  # from the inside out

    def __enter__(self) -> Self:
        """Wait for the lock.

        Raises:
            AlreadyRunning: another start holds it for longer than the timeout.
            StorageError: the lock file cannot be made.
        """
        deadline = time.monotonic() + self._timeout_s
        try:
            while not self._taken():
                if time.monotonic() >= deadline:
                    raise AlreadyRunning(
                        "Another start of the mock server is under way",
                        where=str(self._path),
                        hint="wait for it, and look with: ihe-test-util mock status",
                    )
                time.sleep(_STEP_S)
        except OSError as error:
            raise StorageError(
                "The lock file of the start cannot be made",
                where=str(self._path),
                got=_obstacle(self._path) or error.strerror or str(error),
                hint="start it in a directory that you may write to, or set pid_file (MOCK_SERVER_PID_FILE) to one",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let the next one start; nothing happens where it is not held."""
        if self._fd < 0:
            return
        held, self._fd = self._fd, -1
        if sys.platform == "win32":
            os.close(held)
            try:
                self._path.unlink(missing_ok=True)
            except PermissionError:
                return  # the next one has it open
        else:
            self._path.unlink(missing_ok=True)  # before the lock is let go: who waits sees that its file is gone
            os.close(held)
        for directory in self._made:  # of a start that failed: nothing is in them
            with contextlib.suppress(OSError):
                directory.rmdir()

    def _taken(self) -> bool:
        self._make_directories()
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:
            return False  # a start that failed has just removed the directory it had made
        except PermissionError:
            if sys.platform == "win32":
                return False  # its last holder is just removing it
            raise
        try:
            if _locked(descriptor) and self._is_current(descriptor):
                self._fd = descriptor
                return True
        finally:
            if self._fd != descriptor:
                os.close(descriptor)
        return False

    def _make_directories(self) -> None:
        """Make the directories that are missing, and remember them."""
        missing = [each for each in self._path.parents if not each.exists()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._made.update(dict.fromkeys(missing))

    def _is_current(self, descriptor: int) -> bool:
        """Whether the file locked is still the one at the path; its last holder removed it."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(descriptor)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def _obstacle(path: Path) -> str:
    """The file that stands where a directory is needed, in words."""
    return next((f"{each} is a file; a directory is needed" for each in path.parents if each.is_file()), "")


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
