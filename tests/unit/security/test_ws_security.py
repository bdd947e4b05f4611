"""The WS-Security header around an assertion."""

from dataclasses import replace

import pytest

from ihe_test_util.security.identity import Identity
from ihe_test_util.security.saml import Assertion, AssertionSettings
from ihe_test_util.security.saml_template import AssertionTemplate
from ihe_test_util.security.saml_verify import Expectations, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.security.ws_security import SecurityHeader
from ihe_test_util.soap.addressing import Addressing
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, parse, serialize
from tests.support import forge


@pytest.mark.parametrize("version", list(SoapVersion))
def test_the_assertion_survives_the_envelope(assertion: Element, signer: Identity, version: SoapVersion) -> None:
    """In both versions of SOAP, with addressing and without; the same assertion as often as one likes."""
    for addressing in (Addressing(), Addressing(action="urn:example:a", message_id="urn:uuid:1")):
        header = SecurityHeader.build(assertion, forge.NOW, 60, soap_namespace=version.namespace)
        data = write_envelope(None, version=version, addressing=addressing, header_blocks=[header])
        trust = Trust(pinned=(signer.certificate,))

        assert verify_bytes(data, trust=trust, expect=Expectations(), now=forge.NOW).valid
        assert read_envelope(parse(data), announced=version).header_blocks[-1].tag == f"{{{ns.WSSE}}}Security"


@pytest.mark.parametrize("version", list(SoapVersion))
def test_it_must_be_understood(assertion: Element, version: SoapVersion) -> None:
    """By the attribute of the envelope's own version."""
    header = SecurityHeader.build(assertion, forge.NOW, soap_namespace=version.namespace)
    assert header.get(f"{{{version.namespace}}}mustUnderstand") == "1"


def test_the_timestamp_comes_first_and_says_how_long(assertion: Element) -> None:
    """Created and Expires in UTC (WSS SOAP Message Security, 10)."""
    header = SecurityHeader.build(assertion, forge.NOW, 90)
    assert [each.tag.rpartition("}")[2] for each in header] == ["Timestamp", "Assertion"]
    assert [each.text for each in header[0]] == ["2026-01-31T08:15:00.000Z", "2026-01-31T08:16:30.000Z"]
    assert {each.tag.rpartition("}")[0] for each in header[0]} == {f"{{{ns.WSU}"}


@pytest.mark.parametrize("namespace", [ns.WSSE, ns.WSU, ns.SOAP12])
def test_prefixes_of_the_assertion_stay_its_own(settings: AssertionSettings, signer: Identity, namespace: str) -> None:
    """What the header has a prefix for may have another one in the assertion: renamed, its signature would break."""
    text = (
        f'<a:Assertion xmlns:a="{ns.SAML}" xmlns:own="{namespace}" own:mark="1"><a:Issuer>urn:oid:2.999.40</a:Issuer>'
        '<a:Subject><a:NameID>x</a:NameID><a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>'
        '</a:Subject><a:Conditions NotOnOrAfter="2026-01-31T08:15:00Z"><own:inner/></a:Conditions></a:Assertion>'
    )
    changed = replace(settings, template=AssertionTemplate.read(text.encode()))
    assertion = Assertion.issue(changed, signer, forge.NOW, lambda: "1")

    header = SecurityHeader.build(assertion, forge.NOW)

    found = verify_bytes(
        serialize(header), trust=Trust(pinned=(signer.certificate,)), expect=Expectations(), now=forge.NOW
    )
    assert found.claims is not None
    assert [each.tag.rpartition("}")[2] for each in header] == ["Timestamp", "Assertion"]
