"""What went wrong on the way to the peer: aiohttp's errors in our words, by one table.

A test holds the table against every subclass of ``aiohttp.ClientError``.
"""

import errno
import re
import ssl
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.http_exceptions import ContentEncodingError

from ihe_test_util.client.attempt import Attempt
from ihe_test_util.client.text import showable
from ihe_test_util.client.tls_errors import certificate_refused, tls_failed
from ihe_test_util.errors import BadInput, IheTestUtilError, PeerMalformed, UnknownHost

_LOCAL: Final = re.compile(r"(?:localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0):")
_TLS_RECORD: Final = re.compile(r"\\x1[4-7]\\x03|HTTP/0\.9")
_PROTOCOL_TEXT: Final = re.compile(r"^[^\n]*:\s*\n\n\s*")


_Translation: TypeAlias = Callable[[Exception, Attempt], IheTestUtilError]


def translate(error: Exception, attempt: Attempt) -> IheTestUtilError:
    """The error of ours for one of the transport's; the nearest base class in the table decides."""
    for kind in type(error).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](error, attempt)
    raise error


def hung_up(error: Exception, attempt: Attempt) -> bool:
    """Whether the peer ended a connection that it had taken, before it said anything that can be read."""
    if attempt.answering:
        return False
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ssl.SSLError):
        return isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    if isinstance(error, aiohttp.ClientConnectorError):
        return isinstance(cause, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    return next(TRANSLATIONS[kind] for kind in type(error).__mro__ if kind in TRANSLATIONS) is _disconnected


def _refused(error: Exception, attempt: Attempt) -> IheTestUtilError:
    cause = getattr(error, "os_error", error)
    number, text = getattr(cause, "errno", None), str(cause)
    if isinstance(cause, ssl.SSLError):
        return tls_failed(cause, attempt)
    if number == errno.ECONNREFUSED or "refused" in text.lower():
        local = _LOCAL.match(attempt.peer)
        return attempt.not_reached(
            "the connection was refused: nothing listens there",
            hint="start the mock server: ihe-test-util mock start -b"
            if local
            else "check host and port; is the server running, and does a firewall let us through?",
        )
    if number in {errno.ECONNRESET, errno.EPIPE}:
        secure = "the TLS handshake" if attempt.endpoint.https else "connecting"
        return attempt.not_reached(
            f"the peer closed the connection during {secure}",
            hint="does this port speak HTTPS? a server that misses a client certificate ends it like this too"
            if attempt.endpoint.https
            else "is there a proxy or firewall in between?",
        )
    return attempt.not_reached(
        "no connection could be made", got=showable(text), hint="check host, port and network; is a VPN needed?"
    )


def _unknown_host(error: Exception, attempt: Attempt) -> IheTestUtilError:
    cause = getattr(error, "os_error", error)
    return UnknownHost(
        "the host name is not known",
        where=attempt.peer,
        got=showable(getattr(cause, "strerror", "") or str(cause)),
        hint="check its spelling in the URL; does this machine reach the DNS server, is a VPN needed?",
    )


def _certificate(error: Exception, attempt: Attempt) -> IheTestUtilError:
    cause = getattr(error, "certificate_error", error)
    return certificate_refused(cause, attempt)


def _tls(error: Exception, attempt: Attempt) -> IheTestUtilError:
    cause = getattr(error, "os_error", error)
    return tls_failed(cause if isinstance(cause, ssl.SSLError) else ssl.SSLError(str(cause)), attempt)


def _connect_timeout(_error: Exception, attempt: Attempt) -> IheTestUtilError:
    seconds = attempt.endpoint.timeout_connect_s
    return attempt.not_reached(
        f"no connection within {seconds:g} s",
        hint="check host and port; a firewall that drops packets looks like this, and so does a server that is "
        "overloaded or does not finish the TLS handshake",
    )


def _read_timeout(_error: Exception, attempt: Attempt) -> IheTestUtilError:
    seconds = attempt.timeout_read_s
    if attempt.sent < attempt.length:
        return attempt.lost(
            f"the peer stopped reading the request: nothing went through for {seconds:g} s",
            got=f"{attempt.sent:,} of {attempt.length:,} bytes sent",
            hint="look at the server's log",
        )
    what = "the answer stopped in the middle, nothing more came" if attempt.answering else "no answer came"
    return attempt.lost(f"{what} within {seconds:g} s", hint="a slow server needs a longer --timeout")


def _disconnected(error: Exception, attempt: Attempt) -> IheTestUtilError:
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    if (tls := _as_tls(cause)) is not None:
        return tls_failed(tls, attempt)
    if attempt.answering:
        return attempt.lost("the connection broke in the middle of the answer", hint="look at the server's log")
    if attempt.sent < attempt.length:
        return attempt.lost(
            "the peer closed the connection while the request was being sent",
            got=f"{attempt.sent:,} of {attempt.length:,} bytes sent",
            hint="it may not take messages this large, or not this content type: look at its log",
        )
    message, hint = "the peer closed the connection without an answer", "look at the server's log"
    if attempt.endpoint.https and attempt.endpoint.tls.cert is None:
        # With TLS 1.3 the alert comes after the handshake, and may be lost when the connection is reset.
        message += ", as servers do that demand a client certificate (--cert, --key)"
        hint += "; it may demand a client certificate: --cert FILE --key FILE"
    return attempt.lost(message, hint=hint)


def _as_tls(error: BaseException) -> ssl.SSLError | None:
    """The TLS error inside one that aiohttp has written anew, with its arguments only."""
    if isinstance(error, ssl.SSLError):
        return error
    return ssl.SSLError(*error.args) if "[SSL" in str(error) else None


def _payload(error: Exception, attempt: Attempt) -> IheTestUtilError:
    if isinstance(error.__cause__, ContentEncodingError):
        return PeerMalformed(
            "the answer cannot be decompressed",
            where="HTTP header Content-Encoding",
            got=showable(str(error)),
            hint="a gateway in between may label what it did not compress",
        )
    return attempt.lost(
        "the connection was closed in the middle of the answer",
        hint="look at the server's log, and at gateways in between",
    )


def _not_http(error: Exception, attempt: Attempt) -> IheTestUtilError:
    text = str(getattr(error, "message", "") or error)
    if _TLS_RECORD.search(text) and not attempt.endpoint.https:
        return attempt.other_scheme()
    return PeerMalformed(
        "the answer is not HTTP",
        where=attempt.peer,
        got=showable(_PROTOCOL_TEXT.sub("", text)),
        expected="an HTTP/1.1 response",
        hint="check the port: another protocol (HL7 V2 over MLLP, DICOM …) may live there",
    )


def _fingerprint(_error: Exception, attempt: Attempt) -> IheTestUtilError:
    return attempt.no_tls("the server's certificate is not the one that was pinned")


def _bad_url(_error: Exception, attempt: Attempt) -> IheTestUtilError:
    return BadInput("the URL cannot be used", got=repr(attempt.endpoint.address), expected="http://host:port/path")


#: One row for each class of error that aiohttp, asyncio or the socket may raise.
TRANSLATIONS: Final[Mapping[type[BaseException], _Translation]] = MappingProxyType(
    {
        aiohttp.ClientConnectorDNSError: _unknown_host,
        aiohttp.ClientConnectorCertificateError: _certificate,
        aiohttp.ClientConnectorSSLError: _tls,
        aiohttp.ClientSSLError: _tls,
        aiohttp.ClientProxyConnectionError: _refused,
        UnixClientConnectorError: _refused,
        aiohttp.ClientConnectorError: _refused,
        aiohttp.ConnectionTimeoutError: _connect_timeout,
        aiohttp.SocketTimeoutError: _read_timeout,
        aiohttp.ServerTimeoutError: _read_timeout,
        aiohttp.ServerDisconnectedError: _disconnected,
        aiohttp.ServerFingerprintMismatch: _fingerprint,
        aiohttp.ServerConnectionError: _disconnected,
        aiohttp.ClientConnectionResetError: _disconnected,
        aiohttp.ClientOSError: _disconnected,
        aiohttp.ClientConnectionError: _disconnected,
        aiohttp.UploadAbortedError: _disconnected,
        aiohttp.ClientPayloadError: _payload,
        aiohttp.ContentTypeError: _not_http,
        aiohttp.WSServerHandshakeError: _not_http,
        aiohttp.ClientHttpProxyError: _not_http,
        aiohttp.TooManyRedirects: _not_http,
        aiohttp.ClientResponseError: _not_http,
        aiohttp.InvalidUrlRedirectClientError: _bad_url,
        aiohttp.NonHttpUrlRedirectClientError: _bad_url,
        aiohttp.InvalidUrlClientError: _bad_url,
        aiohttp.NonHttpUrlClientError: _bad_url,
        aiohttp.RedirectClientError: _bad_url,
        aiohttp.InvalidURL: _bad_url,
        aiohttp.ClientError: _disconnected,
        ssl.SSLError: _tls,
        TimeoutError: _read_timeout,
        OSError: _disconnected,
    }
)
