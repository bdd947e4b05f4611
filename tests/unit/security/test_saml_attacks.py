"""Forged, wrapped and doctored assertions: each is refused, with the reason that fits."""

import copy
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.security.identity import Identity
from ihe_test_util.security.refusals import Reason
from ihe_test_util.security.saml_verify import Expectations, verify, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, parse, serialize
from tests.support import forge, wrapping
from tests.support.forge import Forger
from tests.support.judging import Judge, reasons


def test_what_is_not_tampered_with_is_believed(
    judge: Judge, assertion: Element, unsigned: Element, forger: Forger
) -> None:
    """Ours, and the forger's when it behaves: the refusals below have no other cause."""
    assert judge(wrapping.response(forger.sign(unsigned))).valid
    assert judge(assertion).valid


@pytest.mark.parametrize("wrap", wrapping.OF_ASSERTIONS, ids=lambda wrap: wrap.__name__)
def test_wrapped_assertions_are_refused(judge: Judge, assertion: Element, wrap: Callable[[Element], Element]) -> None:
    """XSW3 to XSW8 need a second assertion, and there may be one."""
    assert reasons(judge(wrap(assertion))) == [Reason.SEVERAL_ASSERTIONS]


@pytest.mark.parametrize("wrap", wrapping.OF_RESPONSES, ids=lambda wrap: wrap.__name__)
def test_wrapped_responses_are_refused(
    judge: Judge, unsigned: Element, forger: Forger, wrap: Callable[[Element], Element]
) -> None:
    """XSW1 and XSW2, with a signature on the response."""
    signed_response = forger.sign(wrapping.response(forger.sign(unsigned)))

    assert reasons(judge(wrap(signed_response))) == [Reason.SEVERAL_ASSERTIONS]


def test_the_signature_of_a_response_is_not_that_of_the_assertion(
    judge: Judge, unsigned: Element, forger: Forger
) -> None:
    """Only the assertion's own counts."""
    assert reasons(judge(forger.sign(wrapping.response(unsigned)))) == [Reason.UNSIGNED]


def test_an_assertion_hidden_in_a_signature_is_refused(judge: Judge, assertion: Element) -> None:
    """Also where it is the only one."""
    root = wrapping.response()
    hidden = etree.SubElement(etree.SubElement(root, f"{{{ns.DS}}}Signature"), f"{{{ns.DS}}}Object")
    hidden.append(assertion)

    assert reasons(judge(root)) == [Reason.MISPLACED]


def test_an_assertion_in_the_body_is_refused(judge: Judge, assertion: Element) -> None:
    """It belongs into the header."""
    envelope = etree.Element(f"{{{ns.SOAP12}}}Envelope")
    body = etree.SubElement(envelope, f"{{{ns.SOAP12}}}Body")
    etree.SubElement(body, f"{{{ns.WSSE}}}Security").append(assertion)

    assert reasons(judge(envelope)) == [Reason.MISPLACED]


@pytest.mark.parametrize("name", ["ID", "Id", "id", f"{{{ns.WSU}}}Id", f"{{{ns.XML}}}id"])
def test_an_id_given_twice_is_refused(judge: Judge, assertion: Element, name: str) -> None:
    """Whatever kind of ID the other one is."""
    root = wrapping.response(assertion)
    etree.SubElement(root, "{urn:example}other").set(name, assertion.get("ID", ""))

    assert reasons(judge(root)) == [Reason.DUPLICATE_ID]


@pytest.mark.parametrize("node", [etree.Comment("x"), etree.PI("x", "y")], ids=["comment", "instruction"])
def test_a_comment_in_the_name_is_refused(judge: Judge, assertion: Element, node: Element) -> None:
    """It would split the name for readers that take the first text."""
    name = assertion.find(f".//{{{ns.SAML}}}NameID")
    assert name is not None
    name.text, node = "ada.quill", copy.deepcopy(node)
    name.append(node)
    node.tail = "@clinic.example"

    assert reasons(judge(assertion)) == [Reason.COMMENT]


def test_a_name_is_read_whole_where_comments_were_dropped(authority: Identity, assertion: Element) -> None:
    """As in SOAP, where the parser drops them."""
    data = serialize(assertion).replace(b"ada.quill@", b"ada.quill<!-- -->@")
    verification = verify(
        parse(data), trust=Trust(authorities=(authority.certificate,)), expect=Expectations(), now=forge.NOW
    )

    assert verification.valid
    assert verification.claims is not None
    assert verification.claims.subject == "ada.quill@clinic.example"


def test_a_comment_of_the_signer_does_not_cut_the_name(authority: Identity, unsigned: Element, forger: Forger) -> None:
    """The text after it belongs to the name: an issuer may be made to sign a name of the attacker's choice."""
    name = unsigned.find(f".//{{{ns.SAML}}}NameID")
    assert name is not None
    name.text = "admin@clinic.example"
    name.append(etree.Comment("x"))
    name[0].tail = ".attacker.example"
    trust = Trust(authorities=(authority.certificate,))

    seen = verify(parse(serialize(forger.sign(unsigned))), trust=trust, expect=Expectations(), now=forge.NOW)

    assert seen.claims is not None
    assert seen.claims.subject == "admin@clinic.example.attacker.example"


def test_an_assertion_without_signature_is_refused(judge: Judge, unsigned: Element) -> None:
    """Stripping it does not help."""
    assert reasons(judge(unsigned)) == [Reason.UNSIGNED]


def test_a_signature_elsewhere_in_the_assertion_is_refused(judge: Judge, assertion: Element) -> None:
    """At its end, and deeper."""
    signature = assertion[1]
    assertion.append(signature)
    assert reasons(judge(assertion)) == [Reason.SIGNATURE_MISPLACED]
    assertion[1].append(signature)
    assert reasons(judge(assertion)) == [Reason.SIGNATURE_MISPLACED]


def test_two_signatures_are_refused(judge: Judge, assertion: Element) -> None:
    """One of them might be the attacker's."""
    assertion.insert(2, copy.deepcopy(assertion[1]))

    assert reasons(judge(assertion)) == [Reason.SEVERAL_SIGNATURES]


def test_an_object_in_the_signature_is_refused(judge: Judge, assertion: Element) -> None:
    """It is where signed things are hidden."""
    etree.SubElement(assertion[1], f"{{{ns.DS}}}Object")

    assert reasons(judge(assertion)) == [Reason.SIGNATURE_MALFORMED]


def test_a_changed_assertion_is_refused(judge: Judge, assertion: Element) -> None:
    """By its digest."""
    name = assertion.find(f".//{{{ns.SAML}}}NameID")
    assert name is not None
    name.text = wrapping.EVIL

    assert reasons(judge(assertion)) == [Reason.DIGEST]


def test_a_changed_digest_is_refused(judge: Judge, assertion: Element) -> None:
    """SignedInfo is signed, too."""
    name = assertion.find(f".//{{{ns.SAML}}}NameID")
    digest = assertion.find(f".//{{{ns.DS}}}DigestValue")
    assert name is not None
    assert digest is not None
    name.text = wrapping.EVIL
    bare = copy.deepcopy(assertion)
    bare.remove(bare[1])
    digest.text = Forger(forge.rsa_key("Attacker"))._digest(bare)  # noqa: SLF001 - the attacker's own

    assert reasons(judge(assertion)) == [Reason.SIGNATURE_VALUE]


@pytest.mark.parametrize(
    ("uris", "reason"),
    [
        ((), Reason.NO_REFERENCE),
        (("#_other",), Reason.OTHER_ELEMENT),
        (("",), Reason.OTHER_ELEMENT),
        ((None,), Reason.OTHER_ELEMENT),
        (("#xpointer(/)",), Reason.OTHER_ELEMENT),
        (("http://attacker.example/",), Reason.OTHER_ELEMENT),
        (("#_3f0c5f3e-5f0b-4c1e-9a70-1d2f2c1b7a55", "#_other"), Reason.SEVERAL_REFERENCES),
    ],
)
def test_a_signature_about_something_else_is_refused(
    judge: Judge, unsigned: Element, forger: Forger, uris: tuple[str | None, ...], reason: Reason
) -> None:
    """It must be about the assertion, by its ID, and about nothing beside it."""
    assert reasons(judge(forger.but(uris=uris).sign(unsigned))) == [reason]


def test_a_signature_over_another_signed_element_is_refused(judge: Judge, unsigned: Element, forger: Forger) -> None:
    """One that the signer once made for something else says nothing about the assertion."""
    other = etree.Element("{urn:example}other", {"ID": "_other"})
    root = wrapping.response(forger.but(uris=("#_other",)).sign(unsigned, target=other), other)

    assert reasons(judge(root)) == [Reason.OTHER_ELEMENT]


@pytest.mark.parametrize(
    "transforms",
    [
        (),
        (ns.EXC_C14N,),
        (forge.ENVELOPED,),
        (forge.ENVELOPED, ns.EXC_C14N, ns.EXC_C14N),
        (ns.EXC_C14N, forge.ENVELOPED),
        (forge.ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        (forge.ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116", ns.EXC_C14N),
        (forge.ENVELOPED, f"{ns.DS}base64"),
    ],
)
def test_other_transforms_are_refused(
    judge: Judge, unsigned: Element, forger: Forger, transforms: tuple[str, ...]
) -> None:
    """A transform decides what is signed."""
    assert reasons(judge(forger.but(transforms=transforms).sign(unsigned))) == [Reason.TRANSFORM]


def test_inclusive_canonicalization_is_refused(judge: Judge, unsigned: Element, forger: Forger) -> None:
    """For SignedInfo, and for the assertion."""
    inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

    assert reasons(judge(forger.but(c14n=inclusive).sign(unsigned))) == [Reason.CANONICALIZATION]
    assert reasons(judge(forger.but(transforms=(forge.ENVELOPED, inclusive)).sign(unsigned))) == [
        Reason.CANONICALIZATION
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": f"{ns.DS}rsa-sha1"}, Reason.WEAK_ALGORITHM),
        ({"digest": forge.SHA1}, Reason.WEAK_ALGORITHM),
        ({"method": f"{ns.DS}dsa-sha1"}, Reason.WEAK_ALGORITHM),
        ({"method": f"{forge.MORE}rsa-md5"}, Reason.WEAK_ALGORITHM),
        ({"method": "http://www.w3.org/2009/xmldsig11#dsa-sha256"}, Reason.WEAK_ALGORITHM),
        ({"method": "urn:example:none"}, Reason.UNKNOWN_ALGORITHM),
    ],
)
def test_weak_and_unknown_algorithms_are_refused(
    judge: Judge, unsigned: Element, forger: Forger, changes: dict[str, str], reason: Reason
) -> None:
    """Even where the signature is right."""
    assert reasons(judge(forger.but(**changes).sign(unsigned))) == [reason]


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_an_hmac_with_the_public_key_is_refused(
    judge: Judge, unsigned: Element, signer: Identity, encoding: Encoding
) -> None:
    """Everybody knows it; a verifier that takes it for a secret is fooled."""
    public = signer.certificate.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    forged = Forger.of(signer).but(method=f"{forge.MORE}hmac-sha256", hmac_key=public).sign(unsigned)

    assert reasons(judge(forged)) == [Reason.HMAC]


@pytest.mark.parametrize(
    "doctype",
    [
        b"<!DOCTYPE x>",
        b'<!DOCTYPE x [<!ENTITY e "attacker">]>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b"<!DOCTYPE x [<!ATTLIST Assertion ID ID #IMPLIED>]>",
    ],
)
def test_a_document_type_is_refused(authority: Identity, assertion: Element, doctype: bytes) -> None:
    """No entities, no attributes by default, no IDs by declaration."""
    data = doctype + serialize(assertion, declaration=False).replace(b"ada.quill", b"&e;")
    trust = Trust(authorities=(authority.certificate,))
    verification = verify_bytes(data, trust=trust, expect=Expectations(), now=forge.NOW)

    assert reasons(verification) == [Reason.MALFORMED_XML]
    assert "document type" in verification.refusals[0].message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SignatureValue", ""),
        ("SignatureValue", "!"),
        ("DigestValue", ""),
        ("X509Certificate", "AAAA"),
        ("X509Certificate", ""),
    ],
)
def test_values_that_cannot_be_read_are_refused(judge: Judge, assertion: Element, name: str, text: str) -> None:
    """Without a stack trace."""
    value = assertion.find(f".//{{{ns.DS}}}{name}")
    assert value is not None
    value.text = text

    assert reasons(judge(assertion)) in (
        [Reason.SIGNATURE_MALFORMED], [Reason.SIGNATURE_VALUE], [Reason.KEY_INFO], [Reason.DIGEST]
    )  # fmt: skip


@pytest.mark.parametrize("name", ["CanonicalizationMethod", "SignatureMethod"])
def test_an_algorithm_must_be_named_once(judge: Judge, assertion: Element, name: str) -> None:
    """Not twice, and not never."""
    info = assertion[1][0]
    method = info.find(f"{{{ns.DS}}}{name}")
    assert method is not None
    method.addnext(copy.deepcopy(method))
    assert reasons(judge(assertion)) == [Reason.SIGNATURE_MALFORMED]
    for each in info.findall(f"{{{ns.DS}}}{name}"):
        info.remove(each)
    assert reasons(judge(assertion)) == [Reason.SIGNATURE_MALFORMED]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", Reason.MALFORMED_XML),
        (b"{}", Reason.MALFORMED_XML),
        (b"<a/>", Reason.NO_ASSERTION),
        (b'<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"/>', Reason.NO_ASSERTION),
        (b'<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>', Reason.ENCRYPTED),
        (b'<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>', Reason.MALFORMED),
        (b'<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a"/>', Reason.UNSIGNED),
    ],
)
def test_what_is_no_assertion_is_refused(authority: Identity, document: bytes, reason: Reason) -> None:
    """With what it is."""
    trust = Trust(authorities=(authority.certificate,))

    assert reasons(verify_bytes(document, trust=trust, expect=Expectations(), now=forge.NOW)) == [reason]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(data=st.data())
def test_no_change_of_bytes_changes_what_is_read(authority: Identity, assertion: Element, data: st.DataObject) -> None:
    """Whatever an attacker overwrites, the outcome is a refusal, or the very claims that were signed."""
    good = serialize(assertion)
    at = data.draw(st.integers(0, len(good) - 1))
    length = data.draw(st.integers(0, 40))
    new = data.draw(st.binary(max_size=20) | st.sampled_from([b"<!---->", b"</", b'"', b"ID", b"&#10;", b" "]))
    trust = Trust(authorities=(authority.certificate,))
    original = verify_bytes(good, trust=trust, expect=Expectations(), now=forge.NOW)

    seen = verify_bytes(good[:at] + new + good[at + length :], trust=trust, expect=Expectations(), now=forge.NOW)

    assert seen.claims is None or seen.claims == original.claims
