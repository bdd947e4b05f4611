"""Commands whose output cannot be written: no trace is shown, and the work stays."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.command import Command

FULL = Path("/dev/full")
PATIENTS = "first_name,last_name,dob,gender,patient_id_oid\nAda,Rossi,1980-02-29,F,2.999.1.2\n"
COMMANDS = (
    ("--help",),
    ("send", "--list"),
    ("csv", "validate", "patients.csv"),
    ("csv", "process", "patients.csv"),
    ("csv", "validate", "patients.csv", "--json"),
    ("config", "show"),
    ("template", "validate", "ccd-minimal"),
    ("mock", "status"),
)
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs a POSIX shell, and a file that is always full")


@pytest.fixture
def sh(tmp_path: Path) -> "Shell":
    """A shell in a directory with a file of one patient."""
    (tmp_path / "patients.csv").write_text(PATIENTS)
    return Shell(Command(tmp_path, standin=""))


class Shell:
    """Runs ``ihe-test-util`` with its streams redirected."""

    def __init__(self, command: Command) -> None:
        self.command = command

    def __call__(self, redirected: str, *args: str) -> "subprocess.CompletedProcess[str]":
        """``redirected`` is what follows the command; the exit code is that of the command."""
        line = f'set -o pipefail 2>/dev/null; "$0" "$@" {redirected}'
        return subprocess.run(
            ["bash", "-c", line, *self.command.line(*args)],
            cwd=self.command.directory, env=self.command.environ({}), capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_a_full_output_is_told(sh: Shell, args: tuple[str, ...]) -> None:
    """In a sentence that names it, with exit code 1."""
    done = sh(">/dev/full", *args)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: standard output cannot be written\n  got:      No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("redirected", ["| true", ">&-", "2>&-", "2>/dev/full", ">/dev/full 2>&1"])
@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_no_stream_that_is_lost_leaves_a_trace(sh: Shell, args: tuple[str, ...], redirected: str) -> None:
    """A reader that has gone, closed streams, a full one for errors."""
    done = sh(redirected, *args)

    assert done.stderr in {"", "The mock server is not running\n"}
    assert done.returncode in {0, 1, 141}


@pytest.mark.parametrize("json_", [False, True], ids=["text", "json"])
def test_a_run_whose_summary_cannot_be_printed_has_its_results(sh: Shell, json_: bool) -> None:  # noqa: FBT001 - a column
    """Exit code 3, as where a summary cannot be written; results and report are there."""
    done = sh(">/dev/full", "submit", "patients.csv", "--dry-run", *(["--json"] if json_ else []))

    results = sh.command.directory / "output" / "results"
    assert (done.returncode, "standard output cannot be written" in done.stderr) == (3, True)
    assert "Traceback" not in done.stderr
    assert json.loads((results / "summary.json").read_text())["succeeded"] == 1
    assert (results / "report.html").exists()


@pytest.mark.parametrize("redirected", ["| true", ">&-"])
def test_a_run_that_nobody_listens_to_ends_by_its_own_outcome(sh: Shell, redirected: str) -> None:
    """Who reads a line and goes, or nothing, does not make a failure of it."""
    done = sh(redirected, "submit", "patients.csv", "--dry-run")

    assert (done.returncode, done.stderr) == (0, "")
