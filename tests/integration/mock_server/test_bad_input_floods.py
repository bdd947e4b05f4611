"""Messages far larger than anybody means to send, made while they are sent: memory stays what it was."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.faults import assert_fault
from tests.support.messages import submission
from tests.support.patience import PATIENCE_S
from tests.support.peer import Enveloped, Sample
from tests.support.process import Served
from tests.support.wire import ITI41_PATH, PIX_PATH, Wire, connected, head

MIB = 1024 * 1024
GIB = 1024 * MIB
GROWTH = 120 * MIB
BLANK = b" " * MIB


@pytest.fixture
async def served(make_process: Callable[..., Served]) -> Served:
    """A running server with the default limits."""
    served = make_process()
    await served.start()
    return served


async def flood(wire: Wire, opening: bytes, filling: bytes, size: int, chunked: bool) -> None:  # noqa: FBT001 - one call
    """Send an opening, then ``size`` bytes of filling, as long as somebody takes it."""
    pieces = [opening or filling] + [filling] * (size // len(filling) - (not opening))
    try:
        for piece in pieces:
            await wire.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
    except ConnectionError:
        return


async def test_floods_of_xml_are_refused(served: Served, sample: Sample, enveloped: Enveloped) -> None:
    """1 GiB of white space and an attribute of 100 MB: a 413 that arrives, and no more memory than the limit says.

    With a Content-Length the fault comes before the body, without one when the limit is reached; the peer may send
    all of it before it looks for the answer.
    """
    message = enveloped(sample("ITI-44/minimal.xml"))
    await served.post(PIX_PATH, message)
    before = served.rss()
    within = message.split(b"<PRPA")[0]
    floods = [(b"", GIB, True), (within, GIB, False), (within + b"<a b='", 100 * MIB, True)]
    peak = before
    for opening, size, chunked in floods:
        framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": len(opening) + size}
        async with connected(served.port) as wire:
            await wire.send(head(PIX_PATH, framing))
            await flood(wire, opening, BLANK, size, chunked)
            answer = await wire.answer()

        assert_fault(answer, "Sender", "the XML is larger than this server takes", "max_xml_bytes", status=413)
        assert wire.headers["connection"] == "close"
        peak = max(peak, served.rss())

    assert peak - before < GROWTH
    assert (await served.post(PIX_PATH, message)).acknowledgement == "CA"


async def test_an_ordinary_client_gets_the_fault(served: Served) -> None:
    """A client library that streams a body reads the 413, and no reset connection."""

    async def blanks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield BLANK

    answer = await served.post(PIX_PATH, blanks())
    package = await served.post(ITI41_PATH, _package(blanks()), submission().content_type)

    assert_fault(answer, "Sender", "larger than this server takes", status=413)
    assert_fault(package, "Sender", "the root part of the package", "is too large", status=413)


async def test_a_flood_of_parts_stays_within_memory(served: Served) -> None:
    """Attachments go to disk while they arrive, and from there when they are refused: memory does not follow."""
    package = submission(("2.999.5.1", b"<d/>"))
    opening, closing = package.body.split(b"<d/>")
    before = peak = served.rss()

    async def document() -> AsyncIterator[bytes]:
        nonlocal peak
        yield opening
        for _ in range(160):
            yield BLANK
            peak = max(peak, served.rss())
        yield closing.replace(b"--\r\n", b"")  # never closed

    answer = await served.post(ITI41_PATH, document(), package.content_type)

    assert_fault(answer, "Sender", "the closing delimiter is missing")
    assert max(peak, served.rss()) - before < GROWTH
    assert left_over(served) == []


async def test_garbage_without_end_gets_its_fault(served: Served) -> None:
    """What is no HTTP at all: the peer may send all of it before it reads the fault."""
    async with connected(served.port) as wire:
        await flood(wire, b"garbage ", BLANK, 50 * MIB, chunked=False)
        answer = await wire.answer()

        assert_fault(answer, "Sender", "the HTTP request cannot be read", status=400)
        assert await wire.is_closed()


def left_over(served: Served) -> list[str]:
    """What is in the spool directories beside their locks."""
    return [path.name for path in (served.data_dir / "spool").glob("*/*") if path.name != "lock"]


async def test_a_gzip_bomb_stays_within_memory(served: Served) -> None:
    """1 GiB of white space in 1 MB of gzip ends at the limit; others are answered meanwhile."""
    compressor = zlib.compressobj(1, wbits=31)
    piece = compressor.compress(BLANK * 256) + compressor.flush(zlib.Z_FULL_FLUSH)
    raw = zlib.compressobj(1, wbits=-15)
    more = (raw.compress(BLANK * 256) + raw.flush(zlib.Z_FULL_FLUSH)) * 3
    before = served.rss()

    async with connected(served.port) as wire:
        bomb = piece + more
        await wire.send(head(PIX_PATH, {"Content-Encoding": "gzip", "Content-Length": len(bomb)}), bomb)
        async with asyncio.timeout(PATIENCE_S):
            assert await served.answers()
            answer = await wire.answer()

    assert_fault(answer, "Sender", "the XML is larger than this server takes", status=413)
    assert served.rss() - before < GROWTH


async def _package(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    opening = submission().body.split(b"<soap:Body>")[0]
    yield opening
    async for piece in content:
        yield piece
