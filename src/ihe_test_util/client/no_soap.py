"""What to make of an answer that is no SOAP message: what came, what is probably wrong, what to do."""

import html
import re
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin

from ihe_test_util.client.answer import Answer
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.text import showable
from ihe_test_util.errors import NoSoapAnswer

_TITLE: Final = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_HTML_BEGINNINGS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")
_REDIRECTS: Final = frozenset({300, 301, 302, 303, 305, 307, 308})
_NOTHING_WRONG: Final = 299

#: Status: what it means here, and what to do. A family of statuses stands under its first.
_ADVICE: Final[dict[int, tuple[str, str]]] = {
    400: (
        "the server rejects the request before it reaches a SOAP service",
        "check scheme, host and port; a port of HTTPS answers plain HTTP like this",
    ),
    401: (
        "the server wants to know who asks",
        "ask its operator for credentials: often a client certificate (--cert, --key)",
    ),
    403: (
        "the server knows the address but does not let us in",
        "ask its operator whether this machine, or a client certificate (--cert, --key), has to be admitted",
    ),
    404: (
        "nothing lives at this path",
        "check the path of the URL, upper and lower case too; ihe-test-util mock status names those of the mock",
    ),
    405: (
        "something lives at this path, but it takes no POST",
        "check the path of the URL: this is probably a page for people, not the SOAP endpoint",
    ),
    407: ("a proxy stands in the way and wants credentials", "reach the server without the proxy"),
    408: ("the server gave up waiting for the request", "try again; a slow network may need a smaller document"),
    411: ("the server wants to know the length beforehand, which was sent", "a gateway in between removes it"),
    413: (
        "the message is larger than the server, or a gateway before it, takes",
        "send a smaller document, or have the limit raised",
    ),
    415: (
        "the server does not take this content type",
        "try the other SOAP version (--soap 1.1 or --soap 1.2); is this the endpoint of this very transaction?",
    ),
    421: ("the server does not serve this host name", "use the name that it is known by"),
    426: ("the server wants another protocol", "use https:// if it demands TLS"),
    429: ("the server is asked too often", "send fewer requests at a time, or later"),
    500: ("the server failed without saying why in SOAP", "its log has the reason"),
    501: ("the server does not do this at all", "check the URL"),
    502: ("a gateway got no answer that it could use", "is the application behind it running?"),
    503: ("the service is not available now", "try again later; the server may be starting or overloaded"),
    504: ("a gateway waited too long for the application behind it", "try again; look at the application"),
}


def no_soap(answer: Answer, endpoint: Endpoint, now: datetime) -> NoSoapAnswer:
    """The error that says what came instead of SOAP."""
    status = answer.status
    meaning, hint = _redirect(answer, endpoint) if status in _REDIRECTS else _ADVICE.get(status, ("", ""))
    if not meaning:
        meaning, hint = _other(answer)
    retry_after_s = asked_to_wait_s(answer, now)
    if retry_after_s is not None:
        meaning += f", and asks to wait {retry_after_s:,.0f} s"
    if challenge := answer.header("www-authenticate"):
        hint += f"; it accepts: {showable(challenge)}"
    if allowed := answer.header("allow"):
        hint += f"; it allows: {showable(allowed)}"
    return NoSoapAnswer(
        f"no SOAP message came back, but HTTP {status}{_phrase(status)}: {meaning}",
        status=status,
        content_type=answer.header("content-type"),
        retry_after_s=retry_after_s,
        where=f"POST {endpoint.address}",
        got=_what_came(answer),
        expected="a SOAP envelope",
        hint=hint,
    )


def asked_to_wait_s(answer: Answer, now: datetime) -> float | None:
    """Seconds, from a number of them or a date (RFC 9110, 10.2.3); None where the answer does not ask."""
    value = answer.header("retry-after").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds()) if value else None
    except (TypeError, ValueError):
        return None


def is_xml(answer: Answer) -> bool:
    """Whether the body may be XML that is meant for programs."""
    body = answer.xml.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return body[:1] == b"<" and not _is_html(answer)


def _is_html(answer: Answer) -> bool:
    return "html" in answer.media_type or answer.xml.lstrip()[:20].lower().startswith(_HTML_BEGINNINGS)


def _redirect(answer: Answer, endpoint: Endpoint) -> tuple[str, str]:
    location = answer.header("location").strip()
    if not location:
        return "the server sends us elsewhere, but does not say where", "check the URL"
    with suppress(ValueError):  # then it is shown as it came
        location = urljoin(endpoint.address, location)
    return (
        f"the server sends us to {showable(location)} (not followed: a redirect may lead patient data astray)",
        f"if that is the transaction's endpoint and no log-in page, make it the URL: {showable(location)}",
    )


def _other(answer: Answer) -> tuple[str, str]:
    if not answer.xml.strip():
        return (
            "the answer is empty",
            "an IHE transaction is answered on the same connection; is this a one-way or asynchronous service?",
        )
    if _is_html(answer):
        return (
            "a web page",
            "check the path of the URL: this is a page for people (a log-in or start page?), not the SOAP endpoint",
        )
    if answer.status <= _NOTHING_WRONG:
        return "something else than SOAP", "check the URL: another kind of service answers there"
    return "the server reports an error of its own", "its log has the reason"


def _what_came(answer: Answer) -> str:
    content_type = showable(answer.header("content-type")) or "no Content-Type"
    body = answer.xml
    if not body.strip():
        return f"{content_type}, empty body" if body else "an empty body"
    text = body.decode("utf-8", "replace")
    if _is_html(answer):
        title = _TITLE.search(body)
        text = title.group(1).decode("utf-8", "replace") if title else ""
        text = html.unescape(text or _TAG.sub(" ", body.decode("utf-8", "replace")))
        return f"{content_type}, {'titled' if title else 'saying'} {showable(text)!r}"
    return f"{content_type}, {showable(text)!r}"


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
