"""The run itself: so many patients at a time, every change of state recorded, until there are no more or a stop."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from ihe_test_util.batch.checkpoint import Checkpoint
from ihe_test_util.batch.results import Cause, PatientResult, Status, Step, Stopped, done_status
from ihe_test_util.failures import BAD_INPUT, OUTCOME_UNKNOWN, TOO_SLOW, UNAVAILABLE, Category
from ihe_test_util.patients.model import PatientRow, RejectedRow

#: Rows that are passed over between two looks at what else is to be done, such as at Ctrl-C.
_PASSED_OVER: Final = 200
_MOST_OF_A_MESSAGE: Final = 500
#: Failures by which an endpoint is as good as gone, when so many patients in a row meet them that each place had some.
_LOST: Final = frozenset({OUTCOME_UNKNOWN.cause, TOO_SLOW.cause, UNAVAILABLE.cause})
_LOST_ROUNDS: Final = 3

Record = Callable[[PatientResult], None]


class Handle(Protocol):
    """Does what is left to do for one patient."""

    async def __call__(self, row: PatientRow, known: PatientResult | None, record: Record) -> PatientResult:
        """The outcome; every state before it is given to ``record``. ``known`` is the last of an earlier process."""


@dataclass(slots=True)
class Progress:
    """How far a run has come, in rows: ``done`` are all that need nothing more, ``handled`` those of this process."""

    total: int
    done: int = 0
    handled: int = 0
    succeeded: int = 0
    failed: int = 0


@dataclass(slots=True)
class Stop:
    """The wish to end a run early, and why; the first reason stays."""

    why: Stopped = Stopped.NOT
    cause: Cause | None = None
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self, why: Stopped, cause: Cause | None = None) -> None:
        """Begin nothing more."""
        if self.why is Stopped.NOT:
            self.why, self.cause = why, cause
        self._asked.set()

    def hurry(self) -> None:
        """Give up what is in flight, too."""
        self._hurry.set()

    @property
    def asked(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Until somebody asks."""
        await self._asked.wait()

    async def out_of_patience(self, grace_s: float) -> None:
        """Until what is in flight is to be given up, at the latest after some seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), grace_s)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes about it.

    ``interval`` is the number of results after which they are made to survive the end of the machine, ``grace_s`` how
    long messages in flight may take once the run is to stop.
    """

    concurrency: int = 8
    interval: int = 50
    fail_fast: bool = False
    grace_s: float = 10.0


@dataclass(slots=True)
class Run:
    """Works through the rows of a file; ``on_result`` is told of every outcome."""

    rows: Iterator[PatientRow | RejectedRow]
    handle: Handle
    checkpoint: Checkpoint
    progress: Progress
    stop: Stop
    options: RunOptions = field(default_factory=RunOptions)
    on_result: Callable[[PatientResult], None] = lambda _: None
    _since_sync: int = 0
    _lost_in_a_row: int = 0
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def go(self) -> None:
        """To the end, or to a stop and the end of what was in flight then.

        Raises:
            StorageError: a result could not be recorded.
            BadInput: the file of patients cannot be read on.
        """
        workers = {asyncio.create_task(self._work()) for _ in range(self.options.concurrency)}
        try:
            await self._until_done(workers)
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await asyncio.to_thread(self.checkpoint.sync)

    async def _until_done(self, workers: set[asyncio.Task[None]]) -> None:
        pending = await _wait(workers, self.stop.wait())
        if pending:
            await _wait(pending, self.stop.out_of_patience(self.options.grace_s))

    async def _work(self) -> None:
        passed_over = 0
        while not self.stop.asked:
            item = next(self.rows, None)
            if item is None:
                return
            if not await self._row(item):
                passed_over += 1
                if passed_over % _PASSED_OVER == 0:
                    await asyncio.sleep(0)

    async def _row(self, item: PatientRow | RejectedRow) -> bool:
        """Handle one row; False where there was nothing to do."""
        known = self.checkpoint.last(item.row)
        if known is not None and _is_done(known, self.checkpoint):
            self._count(known)
            return False
        if isinstance(item, RejectedRow):
            result = _rejected(item)
        else:
            result = await self.handle(item, known, self.checkpoint.append)
        self.checkpoint.append(result)
        self.progress.handled += 1
        self._count(result)
        self.on_result(result)
        self._judge(result)
        await self._sync()
        return True

    def _count(self, result: PatientResult) -> None:
        self.progress.done += 1
        if result.cause is None:
            self.progress.succeeded += 1
        else:
            self.progress.failed += 1

    def _judge(self, result: PatientResult) -> None:
        cause = result.cause
        lost = cause is not None and cause.name in _LOST
        self._lost_in_a_row = self._lost_in_a_row + 1 if lost else 0
        if cause is None:
            return
        if cause.category is Category.CRITICAL or self._lost_in_a_row >= _LOST_ROUNDS * self.options.concurrency:
            self.stop.ask(Stopped.CRITICAL, cause)
        elif self.options.fail_fast:
            self.stop.ask(Stopped.FAIL_FAST, cause)

    async def _sync(self) -> None:
        self._since_sync += 1
        if self._since_sync >= self.options.interval:
            self._since_sync = 0
            async with self._syncing:
                await asyncio.to_thread(self.checkpoint.sync)


async def _wait(workers: set[asyncio.Task[None]], until: Coroutine[None, None, None]) -> set[asyncio.Task[None]]:
    """Wait for all workers, or until something else; the workers that go on. What one raised is raised."""
    watch = asyncio.create_task(until)
    pending = set(workers)
    try:
        while pending and not watch.done():
            finished, _ = await asyncio.wait({*pending, watch}, return_when=asyncio.FIRST_COMPLETED)
            for task in finished & pending:
                task.result()
            pending -= finished
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    return pending


def _is_done(known: PatientResult, checkpoint: Checkpoint) -> bool:
    if known.status is Status.INVALID:
        return True
    header = checkpoint.header
    return known.status is (Status.WRITTEN if header.dry_run else done_status(header.mode))


def _rejected(item: RejectedRow) -> PatientResult:
    message = "; ".join(problem.about for problem in item.problems)[:_MOST_OF_A_MESSAGE]
    remedy = (
        "Take the row into a file of its own (ihe-test-util csv validate FILE --export-invalid rejected.csv), mend it "
        "there, and submit that file: this run goes on only with the file as it is."
    )
    cause = Cause(Step.CSV, BAD_INPUT.cause, message, BAD_INPUT.category, remedy)
    return PatientResult(item.row, item.line, Status.INVALID, cause=cause)
