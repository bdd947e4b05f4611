"""SAML 2.0 assertions for XUA (ITI TF-2: 3.40): what they say, and how one is issued. Loads cryptography, 0.2 s."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography import x509

from ihe_test_util.domain.xds.datatypes import is_cx, is_home_community_id
from ihe_test_util.errors import BadInput
from ihe_test_util.security.identity import Identity
from ihe_test_util.security.saml_elements import build_assertion
from ihe_test_util.security.saml_template import AssertionTemplate
from ihe_test_util.security.xml_signature import sign_enveloped
from ihe_test_util.security.xua import (
    DEFAULT_AUDIENCE,
    DEFAULT_ISSUER,
    DEFAULT_SUBJECT,
    DEFAULT_VALID_FOR_S,
    MAX_VALID_FOR_S,
    UNSPECIFIED_CONTEXT,
    UNSPECIFIED_NAME,
    CodedValue,
    Confirmation,
)
from ihe_test_util.xml.io import Element, xml_text

#: What to say of a value that is not of its form, whether it is, what is expected.
_Form: TypeAlias = tuple[str, Callable[[str], bool], str]


@dataclass(frozen=True, slots=True)
class AssertionSettings:
    """What an assertion says, apart from its id, its times and its signature.

    ``issuer`` is the X-Assertion Provider, ``subject`` the user's NameID, ``subject_id`` the user's name in plain
    text, ``audiences`` URIs of X-Service Providers. ``organization_id`` is a URI, ``home_community_id`` an OID as
    ``urn:oid:…``, ``resource_id`` the patient as a CX (``id^^^&OID&ISO``). ``attributes`` are further ones as name and
    text. With a ``template`` that is used instead, and its placeholders are filled from these fields and from
    ``values``. ``holder`` confirms by key; the signer itself where it is None. ``issued_at`` stands in for the
    time of issue, to try receivers with.

    Raises:
        BadInput: values that XUA does not allow, all of them at once; placeholders that nothing fills.
    """

    issuer: str = DEFAULT_ISSUER
    subject: str = DEFAULT_SUBJECT
    audiences: tuple[str, ...] = (DEFAULT_AUDIENCE,)
    subject_id: str = ""
    organization: str = ""
    organization_id: str = ""
    roles: tuple[CodedValue, ...] = ()
    purpose_of_use: CodedValue | None = None
    home_community_id: str = ""
    resource_id: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    subject_format: str = UNSPECIFIED_NAME
    authn_context: str = UNSPECIFIED_CONTEXT
    confirmation: Confirmation = Confirmation.BEARER
    recipient: str = ""
    holder: x509.Certificate | None = None
    one_time_use: bool = False
    valid_for_s: float = DEFAULT_VALID_FOR_S
    issued_at: datetime | None = None
    template: AssertionTemplate | None = None
    values: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if len(problems) == 1:
            raise problems[0]
        if problems:
            raise BadInput("the assertion cannot be made:\n" + "\n".join(f"  {problem}" for problem in problems))
        if self.template is not None:
            self.template.require(self.placeholder_values())

    def placeholder_values(self) -> dict[str, str]:
        """What a template's placeholders stand for, by name; ``values`` go before fields."""
        own = {
            "issuer": self.issuer,
            "subject": self.subject,
            "audience": self.audiences[0] if self.audiences else "",
            "subject_id": self.subject_id,
            "organization": self.organization,
            "organization_id": self.organization_id,
            "home_community_id": self.home_community_id,
            "resource_id": self.resource_id,
            "recipient": self.recipient,
        }
        return own | dict(self.values)


class Assertion:
    """An assertion as it is issued."""

    @staticmethod
    def issue(settings: AssertionSettings, identity: Identity, now: datetime, new_id: Callable[[], str]) -> Element:
        """A signed assertion: enveloped RSA-SHA256 with exclusive canonicalization, after the Issuer.

        ``new_id`` gives a UUID, or what else is unique and may follow an underscore in an XML name.

        Raises:
            CertificateError: the certificate has expired or is not yet valid, or the key cannot sign.
        """
        identity.require_valid(now)
        assertion_id, moment = f"_{new_id()}", settings.issued_at or now
        if settings.template is not None:
            element = settings.template.fill(
                settings.placeholder_values(), now=moment, valid_for_s=settings.valid_for_s, assertion_id=assertion_id
            )
        else:
            element = build_assertion(settings, settings.holder or identity.certificate, moment, assertion_id)
        return sign_enveloped(element, identity)


def _problems(settings: AssertionSettings) -> Iterator[BadInput]:
    for name, text in _texts(settings):
        if text != xml_text(text):
            yield BadInput("a value has characters that XML cannot carry", where=name, got=repr(text))
    for name, text in (("issuer", settings.issuer), ("subject", settings.subject)):
        if not text.strip():
            yield BadInput("an assertion needs this value", where=name, got=repr(text))
    if not settings.audiences:
        yield BadInput("an assertion names whom it is for", where="audience", expected="at least one URI")
    if not 0 < settings.valid_for_s <= MAX_VALID_FOR_S:
        yield BadInput(
            "the assertion's validity is out of range",
            where="valid_for_s",
            got=f"{settings.valid_for_s:g} seconds",
            expected=f"more than 0, at most {MAX_VALID_FOR_S}",
        )
    yield from _malformed(settings)


def _malformed(settings: AssertionSettings) -> Iterator[BadInput]:
    uri: _Form = ("the value is no URI", _is_uri, "for example urn:oid:2.999.1 or https://…")
    home: _Form = ("the home community is no OID", is_home_community_id, "urn:oid: and an OID, as urn:oid:2.999.7")
    patient: _Form = ("the patient's identifier is no CX", is_cx, "id^^^&OID&ISO, as P-1^^^&2.999.1&ISO")
    forms = (
        *(("audience", each, uri) for each in settings.audiences),
        ("organization_id", settings.organization_id, uri),
        ("home_community_id", settings.home_community_id, home),
        ("resource_id", settings.resource_id, patient),
    )
    for name, text, (sentence, is_right, expected) in forms:
        if (text or name == "audience") and not is_right(text):
            yield BadInput(sentence, where=name, got=repr(text), expected=expected)


def _texts(settings: AssertionSettings) -> Iterator[tuple[str, str]]:
    for name in ("issuer", "subject", "subject_id", "organization", "subject_format", "authn_context", "recipient"):
        yield name, getattr(settings, name)
    for name, text in (*settings.attributes, *settings.values):
        yield "attribute name", name
        yield name, text
    for code in (*settings.roles, *([settings.purpose_of_use] if settings.purpose_of_use else [])):
        yield "coded value", str(code)


def _is_uri(text: str) -> bool:
    scheme, colon, rest = text.partition(":")
    return (
        bool(scheme and colon and rest) and scheme.isascii() and scheme[0].isalpha() and not set(text) & set(" <>\"'")
    )
