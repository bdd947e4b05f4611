"""``make demo``, as far as it is ours: the script that it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


@pytest.mark.slow
def test_the_demonstration_shows_a_success_and_can_be_repeated(tmp_path: Path) -> None:
    """A patient and a document are accepted; the second run stops the first one's server; the last one is stopped."""
    directory = tmp_path / "demo"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment["MOCK_SERVER_PIX_ADD_BEHAVIOR__FAILURE_RATE"] = "1.0"  # settings of the user's own do not count
    try:
        outputs = [
            subprocess.run(
                [sys.executable, str(DEMO), str(directory)],
                capture_output=True,
                encoding="utf-8",
                env=environment | {"PYTHONUTF8": "1"},
                timeout=100,
                check=False,
            )
            for _ in range(2)
        ]
    finally:
        stopped = subprocess.run(
            [sys.executable, "-m", "ihe_test_util", "mock", "stop"],
            cwd=directory,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    for output in outputs:
        assert output.returncode == 0, output.stdout + output.stderr
        assert "ITI-44 Patient Identity Feed HL7 V3, add: accepted" in output.stdout
        assert "ITI-41 Provide and Register Document Set-b: accepted" in output.stdout
        assert "Mock server: running" in output.stdout
        assert "mock stop" in output.stdout.splitlines()[-1]
    assert "The mock server has stopped" in outputs[1].stdout
    assert "The mock server has stopped" in stopped.stdout
