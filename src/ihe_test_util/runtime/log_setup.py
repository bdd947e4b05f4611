"""A process's log file: rotated at 10 MB with 5 kept, shared by the worker processes, cheap on the path of a request.

Records gather in memory and are written at most 100 ms later in one piece; a WARNING or worse is written before the
call that logged it returns, with everything before it. Processes take turns by a lock on the file itself, so lines
never mix and only one process rotates.
"""

import contextlib
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ihe_test_util.errors import ConfigError
from ihe_test_util.runtime.log_format import BACKUPS, MAX_BYTES, LineFormatter, backup

if sys.platform != "win32":
    import fcntl

_FLUSH_SECONDS: Final = 0.1
_FLUSH_BYTES: Final = 256 * 1024
_RETRY_SECONDS: Final = 1.0
#: What is kept for a disk that does not take it; then the oldest records go, and their number is logged.
_HELD_BYTES: Final = 16 * 1024 * 1024
_KEEP_OPEN: Final = sys.platform != "win32"  # Windows cannot rename a file that somebody holds open
_PACKAGE: Final = "ihe_test_util"


class SharedFileHandler(logging.Handler):
    """Appends records to a file that other processes append to as well, and rotates it.

    While ``at_once`` is set every record is written when it is logged, not only warnings: for a start, whose last
    words matter most when it dies.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, backups: int = BACKUPS) -> None:
        """Opens the file, so that one that cannot be written is known at the start.

        Raises:
            OSError: the file or its directory cannot be made or written.
        """
        super().__init__()
        self.setFormatter(LineFormatter())
        self.path = path.absolute()
        self._max_bytes = max_bytes
        self._backups = backups
        self.at_once = False
        self._records: deque[bytes] = deque()
        self._size = 0  # of the records held; only a hint for when to write
        self._dropped = 0
        self._fd = -1
        self._begin()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record for the next write; write at once from WARNING on."""
        try:
            data = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
            if self._pid != os.getpid():
                self._begin_in_child()
            self._records.append(data)
            self._size += len(data)
            urgent = record.levelno >= logging.WARNING or self.at_once or self._stop.is_set()
            if urgent or self._size >= _FLUSH_BYTES:
                self.flush()
            elif not self._due.is_set():
                self._wake()
        except Exception:  # noqa: BLE001 - the protocol of logging.Handler: a log call never raises into its caller
            self.handleError(record)

    def flush(self) -> None:
        """Write what is held. A disk that refuses is tried again with the next write."""
        with self._writing:
            self._due.clear()
            held = self._take()
            if held:
                rest = self._append(held)
                if rest:
                    self._put_back(rest)

    def close(self) -> None:
        """Write what is held and stop."""
        self._stop.set()
        self._due.set()
        self.flush()
        with self._writing:
            self._release()
        super().close()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._writing = threading.RLock()
        self._due = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _begin_in_child(self) -> None:
        """A forked child has its parent's records, which the parent writes, its lock, and not its thread."""
        self._begin()
        self._records.clear()
        self._size = 0
        self._release()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_regularly, name="log-writer", daemon=True)
            self._thread.start()
        self._due.set()

    def _write_regularly(self) -> None:
        while not self._stop.is_set():
            self._due.wait()
            self._stop.wait(_FLUSH_SECONDS)
            self.flush()
            if self._records and not self._due.is_set():  # the disk refused
                self._stop.wait(_RETRY_SECONDS)
                self._due.set()

    def _take(self) -> list[bytes]:
        held = [self._records.popleft() for _ in range(len(self._records))]
        self._size = 0
        if self._dropped and held:
            text = f"{self._dropped} log records were lost: the disk did not take them"
            record = logging.LogRecord(__name__, logging.ERROR, __file__, 0, text, None, None)
            held.append(self.format(record).encode() + b"\n")
            self._dropped = 0
        return held

    def _put_back(self, rest: Sequence[bytes]) -> None:
        size = sum(map(len, rest))
        drop = 0
        while size > _HELD_BYTES and drop < len(rest):
            size -= len(rest[drop])
            drop += 1
        self._dropped += drop
        self._records.extendleft(reversed(rest[drop:]))
        self._size = 0  # not again for each record, but with the next regular write

    def _append(self, records: Sequence[bytes]) -> Sequence[bytes]:
        """Write under the lock of all processes, rotating between records; returns what the disk did not take."""
        start = 0
        try:
            with self._exclusive():
                while start < len(records):
                    size = os.fstat(self._fd).st_size
                    end = self._fitting(records, start, self._max_bytes - size)
                    if end == start and size and self._rotate():
                        continue
                    end = end if end > start else start + 1  # longer than a whole file, or it cannot rotate
                    self._write(b"".join(records[start:end]), size)
                    start = end
        except OSError:
            return records[start:]
        return ()

    def _fitting(self, records: Sequence[bytes], start: int, room: int) -> int:
        """The number of the first record from ``start`` on that has no room."""
        for number in range(start, len(records)):
            room -= len(records[number])
            if room < 0:
                return number
        return len(records)

    def _write(self, data: bytes, size: int) -> None:
        """Write all of it, or leave the file as it was."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
        except OSError:
            if written:
                os.ftruncate(self._fd, size)
            raise

    def _rotate(self) -> bool:
        held = self._fd
        if not _KEEP_OPEN:
            self._release()
            held = -1
        try:
            for number in range(self._backups, 0, -1):
                source = backup(self.path, number - 1)
                if source.exists():
                    source.replace(backup(self.path, number))
        except OSError:
            # A reader holds a file open (Windows), or the directory is read-only: the log outgrows its size for now.
            if self._fd < 0:
                self._open()
            return False
        self._fd = -1
        try:
            self._open()
            self._lock()
        finally:
            if held >= 0:
                os.close(held)  # lets the other processes go on; they find the new file
        return True

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the file that is at the path now, alone among the processes."""
        while True:
            if self._fd < 0:
                self._open()
            self._lock()
            mine = os.fstat(self._fd)
            try:
                there = self.path.stat()
            except FileNotFoundError:
                there = None
            if there is not None and (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
                break
            self._release()  # rotated or removed by another
        try:
            yield
        finally:
            if _KEEP_OPEN and self._fd >= 0:
                self._unlock()
            else:
                self._release()

    def _open(self) -> None:
        try:
            self._fd = self._opened()
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = self._opened()

    def _opened(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)

    def _release(self) -> None:
        """Close the file, and with it any lock on it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    if sys.platform != "win32":

        def _lock(self) -> None:
            fcntl.flock(self._fd, fcntl.LOCK_EX)

        def _unlock(self) -> None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    else:
        # One process writes there: Windows has no workers.
        def _lock(self) -> None:
            """Nobody to wait for."""

        def _unlock(self) -> None:
            """Nobody waits."""


def set_up_logging(
    log_path: Path, level: str, *, console: bool = False, setting: str = "log_path (MOCK_SERVER_LOG_PATH)"
) -> SharedFileHandler:
    """Send the package's records from ``level`` on to the file, and with ``console`` to stderr as well.

    Records of other libraries go there from WARNING on. Call it once in each process that logs. ``setting`` is how the
    user says where the file is to be.

    Raises:
        ConfigError: the log file cannot be made or written.
    """
    try:
        handler = SharedFileHandler(log_path)
    except OSError as error:
        raise ConfigError(
            "The log file cannot be written",
            where=str(log_path.absolute()),
            got=error.strerror or str(error),
            hint=f"set {setting} to a place that can be written",
        ) from error
    close_logging()
    root = logging.getLogger()
    root.addHandler(handler)
    if console:
        stream = logging.StreamHandler()
        stream.setFormatter(LineFormatter())
        stream.set_name(_PACKAGE)
        root.addHandler(stream)
    set_level(level)
    logging.captureWarnings(capture=True)
    return handler


def set_level(level: str) -> None:
    """Log the package's records from this level on; takes effect at once."""
    logging.getLogger(_PACKAGE).setLevel(level.upper())


def close_logging() -> None:
    """Write what is held, and undo ``set_up_logging``."""
    root = logging.getLogger()
    logging.captureWarnings(capture=False)
    for handler in tuple(root.handlers):
        if isinstance(handler, SharedFileHandler) or handler.get_name() == _PACKAGE:
            root.removeHandler(handler)
            handler.close()
