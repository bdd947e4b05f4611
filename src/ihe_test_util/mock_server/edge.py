"""The edge: bytes in, dispatch, answer, bytes out; every exchange is recorded, every error becomes a fault."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import ClientError, web

from ihe_test_util.domain.world import World
from ihe_test_util.errors import FaultCode, IheTestUtilError, NotMtom, Scenario, SoapMalformed
from ihe_test_util.exchange import (
    MOCK_EXCHANGE_HEADER,
    Exchange,
    Finding,
    Message,
    Outcome,
    PartRecord,
    Severity,
    exchange_ids,
    new_exchange_id,
)
from ihe_test_util.mock_server.behavior import Dice, applied, templated
from ihe_test_util.mock_server.config import FaultTemplate, MockServerConfig
from ihe_test_util.mock_server.dispatch import select
from ihe_test_util.mock_server.exchange_log import log_exchange
from ihe_test_util.mock_server.reading import Reader, Reading, read_message
from ihe_test_util.mock_server.receive import Received, announced_version, off_loop, receive
from ihe_test_util.mock_server.reply import DETAILED, SUBCODES, Reply, answer_reply, fault_reply, rejection
from ihe_test_util.mock_server.routing import Endpoint, Route, Routes
from ihe_test_util.mock_server.sending import response
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import Envelope, addressing_of, read_envelope
from ihe_test_util.soap.fault import Fault
from ihe_test_util.soap.mtom import HeldBody, InlineAttachments, XopAttachments
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import NOTHING, AnyTransaction, Mtom
from ihe_test_util.xml.io import parse

_LOG: Final = logging.getLogger("ihe_test_util.mock_server.requests")
_SMALL_PART: Final = 256 * 1024
_CLIENT_ERRORS: Final = 400
_SUMMARY_CHARACTERS: Final = 200
_SUCCESS: Final = Outcome.SUCCESS  # each look at a member of an enum calls a function in Python 3.11


@dataclass(slots=True)
class Turn:
    """What is known of one exchange while it runs."""

    request: web.BaseRequest
    config: MockServerConfig
    routes: Routes
    id: str
    started: datetime
    clock: float
    endpoint: Endpoint | None = None
    route: Route | None = None
    received: Received | None = None
    version: SoapVersion | None = None
    addressing: Addressing = NONE
    findings: list[Finding] = field(default_factory=list)
    outcome: Outcome = Outcome.SUCCESS
    summary: str = ""
    ids: str = ""
    attachments: XopAttachments | InlineAttachments | None = None
    begun: bytearray = field(default_factory=bytearray)


class Edge:
    """Answers SOAP requests; holds nothing that another server in the same process would share."""

    def __init__(
        self, *, world: Callable[[MockServerConfig, bool], World], record: Callable[[Exchange], None], spool_dir: Path
    ) -> None:
        self._world = world
        self._record = record
        self._spool_dir = spool_dir
        self._dice = Dice()
        self._reader = Reader()
        self._new_id = exchange_ids()

    async def answer(self, request: web.BaseRequest, config: MockServerConfig, routes: Routes) -> web.StreamResponse:
        """Answer a POST; whatever goes wrong is answered by a SOAP fault."""
        turn = Turn(request, config, routes, self._new_id(), datetime.now(UTC), time.perf_counter())
        turn.endpoint = routes.get(request.path)
        if turn.endpoint is not None:
            turn.route = turn.endpoint.first
        try:
            reply = await self._reply(turn)
        except (ConnectionError, ClientError) as error:
            turn.outcome, turn.summary = Outcome.ABORTED, "the peer closed the connection before its request was whole"
            _LOG.debug("%s: %s", turn.summary, error)
            self._finish(turn, Reply(0, "", b"", b""))
            return web.Response(status=400)  # goes nowhere: there is nobody to answer
        except IheTestUtilError as error:
            if error.soap_code is FaultCode.RECEIVER:
                _LOG.error("%s %s", turn.route.card.code if turn.route else request.path, error)
            if isinstance(error, SoapMalformed) and turn.received is not None:
                turn.addressing = await off_loop(len(turn.received.xml), _addressing_of, turn.received)
            reply = self._fault(turn, Fault.of(error), told=error.message)
        except Exception as error:  # noqa: BLE001 - the one place that turns what is left, even a bug, into a fault
            reply = self._bug(turn, error)
        try:
            return await self._sent(turn, reply)
        finally:
            if reply.stream is not None:
                reply.stream.close()

    async def _sent(self, turn: Turn, reply: Reply) -> web.StreamResponse:
        if turn.route is not None and turn.route.delay_s:
            # Counted from the arrival, so that a thousand at once are not late by the work on the others.
            await asyncio.sleep(max(0.0, turn.route.delay_s - (time.perf_counter() - turn.clock)))
        if reply.stream is None:
            self._finish(turn, reply)
            return response(reply.status, reply.body, reply.content_type, turn.id)
        return await self._streamed(turn, reply, reply.stream)

    async def _streamed(self, turn: Turn, reply: Reply, package: HeldBody) -> web.StreamResponse:
        """Send a package piece by piece, as fast as the peer reads; what fails then can only be cut off."""
        headers = {"Content-Type": reply.content_type, MOCK_EXCHANGE_HEADER: turn.id}
        sent = web.StreamResponse(status=reply.status, headers=headers)
        sent.content_length = package.length
        try:
            await sent.prepare(turn.request)
            pieces = package.chunks()
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                await sent.write(piece)
            await sent.write_eof()
        except ConnectionError as error:
            turn.outcome, turn.summary = Outcome.ABORTED, "the peer closed the connection before its answer was whole"
            _LOG.debug("%s: %s", turn.summary, error)
        except IheTestUtilError as error:
            turn.outcome, turn.summary = Outcome.ABORTED, _one_line(error.message)
            _LOG.error("the answer was cut off: %s", error)
            if turn.request.transport is not None:
                turn.request.transport.abort()
        self._finish(turn, reply)
        return sent

    def record_plain(self, request: web.BaseRequest, response: web.StreamResponse, started: datetime) -> None:
        """Record a request that is for no endpoint, or not SOAP, with the answer that it got."""
        outcome = Outcome.SUCCESS if response.status < _CLIENT_ERRORS else Outcome.REJECTED
        body = response.body if isinstance(response, web.Response) else b""
        exchange = Exchange(
            id=new_exchange_id(),
            started=started,
            duration_s=(datetime.now(UTC) - started).total_seconds(),
            peer=request.remote or "",
            method=request.method,
            target=request.raw_path,
            transaction="",
            interaction="",
            outcome=outcome,
            http_status=response.status,
            summary=f"{request.method} is no message",
            request=Message(tuple(request.headers.items())),
            response=Message(tuple(response.headers.items()), body if isinstance(body, bytes) else b""),
        )
        response.headers[MOCK_EXCHANGE_HEADER] = exchange.id
        self._record(exchange)
        log_exchange(exchange, "")

    async def _reply(self, turn: Turn) -> Reply:
        request = turn.request
        received = turn.received = await receive(request, turn.config, self._spool_dir, turn.begun)
        turn.version = received.announced
        whatever = turn.endpoint.first if turn.endpoint is not None and turn.endpoint.behaves_as_one else None
        if whatever is not None and (failure := whatever.failure(turn.config, self._dice)) is not None:
            turn.outcome = Outcome.SIMULATED
            turn.addressing = await off_loop(len(received.xml), _addressing_of, received)
            return self._fault(turn, failure, told=failure.reason)
        http_action = received.action or request.headers.get("SOAPAction", "").strip().strip('"')
        if turn.route is not None and turn.route.card.as_it_stands:
            known = self._reader.recognized(received, http_action, request.path, turn.routes)
            if known is not None:
                route, reading = known
                turn.route, turn.version, turn.addressing = route, reading.version, reading.addressing
                if whatever is None and (failure := route.failure(turn.config, self._dice)) is not None:
                    turn.outcome = Outcome.SIMULATED
                    return self._fault(turn, failure, told=failure.reason)
                return await self._answered(turn, route, reading, [])
        root = await off_loop(len(received.xml), parse, received.xml)
        envelope = read_envelope(root, announced=received.announced)
        turn.version, turn.addressing = envelope.version, envelope.addressing
        route = turn.route = select(envelope, http_action, request.path, turn.routes)
        if whatever is None and (failure := route.failure(turn.config, self._dice)) is not None:
            turn.outcome = Outcome.SIMULATED
            return self._fault(turn, failure, told=failure.reason)
        return await self._dispatched(turn, route, received, envelope, http_action)

    async def _dispatched(
        self, turn: Turn, route: Route, received: Received, envelope: Envelope, http_action: str
    ) -> Reply:
        card, package = route.card, received.package
        if package is None and card.mtom is Mtom.REQUIRED:
            raise NotMtom(
                f"{card.code} travels as an MTOM/XOP package, this request is plain SOAP",
                where="HTTP header Content-Type",
                got=received.content_type.media_type,
                expected='multipart/related; type="application/xop+xml"; start-info="application/soap+xml"; boundary=…',
                hint="switch MTOM on in your SOAP stack; see ITI TF-2: Appendix V.3.6",
            )
        attachments = turn.attachments = InlineAttachments() if package is None else XopAttachments(package)
        message, found = await off_loop(len(received.xml), read_message, card, envelope, attachments, http_action)
        if not found:
            self._reader.remember(received, card)
        return await self._answered(turn, route, Reading(envelope.version, envelope.addressing, message), found)

    async def _answered(self, turn: Turn, route: Route, reading: Reading, found: list[Finding]) -> Reply:
        card, message = route.card, reading.message
        turn.ids = card.log_ids(message)
        if (failure := route.failure_of(message)) is not None:
            turn.outcome = Outcome.SIMULATED
            return self._fault(turn, *failure)
        world = self._world(turn.config, route.strict)
        answer = None
        if found:
            refusing = card.rejecting(found, strict=route.strict)
            turn.findings = _weighed(found, refusing, strict=route.strict)[:DETAILED]
            if refusing and not (card.refuse is not None and _in_own_words(card, refusing)):
                return self._refusal(turn, route, refusing, len(found))
            if refusing and card.refuse is not None:
                answer = await card.refuse(message, turn.findings, world)
        if answer is None:
            answer = await card.answer(message, world)
            if turn.findings and card.warn is not None:
                answer = card.warn(answer, turn.findings)
            if route.quirk is not None:
                answer = route.quirk(answer, route.behavior)
        verdict = card.verdict(answer, message)
        turn.outcome = _SUCCESS if verdict.accepted else Outcome.REJECTED
        turn.summary = verdict.status
        payload = card.build_response(answer)
        return answer_reply(
            payload,
            version=reading.version,
            addressing=reading.addressing,
            action=card.response_action,
            new_uuid=world.new_uuid(),
            mtom=bool(payload.attachments) or (turn.received is not None and turn.received.package is not None),
        )

    def _refusal(self, turn: Turn, route: Route, refusing: list[Finding], count: int) -> Reply:
        card = route.card
        reason = rejection(
            card.code,
            refusing,
            strict=route.strict,
            lenient_field=f"validation_mode of {card.code}",
            logged=0 if route.strict else count - len(refusing),
        )
        findings = tuple(refusing[:DETAILED])
        fault = Fault(FaultCode.SENDER, reason, Scenario.VALIDATION_FAILED, findings=findings)
        rules = ", ".join(dict.fromkeys(finding.rule for finding in refusing))
        return self._fault(turn, fault, told=f"refused for {rules}")

    def _fault(self, turn: Turn, fault: Fault, particular: FaultTemplate | None = None, *, told: str = "") -> Reply:
        # A peer that does without WS-Addressing is told in terms of SOAP alone.
        subcode = SUBCODES.get(fault.scenario, "") if turn.addressing.present else ""
        behavior = turn.route.behavior if turn.route is not None else None
        fault = templated(replace(fault, subcode=subcode), turn.config, behavior)
        if particular is not None:
            fault = applied(particular, fault)
            told = told or fault.reason
        if turn.outcome is Outcome.SUCCESS:
            turn.outcome = Outcome.FAULT
        turn.summary = _one_line(f"{fault.code.value} fault, {fault.scenario.value}" + (f": {told}" if told else ""))
        version = turn.version or announced_version(turn.request.headers.get("Content-Type", "")) or SoapVersion.V12
        new_uuid = self._world(turn.config, turn.route is not None and turn.route.strict).new_uuid()
        return fault_reply(fault, version=version, addressing=turn.addressing, new_uuid=new_uuid)

    def _bug(self, turn: Turn, error: Exception) -> Reply:
        incident = new_exchange_id()
        _LOG.error("incident %s: an error nobody foresaw: %s", incident, type(error).__name__, exc_info=error)
        reason = (
            f"The mock server met an error of its own (incident {incident}); the message may be quite right."
            " Please report it with the lines of the server's log that name this incident."
        )
        return self._fault(turn, Fault(FaultCode.RECEIVER, reason, Scenario.INTERNAL_ERROR))

    def _finish(self, turn: Turn, reply: Reply) -> None:
        request, route = turn.request, turn.route
        duration_s = time.perf_counter() - turn.clock
        exchange = Exchange(
            id=turn.id,
            started=turn.started,
            duration_s=duration_s,
            peer=request.remote or "",
            method=request.method,
            target=request.raw_path,
            transaction=route.card.code if route is not None else "",
            interaction=route.card.name if route is not None else "",
            outcome=turn.outcome,
            http_status=reply.status,
            summary=turn.summary,
            request=_request_message(turn),
            response=Message((("Content-Type", reply.content_type),), reply.xml, reply.parts),
            findings=tuple(turn.findings),
        )
        self._record(exchange)
        log_exchange(exchange, turn.ids)
        if turn.attachments is not None or turn.received is not None:
            _drop_spooled(turn)


def _in_own_words(card: AnyTransaction, refusing: list[Finding]) -> bool:
    """Whether a refusal can be said in the transaction's own form, rather than by a SOAP fault."""
    own = {rule.id for rule in card.rules}
    return all(finding.rule in own and not (card.missing_is_fault and finding.got == NOTHING) for finding in refusing)


def _weighed(found: list[Finding], refusing: list[Finding], *, strict: bool) -> list[Finding]:
    """The findings as the mode takes them: what lenient mode lets pass is a warning."""
    if strict:
        return found
    errors = set(map(id, refusing))
    return [
        finding if id(finding) in errors or finding.severity is not Severity.ERROR else _weakened(finding)
        for finding in found
    ]


def _weakened(finding: Finding) -> Finding:
    """The same finding as a warning."""
    return replace(finding, severity=Severity.WARNING)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY_CHARACTERS else f"{line[: _SUMMARY_CHARACTERS - 1]}…"


def _request_message(turn: Turn) -> Message:
    headers = tuple(turn.request.headers.items())
    received = turn.received
    if received is None:
        return Message(headers, bytes(turn.begun))
    if received.package is None:
        return Message(headers, received.xml)
    # What was accepted stands among the stored documents; only what was refused is kept here, while small.
    keep = turn.outcome is not Outcome.SUCCESS
    parts = tuple(
        PartRecord(
            part.content_id,
            part.content_type,
            part.content.size,
            part.content.sha1,
            data=part.content.data if keep and part.content.size <= _SMALL_PART else None,
        )
        for part in received.package.parts
        if part is not received.package.root
    )
    return Message(headers, received.xml, parts)


def _drop_spooled(turn: Turn) -> None:
    """Remove the spool files of attachments that nobody took over."""
    if turn.received is None or turn.received.package is None:
        return
    for part in turn.received.package.parts:
        if part.content.path is not None:
            part.content.path.unlink(missing_ok=True)


def _addressing_of(received: Received) -> Addressing:
    """The request's addressing for a fault that is sent without looking at the message otherwise."""
    try:
        return addressing_of(parse(received.xml))
    except IheTestUtilError:
        return NONE
