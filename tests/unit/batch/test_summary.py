"""From results to the summary."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ihe_test_util.batch.results import Cause, Mode, PatientResult, RunSummary, Status, Step, Stopped
from ihe_test_util.batch.summary import summary_pieces, tally_of
from ihe_test_util.failures import Category

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def summary(results: Sequence[PatientResult], **values: Any) -> RunSummary:
    """The summary of a run with these results, as many as there are rows."""
    usual: dict[str, Any] = {
        "run_id": "r",
        "mode": Mode.ALL,
        "dry_run": False,
        "started": _NOW,
        "finished": _NOW,
        "elapsed_s": 2.0,
        "csv": "patients.csv",
        "csv_sha256": "ab",
        "template": "ccd-minimal",
        "seed": 7,
        "endpoints": {Step.REGISTER: "http://a", Step.PROVIDE: "http://b"},
        "total": len(results),
        "not_reached": 0,
    }
    return tally_of(results).into(RunSummary(**(usual | values)))


def submitted(row: int, seconds: float = 0.01) -> PatientResult:
    """A patient for whom all went well."""
    return PatientResult(row, row, Status.SUBMITTED, register_s=seconds, provide_s=seconds, attempts=2)


def failed(row: int, message: str, category: Category = Category.PERMANENT) -> PatientResult:
    """A patient whose submission failed."""
    cause = Cause(Step.PROVIDE, "rejected", message, category, "mend it")
    return PatientResult(row, row, Status.FAILED, cause=cause)


@pytest.mark.parametrize(
    ("results", "values", "code"),
    [
        ([submitted(2), submitted(3)], {}, 0),
        ([submitted(2), failed(3, "no")], {}, 2),
        ([submitted(2)], {"total": 2}, 2),
        ([PatientResult(2, 2, Status.REGISTERED)], {}, 2),
        ([PatientResult(2, 2, Status.REGISTERED)], {"mode": Mode.PIX_ONLY}, 0),
        ([PatientResult(2, 2, Status.SENDING)], {}, 2),
        ([PatientResult(2, 2, Status.WRITTEN)], {"dry_run": True}, 0),
        ([PatientResult(2, 2, Status.INVALID), submitted(3)], {}, 2),
        ([failed(2, "no", Category.CRITICAL)], {"stopped": Stopped.CRITICAL}, 3),
        ([submitted(2)], {"stopped": Stopped.INTERRUPTED, "total": 9}, 130),
        ([failed(2, "no")], {"stopped": Stopped.FAIL_FAST, "total": 9}, 2),
        ([submitted(2)], {"stopped": Stopped.INTERRUPTED}, 0),
    ],
)
def test_the_exit_code_says_how_it_went(results: list[PatientResult], values: dict[str, Any], code: int) -> None:
    """0 all succeeded, 2 some did not, 3 critical, 130 interrupted before the end."""
    assert summary(results, **values).exit_code == code


def test_failures_are_grouped_by_cause() -> None:
    """Numbers, ids and quoted values do not make another cause; the most frequent comes first."""
    results = [
        failed(2, "other"),
        failed(3, "document 2.25.123 of 'PAT-1' exists"),
        failed(4, "document 2.25.99 of 'PAT-2' exists"),
    ]
    found = summary(results).failures
    assert [(group.count, group.rows) for group in found] == [(2, (3, 4)), (1, (2,))]
    assert found[0].cause.message == "document 2.25.123 of 'PAT-1' exists"


def test_causes_beyond_bounds_are_counted_together() -> None:
    """A million different messages do not fill the memory."""
    results = [failed(row, "x" * row) for row in range(2, 2002)]
    found = summary(results)
    assert sum(group.count for group in found.failures) == found.failed == 2000
    assert len(found.failures) <= 1001


def test_percentiles_are_near_the_truth() -> None:
    """To five per cent; the ends are exact."""
    found = summary([submitted(row, row / 1000) for row in range(1, 1001)]).provide
    assert (found.least_s, found.most_s, found.count) == (0.001, 1.0, 1000)
    assert found.p50_s == pytest.approx(0.5, rel=0.05)
    assert found.p99_s == pytest.approx(0.99, rel=0.05)
    assert sum(bucket.count for bucket in found.buckets) == 1000


def test_json_has_the_patients_in_their_order() -> None:
    """The summary is one JSON object, its numbers agree."""
    results = [submitted(2), failed(3, "no"), submitted(4)]
    whole = replace(summary(results, total=5), handled=3)
    found = json.loads(b"".join(summary_pieces(whole, results)))
    assert [one["row"] for one in found["patients"]] == [2, 3, 4]
    assert (found["succeeded"], found["failed"], found["unfinished"], found["not_reached"]) == (2, 1, 2, 2)
    assert found["failures"][0]["remedy"] == "mend it"
    assert found["by_category"]["permanent"] == 1
    assert found["exit_code"] == 2
