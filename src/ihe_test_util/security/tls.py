"""TLS contexts for both ends, and what is wrong with the files they are made from."""

import base64
import logging
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.files import MAKE, read_file, require_valid

_LABEL: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_CERTIFICATE: Final = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.+?)-----END", re.DOTALL)
_VERSION: Final = 0xA0  # [0] EXPLICIT, the optional first field of a TBSCertificate
_UTC_TIME: Final = 0x17
_LONG_FORM: Final = 0x80
_VALIDITY_FIELD: Final = 3  # serialNumber, signature, issuer, validity
#: OpenSSL's words for a key of another certificate; the last one, when it is of another kind too.
_MISMATCHES: Final = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SEQUENCE: Final = b"\x30"


_LOG: Final = logging.getLogger("ihe_test_util.mock_server")
_HANDSHAKES: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client shows no certificate, and tls_client_auth demands one",
    "CERTIFICATE_VERIFY_FAILED": "the client's certificate is not vouched for by tls_ca_path, or has expired",
    "TLSV1_ALERT_UNKNOWN_CA": "the client does not trust the CA of this server; give it the ca.pem",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the client rejects this server's certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the client rejects this server's certificate",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the client has no TLS version in common with this server (1.2, 1.3)",
    "UNSUPPORTED_PROTOCOL": "the client has no TLS version in common with this server (1.2, 1.3)",
    "HTTP_REQUEST": "the client speaks plain HTTP to an HTTPS port",
    "WRONG_VERSION_NUMBER": "what the client sent is not TLS",
    "UNEXPECTED_EOF_WHILE_READING": "the client hung up; does it trust the CA of this server?",
}


class ClientAuth(StrEnum):
    """Whether the server asks a client for a certificate (ITI TF-2: 3.19, Authenticate Node)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


_VERIFY_MODES: Final = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.OPTIONAL: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


class _LoggedHandshake(ssl.SSLObject):
    """A server's side of a connection that says in the log why a handshake failed; the event loop keeps silent."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            reason = error.reason or "UNKNOWN"
            _LOG.warning("TLS handshake failed: %s (%s)", _HANDSHAKES.get(reason, "see OpenSSL's name for it"), reason)
            raise


def server_context(
    cert: Path,
    key: Path,
    *,
    client_auth: ClientAuth | str = ClientAuth.NONE,
    ca: Path | None = None,
    password: str | None = None,
    now: datetime | None = None,
) -> ssl.SSLContext:
    """A server's context, TLS 1.2 or later; with ``client_auth``, clients need a certificate that ``ca`` vouches for.

    ``now`` is the time at which the certificates must be valid, the clock's by default.

    Raises:
        CertificateError: a file that cannot be used: missing, unreadable, not PEM, expired, not yet valid, a key that
            is encrypted or belongs to another certificate; or ``client_auth`` without ``ca``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslobject_class = _LoggedHandshake
    _load_identity(context, _Identity(cert, key, password), now or datetime.now(UTC))
    mode = ClientAuth(client_auth)
    if mode is not ClientAuth.NONE:
        if ca is None:
            raise CertificateError(
                f"client certificates are {mode}, but no CA is given to check them against",
                expected="a PEM file with the certificates of the CAs that issue them",
                hint=f"set tls_ca_path; {MAKE} makes a ca.pem, with a client certificate below it",
            )
        _load_ca(context, ca, now or datetime.now(UTC))
        context.verify_mode = _VERIFY_MODES[mode]
    return context


def client_context(
    *,
    ca: Path | None = None,
    cert: Path | None = None,
    key: Path | None = None,
    password: str | None = None,
    verify: bool = True,
    now: datetime | None = None,
) -> ssl.SSLContext:
    """A client's context, TLS 1.2 or later, that shows ``cert`` where it is given.

    ``ca`` replaces the system's CAs, and may be the server's own certificate; ``key`` may lie in the file ``cert``.
    With ``verify`` off any server is accepted, whoever it is.

    Raises:
        CertificateError: as for ``server_context``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    moment = now or datetime.now(UTC)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        _load_ca(context, ca, moment)
    if cert is not None:
        _load_identity(context, _Identity(cert, key or cert, password), moment)
    return context


@dataclass(frozen=True, slots=True)
class _Identity:
    cert: Path
    key: Path
    password: str | None = field(repr=False)


def _load_identity(context: ssl.SSLContext, identity: _Identity, now: datetime) -> None:
    cert, key = read_file(identity.cert, "certificate"), read_file(identity.key, "private key")
    der = _first_certificate(cert, identity.cert)
    if not any(label.endswith(b"PRIVATE KEY") for label in _labels(key, identity.key)):
        raise CertificateError(
            "the file holds no private key",
            where=str(identity.key.absolute()),
            got=_shown(key),
            expected="-----BEGIN PRIVATE KEY-----",
            hint="name the file of the key too (--key, key_path)" if identity.key == identity.cert else "",
        )
    encrypted = b"ENCRYPTED" in key
    if encrypted and identity.password is None:
        raise CertificateError(
            "the private key is encrypted and no password is given",
            where=str(identity.key.absolute()),
            hint=f"openssl pkey -in {identity.key} -out plain-key.pem writes it without one",
        )
    try:
        # An empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(identity.cert, identity.key, identity.password or "")
    except ssl.SSLError as error:
        raise _unusable(identity, der, error, encrypted=encrypted) from None
    _check_time(der, identity.cert, now)


def _unusable(identity: _Identity, der: bytes, error: ssl.SSLError, *, encrypted: bool) -> CertificateError:
    cert, key = str(identity.cert.absolute()), str(identity.key.absolute())
    if error.reason in _MISMATCHES:
        return CertificateError(
            "the private key does not belong to the certificate",
            where=f"{key} and {cert}",
            hint="take both from the same place; in a file with several certificates the server's own comes first;"
            f" {MAKE} --force makes a new pair",
        )
    if encrypted:
        return CertificateError("the password does not open the private key", where=key)
    if error.reason:
        return CertificateError(
            "the certificate cannot be used", where=cert, got=error.reason.replace("_", " ").lower()
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ssl.SSLError, ValueError):
        return CertificateError("the certificate is damaged", where=cert)
    return CertificateError(
        "the private key is damaged, or a later certificate of the chain", where=f"{key} and {cert}"
    )


def _load_ca(context: ssl.SSLContext, ca: Path, now: datetime) -> None:
    data = read_file(ca, "CA certificate")
    _first_certificate(data, ca)
    try:
        context.load_verify_locations(cafile=ca)
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower()
        raise CertificateError("the CA certificate cannot be used", where=str(ca.absolute()), got=reason) from None
    certificates = [_decoded(body, ca) for body in _CERTIFICATE.findall(data)]
    if not any(begin <= now <= end for begin, end in (_validity(der, ca) for der in certificates)):
        _check_time(certificates[0], ca, now)


def _labels(data: bytes, path: Path) -> list[bytes]:
    labels = _LABEL.findall(data)
    if labels:
        return labels
    hint = ""
    if data.startswith(_SEQUENCE):
        hint = (
            f"DER becomes PEM by: openssl x509 -inform der -in {path} (a key: openssl pkey -inform der);"
            f" PKCS#12 by: openssl pkcs12 -in {path} -nodes"
        )
    elif data.startswith(_BYTE_ORDER_MARKS):
        hint = "the file is UTF-16; save it as ASCII"
    raise CertificateError(
        "the file is not PEM" if data.strip() else "the file is empty",
        where=str(path.absolute()),
        got=_shown(data),
        expected="a text file with -----BEGIN … lines",
        hint=hint,
    )


def _shown(data: bytes) -> str:
    labels = _LABEL.findall(data)
    if labels:
        return ", ".join(f"-----BEGIN {label.decode('ascii')}-----" for label in labels)
    return f"{len(data)} bytes" + (" of binary data" if data.startswith(_SEQUENCE) else "")


def _first_certificate(data: bytes, path: Path) -> bytes:
    """DER of the file's first certificate, which is its owner's own."""
    labels = _labels(data, path)
    match = _CERTIFICATE.search(data)
    if match is None:
        key_there = any(label.endswith(b"PRIVATE KEY") for label in labels)
        raise CertificateError(
            "the file holds no whole certificate",
            where=str(path.absolute()),
            got=_shown(data),
            expected="-----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----",
            hint="were certificate and key taken for each other?" if key_there else "",
        )
    return _decoded(match.group(1), path)


def _decoded(body: bytes, path: Path) -> bytes:
    try:
        return base64.b64decode(body)
    except ValueError:
        raise CertificateError("the certificate is damaged: its base64 is cut", where=str(path.absolute())) from None


def _check_time(der: bytes, path: Path, now: datetime) -> None:
    begin, end = _validity(der, path)
    require_valid(begin, end, str(path.absolute()), now)


def _validity(der: bytes, path: Path) -> tuple[datetime, datetime]:
    """When it begins and ends (RFC 5280, 4.1.2.5), read here because ``ssl`` tells neither before a handshake."""
    try:
        _, certificate = next(_values(der))
        _, to_be_signed = next(_values(certificate))
        contents = [content for tag, content in _values(to_be_signed) if tag != _VERSION]
        begin, end = (_time(tag, content.decode("ascii")) for tag, content in _values(contents[_VALIDITY_FIELD]))
    except (StopIteration, IndexError, ValueError):
        raise CertificateError("the certificate is damaged", where=str(path.absolute())) from None
    return begin, end


def _values(der: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & _LONG_FORM:
            size = length & ~_LONG_FORM
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, text: str) -> datetime:
    if tag == _UTC_TIME:  # two digits of a year: 50 to 99 are 1950 to 1999
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text.replace("Z", "+0000"), "%Y%m%d%H%M%S%z")
