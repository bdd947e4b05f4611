"""Several worker processes behind one listening socket; they live and die with the process that started them."""

import asyncio
import base64
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ihe_test_util.errors import StartFailed
from ihe_test_util.mock_server.config import LoadedConfig
from ihe_test_util.mock_server.health import RequestCounter
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.mock_server.serving import ServeSettings
from ihe_test_util.private_files import make_private_directory

_LOG: Final = logging.getLogger("ihe_test_util.mock_server.workers")
_READY: Final = b"ready\n"
_STOP: Final = b"stop\n"
_START_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """What a worker is told on its standard input, as one line of JSON."""

    slot: int
    slots: int
    counter: str
    protocol: str
    host: str
    port: int
    instance_id: str
    pid: int
    started_monotonic: float
    config_path: str | None
    overrides: Mapping[str, object]
    socket_fd: int
    socket_share: str

    def instance(self) -> Instance:
        """The server that the worker is a part of."""
        return Instance(
            self.protocol,
            self.host,
            self.port,
            id=self.instance_id,
            pid=self.pid,
            workers=self.slots,
            started_monotonic=self.started_monotonic,
        )

    def socket(self) -> socket.socket:
        """The listening socket that the supervisor handed over."""
        if sys.platform == "win32":
            return socket.fromshare(base64.b64decode(self.socket_share))
        return socket.socket(fileno=self.socket_fd)


class _Worker:
    """A worker process; closing its standard input asks it to finish and end."""

    def __init__(self, process: "asyncio.subprocess.Process", slot: int) -> None:
        self.process = process
        self.slot = slot

    @classmethod
    async def start(cls, task: dict[str, Any], sock: socket.socket, slot: int) -> "_Worker":
        fds = () if sys.platform == "win32" else (sock.fileno(),)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the user's working directory is no place to import from
            "-m",
            "ihe_test_util.mock_server.worker",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=fds,
        )
        if sys.platform == "win32":
            task = task | {"socket_share": base64.b64encode(sock.share(process.pid)).decode("ascii")}
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise StartFailed("a worker process has no pipes")
        stdin.write(json.dumps(task | {"slot": slot}).encode() + b"\n")
        try:
            async with asyncio.timeout(_START_SECONDS):
                said = await stdout.readline()
        except TimeoutError:
            said = b""
        if said != _READY:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise StartFailed(f"worker {slot} did not start", hint="see the log file for its reason")
        return cls(process, slot)

    def ask_to_stop(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


@asynccontextmanager
async def supervised(
    settings: ServeSettings,
    loaded: LoadedConfig,
    instance: Instance,
    sock: socket.socket,
    stops: "asyncio.Queue[int]",
) -> AsyncIterator[None]:
    """Run the workers; one that dies is replaced, and all end when the block ends.

    Raises:
        StartFailed: a worker did not become ready.
    """
    sock.listen(1024)
    data_dir = loaded.config.data_dir
    make_private_directory(data_dir)
    counter = RequestCounter.create_file(data_dir, settings.workers)
    task = asdict(
        WorkerTask(
            slot=0,
            slots=settings.workers,
            counter=str(counter),
            protocol=instance.protocol,
            host=instance.host,
            port=instance.port,
            instance_id=instance.id,
            pid=instance.pid,
            started_monotonic=instance.started_monotonic,
            config_path=None if settings.config_path is None else str(settings.config_path),
            overrides=dict(settings.overrides),
            socket_fd=sock.fileno(),
            socket_share="",
        )
    )
    workers: list[_Worker] = []
    watching: list[asyncio.Task[None]] = []
    try:
        for slot in range(settings.workers):
            # One by one, so that those already started are known to the clean-up if one fails.
            workers.append(await _Worker.start(task, sock, slot))  # noqa: PERF401 - see above
        watching = [
            asyncio.create_task(_keep_alive(workers, slot, task, sock, stops)) for slot in range(settings.workers)
        ]
        yield
    finally:
        for watch in watching:
            watch.cancel()
        await _end(workers, stops)
        sock.close()
        counter.unlink(missing_ok=True)


async def _listen(worker: _Worker, stops: "asyncio.Queue[int]") -> None:
    """Pass on what a worker was asked by ``POST /-/stop``."""
    stdout = worker.process.stdout
    while stdout is not None and (line := await stdout.readline()):
        if line == _STOP:
            stops.put_nowait(0)


async def _keep_alive(
    workers: list[_Worker], slot: int, task: dict[str, Any], sock: socket.socket, stops: "asyncio.Queue[int]"
) -> None:
    while True:
        await _listen(workers[slot], stops)
        status = await workers[slot].process.wait()
        _LOG.error("worker %d ended by itself (exit status %s) and is replaced", slot, status)
        try:
            workers[slot] = await _Worker.start(task, sock, slot)
        except StartFailed:
            _LOG.exception("worker %d could not be replaced; the others go on", slot)
            return


async def _end(workers: list[_Worker], stops: "asyncio.Queue[int]") -> None:
    for worker in workers:
        worker.ask_to_stop()
    ended = asyncio.ensure_future(_all_ended(workers))
    impatient = asyncio.ensure_future(stops.get())
    await asyncio.wait({ended, impatient}, return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    for worker in workers:
        if worker.process.returncode is None:
            worker.kill()
    await ended


async def _all_ended(workers: list[_Worker]) -> None:
    for worker in workers:
        await worker.process.wait()


def counter_of(task: WorkerTask) -> RequestCounter:
    """The worker's own slot of the shared counter."""
    return RequestCounter(Path(task.counter), slot=task.slot, slots=task.slots)


def read_task() -> WorkerTask:
    """The task on standard input."""
    return WorkerTask(**json.loads(sys.stdin.buffer.readline()))


def say_ready() -> None:
    """Tell the supervisor that requests are answered."""
    os.write(sys.stdout.fileno(), _READY)


def say_stop() -> None:
    """Tell the supervisor that somebody asked for the whole server to stop."""
    os.write(sys.stdout.fileno(), _STOP)
