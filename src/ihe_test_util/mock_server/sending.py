"""The way out of most answers: status line, headers and body in one piece."""

from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE, HttpVersion11

from ihe_test_util.exchange import MOCK_EXCHANGE_HEADER

_OK: Final = 200


def response(status: int, body: bytes, content_type: str, exchange_id: str) -> web.StreamResponse:
    """An answer that is at hand."""
    if status == _OK:
        return _Answer(body, content_type, exchange_id)
    return web.Response(status=status, body=body, headers=_headers(content_type, exchange_id))


def _headers(content_type: str, exchange_id: str) -> dict[str, str]:
    return {"Content-Type": content_type, MOCK_EXCHANGE_HEADER: exchange_id}


class _Answer(web.StreamResponse):
    """HTTP 200 to a peer that keeps its connection, byte for byte as ``web.Response`` would write it.

    That one takes five times as long, for what answers could have and ours have not. To any other peer it is left.
    """

    _status = _OK

    def __init__(self, body: bytes, content_type: str, exchange_id: str) -> None:
        self._answer = body
        self._type = content_type
        self._id = exchange_id
        self._usual: web.Response | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send all of it."""
        if self._eof_sent:
            return None
        if self._keep_alive is None and request.keep_alive and request.version == HttpVersion11:
            self._keep_alive = self._eof_sent = True
            transport = request.transport
            if transport is None or transport.is_closing():
                raise ConnectionResetError
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {self._type}\r\n{MOCK_EXCHANGE_HEADER}: {self._id}\r\n"
                f"Content-Length: {len(self._answer)}\r\nDate: {rfc822_formatted_time()}\r\n"
                f"Server: {SERVER_SOFTWARE}\r\n\r\n"
            )
            transport.write(head.encode() + self._answer)
            await request.writer.drain()
            return None
        if self._usual is None:
            self._usual = web.Response(body=self._answer, headers=_headers(self._type, self._id))
            if self._keep_alive is False:
                self._usual.force_close()
        writer = await self._usual.prepare(request)
        self._keep_alive = self._usual.keep_alive
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send what is left of it."""
        if self._usual is not None:
            await self._usual.write_eof(data)
            self._eof_sent = True
