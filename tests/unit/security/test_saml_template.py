"""Assertions from a template of the user's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.errors import BadInput
from ihe_test_util.security.identity import Identity
from ihe_test_util.security.saml import Assertion, AssertionSettings
from ihe_test_util.security.saml_template import AssertionTemplate
from ihe_test_util.security.saml_verify import Expectations, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.security.xua import CodedValue
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize
from tests.support import forge

DATA = Path(__file__).parents[2] / "data" / "saml"
EMPTY = f'<Assertion xmlns="{ns.SAML}"><Issuer>i</Issuer>%s</Assertion>'


def template(name: str = "template.xml") -> AssertionTemplate:
    """A template in tests/data/saml."""
    return AssertionTemplate.read((DATA / name).read_bytes(), where=name)


def issue(settings: AssertionSettings, signer: Identity, **changes: Any) -> Element:
    """An assertion at ``forge.NOW``, apart from what is named."""
    return Assertion.issue(replace(settings, **changes), signer, forge.NOW, lambda: "1")


def test_placeholders_are_listed() -> None:
    """Each once, in the order of the file."""
    assert template().placeholders == ("audience", "subject", "department", "resource_id")


def test_placeholders_are_filled(settings: AssertionSettings, signer: Identity) -> None:
    """From the settings and from values of one's own, as text: what looks like XML stays text."""
    assertion = issue(settings, signer, template=template(), values=(("department", "7b <x/> & {{subject}}"),))
    trust = Trust(pinned=(signer.certificate,))
    verification = verify_bytes(serialize(assertion), trust=trust, expect=Expectations(), now=forge.NOW)

    assert verification.valid
    assert verification.claims is not None
    claims = verification.claims
    assert claims.subject == "ada.quill@clinic.example"
    assert claims.audiences == (("urn:oid:2.999.41",),)
    assert {each.name: each.values for each in claims.attributes} == {
        "urn:example:department": ("Department 7b <x/> & {{subject}}",),
        "urn:oasis:names:tc:xacml:2.0:resource:resource-id": ("P-1^^^&2.999.1&ISO",),
        "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse": (CodedValue("TREATMENT", "2.16.840.1.113883.3.18.7.1"),),
    }


def test_times_and_ids_are_new_each_time(settings: AssertionSettings, signer: Identity) -> None:
    """Whatever stood in the template, which itself stays as it is."""
    made = template()
    before = serialize(made.root)
    assertion = issue(settings, signer, template=made, values=(("department", "x"),))

    assert assertion.get("ID") == "_1"
    times = {
        (each.tag.rpartition("}")[2], name): text
        for each in assertion.iter()
        for name, text in each.attrib.items()
        if str(text).startswith("20")
    }
    assert times == {
        ("Assertion", "IssueInstant"): "2026-01-31T08:15:00.000Z",
        ("SubjectConfirmationData", "NotOnOrAfter"): "2026-01-31T08:20:00.000Z",
        ("Conditions", "NotBefore"): "2026-01-31T08:15:00.000Z",
        ("Conditions", "NotOnOrAfter"): "2026-01-31T08:20:00.000Z",
        ("AuthnStatement", "AuthnInstant"): "2026-01-31T08:15:00.000Z",
    }
    assert serialize(made.root) == before


def test_any_assertion_is_a_template(assertion: Element, settings: AssertionSettings, signer: Identity) -> None:
    """A signed one, too: its signature is replaced."""
    made = AssertionTemplate.read(serialize(assertion))
    again = issue(settings, signer, template=made)

    assert made.placeholders == ()
    trust = Trust(pinned=(signer.certificate,))
    assert verify_bytes(serialize(again), trust=trust, expect=Expectations(), now=forge.NOW).valid


@pytest.mark.parametrize("prefix", ["dsig", "saml2", "ds"])
def test_prefixes_of_a_template_do_not_break_the_signature(
    settings: AssertionSettings, signer: Identity, prefix: str
) -> None:
    """Whatever its author called the namespaces that the signature uses."""
    data = f'<a:Assertion xmlns:a="{ns.SAML}" xmlns:{prefix}="{ns.DS}"><a:Issuer>i</a:Issuer><a:Subject>'
    data += '<a:NameID>n</a:NameID><a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></a:Subject>'
    data += '<a:Conditions NotOnOrAfter=""/></a:Assertion>'
    assertion = issue(settings, signer, template=AssertionTemplate.read(data.encode()))
    trust = Trust(pinned=(signer.certificate,))

    assert verify_bytes(serialize(assertion), trust=trust, expect=Expectations(), now=forge.NOW).valid


def test_placeholders_that_nothing_fills_are_told(settings: AssertionSettings) -> None:
    """With their line: unknown ones with the nearest known one, known ones with the option that fills them."""
    data = EMPTY % "\n<Subject>{{ subjectt }}</Subject>\n<x a='{{qqq}}'/>{{recipient}}"
    with pytest.raises(BadInput) as refused:
        replace(settings, template=AssertionTemplate.read(data.encode(), where="mine.xml"))

    text = str(refused.value)
    assert "line 2: {{subjectt}} is unknown; did you mean {{subject}}?" in text
    assert "line 3: {{qqq}} is unknown" in text
    assert "{{recipient}} has no value: give --recipient" in text
    assert refused.value.where == "mine.xml"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<a", "not well-formed"),
        (b"<a/>", "no SAML 2.0 assertion"),
        (f'<Assertion xmlns="{ns.SAML}"/>'.encode(), "no SAML 2.0 assertion"),
        (b"<!DOCTYPE a><a/>", "document type"),
    ],
)
def test_what_is_no_template_is_refused(data: bytes, words: str) -> None:
    """As bad input of the user's, not of a peer."""
    with pytest.raises(BadInput, match=words):
        AssertionTemplate.read(data)


def test_a_template_without_canonical_form_is_refused(settings: AssertionSettings, signer: Identity) -> None:
    """Relative namespaces have no canonical form; that is said, and is no fault of this tool."""
    data = (EMPTY % '<x xmlns="relative/uri"/>').encode()
    with pytest.raises(BadInput, match="no canonical form"):
        issue(settings, signer, template=AssertionTemplate.read(data))
