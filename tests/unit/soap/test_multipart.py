"""Packages read as a stream: every legal shape, in any chunking, byte for byte."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ihe_test_util.content import Attachment, Content
from ihe_test_util.errors import MimeMalformed
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.mtom import write_package
from ihe_test_util.soap.multipart import Package, Part, read_package
from ihe_test_util.soap.version import SoapVersion
from tests.support.packages import TYPE, body, part, read_in_pieces

#: Each example cleans up behind itself, so that one directory serves all of them.
IN_A_DIRECTORY: Final = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


Capture = Callable[[str], tuple[ContentType, bytes]]


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Data cut at these places."""
    edges = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


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


def test_a_document_full_of_almost_delimiters_is_one_part() -> None:
    """Lines that begin with the boundary and go on are content."""
    content = b"\r\n--uuid:b0x" * 2000 + b"\r\n--uuid:b0 x" * 2000 + b"\r\n--uuid:b0--x" * 2000
    package = read_package(body(part(b"<a/>", "root"), part(content, "d")), TYPE)
    assert package.parts[0].content.read() == content
