"""A certificate and its private key, from PEM, DER or PKCS#12 files. Import it where it is used: 0.2 s."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.certificates import PASSWORD_VARIABLE
from ihe_test_util.security.files import MAKE, require_valid
from ihe_test_util.security.key_files import CertificateFormat, Holding, Password, read_holding

__all__ = ["CertificateFormat", "Identity", "describe", "load_certificates", "load_identity"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate, the private key that belongs to it, and the certificates that came along.

    ``where`` is the absolute path of the certificate's file, for messages.
    """

    certificate: x509.Certificate
    key: PrivateKeyTypes = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()
    where: str = ""

    def require_valid(self, now: datetime) -> None:
        """Refuse to be used outside the certificate's validity.

        Raises:
            CertificateError: expired, with the date, or not yet valid.
        """
        certificate = self.certificate
        require_valid(certificate.not_valid_before_utc, certificate.not_valid_after_utc, self.where, now)


def load_identity(
    cert: Path,
    key: Path | None = None,
    *,
    cert_format: CertificateFormat | str | None = None,
    password_variable: str = PASSWORD_VARIABLE,
    environ: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Identity:
    """The certificate in ``cert`` and its private key, from ``key`` or from the same file.

    ``cert_format`` is the form that the files should have, by default whichever they have. A password is taken from
    the environment variable named, and from nowhere else. ``now`` is the time at which the certificate must be valid,
    the clock's by default.

    Raises:
        CertificateError: a file that is missing, unreadable, damaged, in another form or sealed with another
            password; no certificate or no key; a key of another certificate; expired or not yet valid.
    """
    password = Password(password_variable, (os.environ if environ is None else environ).get(password_variable))
    wanted = None if cert_format is None else _format(cert_format)
    holding = read_holding(cert, "certificate file", password, wanted)
    if not holding.certificates:
        raise CertificateError(
            "the file holds no certificate",
            where=str(cert.absolute()),
            got="a private key" if holding.key is not None else "nothing",
            hint="were certificate and key taken for each other?" if key is not None else "",
        )
    private = _private_key(cert, holding, key, password, wanted)
    identity = _matched(cert, key or cert, holding, private)
    identity.require_valid(now or datetime.now(UTC))
    return identity


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Every certificate of a PEM or DER file, as of CAs or of a peer; keys in it are passed over.

    Raises:
        CertificateError: missing, unreadable, damaged, or without a certificate.
    """
    holding = read_holding(path, "certificate file", Password(PASSWORD_VARIABLE, os.environ.get(PASSWORD_VARIABLE)))
    if not holding.certificates:
        raise CertificateError(
            "the file holds no certificate",
            where=str(path.absolute()),
            got="a private key",
            hint="name the file of the certificate that belongs to it",
        )
    return holding.certificates


def describe(certificate: x509.Certificate) -> str:
    """Subject, and the first eight bytes of the SHA-256 over the DER form, as messages tell certificates apart."""
    fingerprint = certificate.fingerprint(hashes.SHA256())[:8].hex(":").upper()
    return f"{certificate.subject.rfc4514_string()} (SHA-256 {fingerprint}…)"


def _format(name: CertificateFormat | str) -> CertificateFormat:
    try:
        return CertificateFormat(name)
    except ValueError:
        raise CertificateError(
            "the format of the certificate is unknown",
            got=repr(name),
            expected=", ".join(CertificateFormat),
            hint="P12 and PFX files are pkcs12; CRT and CER files are pem or der",
        ) from None


def _private_key(
    cert: Path, holding: Holding, key: Path | None, password: Password, wanted: CertificateFormat | None
) -> PrivateKeyTypes:
    if key is None or key == cert:
        if holding.key is not None:
            return holding.key
        raise CertificateError(
            "the file holds a certificate, but no private key",
            where=str(cert.absolute()),
            hint="name the file of the key too (--key, certificates.key_path)",
        )
    if holding.key is not None and wanted is CertificateFormat.PKCS12:
        raise CertificateError(
            "a PKCS#12 file brings its own private key, and another one is named",
            where=str(key.absolute()),
            hint="leave the key's file out (--key, certificates.key_path)",
        )
    found = read_holding(key, "private key file", password, wanted).key
    if found is None:
        raise CertificateError(
            "the file holds no private key",
            where=str(key.absolute()),
            got="a certificate",
            expected="the private key that belongs to the certificate",
        )
    return found


def _matched(cert: Path, key: Path, holding: Holding, private: PrivateKeyTypes) -> Identity:
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for certificate in holding.certificates:
        if _public_bytes(certificate) == public:
            others = tuple(each for each in holding.certificates if each != certificate)
            return Identity(certificate, private, others, str(cert.absolute()))
    raise CertificateError(
        "the private key does not belong to the certificate",
        where=f"{key.absolute()} and {cert.absolute()}" if key != cert else str(cert.absolute()),
        got=f"a certificate of {describe(holding.certificates[0])}",
        hint=f"take both from the same place; {MAKE} --force makes a new pair",
    )


def _public_bytes(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
