"""Packages read as a stream: every legal shape, in any chunking, byte for byte."""

import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ihe_test_util.content import Attachment, Content
from ihe_test_util.errors import MessageTooLarge, MimeMalformed, StorageError
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.mtom import write_package
from ihe_test_util.soap.multipart import MultipartLimits, MultipartReader, Package, Part, read_package
from ihe_test_util.soap.version import SoapVersion

BOUNDARY: Final = "uuid:b0"
TYPE: Final = ContentType.parse(f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"; start="<root>"')

#: Each example cleans up behind itself, so that one directory serves all of them.
IN_A_DIRECTORY: Final = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

Capture = Callable[[str], tuple[ContentType, bytes]]


def part(content: bytes, content_id: str = "", *headers: str) -> bytes:
    """One part as it stands in a body, from its delimiter on."""
    lines = [f"--{BOUNDARY}", *([f"Content-ID: <{content_id}>"] if content_id else []), *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    """A whole body, closed as CXF closes it: without a line end."""
    return b"".join(parts) + f"--{BOUNDARY}--".encode()


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Data cut at these places."""
    edges = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


def read_in_pieces(
    chunks: Iterable[bytes], spool_dir: Path, *, content_type: ContentType = TYPE, spool_over: int = 8
) -> Package:
    """The package that arrives in these chunks."""
    reader = MultipartReader(content_type, spool_dir=spool_dir, spool_over=spool_over)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.close()


def said(package: Package) -> list[tuple[str, str, bytes, str]]:
    """What a package says, wherever its bytes lie."""
    return [
        (each.content_id, each.content_type, each.content.read(), each.content.sha1)
        for each in (package.root, *package.parts)
    ]


def outcome(read: Callable[[bytes], Package], data: bytes) -> str | list[tuple[str, str, bytes, str]]:
    """What a body says, or why it is refused."""
    try:
        package = read(data)
    except MimeMalformed as error:
        return str(error)
    try:
        return said(package)
    finally:
        package.discard()


@pytest.mark.parametrize("name", ["cxf", "metro", "gsoap", "axis2"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000_000])
def test_what_real_stacks_send_is_read(name: str, size: int, capture: Capture, tmp_path: Path) -> None:
    """Root part and document of CXF, Metro, gSOAP and Axis2, in chunks of any size."""
    content_type, data = capture(name)
    chunks = [data[begin : begin + size] for begin in range(0, len(data), size)]
    package = read_in_pieces(chunks, tmp_path, content_type=content_type)
    assert package.root.content.read().startswith(b"<S:Envelope")
    assert package.root.content.read().endswith(b"</S:Envelope>")
    [document] = package.parts
    assert document.content_type == "text/xml"
    assert document.content.read() == b"First line\r\n--not the boundary\r\n\r\nlast line without an end"
    assert (package.root.number, document.number) == (1, 2)


A_DELIMITER: Final = re.compile(rb"\r\n--uuid:b0(?:--[ \t\r\n]|[ \t]*\r?\n)")
CONTENTS: Final = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [
                *[
                    b"\r\n",
                    b"\r",
                    b"\n",
                    b"--",
                    b"-",
                    b" ",
                    b"uuid:b0",
                    b"\r\n--uuid:b",
                    b"\r\n--uuid:b0x",
                    b"--uuid:b0--",
                ],
                *[
                    b"\n--uuid:b0\r\n",
                    b"x--uuid:b0\r\n",
                    b"\r\n --uuid:b0\r\n",
                    b"\r\n--uuid:b0 x\r\n",
                    b"\r\n--uuid:b0--x",
                ],
            ]
        ),
        max_size=12,
    ).map(b"".join),
).filter(lambda content: not A_DELIMITER.search(b"\r\n" + content + b"\r\n"))


@given(
    st.lists(CONTENTS, min_size=1, max_size=4),
    st.lists(st.integers(0, 1500), max_size=20),
    st.sampled_from(["root first", "root last"]),
    st.tuples(
        st.sampled_from([b"", b"\r\n", b"\n", b"This is a MIME message.\r\n\r\n"]),
        st.sampled_from([b"", b"\r\n", b" \t\r\n", b"\r\nepilogue\r\n--uuid:b0\r\n\r\n"]),
    ),
)
@IN_A_DIRECTORY
@example([b"", b""], list(range(1500)), "root first", (b"\r\n", b""))
def test_any_chunking_gives_the_same_package(
    tmp_path: Path, contents: list[bytes], cuts: list[int], order: str, around: tuple[bytes, bytes]
) -> None:
    """Contents come back byte for byte, whatever they hold and wherever the chunks end."""
    named = [("root", contents[0]), *((f"part{number}", content) for number, content in enumerate(contents[1:]))]
    if order == "root last":
        named.reverse()
    data = around[0] + body(*(part(content, content_id) for content_id, content in named)) + around[1]
    whole = read_package(data, TYPE)
    streamed = read_in_pieces(pieces(data, cuts), tmp_path)
    try:
        assert said(streamed) == said(whole)
        assert {each.content_id: each.content.read() for each in (whole.root, *whole.parts)} == dict(named)
        assert all(each.content.size == len(each.content.read()) for each in (streamed.root, *streamed.parts))
    finally:
        streamed.discard()
    assert not list(tmp_path.iterdir())


LOOSE_PIECES: Final = [
    *[b"--uuid:b0\r\n", b"\r\n--uuid:b0\r\n", b"\n--uuid:b0\n", b"--uuid:b0", b"\r\n--uuid:b0--", b"--uuid:b0--\r\n"],
    *[b"Content-ID: <root>\r\n", b"Content-Id:<d>\n", b"Content-ID: e", b"Content-Transfer-Encoding: base64\r\n"],
    *[b"X: folded\r\n more\r\n", b"\r\n\r\n", b"\r\n", b"\n\n", b"\n", b"\r", b" ", b"SGVsbG8=", b"--", b"<a/>"],
]


@given(
    st.one_of(st.lists(st.sampled_from(LOOSE_PIECES), max_size=24).map(b"".join), st.binary(max_size=400)),
    st.lists(st.integers(0, 400), max_size=10),
)
@IN_A_DIRECTORY
def test_anything_is_read_or_refused_alike(tmp_path: Path, data: bytes, cuts: list[int]) -> None:
    """At once, whole or in pieces, a body is refused with the same words or not at all, and leaves no file."""
    outcomes = [
        outcome(read, data)
        for read in (
            lambda data: read_package(data, TYPE),
            lambda data: read_in_pieces([data], tmp_path),
            lambda data: read_in_pieces(pieces(data, cuts), tmp_path),
        )
    ]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert not list(tmp_path.iterdir())


@given(st.integers(0, 400), st.lists(st.integers(0, 400), max_size=10))
@IN_A_DIRECTORY
def test_a_package_cut_anywhere_is_refused_alike(tmp_path: Path, end: int, cuts: list[int]) -> None:
    """A package that lost its end is refused with the same words in any chunking, and leaves no file."""
    data = body(part(b"<a/>" * 8, "root", "Content-Type: application/xop+xml"), part(b"content" * 9, "d"))[:end]
    full = len(body(part(b"<a/>" * 8, "root", "Content-Type: application/xop+xml"), part(b"content" * 9, "d")))
    if end >= full:
        return
    whole, streamed = (
        outcome(read, data)
        for read in (
            lambda data: read_package(data, TYPE),
            lambda data: read_in_pieces(pieces(data, cuts), tmp_path),
        )
    )
    assert isinstance(whole, str)
    assert whole == streamed
    assert not list(tmp_path.iterdir())


@given(st.binary(max_size=2000), st.lists(st.binary(max_size=500), max_size=3))
@settings(deadline=None)
def test_what_is_written_is_read(root: bytes, documents: list[bytes]) -> None:
    """A package that write_package makes is read with the same root part, documents and ids."""
    attachments = [
        Attachment(f"{number}@urn:ihe:iti:xds-b:2007", "application/pdf", Content.of(document))
        for number, document in enumerate(documents)
    ]
    written = write_package(
        root,
        attachments,
        soap_version=SoapVersion.V12,
        action="urn:example:action",
        boundary="uuid:3a1b54ac-8f0e-4a32-9d4e-0a6f5c1d2e3f",
        root_id="root@example.org",
    )
    package = read_package(b"".join(written.chunks()), ContentType.parse(written.content_type))
    assert package.root.content.read() == root
    assert [Attachment(each.content_id, each.content_type, each.content) for each in package.parts] == attachments


def test_a_body_of_bare_line_feeds_is_read_byte_for_byte(tmp_path: Path) -> None:
    """When the first delimiter line ends with LF, LF delimits, and a CR before it is content."""
    data = b"--uuid:b0\nContent-ID: <root>\n\n<a/>\n--uuid:b0\nContent-ID: <d>\n\nline\r\n\r\n--uuid:b0--\n"
    for chunks in ([data], [data[at : at + 1] for at in range(len(data))]):
        package = read_in_pieces(chunks, tmp_path)
        assert package.root.content.read() == b"<a/>"
        assert package.parts[0].content.read() == b"line\r\n\r"


def test_header_lines_of_bare_line_feeds_are_read() -> None:
    """Where delimiters end with CRLF, headers and the blank line may still end with LF."""
    data = b"--uuid:b0\r\nContent-ID: <root>\nContent-Type: text/xml\n\n\n<a/>\n\r\n--uuid:b0--"
    assert read_package(data, TYPE).root.content.read() == b"\n<a/>\n"


def test_blanks_after_a_boundary_are_no_content() -> None:
    """Transport padding (RFC 2046, 5.1.1) after a delimiter is passed over."""
    data = b"--uuid:b0 \t \r\nContent-ID: <root>\r\n\r\n<a/>\r\n--uuid:b0-- \t\r\nepilogue"
    assert read_package(data, TYPE).root.content.read() == b"<a/>"


def test_a_part_may_end_with_its_headers() -> None:
    """The line end that ends the headers may be the one before the next delimiter (RFC 2046, body-part)."""
    data = b"--uuid:b0\r\nContent-ID: <d>\r\n\r\n--uuid:b0\r\nContent-ID: <root>\r\n\r\n<a/>\r\n--uuid:b0--"
    package = read_package(data, TYPE)
    assert package.parts[0].content.read() == b""
    assert package.root.content.read() == b"<a/>"


def test_a_part_may_have_no_headers() -> None:
    """A blank line right after the delimiter: no Content-ID, and the first part is the root without a start."""
    content_type = ContentType.parse("multipart/related; boundary=uuid:b0")
    package = read_package(b"--uuid:b0\r\n\r\n<a/>\r\n--uuid:b0--", content_type)
    assert package.root == Part("", "", (), Content.of(b"<a/>"), 1)


def test_start_may_be_written_without_angle_brackets() -> None:
    """The root part is found by its Content-ID, with or without <>."""
    content_type = ContentType.parse("multipart/related; boundary=uuid:b0; start=root")
    package = read_package(body(part(b"doc", "d"), part(b"<a/>", "root")), content_type)
    assert package.root.content.read() == b"<a/>"
    assert package.root.number == 2


@pytest.mark.parametrize(
    ("encoding", "sent", "expected"),
    [
        ("base64", b"SGVs\r\nbG8g\r\nd29y bGQ=\r\n", b"Hello world"),
        ("BASE64", b"", b""),
        ("quoted-printable", b"caf=C3=A9 =3D 1=\r\n0=\r\n", b"caf\xc3\xa9 = 10"),
        ("Quoted-Printable", b"soft break at the end=", b"soft break at the end"),
        ("8bit", b"caf\xc3\xa9=3D", b"caf\xc3\xa9=3D"),
        ("binary", b"\x00\r\n\xff", b"\x00\r\n\xff"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_transfer_encodings_are_undone(encoding: str, sent: bytes, expected: bytes, size: int, tmp_path: Path) -> None:
    """Content is what was encoded, in any chunking."""
    data = body(part(b"<a/>", "root"), part(sent, "d", f"Content-Transfer-Encoding: {encoding}"))
    package = read_in_pieces([data[at : at + size] for at in range(0, len(data), size)], tmp_path)
    assert package.parts[0].content.read() == expected


def test_a_large_attachment_goes_to_a_file_of_ours(tmp_path: Path) -> None:
    """Over spool_over bytes: a file with a name of our own, for our eyes only, with size and hash known."""
    content = os.urandom(100_000)
    data = body(part(b"<a/>", "root"), part(content, "../../etc/passwd", 'Content-Disposition: x; name="../evil"'))
    package = read_in_pieces([data[at : at + 777] for at in range(0, len(data), 777)], tmp_path, spool_over=1000)
    spooled = package.parts[0].content
    assert spooled.path is not None
    assert spooled.path.parent == tmp_path
    assert "passwd" not in spooled.path.name
    assert "evil" not in spooled.path.name
    assert spooled.size == len(content)
    assert spooled.known_sha1 == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert spooled.path.read_bytes() == content
    if sys.platform != "win32":
        assert stat.S_IMODE(spooled.path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    package.discard()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("size", "spooled"), [(1000, False), (1001, True)])
def test_the_threshold_is_exact(size: int, spooled: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a test's parameter
    """Content of spool_over bytes stays in memory, one byte more does not."""
    data = body(part(b"<a/>", "root"), part(b"x" * size, "d"))
    for chunks in ([data], [data[:700], data[700:]]):
        package = read_in_pieces(chunks, tmp_path, spool_over=1000)
        assert (package.parts[0].content.path is not None) == spooled


def test_the_root_part_stays_in_memory(tmp_path: Path) -> None:
    """However large, as long as the limit allows it."""
    data = body(part(b"x" * 5000, "root"))
    assert read_in_pieces([data[:100], data[100:]], tmp_path).root.content.data == b"x" * 5000


def test_many_attachments_below_the_threshold_do_not_fill_the_memory(tmp_path: Path) -> None:
    """What is held in memory is bounded for the package, not only for each part."""
    small = b"x" * 250_000
    data = body(part(b"<a/>", "root"), *(part(small, f"d{number}") for number in range(80)))
    package = read_in_pieces([data], tmp_path, spool_over=256 * 1024)
    held = sum(each.content.size for each in package.parts if each.content.data is not None)
    assert held <= 16 * 1024 * 1024
    assert all(each.content.read() == small for each in package.parts)
    package.discard()


def test_read_package_keeps_everything_in_memory_without_a_directory() -> None:
    """A body that is in memory already is not written to disk."""
    content = os.urandom(400_000)
    package = read_package(body(part(b"<a/>", "root"), part(content, "d")), TYPE)
    assert package.parts[0].content.data == content


def test_a_document_full_of_almost_delimiters_is_one_part() -> None:
    """Lines that begin with the boundary and go on are content."""
    content = b"\r\n--uuid:b0x" * 2000 + b"\r\n--uuid:b0 x" * 2000 + b"\r\n--uuid:b0--x" * 2000
    package = read_package(body(part(b"<a/>", "root"), part(content, "d")), TYPE)
    assert package.parts[0].content.read() == content


def test_abort_removes_spool_files(tmp_path: Path) -> None:
    """Finished and unfinished ones, and a second abort does nothing."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=10)
    reader.feed(part(b"<a/>", "root") + part(b"x" * 100, "d") + part(b"y" * 100, "e")[:-20])
    assert len(list(tmp_path.iterdir())) == 2
    reader.abort()
    reader.abort()
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError):
        reader.feed(b"more")
    with pytest.raises(RuntimeError):
        reader.close()


def test_abort_after_close_leaves_the_package_alone(tmp_path: Path) -> None:
    """What was handed out belongs to the caller."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=10)
    reader.feed(body(part(b"<a/>", "root"), part(b"x" * 100, "d")))
    package = reader.close()
    reader.abort()
    assert package.parts[0].content.read() == b"x" * 100


def test_discard_passes_over_a_file_that_was_moved_away(tmp_path: Path) -> None:
    """A store may take the spool file over by renaming it."""
    package = read_in_pieces([body(part(b"<a/>", "root"), part(b"x" * 100, "d"))], tmp_path)
    spooled = package.parts[0].content.path
    assert spooled is not None
    kept = spooled.rename(tmp_path / "kept")
    package.discard()
    assert kept.read_bytes() == b"x" * 100


def test_a_spool_directory_that_cannot_be_written_is_our_fault(tmp_path: Path) -> None:
    """StorageError with its cause, not an error of the peer."""
    with pytest.raises(StorageError) as caught:
        read_in_pieces([body(part(b"<a/>", "root"), part(b"x" * 100, "d"))], tmp_path / "absent")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert caught.value.where == str(tmp_path / "absent")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the disk that is always full")
def test_a_full_disk_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """StorageError when the write fails, and when only the last flush does."""
    fake = tmp_path / "fake"
    monkeypatch.setattr(
        "tempfile.mkstemp",
        lambda **_: (os.open("/dev/full", os.O_WRONLY), str(fake)),  # a disk cannot be filled here
    )
    for size in (1_000_000, 100):
        with pytest.raises(StorageError, match="could not be written") as caught:
            read_in_pieces([body(part(b"<a/>", "root"), part(b"x" * size, "d"))], tmp_path)
        assert "space" in caught.value.got


def test_limits_in_bytes_are_told_as_such(tmp_path: Path) -> None:
    """A root part or a package over its limit is too large, not malformed."""
    data = body(part(b"x" * 5000, "root"), part(b"y" * 5000, "d"))
    for limits, words in (
        (MultipartLimits(max_root_bytes=4999), "the root part"),
        (MultipartLimits(max_total_bytes=len(data) - 1), "the package is too large"),
    ):
        reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=10, limits=limits)
        with pytest.raises(MessageTooLarge, match=words):
            reader.feed(data)
    assert not list(tmp_path.iterdir())
    exact = MultipartLimits(max_root_bytes=5000, max_total_bytes=len(data))
    assert read_package(data, TYPE, limits=exact).parts[0].content.size == 5000
