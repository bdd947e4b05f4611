"""The way in: an HTTP response to the XML of a SOAP message and the parts beside it, within limits."""

import asyncio
import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ihe_test_util.errors import MessageTooLarge, MimeMalformed, XmlMalformed
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.multipart import MultipartReader
from ihe_test_util.soap.package import MultipartLimits, Package

if TYPE_CHECKING:
    from aiohttp import ClientResponse, StreamReader

#: From here on, work on an answer leaves the event loop to others by going to a thread.
THREAD_FROM_BYTES: Final = 256 * 1024
#: As much of a web page or the like is kept as helps to recognise it.
_KEPT_OF_A_PAGE: Final = 64 * 1024
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml", "application/json", "application/problem+json"})
_BYTE_ORDER_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED: Final = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=")
_UTF8: Final = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


@dataclass(slots=True)
class Answer:
    """What HTTP brought, as far as it came: ``xml`` is the body, or the root part of a package."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content_type: ContentType | None
    xml: bytes = b""
    package: Package | None = field(default=None, repr=False)

    @property
    def media_type(self) -> str:
        """Media type in lower case; empty where there is none."""
        return self.content_type.media_type if self.content_type is not None else ""

    @property
    def multipart(self) -> bool:
        """Whether the body is a package of parts."""
        return self.media_type.startswith("multipart/")

    def header(self, name: str) -> str:
        """A header's first value, empty where it is absent; ``name`` in lower case."""
        return next((value for known, value in self.headers if known.lower() == name), "")


def begin(response: "ClientResponse") -> Answer:
    """What the response's head says."""
    header = response.headers.get("Content-Type", "")
    try:
        content_type = ContentType.parse(header) if header else None
    except MimeMalformed:
        if "multipart/" in header.lower():
            raise
        content_type = None  # the body will tell
    return Answer(response.status, tuple(response.headers.items()), content_type)


async def read_body(
    response: "ClientResponse", answer: Answer, spool_dir: Callable[[], Path], limits: MultipartLimits
) -> None:
    """Read the body into ``answer``; attachments over 256 KiB go to files in the directory that ``spool_dir`` gives.

    Raises:
        MimeMalformed: a package that contradicts itself.
        XmlMalformed: a charset in which the body is not written.
        MessageTooLarge: beyond the limits.
        StorageError: attachments have no place on this machine's disk.
        ClientError: the connection broke.
    """
    if answer.multipart and answer.content_type is not None:
        answer.package = await _read_package(response.content, answer.content_type, spool_dir(), limits)
        root = answer.package.root
        answer.xml = _in_utf8(root.content.read(), _charset(root.content_type))
        return
    page = answer.media_type in _PAGES
    answer.xml = await _read_whole(response.content, _KEPT_OF_A_PAGE if page else limits.max_root_bytes, cut=page)
    answer.xml = _in_utf8(answer.xml, answer.content_type.param("charset") or "" if answer.content_type else "")


async def _read_whole(stream: "StreamReader", limit: int, *, cut: bool) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := await stream.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            if cut:
                break
            raise MessageTooLarge(
                "the answer's XML is larger than this client takes",
                where="HTTP body",
                got=f"more than {limit:,} bytes",
                expected=f"at most {limit:,} bytes; documents come as MTOM parts",
            )
    return b"".join(chunks)


async def _read_package(
    stream: "StreamReader", content_type: ContentType, spool_dir: Path, limits: MultipartLimits
) -> Package:
    reader = MultipartReader(content_type, spool_dir=spool_dir, limits=limits)
    waiting: list[bytes] = []
    size = 0
    feeding: asyncio.Task[None] | None = None
    try:
        while chunk := await stream.readany():
            waiting.append(chunk)
            size += len(chunk)
            if size >= THREAD_FROM_BYTES:
                if feeding is not None:
                    await feeding
                # Goes to the disk while the next bytes arrive.
                feeding = asyncio.create_task(asyncio.to_thread(reader.feed, b"".join(waiting)))
                feeding.add_done_callback(partial(_read_no_further, stream))
                waiting, size = [], 0
        if feeding is not None:
            await feeding
        reader.feed(b"".join(waiting))
        return reader.close()
    except BaseException:
        if feeding is not None:
            await asyncio.gather(feeding, return_exceptions=True)
        reader.abort()
        raise


def _read_no_further(stream: "StreamReader", feeding: "asyncio.Task[None]") -> None:
    """Of a package that is wrong nothing more is waited for: its sender may not send anything more."""
    if not feeding.cancelled() and (error := feeding.exception()) is not None:
        stream.set_exception(error)


def _charset(content_type: str) -> str:
    try:
        return ContentType.parse(content_type).param("charset") or "" if content_type else ""
    except MimeMalformed:
        return ""


def _in_utf8(body: bytes, charset: str) -> bytes:
    """The body in UTF-8 where only HTTP says how it is written (RFC 7303, 3.2).

    A byte order mark or an XML declaration in the body goes first: servlet containers announce ISO-8859-1 for
    whatever their applications write.
    """
    if charset.strip().lower() in _UTF8 or body.startswith(_BYTE_ORDER_MARKS) or _DECLARED.match(body[:200]):
        return body
    try:
        text = body.decode(charset.strip())
    except (LookupError, UnicodeError) as error:
        raise XmlMalformed(
            "the answer is not written in the charset that its Content-Type announces",
            where="HTTP header Content-Type",
            got=f"charset={charset}: {error}"[:200],
            expected="the encoding of the body, best UTF-8",
        ) from None
    return _DECLARATION.sub("", text, count=1).encode("utf-8", "surrogatepass")
