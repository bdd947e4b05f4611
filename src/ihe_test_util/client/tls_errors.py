"""What went wrong between two ends of TLS, in words that say what to do."""

import re
import ssl
from typing import Final

from ihe_test_util.client.attempt import Attempt
from ihe_test_util.errors import TlsFailed, Unreachable

# X509_V_ERR_…, openssl/x509_vfy.h
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_CHAIN, _NO_ISSUER, _NO_LEAF_ISSUER = 9, 10, 18, 19, 20, 21
_WRONG_HOST, _WRONG_IP = 62, 64
_UNKNOWN_CA: Final = frozenset({_SELF_SIGNED, _SELF_SIGNED_CHAIN, _NO_ISSUER, _NO_LEAF_ISSUER, 2, 27})
_REASON: Final = re.compile(r"\[SSL: ([A-Z0-9_]+)\]")

_NOT_TLS: Final = ("the port does not speak TLS", "use http://, or the server's port of HTTPS")
_NO_VERSION: Final = ("no version of TLS that both ends take; ours are 1.2 and later", "update the server")
_NO_CERTIFICATE: Final = ("the server demands a client certificate", "show one: --cert FILE --key FILE")
_ENDED: Final = (
    "the server ended the TLS handshake",
    "it may demand a client certificate (--cert, --key), or ciphers that are not allowed here",
)
#: OpenSSL's reason: what it means here, and what to do.
_HANDSHAKE: Final = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "UNKNOWN_PROTOCOL": _NOT_TLS,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_VERSION,
    "UNSUPPORTED_PROTOCOL": _NO_VERSION,
    "WRONG_SSL_VERSION": _NO_VERSION,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _NO_CERTIFICATE,
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": _NO_CERTIFICATE,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _ENDED,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _ENDED,
}
_CLIENT_CERTIFICATE_REFUSED: Final = re.compile(
    r"(?:SSLV3|TLSV1|TLSV13)_ALERT_(?:BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)"
)


def certificate_refused(error: BaseException, attempt: Attempt) -> TlsFailed:
    """We do not believe the server's certificate."""
    code = getattr(error, "verify_code", 0)
    reason = getattr(error, "verify_message", "") or str(error)
    if code in {_WRONG_HOST, _WRONG_IP}:
        return attempt.no_tls(
            "the server's certificate is for another name",
            got=reason,
            hint="use a name that the certificate holds, or have one made for this name: "
            "ihe-test-util certs init --host NAME",
        )
    if code == _EXPIRED:
        return attempt.no_tls(
            "the server's certificate has expired",
            got=reason,
            hint="have it renewed; --insecure talks to the server all the same, for tests only",
        )
    if code == _NOT_YET_VALID:
        return attempt.no_tls(
            "the server's certificate is not valid yet", got=reason, hint="is this machine's clock right?"
        )
    if code in _UNKNOWN_CA:
        return attempt.no_tls(
            "the server's certificate comes from a CA that is not trusted here",
            got=reason,
            hint="name the CA's certificate: --ca FILE (mocks/ca.pem for the mock server); --insecure believes anybody",
        )
    return attempt.no_tls("the server's certificate is not accepted", got=reason, hint="--ca FILE names its CA")


def tls_failed(error: ssl.SSLError, attempt: Attempt) -> Unreachable:
    """The handshake failed, or the server ended it with an alert, which may reach us only afterwards."""
    reason = _reason(error)
    said = reason.replace("_", " ").lower() or str(error)
    if reason in _HANDSHAKE:
        message, hint = _HANDSHAKE[reason]
        return attempt.no_tls(message, got=said, hint=hint)
    if _CLIENT_CERTIFICATE_REFUSED.fullmatch(reason):
        shown = attempt.endpoint.tls.cert is not None
        return attempt.no_tls(
            "the server does not accept our client certificate" if shown else _ENDED[0],
            got=said,
            hint="have the server trust the CA that issued it, or show another: --cert FILE --key FILE"
            if shown
            else _ENDED[1],
        )
    if attempt.sent:
        return attempt.lost("the TLS connection broke", got=said, hint="look at the server's log")
    return attempt.no_tls("the TLS handshake failed", got=said, hint="look at the server's log")


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's name for what went wrong; errors that were written anew have it in their text only."""
    reason = getattr(error, "reason", None)  # an SSLError that Python made has no such attribute
    if reason:
        return str(reason)
    found = _REASON.search(str(error))
    return found.group(1) if found else ""
