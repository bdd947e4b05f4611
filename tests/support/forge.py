"""An attacker's toolkit: certificates of every kind, and XML signatures that the product would never make.

It signs with its own few lines, so that a fault of the library that the product signs with shows here.
"""

import base64
import copy
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from ihe_test_util.security.identity import Identity
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

NOW: Final = datetime(2026, 1, 31, 8, 15, tzinfo=UTC)
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1: Final = f"{ns.DS}sha1"
ENVELOPED: Final = f"{ns.DS}enveloped-signature"
_HASHES: Final = {SHA256: hashlib.sha256, SHA1: hashlib.sha1}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key for each name, made once in a run of the tests."""
    assert name
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """The same on P-256."""
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    name: str,
    key: Key,
    *,
    issuer: Identity | None = None,
    issuer_name: str = "",
    begin: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=1),
    ca: bool = False,
    signs: bool = True,
) -> x509.Certificate:
    """A certificate, self-signed where there is no issuer."""
    own = _name(name)
    signer = issuer.key if issuer else key
    assert isinstance(signer, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.certificate.subject if issuer else _name(issuer_name or name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(ca=ca, signs=signs), critical=True)
    )
    return builder.sign(signer, hashes.SHA256())


def identity(name: str, key: Key | None = None, *, issuer: Identity | None = None, ca: bool = False) -> Identity:
    """A certificate with its key."""
    own = key or rsa_key(name)
    return Identity(certificate(name, own, issuer=issuer, ca=ca), own, where=f"/certs/{name}.pem")


@dataclass(frozen=True, slots=True)
class Forger:
    """Signs an assertion in whatever way it is told.

    ``hmac_key`` makes an HMAC in place of a signature; ``uris`` are those of the References; ``shown`` are the
    certificates in KeyInfo.
    """

    key: Key
    shown: tuple[x509.Certificate, ...] = ()
    method: str = f"{MORE}rsa-sha256"
    digest: str = SHA256
    c14n: str = ns.EXC_C14N
    transforms: tuple[str, ...] = (ENVELOPED, ns.EXC_C14N)
    uris: tuple[str | None, ...] | None = None
    hmac_key: bytes | None = None

    @classmethod
    def of(cls, signer: Identity) -> "Forger":
        """One who signs as a signer does."""
        assert isinstance(signer.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        return cls(signer.key, (signer.certificate,))

    def but(self, **changes: object) -> "Forger":
        """The same, apart from what is named."""
        return replace(self, **changes)  # type: ignore[arg-type]  # named by tests

    def sign(self, element: Element, *, target: Element | None = None) -> Element:
        """A copy of an element with a signature after its first child; ``target`` is what is digested in its place."""
        signed = copy.deepcopy(element)
        digested = self._digest(signed if target is None else target)
        signature = etree.Element(f"{{{ns.DS}}}Signature", nsmap={"ds": ns.DS})
        info = _add(signature, "SignedInfo")
        _add(info, "CanonicalizationMethod", self.c14n)
        _add(info, "SignatureMethod", self.method)
        for uri in (f"#{element.get('ID')}",) if self.uris is None else self.uris:
            reference = _add(info, "Reference")
            if uri is not None:
                reference.set("URI", uri)
            transforms = _add(reference, "Transforms")
            for transform in self.transforms:
                _add(transforms, "Transform", transform)
            _add(reference, "DigestMethod", self.digest)
            _add(reference, "DigestValue").text = digested
        _add(signature, "SignatureValue").text = base64.b64encode(self._value(canonical(info, self.c14n))).decode()
        if self.shown:
            data = _add(_add(signature, "KeyInfo"), "X509Data")
            for each in self.shown:
                _add(data, "X509Certificate").text = base64.b64encode(each.public_bytes(Encoding.DER)).decode()
        signed.insert(1, signature)
        return signed

    def _digest(self, element: Element) -> str:
        return base64.b64encode(_HASHES[self.digest](canonical(element, self.c14n)).digest()).decode()

    def _value(self, data: bytes) -> bytes:
        if self.hmac_key is not None:
            return hmac.digest(self.hmac_key, data, "sha256")
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        weak = self.method.endswith("sha1")
        algorithm = hashes.SHA1() if weak else hashes.SHA256()  # noqa: S303 - made to be refused
        return self.key.sign(data, padding.PKCS1v15(), algorithm)


def canonical(element: Element, algorithm: str = ns.EXC_C14N) -> bytes:
    """The canonical form of an element."""
    return etree.tostring(element, method="c14n", exclusive="exc-c14n" in algorithm, with_comments=False)


def _add(parent: Element, name: str, algorithm: str = "") -> Element:
    return etree.SubElement(parent, f"{{{ns.DS}}}{name}", {"Algorithm": algorithm} if algorithm else {})


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, ca: bool, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs, content_commitment=False, key_encipherment=not signs, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip
