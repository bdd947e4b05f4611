"""A run as one page of HTML for people: what happened, how fast, what failed and what to do about it.

The page needs nothing else: no network, no scripts. Every value in it is text, whatever it holds.
"""

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ihe_test_util import __version__
from ihe_test_util.batch import report_chart
from ihe_test_util.batch.report_chart import Bar, bars_of, duration
from ihe_test_util.batch.results import (
    FailureGroup,
    Latencies,
    Mode,
    PatientResult,
    RunSummary,
    Status,
    Step,
    Stopped,
    done_status,
)
from ihe_test_util.batch.run import RunOptions
from ihe_test_util.batch.whole_file import write_whole
from ihe_test_util.failures import FAILURES
from ihe_test_util.xml.io import xml_text

if TYPE_CHECKING:
    from jinja2 import Template

REPORT: Final = Path("results", "report.html")
#: How many patients the page lists, and how many causes of failure.
MOST_PATIENTS: Final = 1000
MOST_GROUPS: Final = 100

_TEMPLATE: Final = "report.html.jinja"
_TITLES: Final[Mapping[str, str]] = MappingProxyType({failure.cause: failure.title for failure in FAILURES})
_DONE: Final[Mapping[Mode, str]] = MappingProxyType(
    {Mode.ALL: "submitted", Mode.PIX_ONLY: "registered", Mode.ITI41_ONLY: "submitted"}
)
_MODES: Final[Mapping[Mode, str]] = MappingProxyType(
    {
        Mode.ALL: "register each patient (ITI-44), then submit the document (ITI-41)",
        Mode.PIX_ONLY: "register each patient (ITI-44), submit nothing",
        Mode.ITI41_ONLY: "submit documents (ITI-41) of patients that were registered before",
    }
)
_STOPPED: Final[Mapping[Stopped, str]] = MappingProxyType(
    {
        Stopped.INTERRUPTED: "The run was interrupted",
        Stopped.FAIL_FAST: "The run stopped at the first failure, as --fail-fast asks",
        Stopped.CRITICAL: "The run stopped: every further patient would have failed, too",
    }
)
_STATUSES: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.SENDING: "outcome unknown",
        Status.REGISTERED: "registered",
        Status.SUBMITTED: "submitted",
        Status.WRITTEN: "written",
        Status.FAILED: "failed",
        Status.INVALID: "row not usable",
    }
)
_TRANSACTIONS: Final[Mapping[Step, str]] = MappingProxyType(
    {Step.REGISTER: "Registration (PIX Add, ITI-44)", Step.PROVIDE: "Submission (Provide and Register, ITI-41)"}
)


def write_report(
    path: Path,
    summary: RunSummary,
    results: Iterable[PatientResult],
    *,
    options: RunOptions,
    resume_command: str = "",
) -> None:
    """Write the page; ``results`` are in the order of the CSV file.

    Raises:
        StorageError: it cannot be written.
    """
    pieces = report_pieces(summary, results, options=options, resume_command=resume_command)
    write_whole(path, (piece.encode() for piece in pieces), what="the report")


def report_pieces(
    summary: RunSummary, results: Iterable[PatientResult], *, options: RunOptions, resume_command: str = ""
) -> Iterator[str]:
    """The page, piece by piece; of all the results only those are held that it lists."""
    patients = _chosen(summary, results)
    return _template().generate(
        version=__version__,
        summary=summary,
        verdict=_verdict(summary),
        mood=_mood(summary),
        stopped=_STOPPED.get(summary.stopped, ""),
        resume_command=resume_command if summary.left_to_do else "",
        rate=_share(summary.succeeded, summary.total),
        outcomes=_outcomes(summary),
        groups=[_Group.of(group) for group in summary.failures[:MOST_GROUPS]],
        charts=[chart for chart in map(_Chart.of, _latencies(summary)) if chart.latencies.count],
        chart=report_chart,
        facts=_facts(summary, options),
        patients=[_Row.of(patient, summary) for patient in patients],
        listed=_listed(summary, patients),
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - loaded for reports and documents only

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_final
    )
    environment.filters.update(count="{:,}".format, duration=duration, moment=_moment)
    return environment.from_string((files("ihe_test_util.batch") / _TEMPLATE).read_text("utf-8"))


def _final(value: object) -> object:
    """Without the characters that no page can carry; what Jinja has escaped already is left as it is."""
    return xml_text(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A part of all patients: as a word, a number, and a stretch of the bar that is 1000 units long."""

    kind: str
    word: str
    count: int
    share: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class _Group:
    """Failures with the same cause, and what they are called."""

    title: str
    group: FailureGroup

    @classmethod
    def of(cls, group: FailureGroup) -> "_Group":
        return cls(_TITLES.get(group.cause.name, group.cause.name), group)


@dataclass(frozen=True, slots=True)
class _Chart:
    """Durations of one transaction."""

    step: Step
    title: str
    latencies: Latencies
    bars: tuple[Bar, ...]

    @classmethod
    def of(cls, pair: tuple[Step, Latencies]) -> "_Chart":
        step, latencies = pair
        return cls(step, _TRANSACTIONS[step], latencies, bars_of(latencies))


@dataclass(frozen=True, slots=True)
class _Row:
    """A patient's line of the table; ``href`` leads from the report to the document."""

    result: PatientResult
    kind: str
    word: str
    href: str
    document: str

    @classmethod
    def of(cls, result: PatientResult, summary: RunSummary) -> "_Row":
        failed = result.status in {Status.FAILED, Status.INVALID}
        kind = "bad" if failed else "good" if result.status is _wanted(summary) else "open"
        href = f"../{quote(xml_text(result.document))}" if result.document else ""
        return cls(result, kind, _STATUSES[result.status], href, result.document.rpartition("/")[2])


@dataclass(slots=True)
class _Listing:
    """The first patients that did not succeed, and the first that did."""

    not_done: list[PatientResult] = field(default_factory=list)
    done: list[PatientResult] = field(default_factory=list)

    def merged(self) -> Iterable[PatientResult]:
        rest = self.done[: max(0, MOST_PATIENTS - len(self.not_done))]
        return heapq.merge(self.not_done, rest, key=lambda result: result.row)


def _chosen(summary: RunSummary, results: Iterable[PatientResult]) -> list[PatientResult]:
    """The patients to list, in the order of the file; those that did not succeed come before others."""
    listing = _Listing()
    wanted = _wanted(summary)
    not_done = min(MOST_PATIENTS, summary.total - summary.not_reached - summary.succeeded)
    for result in results:
        part = listing.done if result.status is wanted else listing.not_done
        if len(part) < MOST_PATIENTS:
            part.append(result)
        elif len(listing.not_done) >= not_done:
            break
    return list(listing.merged())


def _listed(summary: RunSummary, patients: list[PatientResult]) -> str:
    """What the table leaves out; empty where it has everybody."""
    if len(patients) >= summary.total:
        return ""
    reached = summary.total - summary.not_reached
    if len(patients) < reached:
        return (
            f"The table has {len(patients):,} of {summary.total:,} patients: "
            "first of all those that did not succeed, as far as there is room. "
            f"All are in {summary.results.name} and in the summary."
        )
    return f"{summary.not_reached:,} of {summary.total:,} patients were not reached and are not in the table."


def _wanted(summary: RunSummary) -> Status:
    return Status.WRITTEN if summary.dry_run else done_status(summary.mode)


def _verdict(summary: RunSummary) -> str:
    done = "written, nothing sent" if summary.dry_run else _DONE[summary.mode]
    patients = "patient" if summary.total == 1 else "patients"
    if summary.total and summary.succeeded == summary.total:
        return f"All {summary.total:,} {patients} {done}" if summary.total > 1 else f"The patient {done}"
    return f"{summary.succeeded:,} of {summary.total:,} {patients} {done}"


def _mood(summary: RunSummary) -> str:
    if summary.exit_code == 0:
        return "good"
    return "bad" if summary.failed or summary.stopped is Stopped.CRITICAL else "open"


def _outcomes(summary: RunSummary) -> list[_Outcome]:
    parts = (
        ("good", "succeeded", summary.succeeded),
        ("bad", "failed", summary.failed),
        ("open", "not finished", summary.unfinished),
    )
    made, x = [], 0.0
    for kind, word, count in parts:
        width = 1000 * count / summary.total if summary.total else 0.0
        made.append(_Outcome(kind, word, count, _share(count, summary.total), x, width))
        x += width
    return made


def _share(count: int, total: int) -> str:
    """A share in per cent; never rounded up to all, nor down to none."""
    if not total:
        return "none"
    tenths = math.floor(1000 * count / total)
    if count and not tenths:
        return "< 0.1 %"
    return f"{tenths / 10:.1f} %" if tenths % 10 else f"{tenths // 10} %"


def _latencies(summary: RunSummary) -> tuple[tuple[Step, Latencies], ...]:
    return ((Step.REGISTER, summary.register), (Step.PROVIDE, summary.provide))


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _facts(summary: RunSummary, options: RunOptions) -> list[tuple[str, str]]:
    """What the run was; a name and a value each."""
    how = [f"{options.concurrency:,} at a time"]
    how += ["stopping at the first failure"] if options.fail_fast else []
    how += ["a dry run: nothing was sent"] if summary.dry_run else []
    how += ["resumed"] if summary.resumed else []
    facts = [
        ("What was to be done", _MODES[summary.mode]),
        *((_TRANSACTIONS[step], url) for step, url in summary.endpoints.items()),
        ("How", ", ".join(how)),
        ("Started", _moment(summary.started)),
        ("Finished", _moment(summary.finished)),
        ("File of patients", summary.csv),
        ("Its SHA-256", summary.csv_sha256),
        ("Template", summary.template or "none"),
        ("Seed", str(summary.seed)),
        ("Run", summary.run_id),
        ("Results", str(summary.results)),
        ("Made by", f"ihe-test-util {__version__}"),
    ]
    if summary.retried:
        facts.insert(-5, ("Patients with messages sent more than once", f"{summary.retried:,}"))
    if summary.resent:
        facts.insert(-5, ("Sent again, as their outcome was not known", f"{summary.resent:,}, with the same ids"))
    return facts
