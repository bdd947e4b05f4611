"""From the results of a run to its summary, in one pass and in constant memory; and the summary as JSON."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ihe_test_util.batch.checkpoint import Checkpoint
from ihe_test_util.batch.result_lines import as_fields, cause_fields, json_bytes
from ihe_test_util.batch.results import (
    Bucket,
    Cause,
    FailureGroup,
    Latencies,
    PatientResult,
    RunSummary,
    Status,
    Step,
    Stopped,
)
from ihe_test_util.errors import StorageError

_ROWS_NAMED: Final = 10
_MOST_GROUPS: Final = 1000
#: Width of the bins of which percentiles are made.
_FACTOR: Final = 1.05
_SHORTEST_S: Final = 1e-5
#: Bounds of a chart's bars: each about half as much again as the one before it.
_CHART_S: Final = (
    *(digits / 10**power for power in (3, 2, 1, 0) for digits in (1, 1.5, 2, 3, 5, 7)),
    *(10.0, 15.0, 20.0, 30.0, 60.0),
)
#: What differs between messages about the same thing: numbers, OIDs, UUIDs, quoted values.
_PARTICULAR: Final = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}|[0-9][0-9.]*")


@dataclass(slots=True)
class _Durations:
    bins: Counter[int] = field(default_factory=Counter)
    chart: Counter[float] = field(default_factory=Counter)
    count: int = 0
    total_s: float = 0.0
    least_s: float = math.inf
    most_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.bins[max(0, math.ceil(math.log(max(seconds, _SHORTEST_S) / _SHORTEST_S, _FACTOR)))] += 1
        self.chart[next((upto for upto in _CHART_S if seconds <= upto), math.inf)] += 1
        self.count += 1
        self.total_s += seconds
        self.least_s = min(self.least_s, seconds)
        self.most_s = max(self.most_s, seconds)

    @property
    def latencies(self) -> Latencies:
        if not self.count:
            return Latencies()
        used = [upto for upto in (*_CHART_S, math.inf) if self.chart[upto]]
        chart = [upto for upto in (*_CHART_S, math.inf) if used[0] <= upto <= used[-1]]
        return Latencies(
            self.count,
            self.least_s,
            self.total_s / self.count,
            self._percentile(0.5),
            self._percentile(0.9),
            self._percentile(0.95),
            self._percentile(0.99),
            self.most_s,
            tuple(Bucket(None if math.isinf(upto) else upto, self.chart[upto]) for upto in chart),
        )

    def _percentile(self, share: float) -> float:
        wanted, seen = math.ceil(share * self.count), 0
        for number in sorted(self.bins):
            seen += self.bins[number]
            if seen >= wanted:
                upper: float = _SHORTEST_S * _FACTOR**number
                return min(max(upper, self.least_s), self.most_s)
        return self.most_s


@dataclass(slots=True)
class _Group:
    cause: Cause
    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Counts of results, as they are added."""

    counts: Counter[Status] = field(default_factory=Counter)
    reached: int = 0
    resent: int = 0
    retried: int = 0
    _groups: dict[tuple[str, ...], _Group] = field(default_factory=dict)
    _register: _Durations = field(default_factory=_Durations)
    _provide: _Durations = field(default_factory=_Durations)

    def add(self, result: PatientResult) -> None:
        """Count what is known of one row."""
        self.reached += 1
        self.counts[result.status] += 1
        self.resent += result.resent
        self.retried += result.attempts > (result.register_s is not None) + (result.provide_s is not None)
        if result.register_s is not None:
            self._register.add(result.register_s)
        if result.provide_s is not None:
            self._provide.add(result.provide_s)
        if result.cause is not None:
            self._group(result.cause, result.row)

    def into(self, summary: RunSummary) -> RunSummary:
        """The summary with the numbers counted here."""
        groups = sorted(self._groups.values(), key=lambda group: -group.count)
        return replace(
            summary,
            not_reached=max(0, summary.total - self.reached),
            counts={status: self.counts[status] for status in Status if self.counts[status]},
            resent=self.resent,
            retried=self.retried,
            failures=tuple(FailureGroup(group.cause, group.count, tuple(group.rows)) for group in groups),
            register=self._register.latencies,
            provide=self._provide.latencies,
        )

    def _group(self, cause: Cause, row: int) -> None:
        key: tuple[str, ...] = (cause.step, cause.name, cause.category, _PARTICULAR.sub("…", cause.message))
        if key not in self._groups and len(self._groups) >= _MOST_GROUPS:
            key = (cause.step, cause.name, cause.category)
        group = self._groups.setdefault(key, _Group(cause))
        group.count += 1
        if len(group.rows) < _ROWS_NAMED:
            group.rows.append(row)


def tally_of(results: Iterable[PatientResult]) -> Tally:
    """Counts of all results."""
    tally = Tally()
    for result in results:
        tally.add(result)
    return tally


def write_summary(path: Path, summary: RunSummary, results: Checkpoint) -> None:
    """Write the summary with an entry a patient, in the order of the CSV file; complete or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for piece in summary_pieces(summary, results.results()):
                file.write(piece)
        partial.replace(path)
    except OSError as error:
        raise StorageError(
            "the summary cannot be written", where=str(path), got=error.strerror or str(error)
        ) from error


def summary_pieces(summary: RunSummary, results: Iterable[PatientResult]) -> Iterator[bytes]:
    """The summary as one JSON object, in pieces; the patients come last."""
    yield json_bytes(summary_fields(summary), indent=2).removesuffix(b"\n}") + b',\n  "patients": ['
    separator = b"\n    "
    for result in results:
        yield separator + json_bytes(as_fields(result))
        separator = b",\n    "
    yield b"\n  ]\n}\n"


def summary_fields(summary: RunSummary) -> dict[str, object]:
    """The summary as the members of a JSON object, without the patients."""
    values: dict[str, Any] = {
        "run_id": summary.run_id,
        "mode": summary.mode,
        "dry_run": summary.dry_run,
        "started": _iso(summary.started),
        "finished": _iso(summary.finished),
        "stopped": summary.stopped if summary.stopped is not Stopped.NOT else None,
        "reason": cause_fields(summary.reason) if summary.reason else None,
        "exit_code": summary.exit_code,
        "csv": summary.csv,
        "csv_sha256": summary.csv_sha256,
        "template": summary.template,
        "seed": summary.seed,
        "endpoints": dict(summary.endpoints),
        "results": str(summary.results),
        "patients_total": summary.total,
        "succeeded": summary.succeeded,
        "failed": summary.failed,
        "unfinished": summary.unfinished,
        "not_reached": summary.not_reached,
        "by_status": dict(summary.counts),
        "by_category": dict(summary.by_category),
        "resumed": summary.resumed,
        "sent_again_after_unknown_outcome": summary.resent,
        "retried": summary.retried,
        "handled_now": summary.handled,
        "elapsed_s": round(summary.elapsed_s, 3),
        "patients_per_s": round(summary.patients_per_s, 2),
        "latency_s": {
            Step.REGISTER.value: _latency_fields(summary.register),
            Step.PROVIDE.value: _latency_fields(summary.provide),
        },
        "failures": [
            cause_fields(group.cause) | {"count": group.count, "rows": list(group.rows)} for group in summary.failures
        ],
    }
    return values


def _latency_fields(latencies: Latencies) -> dict[str, object] | None:
    if not latencies.count:
        return None
    values = asdict(latencies)
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
