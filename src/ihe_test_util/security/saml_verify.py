"""Whether an assertion may be believed: signature, signer, times, audience, confirmation, one-time use.

What the signature covers is read, and nothing else. Loads cryptography, 0.2 s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from ihe_test_util.errors import XmlMalformed
from ihe_test_util.security.identity import describe
from ihe_test_util.security.refusals import Reason, Refusal, Refused
from ihe_test_util.security.replay import ReplayCache
from ihe_test_util.security.saml_claims import Claims, SubjectConfirmation, read_claims
from ihe_test_util.security.saml_structure import DIGEST_METHODS, Located, locate, place
from ihe_test_util.security.signers import Trust, public_bytes, signer
from ihe_test_util.security.xua import DEFAULT_SKEW_S, Confirmation
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, parse, serialize

_METHODS: Final = {each.method: each for each in Confirmation}


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a receiver demands beyond a good signature; what is empty or None is not asked for.

    ``skew_s`` is how far clocks may differ. ``holder`` is the certificate of whoever presented the assertion, as in
    TLS. With ``one_time`` every assertion may be used once, otherwise those that say OneTimeUse; both need a
    ``replay_cache``.
    """

    audience: str = ""
    recipient: str = ""
    skew_s: float = DEFAULT_SKEW_S
    confirmation: Confirmation | None = None
    holder: x509.Certificate | None = None
    one_time: bool = False
    replay_cache: ReplayCache | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict on an assertion.

    ``assertion`` and ``claims`` are of the bytes that were signed, and are there where the signature is good, even if
    something else is refused. ``unchecked`` says in words what nobody asked to be checked.
    """

    refusals: tuple[Refusal, ...] = ()
    unchecked: tuple[str, ...] = ()
    assertion: Element | None = None
    claims: Claims | None = None
    certificate: x509.Certificate | None = None

    @property
    def valid(self) -> bool:
        """Whether the assertion may be believed."""
        return not self.refusals


def verify_bytes(data: bytes, *, trust: Trust, expect: Expectations, now: datetime) -> Verification:
    """``verify`` for a document as it arrived; comments in an assertion are seen, and refused."""
    try:
        document = parse(data, what="document", drop_comments=False)
    except XmlMalformed as error:
        refusal = Refusal(
            Reason.MALFORMED_XML, "XML 1.0", error.message, error.where, error.got, error.expected, error.hint
        )
        return Verification((refusal,))
    return verify(document, trust=trust, expect=expect, now=now)


def verify(document: Element, *, trust: Trust, expect: Expectations, now: datetime) -> Verification:
    """Judge the one assertion of a document: alone, in a SOAP header, a SAML response or a WS-Trust answer.

    The replay cache is asked, and written, only when there is nothing else to refuse.

    Raises:
        StorageError: the replay cache cannot be used.
    """
    try:
        located = locate(document)
        certificate = signer(located.signature, located.method, trust, now)
        assertion = _signed(located, certificate, now)
        claims = read_claims(assertion)
    except Refused as refused:
        return Verification((refused.refusal,))
    refusals = [
        *_time_refusals(claims, expect, now),
        *_condition_refusals(claims, expect),
        *_confirmation_refusals(claims, expect, now),
    ]
    if not refusals:
        refusals.extend(_replay_refusals(claims, expect, now))
    return Verification(tuple(refusals), tuple(_unchecked(claims, trust, expect)), assertion, claims, certificate)


def _signed(located: Located, certificate: x509.Certificate, now: datetime) -> Element:
    """The assertion as it was signed; parsed again from the very bytes whose digest was right."""
    configuration = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod(located.method)}),
        digest_algorithms=frozenset(DigestAlgorithm(each) for each in DIGEST_METHODS),
        verification_time=now,
    )
    where = place(located.signature)
    # On its own, so that no ID outside of it can be meant; with the namespaces of what was around it.
    alone = serialize(located.assertion, declaration=False)
    try:
        verified = XMLVerifier().verify(alone, x509_cert=certificate, id_attribute="ID", expect_config=configuration)
    except InvalidDigest:
        raise Refused(
            Reason.DIGEST,
            "XML Signature, 3.2.1",
            "the assertion was changed after it was signed",
            where=place(located.assertion),
            hint="send the bytes as they were signed: indenting, or a changed prefix, breaks a signature",
        ) from None
    except InvalidSignature:
        raise Refused(
            Reason.SIGNATURE_VALUE,
            "XML Signature, 3.2.2",
            "the signature was not made with the key of the certificate",
            where=where,
            expected=f"a signature by {describe(certificate)}",
            hint="or SignedInfo was changed after it was signed",
        ) from None
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, NotImplementedError) as error:
        # TypeError: an empty value; NotImplementedError: a KeyValue of another kind than the certificate's key.
        raise Refused(
            Reason.SIGNATURE_MALFORMED,
            "XML Signature, 4",
            "the signature cannot be read",
            where=where,
            got=str(error).partition("\n")[0][:200],
        ) from None
    (result,) = verified if isinstance(verified, list) else (verified,)
    assertion = parse(result.signed_data, what="signed assertion")
    if assertion.tag != f"{{{ns.SAML}}}Assertion" or assertion.get("ID") != located.assertion.get("ID"):
        raise Refused(Reason.OTHER_ELEMENT, "SAML Core, 5.4.2", "the signature is about another element", where=where)
    return assertion


def _time_refusals(claims: Claims, expect: Expectations, now: datetime) -> Iterator[Refusal]:
    skew = timedelta(seconds=expect.skew_s)
    clock = f"the clock says {now:%Y-%m-%dT%H:%M:%SZ}, and may be {expect.skew_s:g} s off (--skew)"
    if claims.not_on_or_after is None:
        yield Refusal(
            Reason.NO_TIME_LIMIT,
            "ITI TF-2: 3.40.4.1.2",
            "the assertion never expires",
            where="/Assertion/Conditions",
            expected="NotOnOrAfter",
            hint="have it issued for a limited time",
        )
    elif now - skew >= claims.not_on_or_after:
        yield Refusal(
            Reason.EXPIRED,
            "SAML Core, 2.5.1.2",
            "the assertion has expired",
            where="/Assertion/Conditions/@NotOnOrAfter",
            got=f"{claims.not_on_or_after:%Y-%m-%dT%H:%M:%SZ}",
            hint=f"have a new one issued; {clock}",
        )
    if claims.not_before is not None and now + skew < claims.not_before:
        yield Refusal(
            Reason.NOT_YET_VALID,
            "SAML Core, 2.5.1.2",
            "the assertion is not yet valid",
            where="/Assertion/Conditions/@NotBefore",
            got=f"{claims.not_before:%Y-%m-%dT%H:%M:%SZ}",
            hint=f"wait, or set the issuer's clock; {clock}",
        )
    if now + skew < claims.issued:
        yield Refusal(
            Reason.ISSUED_IN_FUTURE,
            "SAML Core, 2.3.3",
            "the assertion was issued in the future",
            where="/Assertion/@IssueInstant",
            got=f"{claims.issued:%Y-%m-%dT%H:%M:%SZ}",
            hint=f"set the issuer's clock; {clock}",
        )


def _condition_refusals(claims: Claims, expect: Expectations) -> Iterator[Refusal]:
    for unknown in claims.unknown_conditions:
        yield Refusal(
            Reason.UNKNOWN_CONDITION,
            "SAML Core, 2.5.1.1",
            "the assertion has a condition not known here, so that it cannot be judged",
            where="/Assertion/Conditions",
            got=unknown,
            expected="AudienceRestriction, OneTimeUse, ProxyRestriction",
        )
    if not expect.audience:
        return
    if not claims.audiences:
        yield Refusal(
            Reason.AUDIENCE,
            "ITI TF-2: 3.40.4.1.2",
            "the assertion does not say whom it is for",
            where="/Assertion/Conditions",
            expected=f"an AudienceRestriction with {expect.audience!r}",
        )
    for number, audiences in enumerate(claims.audiences, 1):
        if expect.audience not in audiences:
            yield Refusal(
                Reason.AUDIENCE,
                "SAML Core, 2.5.1.4",
                "the assertion is for somebody else",
                where=f"/Assertion/Conditions/AudienceRestriction[{number}]",
                got=", ".join(map(repr, audiences)),
                expected=repr(expect.audience),
                hint="have it issued for this receiver",
            )


def _confirmation_refusals(claims: Claims, expect: Expectations, now: datetime) -> Iterator[Refusal]:
    """None where one of the confirmations holds; else what is wrong with each (SAML Core, 2.4.1)."""
    refusals = []
    for number, confirmation in enumerate(claims.confirmations, 1):
        refusal = _confirmation_refusal(confirmation, expect, now, f"/Assertion/Subject/SubjectConfirmation[{number}]")
        if refusal is None:
            return
        refusals.append(refusal)
    if not refusals:
        refusals.append(
            Refusal(
                Reason.CONFIRMATION,
                "ITI TF-2: 3.40.4.1.2",
                "the assertion does not say how its subject is confirmed",
                where="/Assertion/Subject",
                expected=f"a SubjectConfirmation by {Confirmation.BEARER.method}",
            )
        )
    yield from refusals


def _confirmation_refusal(
    confirmation: SubjectConfirmation, expect: Expectations, now: datetime, where: str
) -> Refusal | None:
    section = "SAML Profiles, 3"
    skew = timedelta(seconds=expect.skew_s)
    method = _METHODS.get(confirmation.method)
    if method is None or expect.confirmation not in {None, method}:
        wanted = (expect.confirmation,) if expect.confirmation else tuple(Confirmation)
        return Refusal(
            Reason.CONFIRMATION,
            section,
            "the subject is not confirmed in the way that is asked for",
            where=f"{where}/@Method",
            got=confirmation.method,
            expected=" or ".join(each.method for each in wanted),
        )
    end, begin = confirmation.not_on_or_after, confirmation.not_before
    if (end is not None and now - skew >= end) or (begin is not None and now + skew < begin):
        late = end is not None and now - skew >= end
        return Refusal(
            Reason.EXPIRED if late else Reason.NOT_YET_VALID,
            "SAML Core, 2.4.1.2",
            "the subject's confirmation has expired" if late else "the subject's confirmation is not yet valid",
            where=f"{where}/SubjectConfirmationData",
            got=f"{end if late else begin:%Y-%m-%dT%H:%M:%SZ}",
            hint=f"have a new one issued; the clock says {now:%Y-%m-%dT%H:%M:%SZ}",
        )
    if expect.recipient and confirmation.recipient and confirmation.recipient != expect.recipient:
        return Refusal(
            Reason.RECIPIENT,
            "SAML Core, 2.4.1.2",
            "the assertion is to be presented to somebody else",
            where=f"{where}/SubjectConfirmationData/@Recipient",
            got=repr(confirmation.recipient),
            expected=repr(expect.recipient),
        )
    return _holder_refusal(confirmation, expect, where) if method is Confirmation.HOLDER_OF_KEY else None


def _holder_refusal(confirmation: SubjectConfirmation, expect: Expectations, where: str) -> Refusal | None:
    if not confirmation.certificates:
        message, got = "the assertion does not say which key its holder has", "no certificate"
    elif expect.holder and public_bytes(expect.holder) not in map(public_bytes, confirmation.certificates):
        message = "whoever presents the assertion is not its holder"
        got = ", ".join(describe(each) for each in confirmation.certificates)
    else:
        return None
    return Refusal(
        Reason.HOLDER,
        "SAML Profiles, 3.1",
        message,
        where=f"{where}/SubjectConfirmationData/KeyInfo",
        got=got,
        expected=describe(expect.holder) if expect.holder else "ds:X509Data/ds:X509Certificate",
    )


def _replay_refusals(claims: Claims, expect: Expectations, now: datetime) -> Iterator[Refusal]:
    cache, end = expect.replay_cache, claims.not_on_or_after
    if cache is None or end is None or not (claims.one_time_use or expect.one_time):
        return
    # For as long as it may be presented, the skew included.
    expires_s = end.timestamp() + 2 * expect.skew_s
    if not cache.use(claims.issuer, claims.assertion_id, expires_s=expires_s, now=now):
        yield Refusal(
            Reason.REPLAYED,
            "SAML Core, 2.5.1.5",
            "the assertion was used before, and may be used once",
            where="/Assertion/@ID",
            got=repr(claims.assertion_id),
            hint="have a new one issued for each message (--assertion-per message)",
        )


def _unchecked(claims: Claims, trust: Trust, expect: Expectations) -> Iterator[str]:
    if trust.is_blind:
        yield "who signed: name the signer's CA (--ca) or certificate (--cert)"
    if claims.audiences and not expect.audience:
        yield f"the audience, {', '.join(map(repr, claims.audiences[0]))}: say who you are (--audience)"
    recipients = {each.recipient for each in claims.confirmations if each.recipient}
    if recipients and not expect.recipient:
        yield f"the recipient, {', '.join(sorted(map(repr, recipients)))}: say where you are (--recipient)"
    if claims.one_time_use and expect.replay_cache is None:
        yield "one-time use: name a file to remember used assertions in (--replay-cache)"
    if expect.holder is None and any(each.certificates for each in claims.confirmations):
        yield "whether the holder of the key presents it: name the certificate of whoever does (--holder)"
