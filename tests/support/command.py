"""The command line in a process of its own, in a directory of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.patience import PATIENCE_S

STAND_IN = Path(__file__).parent / "standin"


@dataclass(frozen=True, slots=True)
class Command:
    """``ihe-test-util`` as a user of the directory calls it; ``standin`` is how the server behaves, "" the real one."""

    directory: Path
    standin: str = "serve"

    def __call__(self, *args: str, cwd: Path | None = None, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            self.line(*args), cwd=cwd or self.directory, env=self.environ(variables), capture_output=True, text=True,
            check=False, timeout=PATIENCE_S,
        )  # fmt: skip

    def begin(self, *args: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command and go on."""
        return subprocess.Popen(
            self.line(*args), cwd=self.directory, env=self.environ(variables), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def environ(self, variables: dict[str, str]) -> dict[str, str]:
        """The variables of this process without those that the product heeds."""
        inherited = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("MOCK_SERVER_", "IHE_TEST_", "NO_COLOR", "PYTHONPATH"))
        }
        if self.standin:
            inherited |= {"PYTHONPATH": str(STAND_IN), "STANDIN": self.standin}
        return inherited | variables

    @staticmethod
    def line(*args: str) -> list[str]:
        """The whole command; -P keeps the working directory out of the module path, as the installed script does."""
        return [sys.executable, "-P", "-m", "ihe_test_util", *args]

    @property
    def pid_file(self) -> Path:
        """The default PID file."""
        return self.directory / "mocks" / ".mock-server.pid"

    @property
    def log(self) -> Path:
        """The default log file."""
        return self.directory / "mocks" / "logs" / "mock-server.log"

    def servers(self) -> list[psutil.Process]:
        """The server processes that run in the directory."""
        return [process for process in processes_in(self.directory) if "child" in " ".join(process.cmdline())]


def processes_in(directory: Path) -> Iterator[psutil.Process]:
    """The processes whose working directory is this one."""
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == directory:
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
