"""The same peers over TLS, where transports are others."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from ihe_test_util.mock_server.app import MockServer, bind
from ihe_test_util.mock_server.config import ConfigWatcher, load_config
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.security.certificates import CertificatePaths, make_certificates
from ihe_test_util.security.tls import server_context
from tests.support.faults import assert_fault
from tests.support.patience import PATIENCE_S
from tests.support.peer import Enveloped, Peer, Sample
from tests.support.wire import PIX_PATH, SOAP12, Wire, connected, head

DEAF = "does not read its answers"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificatePaths:
    """A CA and what it issued."""
    paths = CertificatePaths.in_directory(tmp_path_factory.mktemp("certificates"))
    make_certificates(paths, environ={})
    return paths


@pytest.fixture
async def mock(tmp_path: Path, certificates: CertificatePaths) -> AsyncIterator[Peer]:
    """A server with HTTPS and short deadlines."""
    fields = {"data_dir": str(tmp_path / "data"), "send_timeout_s": 0.2, "receive_timeout_s": 0.2}
    (tmp_path / "config.json").write_text("{}")
    config = load_config(tmp_path / "config.json", overrides=fields, environ={})
    sock = bind("127.0.0.1", 0)
    server = MockServer(ConfigWatcher(None, config), Instance("https", "127.0.0.1", sock.getsockname()[1]))
    await server.start(sock, server_context(certificates.server_cert, certificates.server_key))
    trusting = ssl.create_default_context(cafile=str(certificates.ca))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as session:
        yield Peer(server, session)
    await server.stop()


@pytest.fixture
def secure(mock: Peer, certificates: CertificatePaths) -> Callable[[], "Secure"]:
    """Connections with TLS."""
    return lambda: Secure(mock.server.instance.port, ssl.create_default_context(cafile=str(certificates.ca)))


class Secure:
    """A connection with TLS, as a context."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context

    async def __aenter__(self) -> Wire:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._context, limit=1024
        )
        return Wire(self._reader, self._writer)

    async def __aexit__(self, *_: object) -> None:
        self._writer.transport.abort()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def stop_reading(self) -> None:
        """Take no answer any more."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()


async def test_an_idle_peer_is_not_taken_for_a_deaf_one(
    mock: Peer, secure: Callable[[], Secure], sample: Sample, enveloped: Enveloped, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that was answered stays open beyond send_timeout_s."""
    message = enveloped(sample("ITI-44/minimal.xml"))
    async with secure() as wire:
        for _ in range(2):
            await wire.send(head(Content_Length=len(message)), message)
            assert (await wire.answer()).acknowledgement == "CA"
            await asyncio.sleep(0.5)

    assert (await mock.post(PIX_PATH, message, SOAP12)).acknowledgement == "CA"
    assert [record for record in caplog.records if DEAF in record.getMessage()] == []


async def test_a_deaf_peer_is_dropped(
    mock: Peer, secure: Callable[[], Secure], caplog: pytest.LogCaptureFixture
) -> None:
    """When its answers stay unread for send_timeout_s the connection is dropped, with a line in the log."""
    connection = secure()
    async with connection as wire, asyncio.timeout(PATIENCE_S):
        connection.stop_reading()
        with suppress(ConnectionError):
            while True:
                await wire.send(head("/pix/add?wsdl", method="GET"))

    assert any(DEAF in record.getMessage() for record in caplog.records)
    await mock.health()


@pytest.mark.parametrize(("sent", "status"), [(b"garbage\r\n\r\n", 400), (b"POST /pix", 408)])
async def test_what_is_no_request_gets_its_fault(secure: Callable[[], Secure], sent: bytes, status: int) -> None:
    """Garbage and half a head are answered through TLS too."""
    async with secure() as wire:
        await wire.send(sent)

        assert_fault(await wire.answer(), "Sender", "the HTTP request cannot be read", status=status)
        assert await wire.is_closed()


async def test_http_at_the_https_port(mock: Peer) -> None:
    """What is no TLS is closed, and others are answered."""
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head())
        assert await wire.is_closed()

    await mock.health()
