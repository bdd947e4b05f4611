import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.errors import IheTestUtilError
from ihe_test_util.exchange import Exchange, Outcome
from ihe_test_util.patients.inline import patient_from_text
from ihe_test_util.security.certificates import CertificatePaths, CertificateSet, make_certificates
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.hl7v3 import II
from ihe_test_util.xml.hl7v3.acknowledgement import AcknowledgementDetail, acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import Device

#: Tests of what the transport reports, which differs between event loops.
_ON_EVERY_LOOP = frozenset(
    {"test_lost_connections.py", "test_misbehaving_peers.py", "test_tls_peers.py", "test_retry.py"}
)

MESSAGE_ID = "0b7a3c1e-9d5f-4b8e-a111-000000000001"
Write = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loops to test on: asyncio's own, and uvloop where it is installed and the transport's errors matter."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in _ON_EVERY_LOOP:
        with suppress(ImportError):
            import uvloop  # noqa: PLC0415 - not installed everywhere

            loops["uvloop"] = uvloop.new_event_loop
    return loops


@dataclass
class Peer:
    """A server that answers each request with the same bytes, whatever they are, and keeps what it got."""

    response: bytes | Write
    port: int = 0
    scheme: str = "http"
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    serving: set[asyncio.Task[Any]] = field(default_factory=set)

    def url(self, path: str = "/pix/add") -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    async def stop(self) -> None:
        """End what is being served."""
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # stop() ends it; the loop would complain of a cancelled handler
        finally:
            self.serving.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            if not isinstance(self.response, bytes):
                await self.response(reader, writer)
            else:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                self.requests.append((headers, await reader.readexactly(int(headers["Content-Length"]))))
                writer.write(self.response)
                await writer.drain()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


StartPeer = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def start_peer() -> AsyncIterator[StartPeer]:
    """Starts servers that answer with given bytes, or as a function of reader and writer does."""
    servers: list[tuple[asyncio.Server, Peer]] = []

    async def start(response: bytes | Write, *, tls: ssl.SSLContext | None = None) -> Peer:
        peer = Peer(response, scheme="https" if tls else "http")
        server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=tls)
        peer.port = server.sockets[0].getsockname()[1]
        servers.append((server, peer))
        return peer

    yield start
    for server, peer in servers:
        server.close()
        await peer.stop()
        await server.wait_closed()


@pytest.fixture
def exchanges() -> list[Exchange]:
    """What the client of the test recorded."""
    return []


@pytest.fixture
async def client(exchanges: list[Exchange]) -> AsyncIterator[Client]:
    """A client whose ids and clock are known."""
    numbers = iter(range(2, 1000))

    def new_uuid() -> str:
        return f"0b7a3c1e-9d5f-4b8e-a111-{next(numbers):012}"

    async with Client(
        record=exchanges.append, new_uuid=new_uuid, now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ) as opened:
        yield opened


@pytest.fixture
def pix_request() -> PixAddRequest:
    """The registration of an invented patient."""
    patient = patient_from_text(
        ["id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna, birth=1980-02-29, gender=F"], today=date(2026, 1, 1)
    )
    return pix_add.pix_add_request(
        patient,
        message_id=MESSAGE_ID,
        creation_time="20260102030405+0000",
        sender_oid="2.999.1.2",
        receiver_oid="2.999.1.1",
    )


@pytest.fixture
def acknowledge() -> Callable[..., bytes]:
    """An acknowledgement's envelope."""

    def build(
        type_code: str = "CA",
        *,
        target: str = MESSAGE_ID,
        relates_to: str | None = "urn:uuid:0b7a3c1e-9d5f-4b8e-a111-000000000002",
        version: SoapVersion = SoapVersion.V12,
        detail: str = "PAT-1^^^&2.999.1.2&ISO",
        detail_type: str = "I",
    ) -> bytes:
        value = acknowledgement(
            type_code,
            II(target),
            message_id=II("0b7a3c1e-9d5f-4b8e-a111-00000000000a"),
            creation_time="20260102030405+0000",
            sender=Device.of("2.999.1.1"),
            receiver=Device.of("2.999.1.2"),
            details=(AcknowledgementDetail(detail_type, detail),),
        )
        properties = NONE if relates_to is None else Addressing(pix_add.SPEC.response_action, "urn:uuid:1", relates_to)
        return write_envelope(pix_add.SPEC.build_response(value).element, version=version, addressing=properties)

    return build


@pytest.fixture
def registry_success() -> bytes:
    """A repository's plain success, without addressing headers."""
    response = iti41.RegistryResponse(urns.SUCCESS)
    return write_envelope(iti41.SPEC.build_response(response).element, version=SoapVersion.V12)


@pytest.fixture
def http() -> Callable[..., bytes]:
    """An HTTP response of exact bytes."""

    def build(
        body: bytes = b"",
        content_type: str = "application/soap+xml; charset=UTF-8",
        status: str = "200 OK",
        **more: str,
    ) -> bytes:
        headers = {"Content-Length": str(len(body)), "Connection": "close"}
        if content_type:
            headers["Content-Type"] = content_type
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body

    return build


@pytest.fixture
def submission() -> Callable[..., Any]:
    """A submission of one document for an invented patient."""

    def build(content: Any) -> Any:
        draft = iti41.DocumentDraft(content, unique_id="2.999.5.1", creation_time="20260102030405", title="Summary")
        return iti41.submission_for(
            [draft],
            patient_id="PAT-1^^^&2.999.1.2&ISO",
            source_patient_id="PAT-1^^^&2.999.1.2&ISO",
            source_id="2.999.1.2",
            unique_id="2.999.5.2",
            submission_time="20260102030405",
        )

    return build


@pytest.fixture
def refused(client: Client, pix_request: PixAddRequest, exchanges: list[Exchange]) -> Callable[..., Any]:
    """Calls an endpoint that will not do, and gives back the error."""

    async def call(url: str, **how: Any) -> IheTestUtilError:
        with pytest.raises(IheTestUtilError) as caught:
            await client.call(pix_add.SPEC, pix_request, Endpoint(url, **how))
        assert [exchange.outcome for exchange in exchanges] == [Outcome.ABORTED]
        assert exchanges[0].summary == caught.value.message
        assert exchanges[0].peer == Endpoint(url).address
        return caught.value

    return call


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificateSet:
    """A CA, a server for localhost and 127.0.0.1, a client."""
    return make_certificates(CertificatePaths.in_directory(tmp_path_factory.mktemp("certs")), environ={})
