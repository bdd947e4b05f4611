"""The journal of exchanges as the server writes it: never in the way of a request, bounded, and honest about gaps."""

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from ihe_test_util.errors import StorageError
from ihe_test_util.exchange import Exchange
from ihe_test_util.store.database import Row, open_database, storage_error, transaction
from ihe_test_util.store.journal_rows import COLUMNS, encodable, to_row, weight, without_bodies
from ihe_test_util.store.schema import JOURNAL
from ihe_test_util.store.writer import Insert

_LOG: Final = logging.getLogger(__name__)

#: Exchanges are gathered for this long, so that they cost one transaction together; kill -9 loses no more.
GATHER_S: Final = 0.05
QUEUE_EXCHANGES: Final = 20_000
QUEUE_BYTES: Final = 64 * 1024 * 1024
_WARN_EVERY_S: Final = 1.0
#: The share that goes at once when a bound is reached, so that not every batch has to remove something.
_TRIM_SHARE: Final = 16
#: An exchange may take up to this share of the journal's bytes.
_LARGEST_SHARE: Final = 4

_INSERT: Final = Insert("exchanges", COLUMNS, heavy=(16, 17, 18))
_LAST: Final = "SELECT seq, end_offset FROM exchanges ORDER BY seq DESC LIMIT 1"
_FIRST: Final = "SELECT seq, end_offset - size FROM exchanges ORDER BY seq LIMIT 1"
_FIRST_BEYOND: Final = "SELECT seq FROM exchanges WHERE end_offset > ? ORDER BY seq LIMIT 1"
_TRIM: Final = "DELETE FROM exchanges WHERE seq < ?"
_FORGET: Final = "DELETE FROM exchanges"


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """How much the journal keeps, of the newest."""

    exchanges: int = 10_000
    bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Command:
    """Something to do when everything recorded before it is written."""

    future: "asyncio.Future[Any]"  # Any: the action's own result
    action: Callable[[], object]


_Item: TypeAlias = Exchange | _Command


class Journal:
    """Records exchanges in a file, from a thread of its own; several processes may each have one for the same file.

    ``bounds`` may be replaced at any time; they hold after each batch.
    """

    def __init__(self, path: Path, bounds: JournalBounds | None = None) -> None:
        """Open the journal.

        Raises:
            StorageError: it cannot be opened, or is damaged.
        """
        self.bounds = bounds or JournalBounds()
        self._path = path
        self._connection = open_database(path, JOURNAL)
        # Each counter is written by one thread only: _in and _refused by the recording one, the others by the writer.
        self._queue: deque[_Item] = deque()
        self._bytes_in = 0
        self._bytes_out = 0
        self._refused = 0
        self._failed = 0
        self._reason = ""
        self._told = 0
        self._told_at = -_WARN_EVERY_S
        self._awake = threading.Event()
        self._hurry = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many exchanges were not recorded: too many waited, or the disk refused them."""
        return self._refused + self._failed

    def record(self, exchange: Exchange) -> None:
        """Take an exchange for writing, soon; to be called from one thread. Never waits and never raises.

        When too much is waiting it is counted in ``dropped`` instead, and so it is after ``close``.
        """
        size = weight(exchange)
        waiting = self._bytes_in - self._bytes_out
        if self._closing or (waiting and (waiting + size > QUEUE_BYTES or len(self._queue) >= QUEUE_EXCHANGES)):
            self._refused += 1
            return
        self._bytes_in += size
        self._queue.append(exchange)
        if not self._awake.is_set():
            self._awake.set()

    async def flush(self) -> None:
        """Return when everything recorded so far can be read, or was counted as dropped."""
        await self._command(lambda: None)

    async def purge(self) -> int:
        """Forget every exchange and give the space back; how many there were.

        Raises:
            StorageError: it could not be done.
        """
        count: int = await self._command(self._purge)
        return count

    def close(self) -> None:
        """Write what is waiting, and close the file; blocks meanwhile."""
        self._closing = True
        self._hurry.set()
        self._awake.set()
        self._thread.join()

    async def _command(self, action: Callable[[], object]) -> Any:  # noqa: ANN401 - whatever the action returns
        if self._closing:
            raise StorageError("the journal is closed", where=str(self._path))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append(_Command(future, action))
        self._hurry.set()
        self._awake.set()
        return await future

    def _work(self) -> None:
        while True:
            # Idle it sleeps; when something came it waits a little for company.
            self._awake.wait()
            self._hurry.wait(GATHER_S)
            closing = self._closing
            self._awake.clear()
            self._hurry.clear()
            self._drain()
            if closing:
                break
        self._tell(now=True)
        try:
            self._connection.close()
        except sqlite3.Error as error:
            _LOG.warning("closing the journal: %s", storage_error(error, self._path))

    def _drain(self) -> None:
        exchanges: list[Exchange] = []
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, Exchange):
                exchanges.append(item)
            else:
                self._write(exchanges)
                exchanges = []
                self._tell()
                self._obey(item)
        self._write(exchanges)
        self._tell()

    def _write(self, exchanges: Sequence[Exchange]) -> None:
        if not exchanges:
            return
        try:
            self._commit(exchanges)
        except Exception as error:  # noqa: BLE001 - nothing that goes wrong here may end the thread or reach a request
            self._rescue(exchanges, error)
        self._bytes_out += sum([weight(exchange) for exchange in exchanges])

    def _rescue(self, exchanges: Sequence[Exchange], error: Exception) -> None:
        if isinstance(error, sqlite3.OperationalError):  # the disk or another process: no exchange is to blame
            self._failed += len(exchanges)
            self._reason = str(storage_error(error, self._path))
            return
        for exchange in exchanges:
            try:
                self._commit([exchange], cleaned=True)
            except Exception as again:  # noqa: BLE001 - as above, for each one
                self._failed += 1
                self._reason = f"exchange {exchange.id} cannot be written: {again}"

    def _commit(self, exchanges: Sequence[Exchange], *, cleaned: bool = False) -> None:
        bounds = self.bounds
        connection = self._connection
        with transaction(connection):
            last = connection.execute(_LAST).fetchone()
            offset = last[1] if last else 0
            for start in range(0, len(exchanges), 32):
                rows: list[Row] = []
                for exchange in exchanges[start : start + 32]:
                    size = weight(exchange)
                    kept = exchange
                    if size > bounds.bytes // _LARGEST_SHARE:
                        kept = without_bodies(exchange)
                        size = weight(kept)
                    offset += size
                    row = to_row(kept, size=size, end_offset=offset)
                    rows.append(encodable(row) if cleaned else row)
                for sql, values in _INSERT.statements(rows):
                    connection.execute(sql, values)
            self._trim(bounds)

    def _trim(self, bounds: JournalBounds) -> None:
        connection = self._connection
        last_seq, last_offset = connection.execute(_LAST).fetchone()
        first_seq, first_offset = connection.execute(_FIRST).fetchone()
        keep_from = first_seq
        if last_seq - first_seq + 1 > bounds.exchanges:
            keep_from = last_seq - (bounds.exchanges - bounds.exchanges // _TRIM_SHARE) + 1
        if last_offset - first_offset > bounds.bytes:
            too_old = last_offset - (bounds.bytes - bounds.bytes // _TRIM_SHARE)
            (beyond,) = connection.execute(_FIRST_BEYOND, (too_old,)).fetchone()
            keep_from = max(keep_from, beyond + 1)
        if keep_from > first_seq:
            connection.execute(_TRIM, (min(keep_from, last_seq),))

    def _purge(self) -> int:
        with transaction(self._connection):
            count = self._connection.execute(_FORGET).rowcount
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(count)

    def _obey(self, command: _Command) -> None:
        value: object = None
        failure: Exception | None = None
        try:
            value = command.action()
        except sqlite3.Error as error:
            failure = storage_error(error, self._path)

        def settle() -> None:
            if command.future.done():
                return
            if failure is None:
                command.future.set_result(value)
            else:
                command.future.set_exception(failure)

        try:
            command.future.get_loop().call_soon_threadsafe(settle)
        except RuntimeError:
            _LOG.debug("who waited for the journal is gone")

    def _tell(self, *, now: bool = False) -> None:
        dropped = self.dropped
        clock = time.monotonic()
        if dropped > self._told and (now or clock - self._told_at >= _WARN_EVERY_S):
            _LOG.warning(
                "the journal dropped %d exchanges, %d since the start: %s",
                dropped - self._told,
                dropped,
                self._reason or "more came than could be written",
            )
            self._reason = ""
            self._told, self._told_at = dropped, clock
