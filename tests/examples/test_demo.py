"""``make demo``, as far as it is ours: the script that it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


@pytest.mark.slow
def test_the_demonstration_shows_a_success_and_can_be_repeated(tmp_path: Path) -> None:
    """Nine of ten patients go through, one is refused as configured; it can be repeated, and its server be stopped.

    What it says is to be done next, is done: with the patient out of the configuration, the run goes on to its end.
    """
    directory = tmp_path / "demo"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment["MOCK_SERVER_PIX_ADD_BEHAVIOR__FAILURE_RATE"] = "1.0"  # settings of the user's own do not count

    def command(*args: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "ihe_test_util", *args], cwd=directory, capture_output=True, encoding="utf-8",
            timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    try:
        outputs = [
            subprocess.run(
                [sys.executable, str(DEMO), str(directory)],
                capture_output=True,
                encoding="utf-8",
                env=environment | {"PYTHONUTF8": "1"},
                timeout=PATIENCE_S,
                check=False,
            )
            for _ in range(2)
        ]
        config = directory / "mocks" / "config.json"
        config.write_text(config.read_text("utf-8").replace("SAMPLE-006", "NOBODY"), "utf-8")
        resumed = command("submit", "--resume", "output/results/results.jsonl")
    finally:
        stopped = command("mock", "stop")
    for output in outputs:
        assert output.returncode == 0, output.stdout + output.stderr
        assert "Rows       10: 10 valid" in output.stdout
        assert "9 of 10 patients submitted, 1 failed" in output.stdout
        assert "1x ITI-41, permanent" in output.stdout
        assert "simulated_failure: The record of this patient is locked" in output.stdout, "mock requests --failed"
        assert (directory / "output" / "results" / "report.html").as_uri() in output.stdout
        assert "mock stop" in output.stdout.splitlines()[-1]
    assert (directory / "output" / "results" / "report.html").is_file()
    assert (resumed.returncode, "10 of 10 patients submitted; 1 in" in resumed.stdout) == (0, True)
    assert "The mock server has stopped" in outputs[1].stdout
    assert "The mock server has stopped" in stopped.stdout
