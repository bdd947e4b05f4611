"""Each way in which a package contradicts itself has a diagnosis that names it, and leaves nothing behind."""

import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from ihe_test_util.errors import MimeMalformed
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.multipart import MultipartLimits, MultipartReader, read_package

TYPE: Final = ContentType.parse('multipart/related; type="application/xop+xml"; boundary="b0"; start="<root>"')
ROOT: Final = b"--b0\r\nContent-ID: <root>\r\n\r\n<a/>\r\n"
DOCUMENT: Final = b"--b0\r\nContent-ID: <d>\r\nContent-Type: text/plain\r\n\r\ndocument\r\n"
END: Final = b"--b0--\r\n"


def refused(data: bytes, content_type: ContentType = TYPE) -> MimeMalformed:
    """Why a body is refused."""
    with pytest.raises(MimeMalformed) as caught:
        read_package(data, content_type)
    return caught.value


def feed(reader: MultipartReader, chunks: Iterable[bytes]) -> None:
    """All chunks, one after the other."""
    for chunk in chunks:
        reader.feed(chunk)


@pytest.mark.parametrize("text", ["multipart/related", 'multipart/related; type="x/y"; boundary=""'])
def test_no_boundary_parameter(text: str) -> None:
    """The header that lacks it is shown."""
    error = refused(ROOT + END, ContentType.parse(text))
    assert "has no boundary parameter" in error.message
    assert error.where == "Content-Type"
    assert error.got.startswith("multipart/related")
    assert error.expected
    assert error.hint


@pytest.mark.parametrize("boundary", ["b" * 201, "gr\u00fc\u00df", "a\tb"])
def test_a_boundary_that_cannot_be_one(boundary: str) -> None:
    """Too long, or not printable ASCII."""
    error = refused(ROOT + END, ContentType("multipart/related", (("boundary", boundary),)))
    assert "cannot be a boundary" in error.message
    assert f"({len(boundary)} characters)" in error.got


def test_another_kind_of_multipart() -> None:
    """multipart/mixed is no MTOM package."""
    error = refused(ROOT + END, ContentType.parse("multipart/mixed; boundary=b0"))
    assert "not a multipart/related package" in error.message
    assert error.got == "multipart/mixed"


def test_header_and_body_disagree_on_the_boundary() -> None:
    """Both boundaries are named, as for a gateway that rewrote only one of them."""
    error = refused(b"\r\n" + (ROOT + END).replace(b"--b0", b"--uuid:df99"))
    assert "header and body disagree" in error.message
    assert "'b0' in the header" in error.got
    assert "'uuid:df99' in the body" in error.got
    assert "byte 2" in error.where


def test_a_boundary_that_is_nowhere() -> None:
    """A body without any delimiter shows how it begins."""
    error = refused(b"no multipart at all")
    assert error.message == "the boundary that the Content-Type announces is not in the body"
    assert error.got == "begins with b'no multipart at all'"
    assert error.expected == "a line --b0"


def test_bare_xml_under_a_multipart_content_type() -> None:
    """The hint says what the body is."""
    assert "bare XML" in refused(b'<?xml version="1.0"?><a/>').hint


def test_a_boundary_that_is_nowhere_fails_early(tmp_path: Path) -> None:
    """A wrong boundary is told after 16 KiB, not after a gigabyte."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path)
    with pytest.raises(MimeMalformed, match="not in the body"):
        feed(reader, [b"x" * 1024] * 20)


@pytest.mark.parametrize("data", [b"", b"--b0--", b"--b0--\r\n", b"preamble\r\n--b0--"])
def test_an_empty_package(data: bytes) -> None:
    """No byte, or no part."""
    assert "the package is empty" in refused(data).message


def test_cut_in_the_middle_of_a_part() -> None:
    """Number and Content-ID of the part, and the byte where the body ends."""
    data = ROOT + DOCUMENT[:-6]
    error = refused(data)
    assert "cut in the middle of part 2" in error.message
    assert error.where == f"part 2 (Content-ID <d>), byte {len(data)}"
    assert "--b0--" in error.expected
    assert error.hint


def test_cut_in_the_middle_of_headers() -> None:
    """The last bytes are shown."""
    error = refused(ROOT + DOCUMENT[:30])
    assert "cut in the middle of the headers of part 2" in error.message
    assert "Content-" in error.got


def test_ends_where_another_part_should_begin() -> None:
    """A delimiter, and nothing after it."""
    error = refused(ROOT + b"--b0\r\n")
    assert "the closing delimiter is missing" in error.message
    assert "part 2 should begin" in error.message


@pytest.mark.parametrize("tail", [b"--b0", b"--b0-", b"--b0  "])
def test_a_closing_delimiter_without_its_hyphens(tail: bytes) -> None:
    """What stands there is shown."""
    error = refused(ROOT + tail)
    assert "the closing delimiter is missing" in error.message
    assert tail.decode() in error.got


def test_root_part_not_found() -> None:
    """The Content-IDs that are there are listed."""
    error = refused((ROOT + DOCUMENT + END).replace(b"<root>", b"<root.message@cxf.apache.org>"))
    assert "names a root part that is not in the package" in error.message
    assert "start='<root>'" in error.got
    assert "<root.message@cxf.apache.org>, <d>" in error.got


def test_root_part_not_found_among_many() -> None:
    """A long list is cut short."""
    parts = b"".join(b"--b0\r\nContent-ID: <p%d>\r\n\r\nx\r\n" % number for number in range(50))
    assert refused(parts + END).got.endswith("<p19> and 30 more")


def test_two_parts_with_one_content_id() -> None:
    """Both are named."""
    error = refused(ROOT + DOCUMENT + DOCUMENT + END)
    assert error.message == "two parts have the same Content-ID"
    assert error.got == "<d> for part 2 and for part 3"
    assert error.where.startswith("part 3 (Content-ID <d>), byte ")


def test_a_part_without_content_id_is_allowed() -> None:
    """Nothing can refer to it, and that is all."""
    package = read_package(ROOT + b"--b0\r\nX: y\r\n\r\nstray\r\n" * 2 + END, TYPE)
    assert [part.content_id for part in package.parts] == ["", ""]


def test_a_malformed_part_header() -> None:
    """Part, byte and line are shown."""
    error = refused(ROOT + b"--b0\r\nContent-ID <d>\r\n\r\ndocument\r\n" + END)
    assert error.message == "a header of part 2 cannot be read"
    assert error.where == f"part 2, byte {len(ROOT) + len('--b0') + 2}"
    assert error.got == "'Content-ID <d>'"


def test_headers_without_an_end() -> None:
    """A missing blank line is told by the delimiter that stands among the headers, or by their length."""
    error = refused(ROOT + b"--b0\r\nContent-ID: <d>\r\n--b0--\r\n\r\n")
    assert error.message == "a header of part 2 cannot be read"
    assert "empty line" in error.hint


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_headers_over_the_limit(size: int, tmp_path: Path) -> None:
    """1 MB of headers is refused after 64 KiB, in whatever chunks it comes."""
    data = ROOT + b"--b0\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n\r\ndocument\r\n" + END
    reader = MultipartReader(TYPE, spool_dir=tmp_path)
    with pytest.raises(MimeMalformed, match="the headers of the package's parts, at part 2, are too large") as caught:
        feed(reader, (data[begin : begin + size] for begin in range(0, len(data), size)))
    assert caught.value.got == "more than 65,536 bytes"


def test_headers_of_all_parts_are_bounded_together() -> None:
    """Thousands of parts with headers just below the limit do not fill the memory."""
    each = b"--b0\r\nX-Long: " + b"x" * 60_000 + b"\r\n\r\n\r\n"
    assert "are too large" in refused(ROOT + each * 200 + END).message


def test_too_many_parts_fail_fast_in_bounded_memory(tmp_path: Path) -> None:
    """100,000 parts are refused at number 10,001."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path)
    reader.feed(ROOT)
    tracemalloc.start()
    try:
        with pytest.raises(MimeMalformed, match="too many parts") as caught:
            feed(reader, (b"--b0\r\nContent-ID: <d%d>\r\n\r\nx\r\n" % number for number in range(100_000)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.where.startswith("part 10001, byte ")
    assert caught.value.got == "more than 10,000 parts"
    assert peak < 32 * 1024 * 1024
    assert not list(tmp_path.iterdir())


def test_the_limit_of_parts_is_exact() -> None:
    """As many as allowed are read."""
    limits = MultipartLimits(max_parts=2)
    assert len(read_package(ROOT + DOCUMENT + END, TYPE, limits=limits).parts) == 1
    with pytest.raises(MimeMalformed, match="too many parts"):
        read_package(ROOT + DOCUMENT + DOCUMENT.replace(b"<d>", b"<e>") + END, TYPE, limits=limits)


def test_a_part_that_claims_eight_gibibytes_is_as_long_as_it_is() -> None:
    """A Content-Length of a part is no reason to allocate anything."""
    data = ROOT + b"--b0\r\nContent-ID: <d>\r\nContent-Length: 8589934592\r\n\r\nsmall\r\n" + END
    tracemalloc.start()
    try:
        package = read_package(data, TYPE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert package.parts[0].content.read() == b"small"
    assert peak < 1024 * 1024


def test_an_unknown_transfer_encoding() -> None:
    """What may stand there is listed."""
    error = refused(ROOT + b"--b0\r\nContent-ID: <d>\r\nContent-Transfer-Encoding: gzip\r\n\r\nx\r\n" + END)
    assert "Content-Transfer-Encoding that nobody knows" in error.message
    assert error.got == "'gzip'"
    assert error.where.startswith("part 2 (Content-ID <d>), byte ")


@pytest.mark.parametrize(
    ("encoding", "content", "got"),
    [
        ("base64", b"SGVs*G8=", "the character '*'"),
        ("base64", b"SGVsbG8=SGVs", "data after the padding"),
        ("base64", b"SGVsbG8", "an end that is no whole group of four"),
        ("quoted-printable", b"a=XYb", "b'=XY'"),
        ("quoted-printable", b"a=4", "b'=4'"),
    ],
)
def test_content_that_is_not_what_its_encoding_says(encoding: str, content: bytes, got: str) -> None:
    """The characters that do not fit are shown."""
    head = f"--b0\r\nContent-ID: <d>\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    error = refused(ROOT + head + content + b"\r\n" + END)
    assert "that its Content-Transfer-Encoding announces" in error.message
    assert error.got == got


def feed_and_close(reader: MultipartReader, data: bytes) -> None:
    """Everything at once."""
    reader.feed(data)
    reader.close()


@pytest.mark.parametrize(
    "data", [ROOT + DOCUMENT[:-6], ROOT + DOCUMENT + DOCUMENT + END, ROOT + b"--b0\r\nbad\r\n\r\n"]
)
def test_nothing_is_left_behind(data: bytes, tmp_path: Path) -> None:
    """After each refusal the spool directory is empty, and the reader is closed."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=1)
    with pytest.raises(MimeMalformed):
        feed_and_close(reader, data)
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError):
        reader.feed(b"")
