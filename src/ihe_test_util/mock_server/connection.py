"""One HTTP connection: what aiohttp does, and deadlines for peers that stop sending or reading."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import BadHttpMethod
from aiohttp.web_protocol import RequestPayloadError

from ihe_test_util.mock_server.config import MockServerConfig
from ihe_test_util.mock_server.guide import http_error

_LOG: Final = logging.getLogger("ihe_test_util.mock_server")
_SERVER_ERRORS: Final = 500
_NO_METHOD: Final = (
    "a request begins with a method, such as POST: is the Content-Length of the request before it too small or missing,"
    " or was HTTPS meant?"
)
#: A peer that is answered before all of its request arrived may go on sending for this long, with pauses of so much.
_LINGER_S: Final = 30.0
_LINGER_PAUSE_S: Final = 2.0
#: The same for one whose bytes are no HTTP: how often to look whether it goes on.
_QUIET_S: Final = 0.5


class Connection(web.RequestHandler):
    """aiohttp's protocol, with answers that help where the request is not HTTP that can be read."""

    __slots__ = ("_config", "_deaf", "_enough", "_head_timer", "_heard", "_read_timer")

    def __init__(self, manager: web.Server, *, config: Callable[[], MockServerConfig], **more: Any) -> None:  # noqa: ANN401 - aiohttp's options
        super().__init__(manager, **more)
        self._config = config
        self._head_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._deaf = False  # what came was no HTTP: nothing that follows can be
        self._heard = False
        self._enough = asyncio.Event()  # the peer is gone, or the server stops

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer has connected."""
        if isinstance(transport, asyncio.WriteTransport):
            # Pauses writing as soon as the system takes no more, so that a peer that does not read is known by it.
            transport.set_write_buffer_limits(high=1)  # with 0, TLS of asyncio pauses when nothing waits
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is closed, by either side."""
        self._enough.set()
        for timer in (self._head_timer, self._read_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came; those of a head that is not complete start its deadline."""
        if self._deaf:
            self._heard = True
            return
        super().data_received(data)
        if self._messages:
            self._check_framing()
        if not self._awaits_head():
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None
        elif self._head_timer is None and data.strip(b"\r\n"):
            self._head_timer = self._loop.call_later(self._config().receive_timeout_s, self._head_is_late)

    def pause_writing(self) -> None:
        """The system takes no more bytes, since the peer does not read."""
        super().pause_writing()
        transport = self.transport
        if transport is not None:
            self._read_timer = self._loop.call_later(self._config().send_timeout_s, self._drop, transport)

    def resume_writing(self) -> None:
        """The peer has read everything."""
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
        super().resume_writing()

    def close(self) -> None:
        """Take no further request; aiohttp would also take no further byte of the one that is being received."""
        self._enough.set()
        if not self._request_in_progress:
            super().close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's signature
        """Let a request in flight finish, for ``timeout`` seconds, and close the connection."""
        if self._request_in_progress:
            self._handler_waiter = self._loop.create_future()
            try:
                async with asyncio.timeout(timeout):
                    await self._handler_waiter
            except TimeoutError:
                _LOG.warning("the request of %s is dropped: it took too long to finish", self._peer())
            finally:
                self._handler_waiter = None
        super().close()
        await super().shutdown(timeout)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A SOAP fault, after which the connection is closed."""
        if status < _SERVER_ERRORS:
            _LOG.warning("HTTP %d to %s: %s", status, request.remote, (message or "").partition("\n")[0])
        else:
            _LOG.error("HTTP %d to %s", status, request.remote, exc_info=exc)
        response = http_error(status, message or "", hint=_NO_METHOD if isinstance(exc, BadHttpMethod) else "")
        response.force_close()
        return response

    def _make_error_handler(self, err_info: Any) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:  # noqa: ANN401 - aiohttp does not export its type
        """Answer what is no HTTP, and go on reading for a while, as ``Farewell`` does."""

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            response = self.handle_error(request, err_info.status, err_info.exc, err_info.message)
            await response.prepare(request)
            await response.write_eof()
            if self.transport is not None and self.transport.can_write_eof():
                self.transport.write_eof()
            end = self._loop.time() + _LINGER_S
            self._heard = True
            while self._heard and not self._enough.is_set() and self._loop.time() < end:
                self._heard = False
                with suppress(TimeoutError):
                    async with asyncio.timeout(_QUIET_S):
                        await self._enough.wait()
            return response

        return handler

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401 - as of logging
        """Log what nobody foresaw; a body that cannot be read was, and has got its fault."""
        if not isinstance(kw.get("exc_info"), RequestPayloadError):
            super().log_exception(*args, **kw)

    def _check_framing(self) -> None:
        """Tell who waits for a body that the bytes which came are no part of one; aiohttp lets it wait."""
        error, _ = self._messages[-1]
        if isinstance(error, RawRequestMessage):
            return
        self._deaf = True
        current = self._current_request
        body = self._messages[-2][1] if len(self._messages) > 1 else None if current is None else current.content
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(RequestPayloadError(error.message.partition("\n")[0].rstrip(":")))

    def _awaits_head(self) -> bool:
        return self._request_count == 0 or (self._waiter is not None and not self._waiter.done())

    def _head_is_late(self) -> None:
        self._head_timer = None
        transport = self.transport
        if transport is None or not self._awaits_head():
            return
        timeout_s = self._config().receive_timeout_s
        _LOG.warning("HTTP 408 to %s: the head of its request did not arrive within %g s", self._peer(), timeout_s)
        response = http_error(408, f"its head did not arrive within {timeout_s:g} s (receive_timeout_s)")
        body = response.body if isinstance(response.body, bytes) else b""
        head = (
            f"HTTP/1.1 408 {HTTPStatus.REQUEST_TIMEOUT.phrase}\r\nContent-Type: {response.headers['Content-Type']}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        transport.write(head.encode("ascii") + body)
        self.force_close()

    def _drop(self, transport: asyncio.Transport) -> None:
        self._read_timer = None
        _LOG.warning("connection to %s dropped: it does not read its answers", self._peer())
        transport.abort()

    def _peer(self) -> str:
        name = self.peername
        return name[0] if isinstance(name, tuple) else str(name)


class Listener(web.Server):
    """Makes a ``Connection`` for each peer; ``config`` gives the configuration of the moment."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Any],
        *,
        config: Callable[[], MockServerConfig],
        **more: Any,  # noqa: ANN401 - aiohttp's options
    ) -> None:
        super().__init__(handler, **more)
        self._config = config

    def __call__(self) -> Connection:
        """The protocol of a new connection."""
        return Connection(self, config=self._config, loop=self._loop, **self._kwargs)


class Farewell:
    """Answers that are sent before the whole request arrived, so that the peer gets to read them.

    Closing while a peer sends resets the connection, and takes the answer away from one that has not read it yet.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Timeout] = set()
        self._hurried = False

    async def send(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Send the answer, then read and forget what still comes, for a while; the connection ends after it."""
        response.force_close()
        if request.content.exception() is not None:
            return
        with suppress(ConnectionError, RequestPayloadError, TimeoutError):
            await response.prepare(request)
            await response.write_eof()
            if response.status == HTTPStatus.REQUEST_TIMEOUT or self._hurried:
                return
            async with asyncio.timeout(_LINGER_S) as waiting:
                self._waiting.add(waiting)
                try:
                    await _read_and_forget(request)
                finally:
                    self._waiting.discard(waiting)

    def hurry(self) -> None:
        """The server stops: wait for nobody."""
        self._hurried = True
        now = asyncio.get_running_loop().time()
        for waiting in self._waiting:
            waiting.reschedule(now)


async def _read_and_forget(request: web.BaseRequest) -> None:
    content = request.content
    while not content.is_eof():
        async with asyncio.timeout(_LINGER_PAUSE_S):
            await content.readany()
