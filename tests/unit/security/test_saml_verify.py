"""What a receiver demands of an assertion whose signature is good."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.security.identity import Identity
from ihe_test_util.security.refusals import Reason
from ihe_test_util.security.saml_verify import Expectations, Verification, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.security.xua import CodedValue, Confirmation
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize
from tests.support import forge
from tests.support.forge import Forger

DATA = Path(__file__).parents[2] / "data" / "saml"
Judge = Callable[..., Verification]


@pytest.fixture
def judge(unsigned: Element, signer: Identity) -> Judge:
    """Signs the assertion, after a change of ``edit``, and judges it ``after`` so much time."""

    def verdict(
        edit: Callable[[Element], object] = lambda _: None, *, after: timedelta = timedelta(), **expected: Any
    ) -> Verification:
        edit(unsigned)
        data = serialize(Forger.of(signer).sign(unsigned))
        trust = Trust(pinned=(signer.certificate,))
        return verify_bytes(data, trust=trust, expect=Expectations(**expected), now=forge.NOW + after)

    return verdict


def reasons(verification: Verification) -> list[Reason]:
    """Why it was refused."""
    return [refusal.reason for refusal in verification.refusals]


def find(assertion: Element, name: str) -> Element:
    """The first element of that name."""
    found = assertion.find(f".//{{{ns.SAML}}}{name}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("after_s", "refused"),
    [
        (-61, [Reason.NOT_YET_VALID, Reason.ISSUED_IN_FUTURE]),
        (-60, []),
        (0, []),
        (359, []),
        (360, [Reason.EXPIRED, Reason.EXPIRED]),
    ],
)
def test_the_window_is_kept_give_or_take_the_skew(judge: Judge, after_s: int, refused: list[Reason]) -> None:
    """NotOnOrAfter is the first moment too late; conditions and confirmation each have their say."""
    assert reasons(judge(after=timedelta(seconds=after_s))) == refused


def test_the_skew_can_be_chosen(judge: Judge) -> None:
    """None at all, for one."""
    assert judge(after=timedelta(seconds=299), skew_s=0).valid
    assert not judge(after=timedelta(seconds=300), skew_s=0).valid


def test_a_refusal_says_what_is_wrong_and_what_to_do(judge: Judge) -> None:
    """What, where, what was found, and what helps."""
    refusal = judge(after=timedelta(hours=1)).refusals[0]
    assert str(refusal) == (
        "the assertion has expired [expired]; at: /Assertion/Conditions/@NotOnOrAfter; got: 2026-01-31T08:20:00Z;"
        " try: have a new one issued; the clock says 2026-01-31T09:15:00Z, and may be 60 s off (--skew)"
    )
    assert refusal.section == "SAML Core, 2.5.1.2"


def test_all_that_is_wrong_is_told_at_once(judge: Judge) -> None:
    """Once the signature is good, and the claims are there to be looked at."""
    verification = judge(after=timedelta(hours=1), audience="urn:example:me", confirmation=Confirmation.HOLDER_OF_KEY)
    assert reasons(verification) == [Reason.EXPIRED, Reason.AUDIENCE, Reason.CONFIRMATION]
    assert verification.claims is not None
    assert not verification.valid


def test_the_audience_must_be_ours(judge: Judge) -> None:
    """In every restriction there is; where nobody asks, the verdict says that it was not checked."""

    def restrict_further(assertion: Element) -> None:
        conditions = find(assertion, "Conditions")
        restriction = conditions.makeelement(f"{{{ns.SAML}}}AudienceRestriction", {})
        conditions.append(restriction)
        for audience in ("urn:example:a", "urn:example:b"):
            element = restriction.makeelement(f"{{{ns.SAML}}}Audience", {})
            element.text = audience
            restriction.append(element)

    assert judge(audience="urn:oid:2.999.41").unchecked == ()
    assert reasons(judge(audience="urn:oid:2.999.4")) == [Reason.AUDIENCE]
    assert any("audience" in each for each in judge().unchecked)
    assert reasons(judge(restrict_further, audience="urn:oid:2.999.41")) == [Reason.AUDIENCE]


def test_no_audience_is_none_of_ours(judge: Judge) -> None:
    """XUA demands one."""

    def remove(assertion: Element) -> None:
        conditions = find(assertion, "Conditions")
        conditions.remove(conditions[0])

    assert reasons(judge(remove, audience="urn:oid:2.999.41")) == [Reason.AUDIENCE]


@pytest.mark.parametrize(("name", "attribute"), [("Conditions", "NotOnOrAfter"), ("Conditions", "NotBefore")])
def test_a_missing_end_is_refused_and_a_missing_beginning_is_not(judge: Judge, name: str, attribute: str) -> None:
    """An assertion that never expires could be used for ever."""
    verification = judge(lambda assertion: find(assertion, name).attrib.pop(attribute))
    assert reasons(verification) == ([Reason.NO_TIME_LIMIT] if attribute == "NotOnOrAfter" else [])


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30T00:00:00Z", "2026-01-31", "0001-01-01T00:00:00+14:00"])
def test_times_that_are_none_are_refused(judge: Judge, text: str) -> None:
    """With what one looks like."""
    verification = judge(lambda assertion: find(assertion, "Conditions").set("NotOnOrAfter", text))
    assert reasons(verification) == [Reason.MALFORMED]
    assert repr(text) in str(verification.refusals[0])


@pytest.mark.parametrize(
    "text", ["2026-01-31T08:20:00", "2026-01-31T08:20:00.1234567Z", "2026-01-31T13:50:00+05:30", "9999-12-31T23:59:59Z"]
)
def test_times_of_other_writers_are_read(judge: Judge, text: str) -> None:
    """Without a zone it is UTC; seven digits of a second are .NET's."""
    assert judge(lambda assertion: find(assertion, "Conditions").set("NotOnOrAfter", text)).valid


def test_an_unknown_condition_cannot_be_judged(judge: Judge) -> None:
    """So the assertion is refused (SAML Core, 2.5.1.1)."""

    def add(assertion: Element) -> None:
        conditions = find(assertion, "Conditions")
        condition = conditions.makeelement(f"{{{ns.SAML}}}Condition", {f"{{{ns.XSI}}}type": "x:Weekend"})
        conditions.append(condition)

    verification = judge(add)
    assert reasons(verification) == [Reason.UNKNOWN_CONDITION]
    assert verification.refusals[0].got == "x:Weekend"


def test_the_confirmation_must_be_of_a_known_way(judge: Judge) -> None:
    """Bearer or holder-of-key; sender-vouches is not judged here."""
    method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
    verification = judge(lambda assertion: find(assertion, "SubjectConfirmation").set("Method", method))
    assert reasons(verification) == [Reason.CONFIRMATION]
    assert verification.refusals[0].got == method


def test_without_any_confirmation_nobody_is_confirmed(judge: Judge) -> None:
    """XUA demands one."""

    def remove(assertion: Element) -> None:
        subject = find(assertion, "Subject")
        subject.remove(subject[1])

    assert reasons(judge(remove)) == [Reason.CONFIRMATION]


def test_one_confirmation_that_holds_is_enough(judge: Judge) -> None:
    """Of several (SAML Core, 2.4.1)."""

    def add(assertion: Element) -> None:
        subject = find(assertion, "Subject")
        subject.insert(1, subject.makeelement(f"{{{ns.SAML}}}SubjectConfirmation", {"Method": "urn:example:odd"}))

    assert judge(add).valid


def test_the_recipient_must_be_us(judge: Judge) -> None:
    """Where it names one, and where we say who we are."""

    def name(assertion: Element) -> None:
        find(assertion, "SubjectConfirmationData").set("Recipient", "https://other.example/xds")

    assert reasons(judge(name, recipient="https://xds.example.org")) == [Reason.RECIPIENT]
    assert judge(recipient="https://other.example/xds").valid
    assert any("recipient" in each for each in judge().unchecked)


def test_a_holder_of_key_without_key_is_none(judge: Judge) -> None:
    """SAML Profiles, 3.1."""
    method = Confirmation.HOLDER_OF_KEY.method
    verification = judge(lambda assertion: find(assertion, "SubjectConfirmation").set("Method", method))
    assert reasons(verification) == [Reason.HOLDER]


@pytest.mark.parametrize("name", ["Issuer", "Subject", "NameID"])
def test_what_every_assertion_has_is_demanded(judge: Judge, name: str) -> None:
    """Once; twice would leave a choice to the reader."""

    def double(assertion: Element) -> None:
        element = find(assertion, name)
        parent = element.getparent()
        assert parent is not None
        parent.append(parent.makeelement(element.tag, {}))

    assert reasons(judge(double)) == [Reason.MALFORMED]


def test_another_version_is_refused(judge: Judge) -> None:
    """SAML 2.1, should it ever be."""
    assert reasons(judge(lambda assertion: assertion.set("Version", "2.1"))) == [Reason.MALFORMED]


def test_blind_trust_is_told(unsigned: Element, attacker: Identity) -> None:
    """Whoever believes anybody hears so."""
    data = serialize(Forger.of(attacker).sign(unsigned))
    verification = verify_bytes(data, trust=Trust.in_anyone(), expect=Expectations(), now=forge.NOW)
    assert verification.valid
    assert verification.unchecked[0].startswith("who signed")


def test_an_assertion_of_libxmlsec_is_read() -> None:
    """Signed by software that is not ours: default namespace, PrefixList, unsigned header around it, .NET times."""
    from ihe_test_util.security.identity import load_certificates  # noqa: PLC0415 - this test only

    trust = Trust(pinned=load_certificates(DATA / "libxmlsec1-cert.pem"))
    moment = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
    data = (DATA / "libxmlsec1.xml").read_bytes()
    verification = verify_bytes(data, trust=trust, expect=Expectations(audience="urn:oid:2.999.41"), now=moment)

    assert verification.valid
    assert verification.claims is not None
    assert verification.claims.subject == "ada.quill@clinic.example"
    assert [each.values for each in verification.claims.attributes] == [
        ("Dr. Ada Quill",),
        (CodedValue("TREATMENT", "2.16.840.1.113883.3.18.7.1"),),
    ]
    assert not verify_bytes(data.replace(b"Ada", b"Eve"), trust=trust, expect=Expectations(), now=moment).valid
