"""``ihe-test-util`` as processes that begin at once: one that has everything imported forks for each command.

They are processes of their own, with their own directory, environment, files and signals; only the imports, which take
longer than most commands, are made once. Run as a script, it reads commands as JSON objects from its standard input, a
line each, and writes the process id of each and, when it has ended, its return code.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

#: What commands that run jobs import, most of it late.
_IMPORTED = (
    "concurrent.futures.thread",
    "jinja2.ext",
    "ihe_test_util.batch.assertions",
    "ihe_test_util.batch.job",
    "ihe_test_util.batch.junit",
    "ihe_test_util.batch.report_html",
    "ihe_test_util.cli.batch_choices",
    "ihe_test_util.cli.batch_running",
    "ihe_test_util.cli.pix_add_commands",
    "ihe_test_util.cli.submit_commands",
    "ihe_test_util.cli.transport_warnings",
    "ihe_test_util.client.config",
    "ihe_test_util.documents.compiling",
    "ihe_test_util.documents.language",
    "ihe_test_util.documents.sandbox",
    "ihe_test_util.runtime.event_loop",
    "ihe_test_util.runtime.log_setup",
)
Completed = subprocess.CompletedProcess[str]
CAN_FORK = hasattr(os, "fork")


class Forking:
    """Starts commands, one after the other; ``modules`` are imported beforehand, those of jobs where none is named."""

    def __init__(self, *modules: str) -> None:
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, *modules], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(self, args: Sequence[str], *, cwd: Path, environ: Mapping[str, str], text: str = "") -> Completed:
        """Run a command to its end, with a text on its standard input."""
        with self._one_at_a_time, tempfile.TemporaryDirectory() as files:
            paths = [Path(files, name) for name in ("stdin", "stdout", "stderr")]
            paths[0].write_text(text)
            self.begin(args, cwd=cwd, environ=environ, streams=paths)
            code = self.end()
            return subprocess.CompletedProcess(list(args), code, paths[1].read_text(), paths[2].read_text())

    def begin(
        self,
        args: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        streams: Sequence[Path] = (Path(os.devnull),) * 3,
    ) -> int:
        """Start a command; its process id."""
        assert self._process.stdin is not None
        command = {"args": args, "cwd": str(cwd), "environ": dict(environ), "streams": [str(one) for one in streams]}
        self._process.stdin.write(json.dumps(command) + "\n")
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
    for name in sys.argv[1:] or _IMPORTED:
        importlib.import_module(name)
    from ihe_test_util.cli.main import run  # noqa: PLC0415 - in the process that forks

    gc.freeze()  # what the children share stays shared

    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(command)
            run(command["args"])
        os.write(1, f"{pid}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())


def _become(command: dict[str, Any]) -> None:
    """The process that the command would have been started in."""
    for number, path in enumerate(command["streams"]):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    os.environ.clear()
    os.environ.update(command["environ"])
    os.chdir(command["cwd"])
    sys.argv = ["ihe-test-util", *command["args"]]
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        assert isinstance(stream, TextIOWrapper)
        stream.reconfigure(line_buffering=True)


if __name__ == "__main__":
    main()
