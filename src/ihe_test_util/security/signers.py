"""Whose signatures are believed: pinned certificates, or those below given CAs. Loads cryptography, 0.2 s."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from ihe_test_util.security.identity import describe
from ihe_test_util.security.key_files import read_certificate
from ihe_test_util.security.refusals import Reason, Refused
from ihe_test_util.security.saml_structure import ECDSA_METHODS, RSA_METHODS, place
from ihe_test_util.security.xml_signature import MIN_RSA_BITS
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

_CURVES: Final = (SECP256R1, SECP384R1, SECP521R1)
_X509: Final = f"{{{ns.DS}}}X509Data/{{{ns.DS}}}X509Certificate"
_SECTION: Final = "XML Signature, 4.5"


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may have signed: holders of ``pinned`` certificates, and of those that ``authorities`` vouch for.

    With neither, anybody may: then a signature proves only that nothing was changed since.
    """

    pinned: tuple[x509.Certificate, ...] = ()
    authorities: tuple[x509.Certificate, ...] = ()

    @classmethod
    def in_anyone(cls) -> Self:
        """Believe whoever signed; for looking at an assertion, never for letting somebody in."""
        return cls()

    @property
    def is_blind(self) -> bool:
        """Whether anybody is believed."""
        return not (self.pinned or self.authorities)


def signer(signature: Element, method: str, trust: Trust, now: datetime) -> x509.Certificate:
    """The certificate to verify a signature with.

    KeyInfo only says which of the trusted ones it is: what it brings along proves nothing by itself.

    Raises:
        Refused: no certificate, none that is trusted, one that has expired, is not yet valid or may not sign, or one
            whose key is too short or of another kind than the signature.
    """
    shown = _shown(signature)
    certificate = _pinned(shown, trust) if trust.pinned else None
    if certificate is None:
        if not shown:
            raise Refused(
                Reason.NO_CERTIFICATE,
                _SECTION,
                "the signature does not say whose it is",
                where=place(signature),
                expected="ds:KeyInfo/ds:X509Data/ds:X509Certificate",
                hint="name the signer's certificate (--cert)",
            )
        certificate = _leaf(shown)
    _check_time(certificate, now)
    if trust.authorities and certificate not in trust.pinned:
        _check_chain(certificate, shown, trust, now)
    elif not trust.is_blind and not _is_pinned(certificate, trust):
        _refuse_untrusted(certificate, trust)
    _check_usage(certificate)
    _check_key(certificate, method)
    return certificate


def public_bytes(certificate: x509.Certificate) -> bytes:
    """The public key of a certificate, to compare: a renewed certificate may keep it."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certificate_of(element: Element) -> x509.Certificate:
    """The certificate in a ds:X509Certificate.

    Raises:
        Refused: it cannot be read.
    """
    try:
        der = base64.b64decode("".join((element.text or "").split()), validate=True)
        return read_certificate(der)
    except ValueError:
        raise Refused(
            Reason.KEY_INFO, _SECTION, "a certificate in KeyInfo cannot be read", where=place(element)
        ) from None


def _shown(signature: Element) -> list[x509.Certificate]:
    info = signature.find(f"{{{ns.DS}}}KeyInfo")
    return [] if info is None else [certificate_of(each) for each in info.iterfind(_X509)]


def _pinned(shown: Sequence[x509.Certificate], trust: Trust) -> x509.Certificate | None:
    if not shown:
        return trust.pinned[0] if len(trust.pinned) == 1 and not trust.authorities else None
    keys = {public_bytes(each) for each in shown}
    return next((each for each in trust.pinned if public_bytes(each) in keys), None)


def _is_pinned(certificate: x509.Certificate, trust: Trust) -> bool:
    return public_bytes(certificate) in {public_bytes(each) for each in trust.pinned}


def _leaf(shown: Sequence[x509.Certificate]) -> x509.Certificate:
    """Of a chain in any order (XML Signature, 4.5.4) the one that vouches for no other."""
    issuers = {each.issuer for each in shown if each.issuer != each.subject}
    return next((each for each in shown if each.subject not in issuers), shown[0])


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    clock = f"the clock says {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if now > end:
        raise Refused(
            Reason.CERTIFICATE_EXPIRED,
            "RFC 5280, 4.1.2.5",
            f"the signer's certificate expired on {end:%Y-%m-%d %H:%M} UTC",
            got=describe(certificate),
            hint=f"have the signer renew it; {clock}",
        )
    if now < begin:
        raise Refused(
            Reason.CERTIFICATE_NOT_YET_VALID,
            "RFC 5280, 4.1.2.5",
            f"the signer's certificate is valid only from {begin:%Y-%m-%d %H:%M} UTC on",
            got=describe(certificate),
            hint=f"is this machine's clock right? {clock}",
        )


def _check_chain(certificate: x509.Certificate, shown: Sequence[x509.Certificate], trust: Trust, now: datetime) -> None:
    builder = PolicyBuilder().store(Store(list(trust.authorities))).time(now)
    policies = builder.extension_policies(
        ee_policy=ExtensionPolicy.permit_all(), ca_policy=ExtensionPolicy.webpki_defaults_ca()
    )
    try:
        policies.build_client_verifier().verify(certificate, [each for each in shown if each != certificate])
    except VerificationError as error:
        known = {each.subject for each in trust.authorities}
        _refuse_untrusted(certificate, trust, str(error) if certificate.issuer in known else "")


def _refuse_untrusted(certificate: x509.Certificate, trust: Trust, detail: str = "") -> None:
    issuer = certificate.issuer.rfc4514_string()
    raise Refused(
        Reason.UNTRUSTED,
        "ITI TF-2: 3.40.4.1.3",
        "the signer is not trusted",
        got=f"{describe(certificate)}, issued by {issuer}"
        + (f": {detail.partition(' (encountered')[0]}" if detail else ""),
        expected=" or ".join(
            [
                *(f"the certificate {describe(each)}" for each in trust.pinned[:3]),
                *(f"one below {describe(each)}" for each in trust.authorities[:3]),
            ]
        ),
        hint="is this the signer that you mean? then name its CA (--ca) or its certificate (--cert)",
    )


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return  # without the extension a key may do anything (RFC 5280, 4.2.1.3)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise Refused(
            Reason.KEY_INFO,
            "RFC 5280, 4.2",
            "the extensions of the signer's certificate cannot be read",
            got=f"{describe(certificate)}: {error}",
        ) from None
    if not (usage.digital_signature or usage.content_commitment):
        raise Refused(
            Reason.CERTIFICATE_USAGE,
            "RFC 5280, 4.2.1.3",
            "the signer's certificate is not one to sign with",
            got=describe(certificate),
            expected="a KeyUsage with digitalSignature",
        )


def _check_key(certificate: x509.Certificate, method: str) -> None:
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey) and method in RSA_METHODS:
        if key.key_size >= MIN_RSA_BITS:
            return
        got, reason = f"RSA with {key.key_size} bits", Reason.WEAK_KEY
    elif isinstance(key, EllipticCurvePublicKey) and method in ECDSA_METHODS:
        if isinstance(key.curve, _CURVES):
            return
        got, reason = f"the curve {key.curve.name}", Reason.WEAK_KEY
    else:
        got, reason = type(key).__name__.lstrip("_").removesuffix("PublicKey"), Reason.KEY_INFO
    raise Refused(
        reason,
        "RFC 9231, 2",
        "the signer's key is too weak"
        if reason is Reason.WEAK_KEY
        else "the signer's key is of another kind than the signature",
        got=got,
        expected=f"RSA with {MIN_RSA_BITS} bits or more, or EC on P-256, P-384 or P-521"
        if reason is Reason.WEAK_KEY
        else f"a key for {method.rpartition('#')[2]}",
        hint="have it signed again with such a key",
    )
