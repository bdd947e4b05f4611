"""What the client says when a connection cannot be made, is lost, or gets stuck; and whether the request was sent."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.content import Content
from ihe_test_util.errors import (
    NoSoapAnswer,
    PeerMalformed,
    StorageError,
    Unreachable,
)
from ihe_test_util.exchange import Exchange
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest

Bytes = Callable[..., bytes]
Call = Callable[..., Any]


async def test_nobody_listening_is_refused(refused: Call) -> None:
    """Nothing was sent; on this machine the hint is to start the mock."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    error = await refused(f"http://localhost:{port}/pix/add")
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert "refused" in error.message
    assert error.where == f"localhost:{port}"
    assert "mock start" in error.hint


async def test_a_host_that_does_not_exist_is_named(refused: Call) -> None:
    """The name is said to be unknown; RFC 2606 keeps .invalid out of the DNS."""
    error = await refused("http://pix.invalid/add")
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert error.message == "the host name is not known"
    assert error.where == "pix.invalid:80"


async def _silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


async def _deaf(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _closing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.read(1)


async def _resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def test_a_peer_that_never_answers_leaves_the_outcome_unknown(start_peer: Any, refused: Call) -> None:
    """Read timeout: the request was sent, and the message says so."""
    peer = await start_peer(_silent)
    error = await refused(peer.url(), timeout_read_s=0.1)
    assert isinstance(error, Unreachable)
    assert error.sent
    assert error.message == "no answer came within 0.1 s"
    assert "unknown" in error.hint


async def test_a_tls_handshake_that_never_ends_is_a_connect_timeout(start_peer: Any, refused: Call) -> None:
    """Nothing was sent."""
    peer = await start_peer(_silent)
    error = await refused(f"https://127.0.0.1:{peer.port}/", timeout_connect_s=0.2)
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert error.message == "no connection within 0.2 s"


@pytest.mark.parametrize("behaviour", [_closing, _resetting])
async def test_a_peer_that_hangs_up_leaves_the_outcome_unknown(start_peer: Any, refused: Call, behaviour: Any) -> None:
    """Closed before an answer, politely or not."""
    peer = await start_peer(behaviour)
    error = await refused(peer.url())
    assert isinstance(error, Unreachable)
    assert error.sent
    assert error.message == "the peer closed the connection without an answer"


@pytest.mark.parametrize("missing", [1, 100])
async def test_an_answer_that_is_cut_leaves_the_outcome_unknown(
    start_peer: Any, http: Bytes, acknowledge: Bytes, refused: Call, missing: int
) -> None:
    """Closed in the middle of the body."""
    peer = await start_peer(http(acknowledge())[:-missing])
    error = await refused(peer.url())
    assert isinstance(error, Unreachable)
    assert error.sent
    assert "in the middle of the answer" in error.message


async def test_an_answer_that_stops_leaves_the_outcome_unknown(start_peer: Any, refused: Call) -> None:
    """A peer that begins its answer and then says nothing more."""

    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n<soap")
        await _silent(reader, writer)

    peer = await start_peer(stop)
    error = await refused(peer.url(), timeout_read_s=0.1)
    assert isinstance(error, Unreachable)
    assert error.sent
    assert "stopped in the middle" in error.message


@pytest.mark.parametrize(
    "noise", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x0bMSH|^~\\&|\x1c\r", b"\x00" * 50, b"HTTP/9 hello\r\n\r\n"]
)
async def test_another_protocol_is_recognised(start_peer: Any, refused: Call, noise: bytes) -> None:
    """What is not HTTP is told so, with a look at the port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(noise)
        await writer.drain()

    peer = await start_peer(talk)
    error = await refused(peer.url())
    assert isinstance(error, PeerMalformed)
    assert error.message == "the answer is not HTTP"
    assert "check the port" in error.hint
    assert "\n" not in error.got


async def test_a_peer_that_does_not_read_is_given_up(
    client: Client, start_peer: Any, submission: Any, tmp_path: Path
) -> None:
    """A large document gets stuck: nothing has happened there, since the request was not whole."""
    (tmp_path / "large").write_bytes(b"x" * 20_000_000)
    peer = await start_peer(_deaf)
    endpoint = Endpoint(peer.url(), timeout_read_s=0.3)
    with pytest.raises(Unreachable, match="stopped reading") as caught:
        await client.call(iti41.SPEC, submission(Content.of_file(tmp_path / "large")), endpoint)
    assert not caught.value.sent
    assert "bytes sent" in caught.value.got


async def test_a_peer_that_hangs_up_during_a_large_document_has_not_got_it(
    client: Client, start_peer: Any, submission: Any, tmp_path: Path
) -> None:
    """The connection breaks while the request is on its way."""
    (tmp_path / "large").write_bytes(b"x" * 20_000_000)
    peer = await start_peer(_resetting)
    with pytest.raises(Unreachable, match="while the request was being sent") as caught:
        await client.call(iti41.SPEC, submission(Content.of_file(tmp_path / "large")), Endpoint(peer.url()))
    assert not caught.value.sent


async def test_an_early_no_to_a_large_document_is_heard(
    client: Client, start_peer: Any, http: Bytes, submission: Any, tmp_path: Path
) -> None:
    """A peer that refuses before it has read everything is understood where the network lets its answer through."""
    (tmp_path / "large").write_bytes(b"x" * 20_000_000)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"", "", "413 Content Too Large"))
        await _silent(reader, writer)

    peer = await start_peer(refuse)
    with pytest.raises(NoSoapAnswer, match="larger than the server") as caught:
        await client.call(iti41.SPEC, submission(Content.of_file(tmp_path / "large")), Endpoint(peer.url()))
    assert caught.value.status == 413


async def test_a_document_that_changes_while_it_is_sent_is_our_problem(
    client: Client, start_peer: Any, submission: Any, tmp_path: Path
) -> None:
    """A file that became shorter cannot be sent with the length that was announced."""
    large = tmp_path / "large"
    large.write_bytes(b"x" * 5_000_000)
    request = submission(Content.of_file(large))
    large.write_bytes(b"x" * 4_000_000)
    peer = await start_peer(_silent)
    with pytest.raises(StorageError, match="changed while it was sent"):
        await client.call(iti41.SPEC, request, Endpoint(peer.url()))


async def test_a_call_that_is_given_up_is_recorded(
    client: Client, start_peer: Any, pix_request: PixAddRequest, exchanges: list[Exchange]
) -> None:
    """Cancelling a call leaves a record of it."""
    begun = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await _silent(reader, writer)

    peer = await start_peer(wait)
    calling = asyncio.create_task(client.call(pix_add.SPEC, pix_request, Endpoint(peer.url())))
    await begun.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert [exchange.summary for exchange in exchanges] == ["given up by the caller"]
