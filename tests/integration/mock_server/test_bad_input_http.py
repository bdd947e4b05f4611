"""HTTP that is garbage, cut, compressed, or none at all: each gets an answer that helps, on a real socket."""

import gzip
import re
import zlib
from collections.abc import Awaitable, Callable

import pytest

from tests.support.faults import assert_fault
from tests.support.messages import submission
from tests.support.peer import Enveloped, Peer, Sample, StartMock
from tests.support.wire import ITI41_PATH, SOAP12, connected, head

Unharmed = Callable[[Peer], Awaitable[None]]

TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(197))
NO_HTTP: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "garbage": (b"\x00\x01\x02 \xff\xfe garbage\r\n\r\n", ("Invalid method", "try: a request begins with a method")),
    "a chat": (b"hello there\r\n\r\n", ("Invalid method", "got: b'hello there'")),
    "TLS": (TLS_HELLO, ("HTTPS traffic on an HTTP port", "was HTTPS meant?")),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ("cannot be read",)),
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1\r\n", ("cannot be read",)),
    "an unknown version": (head(version="3.0"), ("Invalid HTTP version",)),
    "an unknown method": (head(method="SUBMIT"), ("Invalid method",)),
    "a request line of 20,000 bytes": (head("/" + "a" * 20_000), ("more than 8190 bytes",)),
    "a header of 1 MB": (head(X_Long="a" * 1_000_000), ("more than 8190 bytes",)),
    "300 headers": (head(more={f"X-{n}": n for n in range(300)}), ("Too many headers",)),
    "a header without an end": (head()[:-4] + b"a" * 20_000, ("cannot be read",)),
    "a header without a colon": (head()[:-2] + b"no colon\r\n\r\n", ("cannot be read",)),
    "a header with NUL": (head(X_Nul="a\0b"), ("Invalid header value",)),
    "no Host": (b"POST /pix/add HTTP/1.1\r\nContent-Length: 0\r\n\r\n", ("Missing 'Host' header",)),
    "a URL that is none": (head("http://[::1"), ("http://[::1",)),
    "Content-Length: abc": (head(Content_Length="abc"), ("Invalid character in Content-Length",)),
    "Content-Length: -5": (head(Content_Length=-5), ("Invalid character in Content-Length",)),
    "two lengths": (head(Content_Length="5\r\nContent-Length: 6") + b"12345", ("Content-Length",)),
    "a length of a chunked body": (head(Content_Length=5, Transfer_Encoding="chunked"), ("Content-Length", "Transfer")),
    "a chunk size that is none": (head(Transfer_Encoding="chunked") + b"zz\r\n<a/>\r\n0\r\n\r\n", ("chunk size",)),
    "a negative chunk": (head(Transfer_Encoding="chunked") + b"-4\r\n<a/>\r\n0\r\n\r\n", ("chunk size",)),
    "a body without a length": (head() + b"<a/>", ("Invalid method", "Content-Length of the request before it")),
    "a length that is too small": (head(Content_Length=2) + b"<a/>", ("Invalid method", "too small or missing")),
}


@pytest.fixture
def message(sample: Sample, enveloped: Enveloped) -> bytes:
    """A valid feed in an envelope."""
    return enveloped(sample("ITI-44/minimal.xml"))


@pytest.mark.parametrize("name", NO_HTTP)
async def test_what_is_no_http_gets_a_fault(mock: Peer, unharmed: Unharmed, name: str) -> None:
    """A short fault says what could not be read, and the connection is closed."""
    request, words = NO_HTTP[name]

    async with connected(mock.server.instance.port) as wire:
        await wire.send(request)
        answer = await wire.answer()

        assert_fault(answer, "Sender", "the HTTP request cannot be read", *words, status=400)
        assert len(answer.body) < 1500, "nobody wants its garbage back"
        assert await wire.is_closed()
    await unharmed(mock)


async def test_a_chunk_that_is_wrong_in_the_middle(mock: Peer, unharmed: Unharmed, message: bytes) -> None:
    """Bad framing behind a good beginning gets a fault too."""
    half = len(message) // 2
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(Transfer_Encoding="chunked"), b"%x\r\n%s\r\n" % (half, message[:half]))
        await mock.health()
        await wire.send(b"zz\r\n" + message[half:] + b"\r\n0\r\n\r\n")
        answer = await wire.answer()

        assert_fault(answer, "Sender", "HTTP body cannot be read", "check Content-Length and Transfer-Encoding")
        assert wire.headers["connection"] == "close"
    await unharmed(mock)


async def test_a_length_that_is_too_large(start_mock: StartMock, unharmed: Unharmed, message: bytes) -> None:
    """The rest never comes: after receive_timeout_s the fault says how many bytes did, and how many were announced."""
    mock = await start_mock({"receive_timeout_s": 0.2})
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(Content_Length=len(message) + 50), message)
        answer = await wire.answer()

        words = ("did not arrive in time", f"got: {len(message):,} bytes", f"whole body of {len(message) + 50:,} bytes")
        assert_fault(answer, "Sender", *words, "receive_timeout_s", status=408)
        assert await wire.is_closed()
    await unharmed(mock)


@pytest.mark.parametrize("path", ["/pix/add", ITI41_PATH])
@pytest.mark.parametrize("sizes", [(1, 7), (1000, 1), (100_000,)])
async def test_chunked_bodies_are_read(
    mock: Peer, unharmed: Unharmed, message: bytes, path: str, sizes: tuple[int, ...]
) -> None:
    """Chunks of any size, with extensions and trailers, make the message that was sent."""
    package = submission(("2.999.5.1", b"<d>" + b"0123456789" * 500 + b"</d>"))
    body, content_type = (package.body, package.content_type) if path == ITI41_PATH else (message, SOAP12)
    chunks: list[bytes] = []
    at = 0
    while at < len(body):
        piece = body[at : at + sizes[len(chunks) % len(sizes)]]
        chunks.append(b"%x;note=1\r\n%s\r\n" % (len(piece), piece))
        at += len(piece)

    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(path, Content_Type=content_type, Transfer_Encoding="chunked"), b"".join(chunks))
        await wire.send(b"0\r\nX-Trailer: 1\r\n\r\n")
        answer = await wire.answer()

    assert answer.status == 200, answer.body
    await unharmed(mock)


async def test_old_and_hesitant_clients_are_served(mock: Peer, unharmed: Unharmed, message: bytes) -> None:
    """HTTP/1.0, Expect: 100-continue, and offers of another protocol, which are passed over."""
    length = len(message)
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(version="1.0", Content_Length=length), message)
        assert (await wire.answer()).acknowledgement == "CA"
        assert await wire.is_closed()
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(Content_Length=length, Expect="100-continue"))
        assert (await wire.answer()).status == 100
        await wire.send(message)
        assert (await wire.answer()).acknowledgement == "CA"
        for offered in ("h2c", "websocket", "TLS/1.2"):
            offer = {
                "Upgrade": offered,
                "Connection": "Upgrade, HTTP2-Settings",
                "HTTP2-Settings": "AAMAAABkAAQCAAAAAA",
            }
            await wire.send(head(more=offer, Content_Length=length), message)
            assert (await wire.answer()).acknowledgement == "CA"
    await unharmed(mock)


async def test_a_hesitant_client_is_refused_before_it_sends(start_mock: StartMock, unharmed: Unharmed) -> None:
    """With Expect: 100-continue the fault comes in place of the invitation, and the connection ends."""
    mock = await start_mock({"max_xml_bytes": 10_000})
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(Content_Length=10_001, Expect="100-continue"))
        answer = await wire.answer()

        assert_fault(answer, "Sender", "10,001 bytes or more", "at most 10,000 bytes", "max_xml_bytes", status=413)
        assert wire.headers["connection"] == "close"
    await unharmed(mock)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
async def test_other_methods_are_told_how(mock: Peer, unharmed: Unharmed, message: bytes, method: str) -> None:
    """405 with Allow and a sentence that says how the endpoint is used."""
    async with connected(mock.server.instance.port) as wire:
        body = message if method in {"PUT", "PATCH"} else b""
        await wire.send(head(method=method, Content_Length=len(body) if body else None), body)
        answer = await wire.answer(body=method != "HEAD")

        assert (answer.status, wire.headers["allow"]) == (405, "GET, POST")
        assert method == "HEAD" or b"POST a SOAP message to it" in answer.body
    await unharmed(mock)


CODED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip, in capitals": ("X-GZIP", gzip.compress),
    "gzip in two members": ("gzip", lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:])),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", lambda data: zlib.compress(data, wbits=-15)),
    "identity": ("identity", lambda data: data),
}


@pytest.mark.parametrize("name", CODED)
async def test_content_codings_are_undone(mock: Peer, unharmed: Unharmed, message: bytes, name: str) -> None:
    """A compressed message is read, plain or as a package, whole or byte by byte."""
    coding, compress = CODED[name]
    package = submission(("2.999.5.1", b"<d>" + b"0123456789" * 100_000 + b"</d>"))
    body = compress(message)

    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(Content_Encoding=coding, Content_Length=len(body)), *(bytes([byte]) for byte in body))
        assert (await wire.answer()).acknowledgement == "CA"
        body = compress(package.body)
        headers = {"Content-Encoding": coding, "Content-Length": len(body)}
        await wire.send(head(ITI41_PATH, headers, Content_Type=package.content_type), body)
        assert (await wire.answer()).status == 200

    stored = await mock.server.store.documents.get("2.999.5.1")
    assert stored is not None
    assert stored.content.size == 1_000_007
    await unharmed(mock)


MISCODED: dict[str, tuple[str, Callable[[bytes], bytes], tuple[str, ...]]] = {
    "not compressed": ("gzip", lambda data: data, ("not the gzip", "incorrect header check", "not at all")),
    "not deflated": ("deflate", lambda data: data, ("not the deflate",)),
    "cut": ("gzip", lambda data: gzip.compress(data)[:-30], ("not the gzip", "an end in the middle", "cut?")),
    "damaged": ("gzip", lambda data: _flipped(gzip.compress(data)), ("not the gzip", "while decompressing")),
    "more after its end": ("gzip", lambda data: gzip.compress(data) + b"more", ("not the gzip",)),
    "more after a deflate's end": (
        "deflate",
        lambda data: zlib.compress(data) + b"x",
        ("not the deflate", "after its end"),
    ),
}


def _flipped(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 0xFF]) + data[201:]


@pytest.mark.parametrize("name", MISCODED)
async def test_a_broken_content_coding_is_diagnosed(mock: Peer, unharmed: Unharmed, message: bytes, name: str) -> None:
    """Sender, with what the compression says; the connection lives on when the body was read to its end."""
    coding, compress, words = MISCODED[name]
    package = submission(("2.999.5.1", b"<d>" + bytes(range(256)) * 3000 + b"</d>"))

    for path, data, content_type in (("/pix/add", message, SOAP12), (ITI41_PATH, package.body, package.content_type)):
        answer = await mock.post(path, compress(data), content_type, Content_Encoding=coding)

        assert_fault(answer, "Sender", *words, "at: HTTP body")
    await unharmed(mock)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "klingon"])
async def test_an_unknown_content_coding(mock: Peer, unharmed: Unharmed, message: bytes, coding: str) -> None:
    """415 names the codings that are undone (RFC 9110, 15.5.16)."""
    answer = await mock.post("/pix/add", message, SOAP12, Content_Encoding=coding)

    words = ("HTTP header Content-Encoding", f"got: {coding}", "gzip, deflate, or none", "send the body uncompressed")
    assert_fault(answer, "Sender", *words, status=415)
    await unharmed(mock)


async def test_a_small_body_does_not_become_a_large_one(start_mock: StartMock, unharmed: Unharmed) -> None:
    """A bomb, a thousand times larger than it looks, goes off where max_xml_bytes or max_request_bytes says: 413."""
    mock = await start_mock({"max_xml_bytes": 1_000_000, "max_request_bytes": 5_000_000})
    bomb = _bomb(64)
    package = submission()
    opening = gzip.compress(re.split(b"<ClinicalDocument/>", package.body)[0])

    answer = await mock.post("/pix/add", bomb, SOAP12, Content_Encoding="gzip")
    packed = await mock.post(ITI41_PATH, opening + bomb, package.content_type, Content_Encoding="gzip")

    assert_fault(answer, "Sender", "the XML is larger", "at most 1,000,000 bytes", status=413)
    assert_fault(packed, "Sender", "the package is too large", "at most 5,000,000 bytes", status=413)
    await unharmed(mock)


def _bomb(mebibytes: int) -> bytes:
    compressor = zlib.compressobj(wbits=31)
    blank = b" " * 1024 * 1024
    return b"".join(compressor.compress(blank) for _ in range(mebibytes)) + compressor.flush()
