"""What a run came to, as values: one result a patient, and the summary from which every report is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ihe_test_util.failures import Category


class Mode(StrEnum):
    """Which part of the workflow a run does."""

    ALL = "all"  # ITI-44, then ITI-41
    PIX_ONLY = "pix-only"
    ITI41_ONLY = "iti41-only"


class Status(StrEnum):
    """How far a patient has come; the last one recorded counts."""

    SENDING = "sending"  # a message went out, and its outcome is not known
    REGISTERED = "registered"  # ITI-44 is acknowledged
    SUBMITTED = "submitted"  # ITI-41 is acknowledged
    WRITTEN = "written"  # a dry run has written the messages
    FAILED = "failed"
    INVALID = "invalid"  # the row of the CSV file cannot be used


class Step(StrEnum):
    """Where in the workflow something happened."""

    CSV = "CSV"
    DOCUMENT = "document"
    REGISTER = "ITI-44"
    PROVIDE = "ITI-41"


class Stopped(StrEnum):
    """Why a run ended before its last patient."""

    NOT = ""
    INTERRUPTED = "interrupted"
    FAIL_FAST = "fail-fast"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a patient failed.

    ``name`` is that of a row of ``ihe_test_util.failures``, from which ``remedy`` comes, ``message`` what was said in
    this case; ``category`` is what it came to, with retries that did not help.
    """

    step: Step
    name: str
    message: str
    category: Category
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PatientResult:
    """What happened to one row of the CSV file, as far as it has come.

    ``patient_id`` and ``registered_id`` are CX: the file's own, and the one that the acknowledgement gave.
    ``message_id`` is that of the HL7 V3 message, ``document`` the file, relative to the output directory. Durations
    are seconds from the first sending to the answer that counted, None where there was none; ``attempts`` counts
    messages sent, ``resent`` is whether an earlier process may have sent them too.
    """

    row: int
    line: int
    status: Status
    patient_id: str = ""
    registered_id: str = ""
    message_id: str = ""
    document_id: str = ""
    submission_set_id: str = ""
    document: str = ""
    sha1: str = ""
    size: int = 0
    register_s: float | None = None
    provide_s: float | None = None
    attempts: int = 0
    resent: bool = False
    cause: Cause | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures with the same cause; ``cause`` is that of the first, ``rows`` are the first few of them."""

    cause: Cause
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many durations were at most ``upto_s``, and more than the bucket before; None has no upper end."""

    upto_s: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Latencies:
    """Durations of one transaction, in seconds. Percentiles are exact to 5 %; ``buckets`` are those of a chart."""

    count: int = 0
    least_s: float = 0.0
    mean_s: float = 0.0
    p50_s: float = 0.0
    p90_s: float = 0.0
    p95_s: float = 0.0
    p99_s: float = 0.0
    most_s: float = 0.0
    buckets: tuple[Bucket, ...] = ()


_NO_LATENCIES: Final = Latencies()
_NO_COUNTS: Final[Mapping[Status, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run, up to now; every number counts rows of the CSV file, over all the processes that worked on the run.

    ``total`` is the number of rows, ``not_reached`` of those that nothing was done for, ``unknown`` of those whose
    outcome is not known. ``handled`` is what this process did in ``elapsed_s``. ``results`` is the file of results.
    """

    run_id: str
    mode: Mode
    dry_run: bool
    started: datetime
    finished: datetime
    elapsed_s: float
    csv: str
    csv_sha256: str
    template: str
    seed: int
    endpoints: Mapping[Step, str]
    total: int
    not_reached: int
    counts: Mapping[Status, int] = field(default_factory=lambda: _NO_COUNTS)
    handled: int = 0
    resumed: bool = False
    resent: int = 0
    retried: int = 0
    failures: tuple[FailureGroup, ...] = ()
    register: Latencies = _NO_LATENCIES
    provide: Latencies = _NO_LATENCIES
    stopped: Stopped = Stopped.NOT
    reason: Cause | None = None
    results: Path = field(default_factory=Path)

    @property
    def succeeded(self) -> int:
        """Rows with everything done that the run is to do."""
        wanted = Status.WRITTEN if self.dry_run else done_status(self.mode)
        return self.counts.get(wanted, 0)

    @property
    def failed(self) -> int:
        """Rows that failed, and rows that could not be used."""
        return self.counts.get(Status.FAILED, 0) + self.counts.get(Status.INVALID, 0)

    @property
    def unfinished(self) -> int:
        """Rows that a resumed run will go on with, besides those that failed."""
        return self.total - self.succeeded - self.failed

    @property
    def left_to_do(self) -> bool:
        """Whether a resumed run has anything to try: rows that cannot be used stay so, as the file must be the same."""
        return self.unfinished > 0 or self.counts.get(Status.FAILED, 0) > 0

    @property
    def patients_per_s(self) -> float:
        """How fast this process was."""
        return self.handled / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def by_category(self) -> Mapping[Category, int]:
        """Failures by what can be done about them."""
        found = dict.fromkeys(Category, 0)
        for failure in self.failures:
            found[failure.cause.category] += failure.count
        return found

    @property
    def exit_code(self) -> int:
        """0 all succeeded, 2 some did not, 3 something critical; 130 interrupted before all were handled."""
        if self.stopped is Stopped.CRITICAL:
            return 3
        if self.succeeded == self.total:
            return 0
        return 130 if self.stopped is Stopped.INTERRUPTED and self.unfinished else 2


def done_status(mode: Mode) -> Status:
    """The status of a patient for whom nothing is left to do."""
    return Status.REGISTERED if mode is Mode.PIX_ONLY else Status.SUBMITTED
