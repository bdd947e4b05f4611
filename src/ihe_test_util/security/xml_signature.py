"""Signing XML (XML Signature 1.1): enveloped, RSA-SHA256, exclusive canonicalization. Loads cryptography, 0.2 s."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.identity import Identity
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

#: Shorter RSA keys are refused, for signing and when verifying (NIST SP 800-131A).
MIN_RSA_BITS: Final = 2048


def sign_enveloped(element: Element, identity: Identity) -> Element:
    """A copy of an element, signed by reference to its ``ID``; the signature follows the first child.

    KeyInfo holds the certificate, and those between it and its CA that came with it.

    Raises:
        CertificateError: the key is not RSA, or shorter than 2048 bits.
    """
    key = _signing_key(identity)
    # signxml puts the signature where it finds this element.
    element.insert(1, etree.Element(f"{{{ns.DS}}}Signature", {"Id": "placeholder"}, nsmap={"ds": ns.DS}))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    between = [each for each in identity.chain if each.issuer != each.subject]
    return signer.sign(
        element,
        key=key,
        cert=[identity.certificate, *between],
        reference_uri=element.get("ID"),
        id_attribute="ID",
    )


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
