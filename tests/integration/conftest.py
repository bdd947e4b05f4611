"""Mock servers for tests: real sockets on free ports of 127.0.0.1, real files in a directory of the test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from lxml import etree

from ihe_test_util.mock_server.app import MockServer, bind
from ihe_test_util.mock_server.config import ConfigWatcher, load_config, load_config_with_sources
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.soap.addressing import Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml.io import Element, parse

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: HTTP status, content type, bytes, and the XML of it where there is one."""

    status: int
    content_type: str
    body: bytes

    @property
    def xml(self) -> Element:
        """The root element of the SOAP message, of the first part where it is a package."""
        data = self.body
        if self.content_type.startswith("multipart/"):
            data = data.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        return parse(data)

    def text(self, local_name: str) -> str:
        """The text of the first element with this local name; empty where there is none."""
        found = [each for each in self.xml.iter() if etree.QName(each).localname == local_name]
        return "".join(str(piece) for piece in found[0].itertext()).strip() if found else ""

    def attribute(self, local_name: str, attribute: str) -> str:
        """An attribute of the first element with this local name."""
        found = [each for each in self.xml.iter() if etree.QName(each).localname == local_name]
        return str(found[0].get(attribute)) if found else ""

    @property
    def fault(self) -> str:
        """Code and reason of the fault; empty where the answer is none."""
        code = self.text("faultcode") or self.text("Code")
        return f"{code.rpartition(':')[2]}: {self.text('faultstring') or self.text('Reason')}" if code else ""

    @property
    def acknowledgement(self) -> str:
        """The code of the HL7 V3 acknowledgement."""
        acknowledgement = next(e for e in self.xml.iter() if etree.QName(e).localname == "acknowledgement")
        return str(acknowledgement[0].get("code"))


class Peer:
    """A client of one mock server that sends exactly the bytes it is given."""

    def __init__(self, server: MockServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.server.url

    async def post(self, path: str, body: Any, content_type: str, **headers: str) -> Answer:
        """POST bytes with a content type."""
        sent = {"Content-Type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.url + path, data=body, headers=sent) as response:
            return Answer(response.status, response.headers.get("Content-Type", ""), await response.read())

    async def get(self, path: str) -> Answer:
        """GET a path."""
        async with self.session.get(self.url + path) as response:
            return Answer(response.status, response.headers.get("Content-Type", ""), await response.read())

    async def health(self) -> Any:
        """What ``/health`` says."""
        async with self.session.get(self.url + "/health") as response:
            return await response.json()


StartMock = Callable[..., Awaitable[Peer]]


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
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
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
