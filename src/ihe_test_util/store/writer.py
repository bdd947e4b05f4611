"""One thread that writes, and commits whatever is waiting as one: many requests share an fsync."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

from ihe_test_util.errors import StorageError
from ihe_test_util.store.database import Row, SqlValue
from ihe_test_util.store.engine import Connection, Cursor, Engine, Params

#: Something done on the connection of a writer, inside a transaction.
Operation: TypeAlias = Callable[[Any], object]

_LOG: Final = logging.getLogger(__name__)
# SQLite gives up and takes back the GIL for each statement it runs, and a busy event loop can make it wait for
# milliseconds: so many rows go into one statement. A prepared statement keeps what was last bound to it, hence the
# ceilings on how many statements there are and on what each may hold.
_STATEMENT_ROWS: Final = 64
_HEAVY_STATEMENT_ROWS: Final = 32
_STATEMENT_BYTES: Final = 512 * 1024
_COMPLAIN_EVERY_S: Final = 1.0
# Enough to share a commit: the thread gets to work while the loop goes on.
_WORTH_A_BATCH: Final = 16


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: it is a key on the hot path
class Insert:
    """An insertion into ``table``; of rows with the same ``key`` (the leading columns) the last one stays.

    ``heavy`` are the positions of columns that may hold more than a few hundred bytes.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    heavy: tuple[int, ...] = ()

    def statements(self, rows: Sequence[Row]) -> Iterator[tuple[str, list[SqlValue]]]:
        """The statements that insert rows, as few as reasonable, with their values; none where there are no rows."""
        if not rows:
            return
        for chunk in self._chunks(rows):
            values: list[SqlValue] = []
            for row in chunk:
                values += row
            yield _sql(self, len(chunk)), values

    def _chunks(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        if self.key:
            width = len(self.key)
            rows = list({row[:width]: row for row in rows}.values())
        most = _HEAVY_STATEMENT_ROWS if self.heavy else _STATEMENT_ROWS
        if not self.heavy and len(rows) <= most:
            yield rows
            return
        start = size = 0
        for index, row in enumerate(rows):
            weight = sum([len(value) for at in self.heavy if isinstance(value := row[at], bytes | str)])
            if index > start and (index - start == most or size + weight > _STATEMENT_BYTES):
                yield rows[start:index]
                start, size = index, 0
            size += weight
        yield rows[start:]


@lru_cache(maxsize=512)
def _sql(insert: Insert, count: int) -> str:
    row = f"({','.join('?' * len(insert.columns))})"
    values = ",".join([row] * count)
    sql = f"INSERT INTO {insert.table} ({','.join(insert.columns)}) VALUES {values}"  # noqa: S608 - our own names
    if not insert.key:
        return sql
    changed = ",".join(f"{column}=excluded.{column}" for column in insert.columns if column not in insert.key)
    return f"{sql} ON CONFLICT ({','.join(insert.key)}) DO UPDATE SET {changed}"


@dataclass(slots=True, eq=False)
class _Write:
    """What one caller waits for: an operation, which is undone alone if it fails, and rows, or only these."""

    future: "asyncio.Future[Any]"  # Any: an operation's own result
    rows: tuple[tuple[Insert, Sequence[Row]], ...] = ()
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How it went for writes that shared a transaction."""

    writes: Sequence[_Write]
    value: object = None
    error: Exception | None = None


class GroupWriter:
    """Writes to one database on behalf of the coroutines of one event loop; each is resumed when its write is durable.

    Several processes may each have one for the same database.
    """

    def __init__(self, engine: Engine, name: str = "domain") -> None:
        """Open the database.

        Raises:
            StorageError: it cannot be opened.
        """
        self._engine = engine
        self._connection = engine.open()
        # Writes wait here, on the event loop's side, until the thread has finished the batch before: the two then
        # change places only twice a batch, and batches grow with the load.
        self._waiting: list[_Write] = []
        self._flush_planned = False
        self._idle = True  # set to False by the loop's side only, and to True by the thread only
        self._batches: SimpleQueue[list[_Write] | None] = SimpleQueue()
        self._closed = False
        self._failed = 0  # since the last line in the log
        self._told_at = -_COMPLAIN_EVERY_S
        self._thread = threading.Thread(target=self._work, name=f"writer-{name}", daemon=True)
        self._thread.start()

    async def insert(self, *rows: tuple[Insert, Sequence[Row]]) -> None:
        """Write rows, all or none; returns when they are durable.

        Raises:
            StorageError: none was written.
        """
        loop = asyncio.get_running_loop()
        write = _Write(loop.create_future(), rows)
        self._put(write, loop)
        await write.future

    async def run(self, operation: Operation, *rows: tuple[Insert, Sequence[Row]]) -> Any:  # noqa: ANN401 - whatever the operation returns
        """Do something after all earlier writes and before all later ones, and insert rows, all or nothing of it.

        It shares its commit with others, and may be run again if that fails: it does nothing but use the connection.
        The rows come after it, together with those of others: operations that come with rows may not see them yet.

        Raises:
            StorageError: nothing of it was done.
            Exception: what the operation itself raised; nothing of it was done.
        """
        loop = asyncio.get_running_loop()
        write = _Write(loop.create_future(), rows, operation)
        self._put(write, loop)
        return await write.future

    def close(self) -> None:
        """Finish what is waiting, and close the database; blocks meanwhile."""
        if not self._closed:
            self._closed = True
            if self._waiting:
                self._batches.put(self._waiting)
            self._batches.put(None)
        self._thread.join()

    def _put(self, write: _Write, loop: asyncio.AbstractEventLoop) -> None:
        if self._closed:
            raise StorageError("nothing was stored: the server is stopping", where=self._engine.where)
        self._waiting.append(write)
        if not self._idle:
            return
        if len(self._waiting) >= _WORTH_A_BATCH:
            self._flush()
        elif not self._flush_planned:
            # Not at once: what else the loop has ready may want to write as well.
            self._flush_planned = True
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_planned = False
        if self._idle and self._waiting and not self._closed:
            self._idle = False
            self._batches.put(self._waiting)
            self._waiting = []

    def _work(self) -> None:
        while (writes := self._batches.get()) is not None:
            outcomes = self._outcomes(writes)
            for outcome in outcomes:
                if isinstance(outcome.error, StorageError):
                    self._complain(outcome)
            self._idle = True
            try:
                writes[0].future.get_loop().call_soon_threadsafe(self._resume, outcomes)
            except RuntimeError:
                _LOG.warning("the event loop was gone before %d writes were done", len(writes))
        try:
            with self._engine.translated():
                self._connection.close()
        except StorageError as error:
            _LOG.warning("closing the database: %s", error)

    def _complain(self, outcome: _Outcome) -> None:
        # Each write's own request logs its failure; a full disk would fill this log as well.
        self._failed += len(outcome.writes)
        clock = time.monotonic()
        if clock - self._told_at >= _COMPLAIN_EVERY_S:
            _LOG.error("%d writes failed: %s", self._failed, outcome.error)
            self._failed, self._told_at = 0, clock

    def _resume(self, outcomes: Sequence[_Outcome]) -> None:
        for outcome in outcomes:
            for write in outcome.writes:
                future = write.future
                if future.done():  # its request was cancelled
                    continue
                if outcome.error is None:
                    future.set_result(outcome.value)
                else:
                    future.set_exception(outcome.error)
        if self._waiting and not self._flush_planned:
            # After those that were resumed just now, who may be quick to write again.
            self._flush_planned = True
            outcomes[0].writes[0].future.get_loop().call_soon(self._flush)

    def _outcomes(self, writes: Sequence[_Write]) -> list[_Outcome]:
        try:
            with suppress(_HalfDoneError):
                return self._commit(writes)
            return self._commit(writes, guarded=True)
        except Exception as error:  # noqa: BLE001 - a thread that died would leave all its callers waiting for ever
            if self._engine.is_lost(error) and self._reconnected():
                return self._outcomes(writes)
            if len(writes) > 1 and not self._engine.is_hopeless(error):
                # One of them may be to blame: its neighbours shall not suffer.
                return [outcome for write in writes for outcome in self._outcomes([write])]
            return [_Outcome(writes, error=self._engine.told(error))]

    def _reconnected(self) -> bool:
        """Whether a new connection could be had in place of one that was lost."""
        with suppress(StorageError):
            self._connection = self._engine.open()
            return True
        return False

    def _commit(self, writes: Sequence[_Write], *, guarded: bool = False) -> list[_Outcome]:
        self._engine.check()
        if not self._engine.shared and all(write.operation is None for write in writes):
            statements = _statements(writes)
            if len(statements) == 1:
                self._connection.execute(*statements[0])  # a transaction by itself
                return [_Outcome(writes)]
        outcomes: list[_Outcome] = []
        with self._engine.writing(self._connection):
            waiting: list[_Write] = []  # with rows to insert
            for write in writes:
                if write.operation is None:
                    waiting.append(write)
                    outcomes.append(_Outcome([write]))
                    continue
                if not write.rows or (waiting and waiting[-1].operation is None):
                    self._insert(waiting)
                    waiting = []
                outcomes.append(self._operate(write, alone=len(writes) == 1, guarded=guarded))
                if outcomes[-1].error is None:
                    waiting.append(write)
            self._insert(waiting)
        return outcomes

    def _insert(self, writes: Sequence[_Write]) -> None:
        for sql, values in _statements(writes):
            self._connection.execute(sql, values)

    def _operate(self, write: _Write, *, alone: bool, guarded: bool) -> _Outcome:
        """Run an operation so that its failure undoes what it did, and nothing else.

        Raises:
            _HalfDoneError: it failed and left something behind; only a guarded one can be undone alone.
        """
        assert write.operation is not None  # noqa: S101 - the caller has looked
        if alone:
            return _Outcome([write], write.operation(self._connection))
        # A savepoint takes two statements, and hardly an operation fails after it has begun to write.
        watched = _Watched(self._connection)
        if guarded:
            self._connection.execute("SAVEPOINT operation")
        try:
            value = write.operation(watched)
        except Exception as error:
            if self._engine.is_hopeless(error):
                raise
            told = self._engine.told(error)
            if guarded:
                self._connection.execute("ROLLBACK TO operation")
                self._connection.execute("RELEASE operation")
            elif watched.changed or told is not error:
                raise _HalfDoneError from error
            return _Outcome([write], error=told)
        if guarded:
            self._connection.execute("RELEASE operation")
        return _Outcome([write], value)


class _HalfDoneError(Exception):
    """An operation failed after it had begun to write, or an error of the database left the transaction in doubt."""


class _Watched:
    """A connection that knows whether anything may have been changed through it."""

    __slots__ = ("_raw", "changed")

    def __init__(self, raw: Connection) -> None:
        self._raw = raw
        self.changed = False

    def execute(self, sql: str, parameters: Params = (), /) -> Cursor:
        """Run a statement."""
        if not sql.lstrip().startswith("SELECT"):
            self.changed = True
        return self._raw.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Sequence[Params], /) -> object:
        """Run a statement for each of several rows of values."""
        self.changed = True
        return self._raw.executemany(sql, parameters)

    def close(self) -> None:
        """Nothing: the connection is the writer's."""


def _statements(writes: Sequence[_Write]) -> list[tuple[str, list[SqlValue]]]:
    """The statements that insert the rows of several writes."""
    gathered: dict[Insert, list[Row]] = {}
    for write in writes:
        for insert, rows in write.rows:
            gathered.setdefault(insert, []).extend(rows)
    return [statement for insert, rows in gathered.items() for statement in insert.statements(rows)]
