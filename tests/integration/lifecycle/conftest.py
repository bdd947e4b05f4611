"""Real server processes in a directory of the test's own; none outlives its test."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.command import Command, processes_in
from tests.support.patience import PATIENCE_S


@pytest.fixture
def make_command(tmp_path: Path) -> Iterator[Callable[[str], Command]]:
    """The command line with a stand-in that behaves so; whatever still runs after the test is killed."""
    yield lambda standin: Command(tmp_path, standin)
    left = list(processes_in(tmp_path))
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=PATIENCE_S)


@pytest.fixture
def command(make_command: Callable[[str], Command]) -> Command:
    """The command line with a stand-in that serves."""
    return make_command("serve")


@pytest.fixture
def port() -> str:
    """A free port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return str(sock.getsockname()[1])
