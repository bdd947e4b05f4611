"""The way in: an HTTP request's bytes to XML and parts, within the limits of size and time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from aiohttp import web

from ihe_test_util.errors import MessageTooLarge, PeerMalformed, PeerTooSlow, UnsupportedMediaType
from ihe_test_util.mock_server.config import MockServerConfig
from ihe_test_util.mock_server.inflate import Inflater, inflater_for
from ihe_test_util.soap.mime import ContentType, action_of, soap_media_type
from ihe_test_util.soap.multipart import MultipartLimits, MultipartReader, Package, read_package
from ihe_test_util.soap.version import SoapVersion

#: A peer must send at least this much in each ``receive_timeout_s``.
PROGRESS_BYTES: Final = 64 * 1024
#: From here on, work leaves the event loop to others by going to a thread: taking in content, and reading XML.
THREAD_FROM_BYTES: Final = 256 * 1024
LARGE_XML_BYTES: Final = 64 * 1024
P = ParamSpec("P")
T = TypeVar("T")
_MULTIPART: Final = "multipart/related"
_BEGUN_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it arrived: the XML (root part), the parts of an MTOM package, the announced SOAP version.

    ``action`` is the one that the content type names, empty where it names none.
    """

    content_type: ContentType
    xml: bytes
    package: Package | None
    announced: SoapVersion | None
    action: str = ""


def announced_version(content_type_header: str) -> SoapVersion | None:
    """The SOAP version that a Content-Type header announces, as far as it can be told."""
    media_type = content_type_header.partition(";")[0].strip().lower()
    if media_type == _MULTIPART:
        if "application/soap+xml" in content_type_header:
            return SoapVersion.V12
        return SoapVersion.V11 if "text/xml" in content_type_header else None
    return SoapVersion.of_media_type(media_type)


def looks_like_soap(content_type_header: str) -> bool:
    """Whether a Content-Type header may announce a SOAP message or an MTOM package."""
    media_type = content_type_header.partition(";")[0].strip().lower()
    return media_type == _MULTIPART or SoapVersion.of_media_type(media_type) is not None


async def receive(request: web.BaseRequest, config: MockServerConfig, spool_dir: Path, begun: bytearray) -> Received:
    """Read a request's body, attachments over 256 KiB to files in ``spool_dir`` while they arrive.

    ``begun`` gets the first 64 KiB of the body as they came, for the journal of a request that cannot be read.

    Raises:
        UnsupportedMediaType: none of SOAP 1.1, SOAP 1.2, MTOM, or a content coding that is unknown.
        MimeMalformed: a package that contradicts itself.
        MessageTooLarge: beyond ``max_request_bytes`` or ``max_xml_bytes``.
        PeerTooSlow: no progress for ``receive_timeout_s``.
        ConnectionError: the peer went away.
    """
    header = request.headers.get("Content-Type", "")
    content_type, announced, action = _labelled(header)
    multipart = content_type.media_type == _MULTIPART
    limit = config.max_request_bytes if multipart else min(config.max_request_bytes, config.max_xml_bytes)
    declared = request.content_length
    if declared is not None and declared > limit:
        raise _too_large(declared, limit, multipart=multipart)
    body = _Body(request, declared, config.receive_timeout_s, begun)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not multipart:
        xml = await _read_whole(body, limit)
        return Received(content_type, xml, None, announced, action)
    package = await _read_package(body, config, content_type, spool_dir)
    root = package.root.content.read()
    announced = SoapVersion.of_media_type(soap_media_type(content_type, package))
    return Received(content_type, root, package, announced, action)


async def off_loop(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Work on a message of ``size`` bytes of XML: in place when small, in a thread when it would hold up others."""
    if size < LARGE_XML_BYTES:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def _labelled(header: str) -> tuple[ContentType, SoapVersion | None, str]:
    """What a Content-Type header says: itself, the SOAP version of a plain message, the action."""
    # The same peer sends the same header with each request, unless it holds a boundary.
    return _label(header) if "boundary" in header.lower() else _frequent(header)


def _label(header: str) -> tuple[ContentType, SoapVersion | None, str]:
    if not header:
        raise UnsupportedMediaType(
            "the request has no Content-Type", where="HTTP header Content-Type", expected=_EXPECTED_TYPES
        )
    content_type = ContentType.parse(header)
    announced = SoapVersion.of_media_type(content_type.media_type)
    if content_type.media_type != _MULTIPART and announced is None:
        raise UnsupportedMediaType(
            f"the content type {content_type.media_type} is not one of SOAP",
            where="HTTP header Content-Type",
            got=header,
            expected=_EXPECTED_TYPES,
        )
    return content_type, announced, action_of(content_type)


_frequent = lru_cache(maxsize=64)(_label)
_EXPECTED_TYPES: Final = (
    'application/soap+xml (SOAP 1.2), text/xml (SOAP 1.1), or multipart/related; type="application/xop+xml" (MTOM)'
)


async def _read_whole(body: "_Body", limit: int) -> bytes:
    whole = await body.at_hand()
    if whole is not None:
        if len(whole) > limit:
            raise _too_large(len(whole), limit, multipart=False)
        return whole
    chunks: list[bytes] = []
    size = 0
    async for chunk in body.chunks():
        size += len(chunk)
        if size > limit:
            raise _too_large(size, limit, multipart=False)
        chunks.append(chunk)
    return b"".join(chunks)


async def _read_package(body: "_Body", config: MockServerConfig, content_type: ContentType, spool_dir: Path) -> Package:
    limits = MultipartLimits(max_root_bytes=config.max_xml_bytes, max_total_bytes=config.max_request_bytes)
    whole = await body.at_hand()
    if whole is not None:
        return read_package(whole, content_type, spool_dir=spool_dir, limits=limits)
    reader = MultipartReader(content_type, spool_dir=spool_dir, limits=limits)
    waiting = bytearray()
    try:
        async for chunk in body.chunks():
            waiting += chunk
            if len(waiting) >= THREAD_FROM_BYTES:
                data = bytes(waiting)
                waiting.clear()
                await asyncio.to_thread(reader.feed, data)
        reader.feed(bytes(waiting))
        return reader.close()
    except BaseException:
        # Also when the peer went away or the server stops: no spool file may stay behind.
        reader.abort()
        raise


class _Body:
    """Reads a body as it comes, and gives up on a peer that sends less than PROGRESS_BYTES in the time allowed."""

    def __init__(self, request: web.BaseRequest, declared: int | None, timeout_s: float, begun: bytearray) -> None:
        coding = request.headers.get("Content-Encoding", "")
        self._content = request.content
        self._declared = declared
        self._timeout_s = timeout_s
        self._inflater: Inflater | None = inflater_for(coding) if coding else None
        self._begun = begun
        self._received = 0
        self._goal = PROGRESS_BYTES
        self._deadline = asyncio.get_running_loop().time() + timeout_s

    async def at_hand(self) -> bytes | None:
        """The body, if all of it arrived with the headers: nothing to wait for, so no timer."""
        if not self._content.is_eof() or self._inflater is not None:
            return None
        whole = self._content.read_nowait()
        self._begun += whole[:_BEGUN_BYTES]
        return whole

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, without its Content-Encoding."""
        while chunk := await self._next_chunk():
            if self._inflater is None:
                yield chunk
            else:
                for piece in self._inflater.feed(chunk):
                    yield piece
        if self._inflater is not None and (rest := self._inflater.finish()):
            yield rest

    async def _next_chunk(self) -> bytes:
        try:
            async with asyncio.timeout_at(self._deadline):
                chunk = await self._content.readany()
        except web.RequestPayloadError as error:
            raise PeerMalformed(
                "the HTTP body cannot be read",
                where="HTTP body",
                got=str(error),
                hint="check Content-Length and Transfer-Encoding",
            ) from error
        except TimeoutError:
            declared = "" if self._declared is None else f" of {self._declared:,} bytes, as Content-Length says"
            raise PeerTooSlow(
                "the request did not arrive in time",
                where="HTTP body",
                got=f"{self._received:,} bytes",
                expected=f"the whole body{declared}, or {PROGRESS_BYTES:,} more bytes, within {self._timeout_s:g} s",
                hint="a slow network needs a larger receive_timeout_s in the mock's configuration",
            ) from None
        if self._received < _BEGUN_BYTES:
            self._begun += chunk[: _BEGUN_BYTES - self._received]
        self._received += len(chunk)
        if self._received >= self._goal:
            self._goal = self._received + PROGRESS_BYTES
            self._deadline = asyncio.get_running_loop().time() + self._timeout_s
        return chunk


def _too_large(size: int, limit: int, *, multipart: bool) -> MessageTooLarge:
    return MessageTooLarge(
        "the request is larger than this server takes" if multipart else "the XML is larger than this server takes",
        where="HTTP body",
        got=f"{size:,} bytes or more",
        expected=f"at most {limit:,} bytes",
        hint="raise max_request_bytes in the mock's configuration"
        if multipart
        else "send documents as MTOM parts, or raise max_xml_bytes in the mock's configuration",
    )
