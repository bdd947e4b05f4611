"""The servers under load, each a process of its own, and how much memory they take."""

import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psutil

from benchmarks.messages import Template
from ihe_test_util.store.schema import DOMAIN_FILE

MIB: Final = 1024 * 1024
_COMPLAINT: Final = re.compile(rb"^[0-9T:.-]+Z (?:WARNING|ERROR|CRITICAL) ", re.MULTILINE)
_SAMPLE_S: Final = 0.02
_COMMAND_S: Final = 120.0


class BenchFailedError(Exception):
    """Something could not be measured, or what was measured is not what was meant."""


def environment() -> dict[str, str]:
    """The environment as a user has it: Python may keep compiled modules, and nothing configures the mock."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in unwanted and not name.startswith(("MOCK_SERVER_", "IHE_TEST_"))
    }


def command() -> str:
    """The command that users type, of this environment.

    Raises:
        BenchFailedError: it is not installed.
    """
    found = shutil.which("ihe-test-util", path=str(Path(sys.executable).parent))
    if found is None:
        raise BenchFailedError(f"there is no ihe-test-util beside {sys.executable}: pip install -e .")
    return found


def run(arguments: list[str], directory: Path) -> str:
    """Run the command of users in a directory.

    Raises:
        BenchFailedError: it failed.
    """
    done = subprocess.run(
        [command(), *arguments],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=_COMMAND_S,
        check=False,
    )
    if done.returncode:
        raise BenchFailedError(f"ihe-test-util {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Mock:
    """A running mock server."""

    port: int
    pid: int
    directory: Path
    store_url: str = ""

    @property
    def rss(self) -> int:
        """Memory that it holds, in bytes; with that of its workers, and what they share counted for each."""
        process = psutil.Process(self.pid)
        return sum(int(each.memory_info().rss) for each in (process, *process.children()))

    @property
    def data_dir(self) -> Path:
        """Where it stores."""
        return self.directory / "mocks" / "data"

    def health(self) -> dict[str, Any]:
        """What it says of itself."""
        return health(self.port)

    def stored(self, count: str) -> int:
        """The result of a statement that counts what it has stored."""
        if self.store_url:
            import psycopg  # noqa: PLC0415 - only where PostgreSQL is

            with psycopg.connect(self.store_url) as shared:
                counted = shared.execute(count.encode()).fetchone()
            return int(counted[0]) if counted else 0
        with closing(sqlite3.connect(f"file:{self.data_dir / DOMAIN_FILE}?mode=ro", uri=True)) as connection:
            return int(connection.execute(count).fetchone()[0])

    def complaints(self) -> int:
        """How many lines of its log are warnings or errors."""
        logs = (self.directory / "mocks" / "logs").glob("*.log*")
        return sum(len(_COMPLAINT.findall(log.read_bytes())) for log in logs)


@contextmanager
def mock_server(
    directory: Path, config: Mapping[str, object] | None = None, *, options: Sequence[str] = (), keep: bool = False
) -> Iterator[Mock]:
    """A mock server started by the command of users, in a directory of its own that goes with it unless it is kept.

    Raises:
        BenchFailedError: it did not start.
    """
    (directory / "mocks").mkdir(parents=True, exist_ok=keep)
    (directory / "mocks" / "config.json").write_text(json.dumps({"host": "127.0.0.1", **(config or {})}))
    port = free_port()
    run(["mock", "start", "-b", "--port", str(port), *options], directory)
    try:
        yield Mock(port, int(health(port)["pid"]), directory, str((config or {}).get("store_url", "")))
    finally:
        run(["mock", "stop", "--timeout", "30"], directory)
        if not keep:
            shutil.rmtree(directory)


@contextmanager
def baseline_server(answer: Path) -> Iterator[int]:
    """The bare handler, as its port."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("baseline.py")), str(answer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    with process:
        try:
            line = process.stdout.readline() if process.stdout is not None else b""
            if not line:
                raise BenchFailedError("the baseline server did not start")
            yield int(line)
        finally:
            process.terminate()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(port: int) -> dict[str, Any]:
    """``GET /health``."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_COMMAND_S)) as connection:
        connection.request("GET", "/health")
        document: dict[str, Any] = json.loads(connection.getresponse().read())
        return document


def ask(template: Template, port: int) -> bytes:
    """Send one request as it stands, and give the body of its answer.

    Raises:
        BenchFailedError: it was refused.
    """
    with closing(socket.create_connection(("127.0.0.1", port), timeout=_COMMAND_S)) as connection:
        connection.sendall(template.request(0))
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        body = response.read()
    if response.status != http.HTTPStatus.OK:
        raise BenchFailedError(f"{template.name}: HTTP {response.status}: {body[:2000].decode(errors='replace')}")
    return body


class Memory:
    """Watches the memory of a process while a block runs: ``start`` and ``peak``, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.start = self.peak = int(self._process.memory_info().rss)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        """Bytes by which it grew at most."""
        return self.peak - self.start

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            try:
                self.peak = max(self.peak, int(self._process.memory_info().rss))
            except psutil.NoSuchProcess:
                return
