"""The mock server in a process of its own, which a test may starve, kill and start again."""

import asyncio
import json
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.support.command import Command
from tests.support.patience import PATIENCE_S
from tests.support.peer import Answer
from tests.support.wire import SOAP12

START_S = PATIENCE_S
_POLL_S = 0.02


@dataclass
class Served:
    """``ihe-test-util mock start`` in the foreground, in a directory of its own, with one configuration and port."""

    directory: Path
    session: aiohttp.ClientSession
    config: dict[str, Any] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def data_dir(self) -> Path:
        """Where it keeps its data."""
        return self.directory / str(self.config.get("data_dir", "data"))

    @property
    def output(self) -> Path:
        """What its processes printed."""
        return self.directory / "output.txt"

    @property
    def log(self) -> str:
        """Its log so far."""
        path = self.directory / "mock.log"
        return path.read_text(errors="replace") if path.exists() else ""

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.begin()
        async with asyncio.timeout(START_S):
            while not await self.answers():
                assert self.process is not None
                assert self.process.poll() is None, self.output.read_text()
                await asyncio.sleep(_POLL_S)

    def begin(self) -> None:
        """Start it."""
        arguments = self.prepare()
        command = Command(self.directory, standin="")
        line = [*self.wrapper, *command.line(*arguments)]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                line, cwd=self.directory, env=command.environ({}), stdout=output, stderr=output
            )

    def prepare(self) -> list[str]:
        """Write its configuration; the arguments that start it."""
        self.directory.mkdir(exist_ok=True)
        self.port = self.port or _free_port()
        own = {"host": "127.0.0.1", "data_dir": "data", "log_path": "mock.log", "pid_file": "mock.pid"}
        (self.directory / "config.json").write_text(json.dumps(own | self.config))
        return ["mock", "start", "--config", "config.json", "--port", str(self.port), *self.options]

    async def answers(self) -> bool:
        """Whether it answers by now."""
        try:
            async with self.session.get(f"http://127.0.0.1:{self.port}/health") as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def post(self, path: str, body: Any, content_type: str = SOAP12) -> Answer:
        """POST a message."""
        if isinstance(body, bytes):
            body = BytesIO(body)  # aiohttp warns of large bytes
        headers = {"Content-Type": content_type}
        async with self.session.post(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers) as response:
            return Answer(response.status, response.headers.get("Content-Type", ""), await response.read())

    async def logged(self, text: str, path: Path | None = None) -> None:
        """Wait until a text is in its log."""
        log = path or self.directory / "mock.log"
        async with asyncio.timeout(START_S):
            while text not in await asyncio.to_thread(log.read_text, errors="replace"):  # noqa: ASYNC110 - a file
                await asyncio.sleep(_POLL_S)

    @property
    def running(self) -> psutil.Process:
        """The process, while it runs."""
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def rss(self) -> int:
        """Bytes of memory it holds."""
        return int(self.running.memory_info().rss)

    def limit_files(self, size: int) -> None:
        """Let no file of it grow beyond ``size`` bytes from now on: a full disk, as far as it can tell."""
        self.running.rlimit(psutil.RLIMIT_FSIZE, (size, psutil.RLIM_INFINITY))

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_S) == 0
            self.process = None

    def kill(self) -> None:
        """End it as a power cut would, and wait for that."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE_S)
            self.process = None


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
