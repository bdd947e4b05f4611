"""Results and summaries of runs that never took place."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ihe_test_util.batch.results import Cause, Mode, PatientResult, RunSummary, Status, Step
from ihe_test_util.batch.summary import tally_of
from ihe_test_util.failures import NOT_REACHED, REJECTED, Category

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: Why a run stops.
CAUSE = Cause(Step.REGISTER, NOT_REACHED.cause, "nobody is there", Category.CRITICAL, NOT_REACHED.remedy)


def summary_of(results: Sequence[PatientResult], **values: Any) -> RunSummary:
    """The summary of a run with these results, as many as there are rows."""
    usual: dict[str, Any] = {
        "run_id": "r",
        "mode": Mode.ALL,
        "dry_run": False,
        "started": _NOW,
        "finished": _NOW,
        "elapsed_s": 2.0,
        "csv": "/data/patients.csv",
        "csv_sha256": "ab",
        "template": "ccd-minimal",
        "seed": 7,
        "endpoints": {Step.REGISTER: "http://a", Step.PROVIDE: "http://b"},
        "total": len(results),
        "not_reached": 0,
        "results": Path("results/results.jsonl"),
    }
    return tally_of(results).into(RunSummary(**(usual | values)))


def submitted(row: int, seconds: float = 0.01) -> PatientResult:
    """A patient for whom all went well."""
    return PatientResult(row, row, Status.SUBMITTED, register_s=seconds, provide_s=seconds, attempts=2)


def failed(row: int, message: str, category: Category = Category.PERMANENT) -> PatientResult:
    """A patient whose submission failed."""
    cause = Cause(Step.PROVIDE, REJECTED.cause, message, category, "mend it")
    return PatientResult(row, row, Status.FAILED, cause=cause)


def without_warning(stderr: str) -> str:
    """What a command wrote to stderr beside the warning that it speaks plain HTTP."""
    lines = stderr.splitlines(keepends=True)
    assert any(line.startswith("Warning: plain HTTP to 127.0.0.1") for line in lines)
    return "".join(line for line in lines if not line.startswith("Warning: plain HTTP to 127.0.0.1"))
