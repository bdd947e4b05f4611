"""What is shown while a run goes on: a bar on a terminal, a line now and then elsewhere. All of it to stderr."""

import contextlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import click

from ihe_test_util.cli.output import wants_colour

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import Task

    from ihe_test_util.batch.results import PatientResult
    from ihe_test_util.batch.run import Progress
    from ihe_test_util.client.retry import Retry

_EVERY_S: Final = 5.0
_FAILURES_SHOWN: Final = 20
_A_MINUTE_S: Final = 60
#: Columns of a terminal: what the words beside the bar may need, the widest bar, and the least that is one.
_WORDS: Final = 45
_WIDEST_BAR: Final = 40
_LEAST_BAR: Final = 5


class Show(Protocol):
    """Shows how far a run has come."""

    def result(self, result: "PatientResult") -> None:
        """One patient's outcome is known."""

    def retry(self, retry: "Retry") -> None:
        """A message is about to be sent again."""

    def say(self, text: str) -> None:
        """Say something in between."""


def _tell(text: str) -> None:
    # Whoever read stderr may be gone (submit 2>&1 | head); the run, its results and its reports do not depend on it.
    with contextlib.suppress(OSError):
        click.echo(text, err=True, color=wants_colour())


class Silence:
    """Shows nothing but what has to be said."""

    def result(self, result: "PatientResult") -> None:
        """One patient's outcome is known."""

    def retry(self, retry: "Retry") -> None:
        """A message is about to be sent again."""

    def say(self, text: str) -> None:
        """Say something in between."""
        _tell(text)


class Lines:
    """A line for each failure, up to some, and one on how far the run has come every five seconds."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._began = self._told = time.monotonic()
        self._failures = 0
        self._retried: set[str] = set()

    def result(self, result: "PatientResult") -> None:
        """One patient's outcome is known."""
        if result.cause is not None:
            self._failure(result)
        now = time.monotonic()
        if now - self._told >= _EVERY_S:
            self._told = now
            self.say(_line(self._progress, now - self._began))

    def retry(self, retry: "Retry") -> None:
        """A message is about to be sent again."""
        if retry.failure.cause not in self._retried:
            self._retried.add(retry.failure.cause)
            self.say(f"{retry.failure.title}; trying again, {retry.of} times at most")

    def say(self, text: str) -> None:
        """Say something in between."""
        _tell(text)

    def _failure(self, result: "PatientResult") -> None:
        self._failures += 1
        cause = result.cause
        if cause is not None and self._failures <= _FAILURES_SHOWN:
            word = click.style("failed", fg="red")
            _tell(f"row {result.row} {word} at {cause.step}: {cause.message}")
        elif self._failures == _FAILURES_SHOWN + 1:
            self.say("… further failures are in the results")


class BarShow(Lines):
    """A bar with rate and time left, and the lines of failures above it."""

    def __init__(self, progress: "Progress", bar: "Bar") -> None:
        super().__init__(progress)
        self._bar = bar
        self._task = bar.add_task("", total=progress.total, failed="")

    def result(self, result: "PatientResult") -> None:
        """One patient's outcome is known."""
        if result.cause is not None:
            self._failure(result)
        failed = f"[red]{self._progress.failed:,} failed" if self._progress.failed else ""
        self._bar.update(self._task, completed=self._progress.done, failed=failed)

    def say(self, text: str) -> None:
        """Say something in between."""
        self._bar.console.print(text, markup=False, highlight=False)

    def _failure(self, result: "PatientResult") -> None:
        self._failures += 1
        cause = result.cause
        if cause is not None and self._failures <= _FAILURES_SHOWN:
            self.say(f"row {result.row} failed at {cause.step}: {cause.message}")
        elif self._failures == _FAILURES_SHOWN + 1:
            self.say("… further failures are in the results")


@contextmanager
def showing(progress: "Progress", *, quiet: bool) -> Iterator[Show]:
    """Show a run in the way that stderr can."""
    if quiet:
        yield Silence()
    elif sys.stderr is not None and sys.stderr.isatty():
        with _bar() as bar:
            yield BarShow(progress, bar)
    else:
        yield Lines(progress)


def _bar() -> "Bar":
    from rich.console import Console  # noqa: PLC0415 - not needed without a terminal
    from rich.progress import (  # noqa: PLC0415 - same
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text  # noqa: PLC0415 - same

    class Rate(ProgressColumn):
        """Patients a second."""

        def render(self, task: "Task") -> Text:
            """The rate, once it is known."""
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    console = Console(stderr=True)
    room = min(_WIDEST_BAR, console.width - _WORDS)
    # Its own colour while it grows is one that elsewhere stands for failure.
    bar = (BarColumn(room, complete_style="blue", finished_style="green"),) if room >= _LEAST_BAR else ()
    return Progress(
        *bar,
        MofNCompleteColumn(),
        Rate(),
        TextColumn("{task.fields[failed]}"),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _line(progress: "Progress", elapsed_s: float) -> str:
    rate = progress.handled / elapsed_s if elapsed_s > 0 else 0.0
    left = f", {_duration((progress.total - progress.done) / rate)} left" if rate else ""
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    return f"{progress.done:,} of {progress.total:,} patients{failed}; {rate:.1f}/s{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), _A_MINUTE_S)
    hours, minutes = divmod(minutes, _A_MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
