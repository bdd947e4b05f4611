"""Every error of the transport has words of ours."""

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.client_reqrep import ConnectionKey

from ihe_test_util.client.attempt import Attempt
from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.client.transport_errors import TRANSLATIONS, translate
from ihe_test_util.errors import IheTestUtilError, PeerMalformed, Unreachable

_KEY = ConnectionKey(
    "pix.example.org", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)
SENT = Attempt(Endpoint("https://pix.example.org/add"), 30.0, sent=10, length=10)
CUT = Attempt(Endpoint("https://pix.example.org/add"), 30.0, sent=5, length=10)


def _kinds(base: type[Exception]) -> Iterator[type[Exception]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("aiohttp"):
            yield kind
            yield from _kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(_kinds(aiohttp.ClientError)), key=str))
def test_every_error_of_aiohttp_has_a_row(kind: type[Exception]) -> None:
    """A class that a new version of aiohttp brings is missed here, not by a user."""
    assert kind in TRANSLATIONS


@pytest.mark.parametrize("kind", [aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError, asyncio.TimeoutError])
def test_so_have_the_errors_below_it(kind: type[Exception]) -> None:
    """The socket's and the loop's own errors."""
    assert kind in TRANSLATIONS


@pytest.mark.parametrize("kind", sorted(TRANSLATIONS, key=str))
@pytest.mark.parametrize("attempt", [SENT, CUT], ids=["sent", "cut"])
def test_every_row_gives_an_error_that_names_the_peer_and_what_to_do(kind: type[Exception], attempt: Attempt) -> None:
    """Host and port, or the URL, stand in each; and nothing of Python."""
    error = translate(_made(kind), attempt)
    assert isinstance(error, IheTestUtilError)
    assert "pix.example.org" in str(error) or isinstance(error, PeerMalformed)
    assert "Error(" not in str(error)
    if attempt is CUT and isinstance(error, Unreachable):
        assert not error.sent


def test_errors_that_are_nobodys_stay_what_they_are() -> None:
    """A bug is not dressed up as a network problem."""
    with pytest.raises(ZeroDivisionError):
        translate(ZeroDivisionError(), SENT)


@pytest.mark.parametrize(
    ("alert", "cert", "sentence"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", None, "demands a client certificate"),
        ("TLSV1_ALERT_UNKNOWN_CA", "client.pem", "does not accept our client certificate"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "client.pem", "does not accept our client certificate"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "client.pem", "does not accept our client certificate"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", None, "ended the TLS handshake"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", None, "ended the TLS handshake"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", None, "no version of TLS"),
        ("UNSUPPORTED_PROTOCOL", None, "no version of TLS"),
        ("WRONG_VERSION_NUMBER", None, "does not speak TLS"),
    ],
)
def test_alerts_that_arrive_after_the_request_mean_that_nothing_happened(alert: str, cert: Any, sentence: str) -> None:
    """In TLS 1.3 a server refuses us after we have sent: aiohttp then gives a plain connection error."""
    rewritten = aiohttp.ClientOSError(1, f"[SSL: {alert}] tlsv13 alert (_ssl.c:2580)")
    attempt = Attempt(Endpoint("https://pix.example.org/", tls=Tls(cert=cert)), 30.0, sent=10, length=10)
    error = translate(rewritten, attempt)
    assert isinstance(error, Unreachable)
    assert sentence in error.message
    assert not error.sent


def test_a_tls_connection_that_breaks_leaves_the_outcome_unknown() -> None:
    """A broken record is no refusal."""
    error = translate(aiohttp.ClientOSError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad (_ssl.c:1)"), SENT)
    assert isinstance(error, Unreachable)
    assert error.sent


@pytest.mark.parametrize(
    ("verify_code", "sentence"),
    [(10, "has expired"), (9, "not valid yet"), (62, "another name"), (64, "another name"), (18, "not trusted here"),
     (19, "not trusted here"), (20, "not trusted here"), (21, "not trusted here"), (79, "not accepted")],
)  # fmt: skip
def test_certificates_are_refused_by_reason(verify_code: int, sentence: str) -> None:
    """OpenSSL's codes, in words."""
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_code = verify_code
    cause.verify_message = "because"
    error = translate(aiohttp.ClientConnectorCertificateError(_KEY, cause), SENT)
    assert sentence in error.message
    assert error.got == "because"


def _made(kind: type[Any]) -> Exception:
    arguments: dict[type[Any], tuple[Any, ...]] = {
        UnixClientConnectorError: ("/socket", _KEY, OSError(2, "no such file")),
        aiohttp.ClientConnectorCertificateError: (_KEY, ssl.SSLCertVerificationError(1, "no")),
        aiohttp.ClientConnectorError: (_KEY, OSError(111, "refused")),
        aiohttp.ClientResponseError: (Mock(), ()),
        aiohttp.ServerFingerprintMismatch: (b"a", b"b", "host", 1),
        aiohttp.InvalidURL: ("http://x",),
        OSError: (5, "input/output error"),
    }
    error = kind(*next((given for base, given in arguments.items() if issubclass(kind, base)), ()))
    assert isinstance(error, Exception)
    return error
