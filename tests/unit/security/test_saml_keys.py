"""Whose signature counts: certificates, chains and keys that are believed, and those that only look like them."""

import base64
from datetime import timedelta

from lxml import etree

from ihe_test_util.security.identity import Identity
from ihe_test_util.security.refusals import Reason
from ihe_test_util.security.saml_verify import Expectations, verify
from ihe_test_util.security.signers import Trust
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element
from tests.support import forge
from tests.support.forge import Forger
from tests.support.judging import Judge, reasons


def test_a_certificate_that_is_brought_along_proves_nothing(
    judge: Judge, unsigned: Element, signer: Identity, attacker: Identity
) -> None:
    """The attacker's own, the signer's without its key, both in either order, none."""
    own, believed = attacker.certificate, signer.certificate
    forger = Forger.of(attacker)

    assert reasons(judge(forger.sign(unsigned))) == [Reason.UNTRUSTED]
    assert reasons(judge(forger.but(shown=(believed,)).sign(unsigned))) == [Reason.SIGNATURE_VALUE]
    assert reasons(judge(forger.but(shown=(own, believed)).sign(unsigned))) == [Reason.UNTRUSTED]
    assert reasons(judge(forger.but(shown=(believed, own)).sign(unsigned))) == [Reason.SIGNATURE_VALUE]
    assert reasons(judge(forger.but(shown=()).sign(unsigned))) == [Reason.NO_CERTIFICATE]


def test_a_pinned_certificate_is_the_only_one(unsigned: Element, signer: Identity, attacker: Identity) -> None:
    """Whatever KeyInfo says; and without KeyInfo it is the one."""
    forger, trust = Forger.of(attacker), Trust(pinned=(signer.certificate,))

    def refused(document: Element) -> list[Reason]:
        return reasons(verify(document, trust=trust, expect=Expectations(), now=forge.NOW))

    assert refused(forger.sign(unsigned)) == [Reason.UNTRUSTED]
    assert refused(forger.but(shown=()).sign(unsigned)) == [Reason.SIGNATURE_VALUE]
    assert refused(forger.but(shown=(signer.certificate,)).sign(unsigned)) == [Reason.SIGNATURE_VALUE]
    without = Forger.of(signer).but(shown=()).sign(unsigned)
    assert verify(without, trust=trust, expect=Expectations(), now=forge.NOW).valid


def test_a_key_value_beside_the_certificate_must_be_its_key(judge: Judge, unsigned: Element, signer: Identity) -> None:
    """KeyInfo that contradicts itself is refused, also where the key is of another kind."""
    signed = Forger.of(signer).sign(unsigned)
    numbers = forge.rsa_key("Attacker").public_key().public_numbers()
    key_info = signed[1][2]
    value = etree.SubElement(etree.SubElement(key_info, f"{{{ns.DS}}}KeyValue"), f"{{{ns.DS}}}RSAKeyValue")
    etree.SubElement(value, f"{{{ns.DS}}}Modulus").text = base64.b64encode(numbers.n.to_bytes(256, "big")).decode()
    etree.SubElement(value, f"{{{ns.DS}}}Exponent").text = "AQAB"

    assert reasons(judge(signed)) == [Reason.SIGNATURE_MALFORMED]


def test_a_ca_of_the_same_name_is_another_ca(judge: Judge, unsigned: Element, authority: Identity) -> None:
    """Names prove nothing."""
    impostor = forge.identity("Example CA", forge.rsa_key("impostor"), ca=True)
    forged = forge.identity("Example signer", forge.rsa_key("Attacker"), issuer=impostor)
    assert impostor.certificate.subject == authority.certificate.subject

    shown = (forged.certificate, impostor.certificate)
    assert reasons(judge(Forger.of(forged).but(shown=shown).sign(unsigned))) == [Reason.UNTRUSTED]


def test_a_signer_is_no_ca(judge: Judge, unsigned: Element, signer: Identity) -> None:
    """A certificate below that of a signer, who may not issue any."""
    forged = forge.identity("Attacker", issuer=signer)
    shown = (forged.certificate, signer.certificate)

    assert reasons(judge(Forger.of(forged).but(shown=shown).sign(unsigned))) == [Reason.UNTRUSTED]


def test_a_chain_is_followed(judge: Judge, unsigned: Element, authority: Identity) -> None:
    """A signer below an intermediate CA is believed, in whatever order the chain comes."""
    between = forge.identity("Example CA 2", issuer=authority, ca=True)
    signer = forge.identity("Example signer 2", issuer=between)
    for shown in ((signer.certificate, between.certificate), (between.certificate, signer.certificate)):
        assert judge(Forger.of(signer).but(shown=shown).sign(unsigned)).valid


def test_a_short_key_is_refused(judge: Judge, unsigned: Element, authority: Identity) -> None:
    """RSA with 1024 bits, even from the right CA."""
    weak = forge.identity("Weak", forge.rsa_key("weak", 1024), issuer=authority)

    assert reasons(judge(Forger.of(weak).sign(unsigned))) == [Reason.WEAK_KEY]


def test_ecdsa_is_believed_with_a_key_of_its_kind_only(judge: Judge, unsigned: Element, authority: Identity) -> None:
    """With SHA-256 on P-256; never with the algorithm of the other kind."""
    curve = forge.identity("Curve", forge.ec_key("curve"), issuer=authority)
    ecdsa = f"{forge.MORE}ecdsa-sha256"

    assert judge(Forger.of(curve).but(method=ecdsa).sign(unsigned)).valid
    assert reasons(judge(Forger.of(curve).sign(unsigned))) == [Reason.KEY_INFO]


def test_a_certificate_must_be_valid_and_one_to_sign_with(judge: Judge, unsigned: Element, authority: Identity) -> None:
    """Expired, not yet valid, made for something else."""
    key = forge.rsa_key("Example signer")
    day = timedelta(days=1)
    expired = forge.certificate("x", key, issuer=authority, begin=forge.NOW - 2 * day, end=forge.NOW - day)
    early = forge.certificate("x", key, issuer=authority, begin=forge.NOW + day, end=forge.NOW + 2 * day)
    other = forge.certificate("x", key, issuer=authority, signs=False)

    for shown, reason in (
        (expired, Reason.CERTIFICATE_EXPIRED),
        (early, Reason.CERTIFICATE_NOT_YET_VALID),
        (other, Reason.CERTIFICATE_USAGE),
    ):
        assert reasons(judge(Forger(key, (shown,)).sign(unsigned))) == [reason]
