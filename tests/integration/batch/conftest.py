import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command
from tests.support.forking import CAN_FORK, Completed, Forking
from tests.support.patience import PATIENCE_S
from tests.support.peer import Peer, StartMock

REPOSITORY = Path(__file__).parents[3]
HEADER = "first_name,last_name,dob,gender,patient_id_oid,patient_id,city\n"


@dataclass(frozen=True)
class Bench:
    """``ihe-test-util`` in a directory of its own, in front of a mock server of this process.

    Each command is a process; ``forking`` is what lets it begin at once, None where the system cannot.
    """

    peer: Peer
    directory: Path
    data_dir: Path
    command: Command
    forking: Forking | None

    @property
    def variables(self) -> dict[str, str]:
        """What leads the client to the mock, without long waits before retries."""
        return {
            "IHE_TEST_PIX_ADD_URL": f"{self.peer.url}/pix/add",
            "IHE_TEST_ITI41_URL": f"{self.peer.url}/iti41/submit",
            "IHE_TEST_BACKOFF_FACTOR": "0.01",
            "IHE_TEST_UTIL_TRACEBACK": "1",
        }

    async def run(self, *args: str, cwd: str = "", **variables: str) -> Completed:
        """Run a command to its end, while the mock serves."""
        return await self.run_with("", *args, cwd=cwd, **variables)

    async def run_with(self, text: str, *args: str, cwd: str = "", **variables: str) -> Completed:
        """Run a command with a text on its standard input."""
        directory = self.directory / cwd
        environ = self.command.environ(self.variables | variables)
        if self.forking is not None:
            return await asyncio.to_thread(self.forking.run, args, cwd=directory, environ=environ, text=text)
        return await asyncio.to_thread(
            subprocess.run, self.command.line(*args), input=text, cwd=directory, env=environ, capture_output=True,
            text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip

    def patients(self, count: int, name: str = "patients.csv") -> str:
        """Write a file of patients."""
        rows = [f"Given{n},Family{n},1980-01-01,F,2.999.1.2,PAT-{n},Basel\n" for n in range(count)]
        (self.directory / name).write_text(HEADER + "".join(rows))
        return name

    def saved(self) -> list[dict[str, Any]]:
        """What the mock's index says of every document that was provided, in order."""
        index = self.data_dir / "documents" / "index.jsonl"
        return [json.loads(line) for line in index.read_text().splitlines()] if index.exists() else []

    def summary(self, name: str = "output/results/summary.json") -> Any:
        """The summary of a run."""
        return json.loads((self.directory / name).read_text())

    def path(self, *parts: str) -> Path:
        """A path in the directory."""
        return self.directory.joinpath(*parts)


StartBench = Callable[..., Awaitable[Bench]]


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking | None]:
    """What every command is forked from."""
    started = Forking() if CAN_FORK else None
    yield started
    if started is not None:
        started.close()


@pytest.fixture
def start_bench(start_mock: StartMock, tmp_path: Path, forking: Forking | None) -> StartBench:
    """Starts a mock that keeps documents as files; takes its configuration as ``start_mock`` does."""

    async def start(fields: dict[str, Any] | None = None) -> Bench:
        peer = await start_mock({"save_submitted_documents": True} | (fields or {}))
        directory = tmp_path / "work"
        directory.mkdir()
        return Bench(peer, directory, tmp_path / "data0", Command(directory, standin=""), forking)

    return start


@pytest.fixture
async def bench(start_bench: StartBench) -> Bench:
    """A mock as it is by default."""
    return await start_bench()


@pytest.fixture
def samples() -> Path:
    """The ten sample patients."""
    return REPOSITORY / "examples" / "patients_sample.csv"


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """The URL of a server that takes every request and never answers."""
    closed = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await closed.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/pix"
    closed.set()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def start_peer() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """Starts a server that gives every request the same answer; gives its URL."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                await reader.readexactly(int(length.split(b":")[1]))
                writer.write(answer)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/pix"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()
