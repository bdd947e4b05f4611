"""Signing XML (XML Signature 1.1): enveloped, RSA-SHA256, exclusive canonicalization. Loads cryptography, 0.2 s.

Written here, and not by signxml, which verifies: it costs as much again as the signature itself, for every message.
"""

import base64
import hashlib
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ihe_test_util.errors import BadInput, CertificateError
from ihe_test_util.security.identity import Identity
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, parse

#: Shorter RSA keys are refused, for signing and when verifying (NIST SP 800-131A).
MIN_RSA_BITS: Final = 2048
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
#: A signature without what differs from one to the next: reference, digest, value and certificates.
_SIGNATURE: Final = (
    f'<ds:Signature xmlns:ds="{ns.DS}"><ds:SignedInfo>'
    f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>'
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
    "<ds:Reference><ds:Transforms>"
    f'<ds:Transform Algorithm="{ns.DS}enveloped-signature"/><ds:Transform Algorithm="{_EXCLUSIVE}"/>'
    '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>'
    "</ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"
).encode()


def sign_enveloped(element: Element, identity: Identity) -> Element:
    """The element itself, signed by reference to its ``ID``; the signature follows the first child.

    KeyInfo holds the certificate, and those between it and its CA that came with it.

    Raises:
        CertificateError: the key is not RSA, or shorter than 2048 bits.
        BadInput: the element cannot be canonicalized.
    """
    key = _signing_key(identity)
    signature = parse(_SIGNATURE, what="signature")
    info, value, key_info = signature
    reference = info[2]
    reference.set("URI", f"#{element.get('ID')}")
    # Without its signature, as the enveloped transform leaves it (XML Signature, 6.6.4).
    reference[2].text = base64.b64encode(hashlib.sha256(_canonical(element)).digest()).decode()
    element.insert(1, signature)  # where another prefix may stand for the namespace, which changes what is signed
    value.text = base64.b64encode(key.sign(_canonical(info), PKCS1v15(), SHA256())).decode()
    between = [each for each in identity.chain if each.issuer != each.subject]
    for certificate in (identity.certificate, *between):
        etree.SubElement(key_info[0], f"{{{ns.DS}}}X509Certificate").text = _base64_of(certificate)
    return element


def _canonical(element: Element) -> bytes:
    """Exclusive canonicalization without comments (Exclusive XML Canonicalization 1.0)."""
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        raise BadInput(
            "the assertion cannot be signed: it has no canonical form",
            expected="absolute URIs as namespaces (Canonical XML 1.0, 1.3)",
            hint="look for xmlns attributes with a relative URI",
        ) from None


def _base64_of(certificate: x509.Certificate) -> str:
    return "\n".join(certificate.public_bytes(Encoding.PEM).decode().splitlines()[1:-1])


def _signing_key(identity: Identity) -> RSAPrivateKey:
    key = identity.key
    if not isinstance(key, RSAPrivateKey):
        raise CertificateError(
            "assertions are signed by RSA-SHA256, and the private key is not RSA",
            where=identity.where,
            got=type(key).__name__.lstrip("_").removesuffix("PrivateKey"),
            expected="RSA with 2048 bits or more",
            hint="ihe-test-util certs init makes such a pair",
        )
    if key.key_size < MIN_RSA_BITS:
        raise CertificateError(
            "the private key is too short to sign with",
            where=identity.where,
            got=f"RSA with {key.key_size} bits",
            expected=f"{MIN_RSA_BITS} bits or more",
            hint="ihe-test-util certs init makes such a pair",
        )
    return key
