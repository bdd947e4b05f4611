"""Where attachments of answers lie while they are in use: a directory that is made when the first one comes."""

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ihe_test_util.errors import StorageError
from ihe_test_util.store.locks import FileLock

PREFIX: Final = "ihe-test-util-"
_LOCK_NAME: Final = "lock"
#: A directory that is younger may be one whose maker has not locked it yet.
_SETTLED_S: Final = 60.0


class Spool:
    """The directory of one client, below ``parent``, the system's directory of temporary files by default.

    Nothing is made before it is asked for. What clients left that were killed is removed with the next directory that
    is made: of our own user, settled, and with a lock that nobody holds.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._directory: Path | None = None
        self._lock: FileLock | None = None

    def directory(self) -> Path:
        """The directory, made now if it was not there.

        Raises:
            StorageError: it cannot be made.
        """
        if self._directory is None:
            parent = self._parent or Path(tempfile.gettempdir())
            remove_abandoned(parent)
            try:
                made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
                self._lock = FileLock(made / _LOCK_NAME)
                self._lock.acquire(wait=True)
            except OSError as error:
                reason = error.strerror or str(error)
                raise StorageError("attachments have no place", where=str(parent), got=reason) from error
            self._directory = made
        return self._directory

    def close(self) -> None:
        """Remove the directory with all that is in it."""
        if self._lock is not None:
            self._lock.release()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)  # what stays behind, another client removes
        self._directory = self._lock = None


def remove_abandoned(parent: Path) -> None:
    """Remove the directories below ``parent`` whose clients of our user have gone without doing so."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else removes it at this moment, or it is not ours to remove
            lock = FileLock(path / _LOCK_NAME)
            if _may_be_abandoned(path) and lock.acquire(wait=False):
                lock.release()
                shutil.rmtree(path, ignore_errors=True)


def _may_be_abandoned(path: Path) -> bool:
    found = path.lstat()
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    settled = time.time() - found.st_mtime > _SETTLED_S
    return ours and settled and stat.S_ISDIR(found.st_mode) and (path / _LOCK_NAME).is_file()
