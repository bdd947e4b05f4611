"""``ihe-test-util`` as processes that begin at once: one that has everything imported, and forks for each command.

Run as a script, it reads commands as JSON lists from its standard input, a line each, and writes the process id of each
and, when it has ended, its return code.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class Forking:
    """Starts commands, one after the other."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__], cwd=directory, env=dict(environ), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip

    def begin(self, *args: str) -> int:
        """Start a command; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(args) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> int:
        """Wait for the end of the command; its return code, negative for a signal."""
        return self._answer()

    def close(self) -> None:
        """Start no more."""
        self._process.communicate()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def main() -> None:
    """Fork for each line."""
    from ihe_test_util.batch import assertions, job  # noqa: F401, PLC0415 - what every command imports
    from ihe_test_util.cli.main import run  # noqa: PLC0415 - in the process that forks

    for line in sys.stdin:
        args: Sequence[str] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(2, 1)
            run(args)
        os.write(1, f"{pid}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())


if __name__ == "__main__":
    main()
