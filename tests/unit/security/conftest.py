"""What the tests of assertions share: a CA, a signer below it, and an assertion of theirs."""

import copy

import pytest

from ihe_test_util.security.identity import Identity
from ihe_test_util.security.saml import Assertion, AssertionSettings
from ihe_test_util.security.saml_verify import Expectations, Verification, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.security.xua import CodedValue
from ihe_test_util.xml.io import Element, serialize
from tests.support import forge
from tests.support.forge import Forger
from tests.support.judging import Judge

_UUID = "3f0c5f3e-5f0b-4c1e-9a70-1d2f2c1b7a55"


@pytest.fixture(scope="session")
def authority() -> Identity:
    """A CA."""
    return forge.identity("Example CA", ca=True)


@pytest.fixture(scope="session")
def signer(authority: Identity) -> Identity:
    """Whose assertions are believed."""
    return forge.identity("Example signer", issuer=authority)


@pytest.fixture(scope="session")
def attacker() -> Identity:
    """Whose are not."""
    return forge.identity("Attacker")


@pytest.fixture(scope="session")
def settings() -> AssertionSettings:
    """An assertion with everything that XUA knows."""
    return AssertionSettings(
        issuer="urn:oid:2.999.40",
        subject="ada.quill@clinic.example",
        audiences=("urn:oid:2.999.41",),
        subject_id="Dr. Ada Quill",
        organization="Example Family Medicine",
        organization_id="urn:oid:2.999.10",
        roles=(CodedValue("112247003", "2.16.840.1.113883.6.96", "Medical doctor", "SNOMED CT"),),
        purpose_of_use=CodedValue("TREATMENT", "2.16.840.1.113883.3.18.7.1", "Treatment"),
        home_community_id="urn:oid:2.999.7",
        resource_id="P-1^^^&2.999.1&ISO",
    )


@pytest.fixture
def assertion(settings: AssertionSettings, signer: Identity) -> Element:
    """A good assertion, issued at ``forge.NOW``."""
    return Assertion.issue(settings, signer, forge.NOW, lambda: _UUID)


@pytest.fixture
def unsigned(assertion: Element) -> Element:
    """The same without its signature."""
    bare = copy.deepcopy(assertion)
    bare.remove(bare[1])
    return bare


@pytest.fixture
def judge(authority: Identity) -> Judge:
    """Judges a document as it would arrive, by a receiver that believes those below the CA."""

    def verdict(document: Element) -> Verification:
        trust = Trust(authorities=(authority.certificate,))
        return verify_bytes(serialize(document), trust=trust, expect=Expectations(), now=forge.NOW)

    return verdict


@pytest.fixture
def forger(signer: Identity) -> Forger:
    """Signs with the key of the believed signer, in ways that should not be believed."""
    return Forger.of(signer)
