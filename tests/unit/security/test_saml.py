"""How assertions are issued: what XUA demands of them, and what cannot be issued."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ihe_test_util.errors import BadInput, CertificateError
from ihe_test_util.security.identity import Identity
from ihe_test_util.security.saml import Assertion, AssertionSettings
from ihe_test_util.security.saml_verify import Expectations, Verification, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.security.xua import AttributeName, CodedValue, Confirmation
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize
from tests.support import forge
from tests.support.forge import Forger

NAMES = {"s": ns.SAML, "d": ns.DS, "h": ns.HL7}
Issue = Callable[..., Element]


@pytest.fixture
def issue(settings: AssertionSettings, signer: Identity) -> Issue:
    """Issues an assertion at ``forge.NOW`` by the settings, apart from what is named."""

    def issued(**changes: Any) -> Element:
        return Assertion.issue(replace(settings, **changes), signer, forge.NOW, lambda: "1")

    return issued


def seen(assertion: Element, signer: Identity, **expected: Any) -> Verification:
    """What a receiver that pinned the signer's certificate makes of it."""
    trust = Trust(pinned=(signer.certificate,))
    return verify_bytes(serialize(assertion), trust=trust, expect=Expectations(**expected), now=forge.NOW)


def texts(element: Element, path: str) -> list[str]:
    """The texts at a path, with the prefixes s, d and h."""
    return [each.text or "" for each in element.iterfind(path, NAMES)]


def test_the_parts_stand_in_the_order_of_the_schema(assertion: Element) -> None:
    """Issuer, Signature, Subject, Conditions, AuthnStatement, AttributeStatement (SAML Core, 2.3.3)."""
    assert [each.tag.rpartition("}")[2] for each in assertion] == [
        "Issuer", "Signature", "Subject", "Conditions", "AuthnStatement", "AttributeStatement"
    ]  # fmt: skip


def test_it_says_what_xua_demands(assertion: Element) -> None:
    """Bearer, NotBefore as the instant of issue, an audience, an AuthnContextClassRef (ITI TF-2: 3.40.4.1.2)."""
    conditions = assertion.find("s:Conditions", NAMES)
    confirmation = assertion.find("s:Subject/s:SubjectConfirmation", NAMES)
    assert conditions is not None
    assert confirmation is not None
    assert confirmation.get("Method") == "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    assert conditions.get("NotBefore") == assertion.get("IssueInstant") == "2026-01-31T08:15:00.000Z"
    assert conditions.get("NotOnOrAfter") == "2026-01-31T08:20:00.000Z"
    assert texts(conditions, "s:AudienceRestriction/s:Audience") == ["urn:oid:2.999.41"]
    assert texts(assertion, "s:AuthnStatement/s:AuthnContext/s:AuthnContextClassRef") == [
        "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
    ]


def test_attributes_of_text_have_their_names(assertion: Element) -> None:
    """Each once, under the URN that the profile gives."""
    values = {
        name: texts(assertion, f"s:AttributeStatement/s:Attribute[@Name='{name.value}']/s:AttributeValue")
        for name in AttributeName
        if name not in (AttributeName.ROLE, AttributeName.PURPOSE_OF_USE)
    }
    assert values == {
        AttributeName.SUBJECT_ID: ["Dr. Ada Quill"],
        AttributeName.ORGANIZATION: ["Example Family Medicine"],
        AttributeName.ORGANIZATION_ID: ["urn:oid:2.999.10"],
        AttributeName.HOME_COMMUNITY_ID: ["urn:oid:2.999.7"],
        AttributeName.RESOURCE_ID: ["P-1^^^&2.999.1&ISO"],
    }


@pytest.mark.parametrize(
    ("name", "element"), [(AttributeName.ROLE, "Role"), (AttributeName.PURPOSE_OF_USE, "PurposeOfUse")]
)
def test_coded_attributes_are_ce_of_hl7_v3(assertion: Element, name: AttributeName, element: str) -> None:
    """An element in HL7's namespace, whose xsi:type is CE of the same namespace."""
    code = assertion.find(f".//s:Attribute[@Name='{name.value}']/s:AttributeValue/h:{element}", NAMES)
    assert code is not None
    assert code.get(f"{{{ns.XSI}}}type") == "CE"
    assert code.nsmap[None] == ns.HL7
    assert set(code.attrib) >= {"code", "codeSystem", "displayName"}


def test_it_is_signed_as_saml_demands(assertion: Element, signer: Identity) -> None:
    """RSA-SHA256, exclusive canonicalization, one reference to its own ID, the certificate in KeyInfo."""
    algorithms = [each.get("Algorithm") for each in assertion[1].iter() if each.get("Algorithm")]
    assert algorithms == [
        ns.EXC_C14N, f"{forge.MORE}rsa-sha256", forge.ENVELOPED, ns.EXC_C14N, forge.SHA256
    ]  # fmt: skip
    (shown,) = texts(assertion, "d:Signature/d:KeyInfo/d:X509Data/d:X509Certificate")
    assert x509.load_der_x509_certificate(base64.b64decode(shown)) == signer.certificate
    assert seen(assertion, signer).valid


def test_what_is_not_given_is_not_written(signer: Identity) -> None:
    """No empty attributes, and no statement of none."""
    bare = Assertion.issue(AssertionSettings(), signer, forge.NOW, lambda: "1")
    assert bare.find("s:AttributeStatement", NAMES) is None
    assert bare.find("s:Conditions/s:OneTimeUse", NAMES) is None
    assert seen(bare, signer).valid


def test_everything_arrives(issue: Issue, signer: Identity) -> None:
    """Several roles and audiences, further attributes, a recipient, one-time use."""
    roles = (CodedValue("1", "2.999.3", "a"), CodedValue("2", "2.999.3"))
    assertion = issue(
        roles=roles,
        audiences=("urn:oid:2.999.1", "https://b.example"),
        attributes=(("urn:example:x", "ü <&> 'ж'"),),
        recipient="https://b.example/xds",
        one_time_use=True,
    )
    claims = seen(assertion, signer).claims
    assert claims is not None
    values = {each.name: each.values for each in claims.attributes}
    assert values[AttributeName.ROLE] == roles
    assert values["urn:example:x"] == ("ü <&> 'ж'",)
    assert claims.audiences == (("urn:oid:2.999.1", "https://b.example"),)
    assert claims.confirmations[0].recipient == "https://b.example/xds"
    assert claims.one_time_use


def test_a_holder_of_key_is_named_by_certificate(issue: Issue, signer: Identity, attacker: Identity) -> None:
    """The signer, or somebody else; whoever presents it must have that key."""
    own, other = (
        issue(confirmation=Confirmation.HOLDER_OF_KEY),
        issue(confirmation=Confirmation.HOLDER_OF_KEY, holder=attacker.certificate),
    )
    assert seen(own, signer, holder=signer.certificate).valid
    assert seen(other, signer, holder=attacker.certificate).valid
    assert [each.reason for each in seen(own, signer, holder=attacker.certificate).refusals] == ["holder"]


def test_times_are_written_in_utc(settings: AssertionSettings, signer: Identity) -> None:
    """Whatever the zone of the clock."""
    local = forge.NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assertion = Assertion.issue(settings, signer, local, lambda: "1")
    assert assertion.get("IssueInstant") == "2026-01-31T08:15:00.000Z"


def test_a_time_of_issue_can_be_chosen(issue: Issue) -> None:
    """To try receivers with; the certificate is judged by the clock."""
    assertion = issue(issued_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert assertion.get("IssueInstant") == "2020-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(days=2), r"the certificate expired on 2026-02-01 08:15 UTC; at: /certs/Example signer\.pem; try:"),
        (timedelta(days=-2), "the certificate is valid only from 2026-01-30 08:15 UTC on"),
    ],
)
def test_nothing_is_issued_with_a_certificate_out_of_time(
    settings: AssertionSettings, signer: Identity, away: timedelta, words: str
) -> None:
    """With the date, and what to do."""
    with pytest.raises(CertificateError, match=words):
        Assertion.issue(settings, signer, forge.NOW + away, lambda: "1")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (forge.ec_key("curve"), "the private key is not RSA"),
        (forge.rsa_key("weak", 1024), "too short to sign with.*RSA with 1024 bits"),
    ],
    ids=["ec", "short"],
)
def test_nothing_is_signed_with_a_key_that_receivers_refuse(
    settings: AssertionSettings, key: forge.Key, words: str
) -> None:
    """With what the key is."""
    with pytest.raises(CertificateError, match=words):
        Assertion.issue(settings, forge.identity("x", key), forge.NOW, lambda: "1")


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("issuer", "", "issuer"),
        ("subject", " ", "subject"),
        ("audiences", (), "audience"),
        ("audiences", ("nobody",), "audience"),
        ("audiences", ("urn:a b",), "audience"),
        ("organization_id", "2.999.10", "organization_id"),
        ("home_community_id", "2.999.7", "home_community_id"),
        ("home_community_id", "urn:oid:2.999.07", "home_community_id"),
        ("resource_id", "P-1", "resource_id"),
        ("valid_for_s", 0, "valid_for_s"),
        ("valid_for_s", float("nan"), "valid_for_s"),
        ("valid_for_s", 1e12, "valid_for_s"),
        ("subject_id", "a\x00b", "subject_id"),
        ("roles", (CodedValue("\x07", "2.999.3"),), "coded value"),
    ],
)
def test_what_xua_does_not_allow_is_refused(field: str, value: Any, where: str) -> None:
    """By name, before anything is signed."""
    with pytest.raises(BadInput) as refused:
        AssertionSettings(**{field: value})
    assert refused.value.where == where
    assert repr(value) in str(refused.value) or refused.value.got or refused.value.expected


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Not one by one."""
    with pytest.raises(BadInput) as refused:
        AssertionSettings(issuer="", resource_id="x", home_community_id="y")
    assert str(refused.value).count("\n") == 3


@pytest.mark.parametrize("text", ["", "a", "a^b", "a^b^c", "^b^2.999.1", "a^b^2.999.1^d^e", "a^^"])
def test_codes_that_cannot_be_read_are_refused(text: str) -> None:
    """With how one is written."""
    with pytest.raises(BadInput, match="CODE"):
        CodedValue.parse(text)


@pytest.mark.parametrize("text", ["a^^2.999.1", "a^b c^2.999.1", "a^b^2.999.1^Name"])
def test_codes_are_read_as_they_are_written(text: str) -> None:
    """There and back."""
    assert str(CodedValue.parse(text)) == text


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip))
def test_any_text_arrives_as_it_was_given(issue: Issue, signer: Identity, text: str) -> None:
    """Signed, serialised, parsed, verified; but for white space around it, and what XML cannot carry."""
    try:
        assertion = issue(subject=text, subject_id=text)
    except BadInput:
        assert any(ord(each) in {0xFFFE, 0xFFFF} for each in text)
        return
    verification = seen(assertion, signer)
    assert verification.valid
    assert verification.claims is not None
    assert verification.claims.subject == text.strip()


def test_the_forger_and_the_product_sign_alike(assertion: Element, unsigned: Element, signer: Identity) -> None:
    """Two implementations of XML Signature give the same digest and value: RSA with PKCS#1 v1.5 leaves no choice."""
    forged = Forger.of(signer).sign(unsigned)
    for name in ("DigestValue", "SignatureValue"):
        assert texts(forged, f".//d:{name}") == ["".join(text.split()) for text in texts(assertion, f".//d:{name}")]
