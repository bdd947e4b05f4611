"""Which transaction a message is: by wsa:Action, else by the root element of its body."""

from lxml import etree

from ihe_test_util.errors import MessageMalformed, SoapMalformed, UnknownAction, WrongEndpoint
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.mock_server.routing import Route, Routes
from ihe_test_util.soap.envelope import Envelope
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import BY_ACTION, TRANSACTIONS
from ihe_test_util.xml.io import Element


def select(envelope: Envelope, http_action: str, path: str, routes: Routes) -> Route:
    """The route whose transaction a message names, if it came to the right path.

    Raises:
        SoapMalformed: the Body is empty.
        UnknownAction: neither the action nor the body names a transaction that is mounted.
        WrongEndpoint: the message belongs to another path.
        MessageMalformed: the action names one transaction, the body holds another's message.
    """
    payload = envelope.payload
    if payload is None:
        raise SoapMalformed("the SOAP Body is empty", where="/Envelope/Body", expected="a message as its only child")
    card = _card(envelope.addressing.action or http_action, payload, path, routes)
    route = routes.of(card)
    if route is None:
        raise UnknownAction(
            f"{card.code} ({card.title}) is not mounted here", expected=_mounted(routes), hint="GET /health lists them"
        )
    if route.path != path:
        raise WrongEndpoint(
            f"this is an {card.code} message ({card.title}), which lives at another path",
            where=f"POST {path}",
            expected=f"POST {route.path}",
            hint=f"send it to {route.path}",
        )
    if not card.is_root(payload.tag):
        raise MessageMalformed(
            f"the SOAP Body does not hold what the action {card.action!r} announces",
            where=f"/Envelope/Body (line {payload.sourceline})",
            got=_readable(payload.tag),
            expected=_readable(card.request_root),
        )
    return route


def action_findings(envelope: Envelope, http_action: str) -> list[Finding]:
    """What is wrong with how action and addressing headers agree (WS-Addressing 1.0 SOAP Binding, 2 and 4)."""
    findings = list(envelope.findings)
    action = envelope.addressing.action
    if action and http_action and action != http_action:
        findings.append(
            Finding(
                "WSA-03",
                "WS-Addressing 1.0 SOAP Binding, 4",
                Severity.ERROR,
                "the HTTP action (SOAPAction, or the action parameter of the content type) is that of wsa:Action",
                "/Envelope/Header/Action",
                http_action,
                action,
            )
        )
    if envelope.addressing.expects_answer_elsewhere:
        findings.append(
            Finding(
                "WSA-04",
                "ITI TF-2: Appendix V.3",
                Severity.ERROR,
                "the answer is expected on the same connection (this server sends none elsewhere)",
                "/Envelope/Header/ReplyTo/Address",
                envelope.addressing.reply_to,
                "the anonymous address, or no ReplyTo",
            )
        )
    return findings


def _card(action: str, payload: Element, path: str, routes: Routes) -> AnyTransaction:
    if not action:
        route = routes.that_take(payload, path)
        if route is not None:
            return route.card
        roots = dict.fromkeys(card.request_root for card in TRANSACTIONS)
        raise UnknownAction(
            "the message has no action, and its body is not one that this server knows",
            where=f"/Envelope/Body/{etree.QName(payload).localname}",
            got=_readable(payload.tag),
            expected=", ".join(_readable(root) for root in roots),
            hint="check the element's name and its namespace",
        )
    card = BY_ACTION.get(action)
    if card is None:
        raise UnknownAction(
            "the action is not one that this server knows",
            where="wsa:Action",
            got=repr(action),
            expected=", ".join(BY_ACTION),
            hint=_meant(payload, path, routes),
        )
    return card


def _meant(payload: Element, path: str, routes: Routes) -> str:
    route = routes.that_take(payload, path)
    return f"for this body the action is {route.card.action!r}" if route else "check wsa:Action for a typing error"


def _mounted(routes: Routes) -> str:
    return ", ".join(f"{route.card.code} at {route.path}" for route in routes.all)


def _readable(clark_name: str) -> str:
    namespace, _, name = clark_name.rpartition("}")
    return f"<{name}> in namespace {namespace[1:]!r}" if namespace else f"<{name}> in no namespace"
