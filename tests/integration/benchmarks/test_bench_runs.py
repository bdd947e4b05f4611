"""The benchmarks as a command: a few seconds of them, whatever their numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.postgres import missing

ROOT = Path(__file__).parents[3]


def run(directory: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    """Run the command; what it printed, and the rows that it wrote."""
    report = directory / "report.json"
    # The coverage of tests would follow into each server that is measured.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [
            *(sys.executable, "benchmarks/run.py", "--quick", "--directory", str(directory)),
            *("--json", str(report), *arguments),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    rows: list[dict[str, Any]] = json.loads(report.read_text())["rows"] if report.exists() else []
    return done, rows


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the bare handler needs uvloop")
@pytest.mark.parametrize(
    ("case", "measured"),
    [
        ("pix-add", ["bare aiohttp + lxml, beside PIX Add", "PIX Add"]),
        ("iti-41", ["bare aiohttp + lxml, beside ITI-41", "ITI-41"]),
        ("iti-42", ["ITI-42"]),
        ("iti-43", ["ITI-43, 15 KB"]),
        ("iti-18", [f"ITI-18 FindDocuments, {size} entries, one client: p50 / p99" for size in ("100", "1,000")]),
        ("workers", ["PIX Add, two workers", "ITI-41, two workers"]),
        ("document-out", ["8 MiB document by ITI-43, to a bare socket", "  by ihe-test-util retrieve"]),
        ("delayed", ["50 requests at once, delay 0.3 s"]),
        ("document", ["8 MiB document by ITI-41, from a bare socket"]),
        ("workflow", ["submit, 20 patients, unsigned", "submit, 20 patients, signed per message"]),
        ("csv", ["ihe-test-util csv validate"]),
    ],
)
def test_a_case_measures_what_it_says_and_leaves_nothing_behind(tmp_path: Path, case: str, measured: list[str]) -> None:
    """each case runs to its end, its requests are all accepted and stored, and its files are removed"""
    done, rows = run(tmp_path, "--only", case, "--loader", "asyncio")

    assert done.returncode == 0, done.stderr
    assert "failed" not in {row["verdict"] for row in rows}
    for what in measured:
        assert what in {row["what"] for row in rows}
        assert what in done.stdout
    truths = [row for row in rows if row["budget"] == "0"]
    assert all(row["verdict"] == "ok" for row in truths), truths
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing() or "PostgreSQL is there")
def test_a_database_of_its_own_is_measured_where_there_is_postgresql(tmp_path: Path) -> None:
    """feeds, submissions and queries on PostgreSQL run to their end, and the database is gone afterwards"""
    done, rows = run(tmp_path, "--only", "postgres", "--loader", "asyncio")

    assert done.returncode == 0, done.stderr
    assert {f"{name}, on PostgreSQL" for name in ("PIX Add", "ITI-41", "ITI-18 FindDocuments")} <= {
        row["what"] for row in rows
    }
    assert {row["verdict"] for row in rows if row["budget"] == "0"} == {"ok"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_load_tool_that_is_asked_for_and_missing_ends_the_command(tmp_path: Path) -> None:
    """without the load tool that was asked for, the command says how to install it, and fails"""
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "benchmarks/run.py", "--quick", "--only", "pix-add", "--loader", "wrk"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode != 0
    assert "apt-get install wrk" in done.stderr
