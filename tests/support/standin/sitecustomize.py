"""Puts a tiny server in the place of the real one in processes that have this directory on PYTHONPATH.

``STANDIN`` says how it behaves: ``serve`` (the default), ``die`` before it is ready, ``refuse`` with an error of ours,
``hang`` before it is ready, ``impostor`` (answers as another instance), ``deaf`` (does not heed SIGTERM).
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

SERVE = "ihe_test_util.mock_server.serve"


def touch(name: str) -> None:
    """Tell the test something."""
    Path(name).touch()


def is_there(name: str) -> bool:
    """Whether the test told us something."""
    return Path(name).exists()


class StandIn:
    """Answers GET /health and POST /-/reload; GET /slow is answered when a file named ``release`` appears."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.started = time.monotonic()
        self.count = 0
        self.in_flight: set[asyncio.Task[None]] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        task = asyncio.current_task()
        assert task is not None
        self.in_flight.add(task)
        try:
            method, path, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)
            self.count += 1
            if path == "/slow":
                touch("arrived")
                while not is_there("release"):  # noqa: ASYNC110 - the file is another process's
                    await asyncio.sleep(0.01)
            body = json.dumps(self.document(method)).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
        finally:
            self.in_flight.discard(task)
            writer.close()

    def document(self, method: str) -> dict[str, Any]:
        """What it says of itself, or of its configuration."""
        config: dict[str, Any] = {"file": None, "state": "ok", "error": "", "pending_restart": []}
        if method == "POST":
            return config
        impostor = os.environ.get("STANDIN") == "impostor"
        return {
            "instance_id": "somebody else" if impostor else self.settings.instance_id,
            "version": "0",
            "uptime_seconds": time.monotonic() - self.started,
            "request_count": self.count,
            "endpoints": {"pix-add": "/pix/add"},
            "transactions": [{"code": "ITI-44", "title": "Patient Identity Feed", "path": "/pix/add"}],
            "config": config,
        }


async def serve(settings: Any) -> None:
    """As the real one: until a signal, then until requests in flight are answered or a second signal comes."""
    from ihe_test_util.errors import StartFailed  # noqa: PLC0415 - this file is read by every Python process
    from ihe_test_util.mock_server.serving import Endpoint, Ready  # noqa: PLC0415 - as above

    logging.getLogger("ihe_test_util.standin").info("stand-in begins")
    behaviour = os.environ.get("STANDIN", "serve")
    if behaviour == "die":
        sys.stderr.write("a last word\n")
        os._exit(3)
    if behaviour == "refuse":
        raise StartFailed("The stand-in refuses", where="here", hint="another stand-in")
    if behaviour == "hang":
        await asyncio.sleep(3600)
    signals: asyncio.Queue[int] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signals.put_nowait, int(number))
    stand_in = StandIn(settings)
    server = await asyncio.start_server(stand_in.answer, settings.host, settings.port)
    endpoint = Endpoint("ITI-44", "Patient Identity Feed", "/pix/add")
    settings.announce(Ready(settings.protocol, settings.host, settings.port, (endpoint,)))
    await signals.get()
    if behaviour == "deaf":
        await asyncio.sleep(3600)
    server.close()
    finished = asyncio.ensure_future(asyncio.gather(*stand_in.in_flight))
    again = asyncio.ensure_future(signals.get())
    ends: set[asyncio.Future[Any]] = {finished, again}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in (again, *stand_in.in_flight):
        task.cancel()


module = types.ModuleType(SERVE)
module.serve = serve  # type: ignore[attr-defined] # a module made by hand
sys.modules[SERVE] = module
