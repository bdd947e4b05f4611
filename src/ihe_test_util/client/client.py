"""One way to call any transaction: request in, answer and record out."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Self, TypeAlias
from uuid import uuid4

import aiohttp

from ihe_test_util import __version__
from ihe_test_util.client.answer import THREAD_FROM_BYTES, Answer, begin, read_body
from ihe_test_util.client.attempt import Attempt
from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.client.port_probe import PortProbe
from ihe_test_util.client.request import Prepared, RequestBody, prepare
from ihe_test_util.client.spool import Spool
from ihe_test_util.client.tls_context import context_for
from ihe_test_util.client.transport_errors import hung_up, translate
from ihe_test_util.client.understand import Asked, Understood, understand
from ihe_test_util.content import Content
from ihe_test_util.errors import IheTestUtilError, NoSoapAnswer, PeerFault
from ihe_test_util.exchange import Exchange, Finding, Message, Outcome, PartRecord, new_exchange_id
from ihe_test_util.soap.package import DEFAULT_LIMITS, MultipartLimits
from ihe_test_util.transactions.card import AnyTransaction, Mtom, Payload, Req, Resp, Transaction, Verdict
from ihe_test_util.xml.io import Element

_LOG: Final = logging.getLogger("ihe_test_util.client")
_READ_BUFFER_BYTES: Final = 512 * 1024
_TIMEOUT_READ_S: Final = 30.0
_TIMEOUT_READ_DOCUMENTS_S: Final = 60.0

#: Makes blocks for the header of one message, anew for each try.
HeaderBlocks: TypeAlias = Callable[[], Iterable[Element]]


@dataclass(frozen=True, slots=True)
class Called(Generic[Resp]):
    """An answer that could be read: what it says, what that means, and the record of it all."""

    response: Resp
    verdict: Verdict
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class _Extras:
    """What of a request is given beside the request itself."""

    payload: Payload | None
    header_blocks: HeaderBlocks
    message_id: str


@dataclass(slots=True)
class _Turn:
    """What is known of one exchange while it runs."""

    card: AnyTransaction
    endpoint: Endpoint
    started: datetime
    clock: float
    prepared: Prepared | None = None
    answer: Answer | None = None
    findings: tuple[Finding, ...] = field(default=())


class Client:
    """Calls transactions; an asynchronous context manager around one pool of connections.

    ``record`` is given every exchange, failed ones too. Attachments of answers lie in ``spool_dir``, or in a
    directory of our own that is made for the first of them and goes when the client is closed. Nothing is sent twice:
    retries are those of ``RetryingClient``. The log names no patient; with ``log_messages`` it holds whole messages at
    DEBUG.
    """

    def __init__(
        self,
        *,
        record: Callable[[Exchange], None] | None = None,
        new_uuid: Callable[[], str] = lambda: str(uuid4()),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        spool_dir: Path | None = None,
        limits: MultipartLimits = DEFAULT_LIMITS,
        log_messages: bool = False,
    ) -> None:
        self._record = record
        self._new_uuid = new_uuid
        self._now = now
        self._limits = limits
        self._log_messages = log_messages
        self._spool_dir = spool_dir
        self._spool = Spool()
        self._session: aiohttp.ClientSession | None = None
        self._contexts: dict[Tls, ssl.SSLContext] = {}
        self._probe = PortProbe()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # how many at once is for the caller to say
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"ihe-test-util/{__version__}"},
            read_bufsize=_READ_BUFFER_BYTES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        await asyncio.to_thread(self._spool.close)

    def new_message_id(self) -> str:
        """An id for the addressing header of a message."""
        return f"urn:uuid:{self._new_uuid()}"

    async def call(
        self,
        card: Transaction[Req, Resp],
        request: Req,
        endpoint: Endpoint,
        *,
        payload: Payload | None = None,
        header_blocks: HeaderBlocks = tuple,
        message_id: str = "",
    ) -> Called[Resp]:
        """Send a request and read the answer; an answer that says no is no error, its verdict says so.

        ``payload`` is sent in place of what the card would build from ``request``: a message as it stands in a file.
        ``header_blocks`` makes further blocks of the SOAP header, such as wsse:Security. ``message_id`` is that of the
        addressing header where a message is sent again.

        Raises:
            Unreachable: no connection, or it was lost; ``sent`` tells whether the request may have had an effect.
            PeerFault: a SOAP fault.
            PeerMalformed: an answer that is none; ``NoSoapAnswer`` where it is not even SOAP.
            MessageTooLarge: an answer beyond the limits.
            CertificateError: our own certificate, key or CA file cannot be used.
            StorageError: a document that cannot be read any more, or an answer that could not be written to disk.
            BadInput: something in the request that cannot be sent.
        """
        turn = _Turn(card, endpoint, self._now(), time.perf_counter())
        try:
            understood = await self._exchange(turn, card, request, _Extras(payload, header_blocks, message_id))
        except PeerFault as error:
            self._finish(turn, Outcome.FAULT, f"{error.code.value} fault")
            raise
        except IheTestUtilError as error:
            self._finish(turn, Outcome.ABORTED, error.message)
            raise
        except asyncio.CancelledError:
            self._finish(turn, Outcome.ABORTED, "given up by the caller")
            raise
        turn.findings = understood.findings
        verdict = understood.verdict
        exchange = self._finish(turn, Outcome.SUCCESS if verdict.accepted else Outcome.REJECTED, verdict.status)
        return Called(understood.response, verdict, exchange)

    async def _exchange(
        self, turn: _Turn, card: Transaction[Req, Resp], request: Req, extras: _Extras
    ) -> Understood[Resp]:
        endpoint = turn.endpoint
        timeout_s = endpoint.timeout_read_s or (
            _TIMEOUT_READ_DOCUMENTS_S if card.mtom is Mtom.REQUIRED else _TIMEOUT_READ_S
        )
        built = card.build_request(request) if extras.payload is None else extras.payload
        prepared = turn.prepared = prepare(
            card,
            built,
            endpoint,
            new_uuid=self._new_uuid,
            stall_s=timeout_s,
            message_id=extras.message_id,
            header_blocks=extras.header_blocks(),
        )
        answer = await self._send(turn, prepared, timeout_s)
        asked = Asked(endpoint, prepared.message_id, turn.started)
        if len(answer.xml) >= THREAD_FROM_BYTES:
            return await asyncio.to_thread(understand, card, request, answer, asked)
        try:
            return understand(card, request, answer, asked)
        except NoSoapAnswer as error:
            # Many servers answer plain HTTP on a port of HTTPS so.
            if (
                error.status == HTTPStatus.BAD_REQUEST
                and not endpoint.https
                and await self._probe.speaks_other(endpoint)
            ):
                raise _attempt(endpoint, prepared.body, timeout_s, answer).other_scheme() from error
            raise

    async def _send(self, turn: _Turn, prepared: Prepared, timeout_s: float) -> Answer:
        endpoint, body = turn.endpoint, prepared.body
        if self._session is None:
            raise RuntimeError("the client is used outside of its context: async with … as client")
        connect_s = endpoint.timeout_connect_s
        timeout = aiohttp.ClientTimeout(connect=connect_s, sock_connect=connect_s, sock_read=timeout_s)
        try:
            async with self._session.post(
                endpoint.url.strip(),
                data=body,
                headers=prepared.headers,
                timeout=timeout,
                allow_redirects=False,
                ssl=await self._context(endpoint),
            ) as response:
                turn.answer = begin(response)
                if turn.answer.status != HTTPStatus.BAD_REQUEST:
                    self._probe.answered(endpoint)
                await read_body(response, turn.answer, self._place_for_parts, self._limits)
                return turn.answer
        except (aiohttp.ClientError, OSError) as error:
            if body.failure is not None:
                raise body.failure from error
            attempt = _attempt(endpoint, body, timeout_s, turn.answer)
            if body.stalled is None and hung_up(error, attempt) and await self._probe.speaks_other(endpoint):
                raise attempt.other_scheme() from error
            raise translate(body.stalled or error, attempt) from error

    def _place_for_parts(self) -> Path:
        return self._spool_dir or self._spool.directory()

    async def _context(self, endpoint: Endpoint) -> ssl.SSLContext | bool:
        if not endpoint.https:
            return True
        tls = endpoint.tls
        if tls not in self._contexts:
            self._contexts[tls] = await asyncio.to_thread(context_for, tls)
        return self._contexts[tls]

    def _finish(self, turn: _Turn, outcome: Outcome, summary: str) -> Exchange:
        card, endpoint, answer = turn.card, turn.endpoint, turn.answer
        exchange = Exchange(
            id=new_exchange_id(),
            started=turn.started,
            duration_s=time.perf_counter() - turn.clock,
            peer=endpoint.address,
            method="POST",
            target=endpoint.target,
            transaction=card.code,
            interaction=card.name,
            outcome=outcome,
            http_status=answer.status if answer is not None else 0,
            summary=summary,
            request=_request_message(turn.prepared),
            response=_response_message(answer),
            findings=turn.findings,
        )
        if outcome in {Outcome.FAULT, Outcome.ABORTED} and answer is not None and answer.package is not None:
            answer.package.discard()  # nobody will ask for its parts
        _LOG.info(
            "%s %s to %s: %s, HTTP %d, %.1f ms",
            exchange.id,
            exchange.transaction,
            endpoint.host_port,
            outcome.value,
            exchange.http_status,
            exchange.duration_s * 1000,
        )
        if self._log_messages and _LOG.isEnabledFor(logging.DEBUG):
            for what, message in (("request", exchange.request), ("answer", exchange.response)):
                _LOG.debug("%s %s:\n%s", exchange.id, what, message.body.decode("utf-8", "replace"))
        if self._record is not None:
            self._record(exchange)
        return exchange


def _attempt(endpoint: Endpoint, body: RequestBody, timeout_s: float, answer: Answer | None) -> Attempt:
    return Attempt(endpoint, timeout_s, body.handed_over, body.length, answering=answer is not None)


def _request_message(prepared: Prepared | None) -> Message:
    if prepared is None:
        return Message()
    attachments = prepared.payload.attachments
    parts = tuple(_part(one.content_id, one.content_type, one.content) for one in attachments)
    return Message(prepared.headers, prepared.xml, parts)


def _response_message(answer: Answer | None) -> Message:
    if answer is None:
        return Message()
    parts = answer.package.parts if answer.package is not None else ()
    return Message(
        answer.headers, answer.xml, tuple(_part(part.content_id, part.content_type, part.content) for part in parts)
    )


def _part(content_id: str, content_type: str, content: Content) -> PartRecord:
    """A part by reference; a large file is not read again for its hash, its path says where it is."""
    sha1 = content.sha1 if content.data is not None else content.known_sha1 or ""
    return PartRecord(content_id, content_type, content.size, sha1, content.path, content.data)
