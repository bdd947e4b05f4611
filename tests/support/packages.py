"""Multipart packages as bytes, and read in pieces."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.multipart import MultipartReader, Package

BOUNDARY: Final = "uuid:b0"
TYPE: Final = ContentType.parse(f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"; start="<root>"')


def part(content: bytes, content_id: str = "", *headers: str) -> bytes:
    """One part as it stands in a body, from its delimiter on."""
    lines = [f"--{BOUNDARY}", *([f"Content-ID: <{content_id}>"] if content_id else []), *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    """A whole body, closed as CXF closes it: without a line end."""
    return b"".join(parts) + f"--{BOUNDARY}--".encode()


def read_in_pieces(
    chunks: Iterable[bytes], spool_dir: Path, *, content_type: ContentType = TYPE, spool_over: int = 8
) -> Package:
    """The package that arrives in these chunks."""
    reader = MultipartReader(content_type, spool_dir=spool_dir, spool_over=spool_over)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.close()
