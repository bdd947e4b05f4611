"""Peers that send slowly, do not read, vanish, or only connect: none of them keeps the server from others."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from ihe_test_util.exchange import Exchange, Outcome
from ihe_test_util.store.journal_reader import JournalReader
from tests.support.faults import assert_fault
from tests.support.messages import submission
from tests.support.patience import PATIENCE_S
from tests.support.peer import Enveloped, Peer, Sample, StartMock
from tests.support.process import Served
from tests.support.wire import ITI41_PATH, PIX_PATH, Wire, connected, head

Unharmed = Callable[[Peer], Awaitable[None]]
STEP_S = 0.01


@pytest.fixture
def message(sample: Sample, enveloped: Enveloped) -> bytes:
    """A valid feed in an envelope."""
    return enveloped(sample("ITI-44/minimal.xml"))


@pytest.fixture
def many_files() -> Iterator[None]:
    """Lets this process, which is client and server, open some thousand sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip(f"the system allows {hard} open files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def connections(many_files: None) -> AsyncIterator[AsyncExitStack]:
    """Connections that are dropped after the test."""
    del many_files
    async with AsyncExitStack() as stack:
        yield stack


async def drip(wire: Wire, data: bytes) -> None:
    """Send byte by byte, far slower than any server waits, until the connection is gone."""
    with suppress(ConnectionError):
        for byte in data:
            await wire.send(bytes([byte]))
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("where", ["head", "body", "package"])
async def test_a_peer_that_sends_slowly_is_given_up(
    start_mock: StartMock, unharmed: Unharmed, message: bytes, where: str
) -> None:
    """408 after receive_timeout_s, in the head of a request as in its body; then the connection is closed."""
    mock = await start_mock({"receive_timeout_s": 0.3})
    package = submission(("2.999.5.1", b"0123456789" * 30_000))
    whole = {
        "head": head(Content_Length=len(message)) + message,
        "body": head(Content_Length=len(message)) + message,
        "package": head(ITI41_PATH, Content_Type=package.content_type, Content_Length=len(package.body)) + package.body,
    }[where]
    at_once = {"head": 0, "body": 300, "package": 290_000}[where]
    async with connected(mock.server.instance.port) as wire:
        await wire.send(whole[:at_once])
        dripping = asyncio.ensure_future(drip(wire, whole[at_once:]))

        answer = await wire.answer(within_s=PATIENCE_S)

        assert_fault(answer, "Sender", "did not arrive", "receive_timeout_s", status=408)
        assert wire.headers["connection"] == "close"
        assert await wire.is_closed(within_s=PATIENCE_S)
        await dripping
    counts = await mock.server.store.counts()
    assert (counts.patients, counts.submissions) == (0, 0)
    await unharmed(mock)


async def test_a_slow_peer_that_keeps_its_pace_is_served(start_mock: StartMock, unharmed: Unharmed) -> None:
    """What counts is progress, not duration: 64 KiB in each receive_timeout_s are enough."""
    mock = await start_mock({"receive_timeout_s": 0.5})
    package = submission(("2.999.5.1", b"0123456789" * 60_000))
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(ITI41_PATH, Content_Type=package.content_type, Content_Length=len(package.body)))
        for start in range(0, len(package.body), 70_000):
            await wire.send(package.body[start : start + 70_000])
            await asyncio.sleep(0.1)
        answer = await wire.answer()

    assert answer.status == 200, answer.body
    await unharmed(mock)


async def test_a_peer_that_does_not_read_is_dropped(
    start_mock: StartMock, unharmed: Unharmed, caplog: pytest.LogCaptureFixture
) -> None:
    """When its answers stay unread for send_timeout_s the connection is dropped, with a line in the log."""
    mock = await start_mock({"send_timeout_s": 0.3})
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)  # noqa: FBT003 - positional only
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", mock.server.instance.port))
        async with asyncio.timeout(PATIENCE_S):
            await shout(deaf)

    assert any("does not read its answers" in record.getMessage() for record in caplog.records)
    await unharmed(mock)


@pytest.mark.parametrize("farewell", ["reset", "end"])
@pytest.mark.parametrize("where", ["head", "body", "chunks", "package", "spooled package"])
async def test_a_peer_that_vanishes_leaves_nothing(
    mock: Peer, unharmed: Unharmed, message: bytes, where: str, farewell: str
) -> None:
    """No spool file stays, nothing is stored, and the journal tells of the exchange that was aborted."""
    large = submission(("2.999.5.1", b"0123456789" * 200_000))
    small = submission(("2.999.5.1", b"0123456789" * 1_000))
    package = large if where == "spooled package" else small
    packaged = head(ITI41_PATH, Content_Type=package.content_type, Content_Length=len(package.body)) + package.body
    sent = {
        "head": head(Content_Length=len(message))[:-2],
        "body": head(Content_Length=len(message)) + message[:-100],
        "chunks": head(Transfer_Encoding="chunked") + b"%x\r\n" % len(message) + message[:-100],
        "package": packaged[:-3000],
        "spooled package": packaged[:-3000],
    }[where]
    async with connected(mock.server.instance.port) as wire:
        await wire.send(sent)
        if where == "spooled package":
            await until(lambda: bool(_spooled(mock)))
        else:
            await mock.health()
        if farewell == "reset":
            wire.vanish()
        else:
            wire.end()
            assert await wire.is_closed()

    if where != "head":
        await until(lambda: _outcomes(mock) == [Outcome.ABORTED])
        aborted = await asyncio.to_thread(_last, mock)
        assert aborted.transaction == ("ITI-41" if "package" in where else "ITI-44")
        assert "before its request was whole" in aborted.summary
    counts = await mock.server.store.counts()
    assert (counts.patients, counts.submissions) == (0, 0)
    await unharmed(mock)


async def test_a_peer_that_vanishes_before_its_answer(
    start_mock: StartMock, unharmed: Unharmed, message: bytes
) -> None:
    """What arrived whole is done, though nobody is there to hear of it."""
    mock = await start_mock({"pix_add_behavior.response_delay_ms": 100})
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(Content_Length=len(message)), message)
        await mock.health()
        wire.vanish()

    await until(lambda: _outcomes(mock) == [Outcome.SUCCESS])
    assert await mock.server.store.patients.count() == 1
    await unharmed(mock)


@pytest.mark.parametrize("sent", [b"", head()[:-2]], ids=["nothing", "half a head"])
async def test_500_connections_that_send_nothing(
    start_mock: StartMock, connections: AsyncExitStack, unharmed: Unharmed, sent: bytes
) -> None:
    """Everybody else is answered as if they were not there."""
    mock = await start_mock()
    for _ in range(500):
        wire = await connections.enter_async_context(connected(mock.server.instance.port))
        await wire.send(sent)

    async with asyncio.timeout(PATIENCE_S):
        await unharmed(mock)


@pytest.mark.parametrize(("soft", "hard"), [(128, 4096), (128, 128)])
async def test_more_connections_than_files(
    make_process: Callable[..., Served], connections: AsyncExitStack, message: bytes, soft: int, hard: int
) -> None:
    """The low limit of a shell is raised; at the one of the system the server goes on when connections end."""
    served = make_process(wrapper=("sh", "-c", f'ulimit -Hn {hard}; ulimit -Sn {soft}; exec "$@"', "sh"))
    await served.start()
    for _ in range(300):
        await connections.enter_async_context(connected(served.port))
    if hard > soft:
        assert (await served.post(PIX_PATH, message)).acknowledgement == "CA"
    await connections.aclose()

    assert (await served.post(PIX_PATH, message)).acknowledgement == "CA"
    assert "Traceback" not in served.log + served.output.read_text()


async def test_stopping_waits_for_no_idler(start_mock: StartMock, connections: AsyncExitStack, message: bytes) -> None:
    """Idle peers, ones that have only begun, and ones that were refused and go on sending do not hold up a stop."""
    mock = await start_mock({"max_xml_bytes": 1000})
    for sent in (b"", head()[:-2], head(Content_Length=len(message)) + message, head(Content_Length=5000) + message):
        wire = await connections.enter_async_context(connected(mock.server.instance.port))
        await wire.send(sent)
    await mock.health()

    async with asyncio.timeout(25):  # less than the server gives a peer that lingers
        await mock.server.stop()


async def test_stopping_lets_a_request_arrive(start_mock: StartMock) -> None:
    """A request whose head is there when the server is told to stop is received, stored and answered."""
    mock = await start_mock()
    package = submission(("2.999.5.1", b"0123456789" * 100_000))
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(ITI41_PATH, Content_Type=package.content_type, Content_Length=len(package.body)))
        await wire.send(package.body[:500_000])
        await until(lambda: bool(_spooled(mock)))
        stopping = asyncio.ensure_future(mock.server.stop())
        await asyncio.sleep(0.1)
        await wire.send(package.body[500_000:])
        answer = await wire.answer()

        assert answer.status == 200, answer.body
        assert await wire.is_closed()
    await stopping


async def shout(deaf: socket.socket) -> None:
    """Send requests until the connection is gone, and read no answer."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while True:
            await loop.sock_sendall(deaf, head("/pix/add?wsdl", method="GET"))


async def until(condition: Callable[[], bool]) -> None:
    """Wait, looking from another thread, until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - what is waited for happens in files
            await asyncio.sleep(STEP_S)


def _spooled(mock: Peer) -> list[Path]:
    return list(mock.server.store.spool_dir.glob("part-*"))


def _outcomes(mock: Peer) -> list[Outcome]:
    return [entry.exchange.outcome for entry in JournalReader(mock.server.store.data_dir).tail(10)]


def _last(mock: Peer) -> Exchange:
    return JournalReader(mock.server.store.data_dir).tail(1)[0].exchange
