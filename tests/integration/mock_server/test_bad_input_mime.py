"""MTOM packages that contradict themselves, lie about their size, or point where they must not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ihe_test_util.store.journal_reader import JournalReader
from tests.support.faults import assert_fault
from tests.support.messages import BOUNDARY, Packaged, submitted
from tests.support.peer import Answer, Peer
from tests.support.wire import ITI41_PATH, connected, head

Unharmed = Callable[[Peer], Awaitable[None]]
Edit = Callable[[bytes], bytes]

DELIMITER = f"\r\n--{BOUNDARY}".encode()
CLOSING = DELIMITER + b"--\r\n"
DOCUMENT = b"<ClinicalDocument>0123456789</ClinicalDocument>"
LARGE = b"<ClinicalDocument>" + b"abcdefghij" * 60_000 + b"0123456789</ClinicalDocument>"
REFERENCE = b"cid:document1@ihe-test-util"


def packed(document: bytes = DOCUMENT, unique_id: str = "2.999.5.1") -> Packaged:
    """A good package, to be broken."""
    return submitted((unique_id, document)).packed()


async def provide(mock: Peer, package: Packaged, edit: Edit, content_type: Edit | None = None) -> Answer:
    """Sends a package after an edit of its body, and of its Content-Type."""
    header = package.content_type.encode()
    return await mock.post(
        ITI41_PATH, edit(package.body), (content_type(header) if content_type else header).decode("latin-1")
    )


def same(data: bytes) -> bytes:
    """Leaves the bytes as they are."""
    return data


def swap(old: bytes, new: bytes) -> Edit:
    """Replaces every occurrence of something that is there."""

    def edit(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return edit


def more_parts(count: int, template: bytes) -> Edit:
    """Adds parts before the closing delimiter."""
    return lambda body: body.removesuffix(CLOSING) + b"".join(template % n for n in range(count)) + CLOSING


BAD: dict[str, tuple[Edit, Edit, tuple[str, ...]]] = {
    "no boundary": (
        same,
        swap(f' boundary="{BOUNDARY}";'.encode(), b""),
        ("has no boundary parameter", "at: Content-Type", "RFC 2046"),
    ),
    "an empty boundary": (same, swap(BOUNDARY.encode(), b""), ("has no boundary parameter",)),
    "two boundaries": (same, lambda header: header + b"; boundary=other", ("gives two values of boundary",)),
    "another boundary in the header": (
        same,
        swap(BOUNDARY.encode(), b"other"),
        ("header and body disagree", "boundary='other' in the header", f"'{BOUNDARY}' in the body"),
    ),
    "bare XML in place of a package": (
        lambda body: body.split(b"\r\n\r\n", 1)[1].split(DELIMITER)[0],
        same,
        ("is not in the body", "the body is bare XML"),
    ),
    "nothing": (lambda _: b"", same, ("the package is empty", "0 bytes")),
    "the closing delimiter only": (lambda _: CLOSING, same, ("closed before its first part",)),
    "the boundary on a line of the document": (
        swap(b"0123456789</", b"01234" + DELIMITER + b"\r\n56789</"),
        same,
        ("cut in the middle of the headers of part 3", "56789</ClinicalDocument>"),
    ),
    "cut in the document": (
        lambda body: body[: body.index(b"56789</")],
        same,
        ("cut in the middle of part 2", "closing delimiter is missing", "Content-ID <document1@ihe-test-util>"),
    ),
    "cut in the headers of a part": (
        lambda body: body[: body.rindex(b"Content-ID:") + 14],
        same,
        ("cut in the middle of the headers of part 2",),
    ),
    "cut before the closing delimiter": (
        lambda body: body.removesuffix(b"--\r\n"),
        same,
        ("closing delimiter is missing",),
    ),
    "100,000 parts": (
        more_parts(100_000, DELIMITER + b"\r\nContent-ID: <p%d@x>\r\n\r\n"),
        same,
        ("too many parts", "more than 10,000", "send fewer documents"),
    ),
    "headers of 1 MB": (
        swap(b"Content-ID: <document1", b"X-Long: " + b"a" * 1_000_000 + b"\r\nContent-ID: <document1"),
        same,
        ("the headers of the package's parts, at part 2, are too large", "at most 65,536 bytes"),
    ),
    "a header without an end": (
        swap(b"\r\n\r\n<ClinicalDocument>", b"a" * 1_000_000),
        same,
        ("are too large", "is the empty line between headers and content missing?"),
    ),
    "headers of 10 MB in 1,000 parts": (
        more_parts(1_000, DELIMITER + b"\r\nContent-ID: <p%d@x>\r\nX: " + b"a" * 10_000 + b"\r\n\r\n"),
        same,
        ("are too large",),
    ),
    "a header that is none": (
        swap(b"Content-ID: <document1", b"no header\r\nContent-ID: <document1"),
        same,
        ("a header of part 2 cannot be read", "'no header'"),
    ),
    "two parts with one Content-ID": (
        swap(CLOSING, DELIMITER + b"\r\nContent-ID: <document1@ihe-test-util>\r\n\r\nother" + CLOSING),
        same,
        ("two parts have the same Content-ID", "<document1@ihe-test-util> for part 2 and for part 3"),
    ),
    "a part with the Content-ID of the root": (
        swap(b"<document1@ihe-test-util>\r\n", b"<root@ihe-test-util>\r\n"),
        same,
        ("two parts have the same Content-ID",),
    ),
    "start names no part": (
        same,
        swap(b"<root@", b"<other@"),
        ("names a root part that is not in the package", "<other@ihe-test-util>", "<root@ihe-test-util>"),
    ),
    "an unknown transfer encoding": (
        lambda body: body.replace(b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding: rot13"),
        same,
        ("Content-Transfer-Encoding that nobody knows", "'rot13'"),
    ),
    "base64 that is none": (
        lambda body: b"base64".join(body.rsplit(b"binary", 1)),
        same,
        ("is not the base64", "part 2"),
    ),
    "an Include to http://": (
        swap(REFERENCE, b"http://127.0.0.1:9/secret"),
        same,
        ("points outside the package; nothing was fetched", "'http://127.0.0.1:9/secret'", 'href="cid:..."'),
    ),
    "an Include to file://": (
        swap(REFERENCE, b"file:///etc/passwd"),
        same,
        ("points outside the package; nothing was fetched", "'file:///etc/passwd'"),
    ),
    "an Include to a path": (swap(REFERENCE, b"/etc/passwd"), same, ("points outside the package",)),
    "an Include to itself": (
        swap(REFERENCE, b"cid:root@ihe-test-util"),
        same,
        ("points to the root part, the message that it stands in", "/Include (line "),
    ),
    "an Include to a part that is missing": (
        swap(REFERENCE, b"cid:document9@ihe-test-util"),
        same,
        ("points to a part that is not in the package", "cid:document9@", "there: <document1@ihe-test-util>"),
    ),
    "an Include to nothing": (swap(REFERENCE, b"cid:"), same, ("points to a part that is not in the package",)),
    "an Include without href": (swap(b"href=", b"ref="), same, ("has no href attribute",)),
    "an Include beside text": (
        swap(b"</xdsb:Document>", b"and more</xdsb:Document>"),
        same,
        ("not the only content of its element",),
    ),
    "text that is not base64": (
        lambda body: body.replace(b"<xop:Include", b"Gr\xc3\xbc\xc3\x9fe!<!--").replace(b'util"/>', b'util"/>-->', 1),
        same,
        ("the content of <Document> is not base64", "character 3"),
    ),
    "no part beside the root": (
        lambda body: body[: body.rindex(DELIMITER + b"\r\n")] + CLOSING,
        same,
        ("points to a part that is not in the package", "no part with a Content-ID beside the root part"),
    ),
}


@pytest.mark.parametrize("document", [DOCUMENT, LARGE], ids=["small", "spooled"])
@pytest.mark.parametrize("name", BAD)
async def test_it_is_refused_with_a_diagnosis(mock: Peer, unharmed: Unharmed, name: str, document: bytes) -> None:
    """Sender, with what is wrong, in which part, and what to do; no spool file stays and nothing is stored."""
    edit, edit_header, words = BAD[name]
    answer = await provide(mock, packed(document), edit, edit_header)

    assert_fault(answer, "Sender", *words)
    assert (await mock.server.store.counts()).submissions == 0
    await unharmed(mock)


async def test_boundary_text_inside_a_line_is_content(mock: Peer, unharmed: Unharmed) -> None:
    """Only a line of its own delimits: the boundary elsewhere in a document is part of it, byte for byte."""
    marker = f"--{BOUNDARY}".encode()
    document = b" " + marker + b"\r\n x" + marker + b"--\r\n" + marker[2:] + b"\n\r\n" + marker + b"x\r\n"
    package = packed(document)

    answer = await mock.post(ITI41_PATH, package.body, package.content_type)

    assert answer.status == 200, answer.body
    stored = await mock.server.store.documents.get("2.999.5.1")
    assert stored is not None
    assert stored.content.read() == document
    await unharmed(mock)


async def test_a_part_that_claims_to_be_8_gib(mock: Peer, unharmed: Unharmed) -> None:
    """The boundary counts, not what a part says of itself; the journal keeps the contradiction as a finding."""
    package = packed()
    edit = swap(b"Content-ID: <document1", b"Content-Length: 8589934592\r\nContent-ID: <document1")

    answer = await provide(mock, package, edit)

    assert answer.status == 200, answer.body
    stored = await mock.server.store.documents.get("2.999.5.1")
    assert stored is not None
    assert stored.content.read() == DOCUMENT
    await mock.server.store.journal.flush()
    journal = JournalReader(mock.server.store.data_dir)
    exchange = await asyncio.to_thread(lambda: journal.get(journal.tail(1)[0].exchange.id))
    assert [finding.got for finding in exchange.findings if finding.rule == "MIME-04"] == ["8589934592"]
    await unharmed(mock)


async def test_a_message_that_claims_to_be_8_gib(mock: Peer, unharmed: Unharmed) -> None:
    """A Content-Length beyond max_request_bytes is refused before the body is sent, and the connection closed."""
    async with connected(mock.server.instance.port) as wire:
        await wire.send(head(ITI41_PATH, Content_Type=packed().content_type, Content_Length=8 << 30))
        answer = await wire.answer()

        assert_fault(answer, "Sender", "8,589,934,592 bytes", "at most 1,073,741,824", "max_request_bytes", status=413)
        assert wire.headers["connection"] == "close"
    await unharmed(mock)


async def test_thousands_of_parts_that_nothing_points_to(
    mock: Peer, unharmed: Unharmed, caplog: pytest.LogCaptureFixture
) -> None:
    """They are allowed, and do not flood the log."""
    answer = await provide(mock, packed(), more_parts(9_000, DELIMITER + b"\r\nContent-ID: <p%d@x>\r\n\r\nx"))

    assert answer.status == 200, answer.body
    assert len(caplog.records) < 100
    await unharmed(mock)
