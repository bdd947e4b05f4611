"""From an answer's XML to the transaction's response; or to the error that says what it is instead."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic

from ihe_test_util.client.answer import Answer
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.no_soap import asked_to_wait_s, is_xml, no_soap
from ihe_test_util.client.text import harmless, showable
from ihe_test_util.errors import MessageMalformed, OtherMessage, PeerFault, PeerMalformed, XmlMalformed
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.soap.envelope import Envelope, read_envelope
from ihe_test_util.soap.fault import DETAIL_NAMESPACE, is_fault, read_fault
from ihe_test_util.soap.mime import soap_media_type
from ihe_test_util.soap.mtom import InlineAttachments, XopAttachments
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction, Req, Resp, Transaction, Verdict
from ihe_test_util.xml.io import Element, parse

_UNSPECIFIED: Final = frozenset({"", "http://www.w3.org/2005/08/addressing/unspecified"})
_OK: Final = 200
_FIRST_REDIRECT: Final = 300
_FIRST_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the request the answer is held against."""

    endpoint: Endpoint
    message_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Understood(Generic[Resp]):
    """A response, what it means, and what its envelope does otherwise than the standards say."""

    response: Resp
    verdict: Verdict
    findings: tuple[Finding, ...]


def understand(card: Transaction[Req, Resp], request: Req, answer: Answer, asked: Asked) -> Understood[Resp]:
    """Read an answer.

    Raises:
        NoSoapAnswer: a web page, a redirect, nothing …
        PeerFault: a SOAP fault of either version, whatever the HTTP status.
        PeerMalformed: XML, SOAP or a message that cannot be read; another message's answer.
    """
    envelope = read_envelope(_root(answer, asked))
    payload = envelope.payload
    if payload is None:
        raise MessageMalformed(
            "the answer's SOAP Body is empty",
            where="/Envelope/Body",
            got=f"HTTP {answer.status}",
            expected=_readable(card.response_root),
        )
    if is_fault(payload):
        raise _fault(payload, answer, asked)
    _check_relation(envelope, asked)
    if payload.tag != card.response_root:
        raise _another_message(card, payload)
    attachments = InlineAttachments() if answer.package is None else XopAttachments(answer.package)
    response = card.parse_response(payload, attachments)
    verdict = card.verdict(response, request)
    _check_consistent(verdict, answer)
    findings = [*envelope.findings, *_envelope_findings(answer, envelope, asked)]
    if isinstance(attachments, XopAttachments):
        findings += attachments.findings()
        for part in attachments.unreferenced():
            if part.content.path is not None:
                part.content.path.unlink(missing_ok=True)
    return Understood(response, verdict, tuple(findings))


def _check_consistent(verdict: Verdict, answer: Answer) -> None:
    if verdict.accepted and answer.status >= _FIRST_ERROR:
        raise PeerMalformed(
            "the answer contradicts itself: the message says success, HTTP says failure",
            got=f"HTTP {answer.status} with {verdict.status}",
            expected="HTTP 200 with a success",
            hint="look at the server's log, and at gateways in between",
        )
    if verdict.accepted and verdict.codes:
        raise PeerMalformed(
            "the answer contradicts itself: it says success, and names errors",
            got=showable("; ".join((verdict.status, *verdict.details))),
            expected="a success with warnings at most, or a failure",
            hint="whether the request took effect is to be seen at the server",
        )


def _root(answer: Answer, asked: Asked) -> Element:
    status = answer.status
    redirected = _FIRST_REDIRECT <= status < _FIRST_ERROR
    if answer.package is None and (redirected or not is_xml(answer)):
        raise no_soap(answer, asked.endpoint, asked.now)
    try:
        root = parse(answer.xml, what="answer")
    except XmlMalformed:
        if answer.package is None and status != _OK:
            raise no_soap(answer, asked.endpoint, asked.now) from None
        raise
    if answer.package is None and root.tag.rpartition("}")[2] != "Envelope":
        raise no_soap(answer, asked.endpoint, asked.now)
    return root


def _fault(payload: Element, answer: Answer, asked: Asked) -> PeerFault:
    fault = read_fault(payload)
    hints = {
        401: "the server wants to know who asks: often a client certificate (--cert, --key)",
        404: "check the path of the URL",
        415: "try the other SOAP version (--soap 1.1 or --soap 1.2)",
        503: "try again later",
    }
    return PeerFault(
        f"the peer answered with a SOAP fault ({fault.code.value}): {harmless(fault.reason) or 'without a reason'}",
        code=fault.code,
        reason=fault.reason,
        detail=fault.detail,
        subcode=fault.subcode,
        status=answer.status,
        retry_after_s=asked_to_wait_s(answer, asked.now),
        where=f"POST {asked.endpoint.address}, HTTP {answer.status}",
        # Our own mock puts every finding in the reason too.
        got="" if payload.find(f".//{{{DETAIL_NAMESPACE}}}Finding") is not None else showable(fault.detail),
        hint=hints.get(answer.status, ""),
    )


def _check_relation(envelope: Envelope, asked: Asked) -> None:
    """WS-Addressing 1.0 Core, 3.4: an answer relates to the message that it answers."""
    related = envelope.addressing.relates_to
    if related in _UNSPECIFIED or not asked.message_id or related == asked.message_id:
        return
    raise OtherMessage(
        "this is the answer to another message",
        where="/Envelope/Header/RelatesTo",
        got=showable(related),
        expected=asked.message_id,
        hint="the server, or a proxy before it, mixes up answers: this request's outcome is unknown",
    )


def _another_message(card: AnyTransaction, payload: Element) -> MessageMalformed:
    same_name = payload.tag.rpartition("}")[2] == card.response_root.rpartition("}")[2]
    echoed = payload.tag == card.request_root
    return MessageMalformed(
        f"the answer is not one to {card.code}",
        where="/Envelope/Body",
        got=_readable(payload.tag),
        expected=_readable(card.response_root),
        hint="the name is right, the namespace is not"
        if same_name
        else "the server sends the request back: is this an echo service?"
        if echoed
        else "check the path of the URL: another transaction may live there",
    )


def _envelope_findings(answer: Answer, envelope: Envelope, asked: Asked) -> list[Finding]:
    found: list[Finding] = []
    announced = _announced(answer)
    if announced is not envelope.version:
        found.append(
            Finding(
                "HTTP-01",
                "SOAP 1.2 Part 2, 7.1.4; SOAP 1.1, 6",
                Severity.WARNING,
                "the content type is that of the envelope's SOAP version",
                "HTTP header Content-Type",
                showable(answer.header("content-type")) or "none",
                envelope.version.media_type,
            )
        )
    if asked.message_id and envelope.addressing.relates_to in _UNSPECIFIED:
        found.append(
            Finding(
                "WSA-05",
                "WS-Addressing 1.0 Core, 3.4; ITI TF-2: Appendix V.3",
                Severity.WARNING,
                "the answer to a message with addressing headers names the message that it relates to",
                "/Envelope/Header/RelatesTo",
                "nothing",
                asked.message_id,
            )
        )
    return found


def _announced(answer: Answer) -> SoapVersion | None:
    if answer.content_type is None:
        return None
    return SoapVersion.of_media_type(soap_media_type(answer.content_type, answer.package))


def _readable(clark_name: str) -> str:
    namespace, _, name = clark_name.rpartition("}")
    return f"<{name}> in namespace {namespace[1:]!r}" if namespace else f"<{name}> in no namespace"
