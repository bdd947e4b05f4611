"""Mock servers for tests: real sockets on free ports of 127.0.0.1, real files in a directory of the test's own."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ihe_test_util.client.request import prepare
from ihe_test_util.mock_server.app import MockServer, bind
from ihe_test_util.mock_server.config import ConfigWatcher, load_config, load_config_with_sources
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.soap.addressing import Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml.io import parse
from tests.support.patience import PATIENCE_S
from tests.support.peer import Peer, StartMock
from tests.support.postgres import missing, postgres_server
from tests.support.schemas import problems_of_payload

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _emitted(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Whatever a test is about, no request that our client writes may break the standards' schemas.

    Only where a test sends a message of its own on purpose it says so: ``@pytest.mark.sends_anything``.
    """
    if request.node.get_closest_marker("sends_anything") is not None:
        return

    def checked(*args: Any, **more: Any) -> Any:
        prepared = prepare(*args, **more)
        assert problems_of_payload(parse(prepared.xml)) == ()
        return prepared

    monkeypatch.setattr("ihe_test_util.client.client.prepare", checked)


@pytest.fixture
async def start_mock(tmp_path: Path) -> AsyncIterator[StartMock]:
    """Starts mock servers in this process and stops them after the test.

    ``start_mock(failure_rate=…)`` takes dotted configuration fields as a mapping or keywords; ``config_file=`` names
    a file that is watched, as the command line does.
    """
    running: list[tuple[MockServer, aiohttp.ClientSession]] = []

    async def start(fields: dict[str, Any] | None = None, *, config_file: Path | None = None, **more: Any) -> Peer:
        own = {
            "host": "127.0.0.1",
            "data_dir": str(tmp_path / f"data{len(running)}"),
            "log_path": str(tmp_path / "mock.log"),
            "pid_file": str(tmp_path / "mock.pid"),
        }
        overrides = own | (fields or {}) | more
        if config_file is None:
            watcher = ConfigWatcher(None, load_config(_empty(tmp_path), overrides=overrides, environ={}))
        else:
            watcher = ConfigWatcher.of(load_config_with_sources(config_file, overrides=overrides, environ={}))
        sock = bind("127.0.0.1", 0)
        server = MockServer(watcher, Instance("http", "127.0.0.1", sock.getsockname()[1]))
        await server.start(sock)
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S))
        running.append((server, session))
        return Peer(server, session)

    yield start
    for server, session in running:
        await session.close()
        await server.stop()


@pytest.fixture
async def mock(start_mock: StartMock) -> Peer:
    """A mock server with the default configuration, and a client of it."""
    return await start_mock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with postgres_server() as url:
        yield url


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Reads a sample message: ``sample("ITI-44/minimal.xml")``."""
    return lambda name: (REPOSITORY / "tests" / "data" / name).read_bytes()


@pytest.fixture
def enveloped() -> Callable[..., bytes]:
    """Puts a message into a SOAP envelope; with ``action``, also addressing headers."""

    def wrap(message: bytes, version: SoapVersion = SoapVersion.V12, action: str = "") -> bytes:
        addressing = Addressing(action=action, message_id="urn:uuid:6f1c2a3e-0000-4000-8000-000000000001")
        if not action:
            return write_envelope(parse(message), version=version)
        return write_envelope(parse(message), version=version, addressing=addressing)

    return wrap


def _empty(directory: Path) -> Path:
    path = directory / "empty-config.json"
    path.write_text("{}")
    return path
