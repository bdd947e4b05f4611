"""What a file of certificates and keys holds: PEM, DER or PKCS#12, told by its bytes. Loads cryptography, 0.2 s."""

import re
import warnings
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.certificates import DEFAULT_PASSWORD
from ihe_test_util.security.files import read_file

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATE_LABELS: Final = frozenset({b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"})
_KEY_SUFFIX: Final = b"PRIVATE KEY"
_SEQUENCE: Final = b"\x30"
_OBJECT_IDENTIFIER: Final = b"\x06"
_JAVA_STORES: Final = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
#: What cryptography says of bytes that are nearly a certificate.
_UNREADABLE: Final = (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion)
_LONG_FORM: Final = 0x80
_PFX_VERSION: Final = b"\x02\x01\x03"  # INTEGER 3, the first field of a PFX (RFC 7292, 4)


class CertificateFormat(StrEnum):
    """The form of a certificate file; the values of ``cert_format`` in the client's configuration."""

    PEM = "pem"
    PKCS12 = "pkcs12"
    DER = "der"

    @property
    def label(self) -> str:
        """Its name as people write it."""
        return "PKCS#12" if self is CertificateFormat.PKCS12 else self.value.upper()


@dataclass(frozen=True, slots=True)
class Password:
    """A password and the environment variable that it came from; ``text`` is None where that is not set."""

    variable: str
    text: str | None = field(repr=False)

    @property
    def data(self) -> bytes | None:
        """Its bytes; an empty one counts as none, for cryptography refuses it."""
        return self.text.encode() if self.text else None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one file holds, in its order."""

    certificates: tuple[x509.Certificate, ...] = ()
    key: PrivateKeyTypes | None = field(default=None, repr=False)


def format_of(data: bytes, path: Path) -> CertificateFormat:
    """The form of a file, told by its bytes, not its name.

    Raises:
        CertificateError: none of the three.
    """
    if b"-----BEGIN " in data:
        return CertificateFormat.PEM
    if data.startswith(_SEQUENCE):
        return CertificateFormat.PKCS12 if _first_value(data).startswith(_PFX_VERSION) else CertificateFormat.DER
    hint = "is this the right file?"
    if data.startswith(_JAVA_STORES):
        hint = f"a Java key store becomes PKCS#12 by: keytool -importkeystore -srckeystore {path}"
        hint += " -destkeystore store.p12 -deststoretype PKCS12"
    elif data.startswith(_BYTE_ORDER_MARKS):
        hint = "the file is UTF-16; save it as ASCII"
    raise CertificateError(
        "the file is empty" if not data.strip() else "the file is neither PEM nor DER nor PKCS#12",
        where=str(path.absolute()),
        got=f"{len(data)} bytes" + (f" that begin with {data[:16]!r}" if data else ""),
        expected="-----BEGIN … lines (PEM), or binary data that begins with b'0' (DER, PKCS#12)",
        hint=hint,
    )


def read_holding(path: Path, what: str, password: Password, wanted: CertificateFormat | None = None) -> Holding:
    """Everything usable in a file; ``what`` says in errors what it should be, ``wanted`` is the form it should have.

    Raises:
        CertificateError: missing, unreadable, in another form, damaged, or sealed with another password.
    """
    data = read_file(path, what)
    found = format_of(data, path)
    if wanted is not None and found is not wanted:
        raise CertificateError(
            f"the {what} is {found.label}, not {wanted.label}",
            where=str(path.absolute()),
            expected=wanted.label,
            hint=f"set the format to {found.value} (--cert-format {found.value}, certificates.cert_format)",
        )
    if found is CertificateFormat.PEM:
        return _from_pem(data, path, password)
    if found is CertificateFormat.PKCS12:
        return _from_pkcs12(data, path, password)
    return _from_der(data, path, password)


def read_certificate(data: bytes, *, pem: bool = False) -> x509.Certificate:
    """A certificate, with those of its parts read at once that cryptography reads only when they are wanted.

    Raises:
        ValueError: it cannot be read, or its key is of a kind not known.
    """
    try:
        return _read_whole(x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data))
    except _UNREADABLE as error:
        raise ValueError(str(error)) from None


def _read_whole(certificate: x509.Certificate) -> x509.Certificate:
    for part in ("subject", "issuer", "not_valid_before_utc", "not_valid_after_utc", "signature_algorithm_oid"):
        getattr(certificate, part)
    certificate.public_key()
    return certificate


def _from_pem(data: bytes, path: Path, password: Password) -> Holding:
    certificates: list[x509.Certificate] = []
    key: PrivateKeyTypes | None = None
    for block in _BLOCK.finditer(data):
        label = block.group(1)
        if label in _CERTIFICATE_LABELS:
            certificates.append(_pem_certificate(block.group(), path, len(certificates) + 1))
        elif label.endswith(_KEY_SUFFIX) and key is None:
            key = _key(block.group(), path, password, pem=True)
    if not certificates and key is None:
        labels = re.findall(rb"-----BEGIN ([^\n]{1,40}?)-----", data)
        raise CertificateError(
            "the PEM file holds neither a certificate nor a private key",
            where=str(path.absolute()),
            got=", ".join(label.decode("ascii", "replace") for label in labels) or "a BEGIN line that is cut",
            expected="-----BEGIN CERTIFICATE----- or -----BEGIN PRIVATE KEY-----, each with its END line",
            hint="was the file cut?" if any(label.endswith((b"KEY", b"CERTIFICATE")) for label in labels) else "",
        )
    return Holding(tuple(certificates), key)


def _pem_certificate(block: bytes, path: Path, number: int) -> x509.Certificate:
    try:
        return read_certificate(block, pem=True)
    except ValueError:
        raise CertificateError(
            f"certificate {number} of the file is damaged", where=str(path.absolute()), hint="copy the file again"
        ) from None


def _from_der(data: bytes, path: Path, password: Password) -> Holding:
    try:
        return Holding(certificates=(read_certificate(data),))
    except ValueError:
        pass  # not a certificate, so it must be a key
    return Holding(key=_key(data, path, password, pem=False))


def _key(data: bytes, path: Path, password: Password, *, pem: bool) -> PrivateKeyTypes:
    load = load_pem_private_key if pem else load_der_private_key
    where = str(path.absolute())
    try:
        return load(data, password.data)
    except TypeError:
        # A password for a key that has none: it is simply not needed. The other way round it is missing.
        if password.data is None:
            raise CertificateError(
                "the private key is encrypted and no password is given",
                where=where,
                hint=f"put its password into the environment variable {password.variable}",
            ) from None
        return load(data, None)
    except (ValueError, UnsupportedAlgorithm) as error:
        if _looks_encrypted(data, pem=pem) and password.data is not None:
            raise _wrong_password("private key", where, password) from None
        raise CertificateError(
            "the private key cannot be read" if pem else "the file is DER, but neither a certificate nor a private key",
            where=where,
            got=str(error).partition(". Details")[0],
            hint="PKCS#8 is understood everywhere: openssl pkey -in KEY -out new-key.pem",
        ) from None


def _looks_encrypted(data: bytes, *, pem: bool) -> bool:
    """PEM says so; EncryptedPrivateKeyInfo (RFC 5958, 3) begins with an algorithm, other keys with a version."""
    return b"ENCRYPTED" in data if pem else _first_value(_first_value(data)).startswith(_OBJECT_IDENTIFIER)


def _from_pkcs12(data: bytes, path: Path, password: Password) -> Holding:
    where = str(path.absolute())
    try:
        store = _opened(data, password)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion) as error:
        if "password" not in str(error).lower():
            raise CertificateError("the PKCS#12 file is damaged", where=where, hint="copy the file again") from None
        if password.text is not None:
            raise _wrong_password("PKCS#12 file", where, password) from None
        raise CertificateError(
            "the PKCS#12 file is sealed with a password and none is given",
            where=where,
            expected=f"the password in the environment variable {password.variable}",
            hint=f"export {password.variable}=…; what certs init makes opens with {DEFAULT_PASSWORD!r}"
            " unless the variable said otherwise",
        ) from None
    except UnsupportedAlgorithm as error:
        raise CertificateError(
            "the PKCS#12 file is sealed in a way not supported", where=where, got=str(error)
        ) from None
    found = [*([store.cert] if store.cert else []), *store.additional_certs]
    try:
        return Holding(tuple(_read_whole(each.certificate) for each in found), store.key)
    except _UNREADABLE:
        raise CertificateError("a certificate in the PKCS#12 file is damaged", where=where) from None


def _opened(data: bytes, password: Password) -> pkcs12.PKCS12KeyAndCertificates:
    with warnings.catch_warnings():
        # BER in place of DER, which RFC 7292 allows and cryptography reads, is no concern of the user's.
        warnings.simplefilter("ignore", UserWarning)
        try:
            return pkcs12.load_pkcs12(data, None)
        except ValueError:
            if password.text is None:
                raise
        return pkcs12.load_pkcs12(data, password.text.encode())


def _wrong_password(what: str, where: str, password: Password) -> CertificateError:
    return CertificateError(
        f"the password does not open the {what}",
        where=where,
        got=f"the value of {password.variable}" + ("" if password.text else ", which is empty"),
        hint=f"set {password.variable} to the right one; the file may be damaged, too",
    )


def _first_value(der: bytes) -> bytes:
    """What a DER SEQUENCE begins with, after its own tag and length."""
    if len(der) < len(_SEQUENCE) + 1:
        return b""
    length = der[1]
    return der[2 + (length & ~_LONG_FORM if length & _LONG_FORM else 0) :]
