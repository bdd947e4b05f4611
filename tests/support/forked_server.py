"""A mock server that starts in a tenth of a second, to be killed many times: forked from a process that has it all."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from typing import Final

from tests.support.command import Command
from tests.support.forking import Forking
from tests.support.process import START_S, Served

#: What a server that answers has imported, most of it late.
SERVER_MODULES: Final = (
    "ihe_test_util.cli.mock_commands",
    "ihe_test_util.mock_server.serve",
    "ihe_test_util.mock_server.server_process",
    "ihe_test_util.mock_server.start_lock",
    "ihe_test_util.runtime.event_loop",
    "ihe_test_util.runtime.log_setup",
    "aiohttp.web",
    "asyncio.selector_events",
    "concurrent.futures.thread",
    "uvloop",
)
_POLL_S = 0.005


@dataclass
class ForkedServer(Served):
    """``ihe-test-util mock start`` with one configuration and port, forked for each start."""

    forking: Forking = field(kw_only=True)
    pid: int = 0

    async def start(self) -> None:
        """Start it and wait until it answers."""
        arguments = self.prepare()
        streams = [self.directory / name for name in ("stdin.txt", "output.txt", "errors.txt")]
        environ = Command(self.directory, standin="").environ({})
        self.pid = self.forking.begin(arguments, cwd=self.directory, environ=environ, streams=streams)
        async with asyncio.timeout(START_S):
            while not await self.answers():  # noqa: ASYNC110 - another process
                await asyncio.sleep(_POLL_S)

    def kill(self) -> None:
        """End it as a power cut would, and wait for that."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        assert self._end(signal.SIGTERM) == 0

    def _end(self, number: signal.Signals) -> int:
        if not self.pid:
            return 0
        os.kill(self.pid, number)
        self.pid = 0
        return self.forking.end()
