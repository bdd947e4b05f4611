"""What a signed assertion says, read from nothing but the bytes that were signed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from lxml import etree

from ihe_test_util.security.refusals import Reason, Refused
from ihe_test_util.security.saml_structure import place
from ihe_test_util.security.signers import certificate_of
from ihe_test_util.security.xua import CodedValue
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_CONDITIONS: Final = frozenset({"AudienceRestriction", "OneTimeUse", "ProxyRestriction"})
_X509: Final = f"{{{ns.DS}}}KeyInfo/{{{ns.DS}}}X509Data/{{{ns.DS}}}X509Certificate"


@dataclass(frozen=True, slots=True)
class SubjectConfirmation:
    """One way in which the subject may be confirmed (SAML Core, 2.4.1.1); ``certificates`` are those of holders."""

    method: str
    not_before: datetime | None
    not_on_or_after: datetime | None
    recipient: str
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class ClaimedAttribute:
    """An attribute and its values; a value that is an element of HL7 V3 with a code is a coded one."""

    name: str
    values: tuple[str | CodedValue, ...]


@dataclass(frozen=True, slots=True)
class Claims:
    """What an assertion says; ``audiences`` has an entry for each AudienceRestriction, all of which hold."""

    assertion_id: str
    issuer: str
    issued: datetime
    subject: str
    subject_format: str
    confirmations: tuple[SubjectConfirmation, ...]
    not_before: datetime | None
    not_on_or_after: datetime | None
    audiences: tuple[tuple[str, ...], ...]
    one_time_use: bool
    unknown_conditions: tuple[str, ...]
    authn_contexts: tuple[str, ...]
    attributes: tuple[ClaimedAttribute, ...]


def read_claims(assertion: Element) -> Claims:
    """The claims of an assertion whose signature is good.

    Raises:
        Refused: it is of another version, or lacks what every assertion has, or a time cannot be read.
    """
    if assertion.get("Version") != "2.0":
        raise _malformed(assertion, "the assertion's version is not 2.0", assertion.get("Version", "none"), "2.0")
    conditions = _at_most_one(assertion, "Conditions")
    subject = _one(assertion, "Subject")
    name = _one(subject, "NameID")
    issued = _time(assertion, "IssueInstant")
    if issued is None:
        raise _malformed(assertion, "the assertion does not say when it was issued", "no IssueInstant", "IssueInstant")
    return Claims(
        assertion_id=assertion.get("ID", ""),
        issuer=_text(_one(assertion, "Issuer")),
        issued=issued,
        subject=_text(name),
        subject_format=name.get("Format", ""),
        confirmations=tuple(_confirmation(each) for each in _all(subject, "SubjectConfirmation")),
        not_before=_time(conditions, "NotBefore"),
        not_on_or_after=_time(conditions, "NotOnOrAfter"),
        audiences=tuple(
            tuple(_text(audience) for audience in _all(each, "Audience"))
            for each in _all(conditions, "AudienceRestriction")
        ),
        one_time_use=next(_all(conditions, "OneTimeUse"), None) is not None,
        unknown_conditions=() if conditions is None else tuple(_unknown(conditions)),
        authn_contexts=tuple(_text(each) for each in assertion.iterfind(".//{*}AuthnContextClassRef") if _text(each)),
        attributes=tuple(
            ClaimedAttribute(each.get("Name", ""), tuple(_value(value) for value in _all(each, "AttributeValue")))
            for statement in _all(assertion, "AttributeStatement")
            for each in _all(statement, "Attribute")
        ),
    )


def _all(parent: Element | None, name: str) -> Iterator[Element]:
    return iter(()) if parent is None else parent.iterchildren(f"{{{ns.SAML}}}{name}")


def _one(parent: Element, name: str) -> Element:
    found = list(_all(parent, name))
    if len(found) == 1:
        return found[0]
    raise _malformed(
        parent, f"the assertion does not have its {name} once", f"{len(found)} of them", f"one saml:{name}"
    )


def _at_most_one(parent: Element, name: str) -> Element | None:
    return _one(parent, name) if any(True for _ in _all(parent, name)) else None


def _text(element: Element) -> str:
    """The whole text: where a naive reader stops at the first child, an attacker decides what it reads."""
    return "".join(map(str, element.itertext())).strip()


def _confirmation(element: Element) -> SubjectConfirmation:
    data = next(_all(element, "SubjectConfirmationData"), None)
    return SubjectConfirmation(
        method=element.get("Method", ""),
        not_before=_time(data, "NotBefore"),
        not_on_or_after=_time(data, "NotOnOrAfter"),
        recipient="" if data is None else data.get("Recipient", ""),
        certificates=() if data is None else tuple(certificate_of(each) for each in data.iterfind(_X509)),
    )


def _unknown(conditions: Element) -> Iterator[str]:
    for each in conditions.iterchildren(etree.Element):
        name = etree.QName(each)
        if name.namespace != ns.SAML or name.localname not in _CONDITIONS:
            yield each.get(f"{{{ns.XSI}}}type") or name.localname


def _value(element: Element) -> str | CodedValue:
    child = element[0] if len(element) else None
    if child is not None and etree.QName(child).namespace == ns.HL7 and child.get("code"):
        return CodedValue(
            child.get("code", ""),
            child.get("codeSystem", ""),
            child.get("displayName", ""),
            child.get("codeSystemName", ""),
        )
    return _text(element)


def _time(element: Element | None, name: str) -> datetime | None:
    text = None if element is None else element.get(name)
    if element is None or text is None:
        return None
    moment = None
    if _DATE_TIME.fullmatch(text.strip()):
        try:
            moment = datetime.fromisoformat(text.strip())
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None  # the 30th of February, an hour 25, or before the year 1 in UTC
    if moment is None:
        raise _malformed(element, f"{name} is no time", repr(text), "a time in UTC, as 2026-01-31T08:15:00Z")
    return moment


def _malformed(element: Element, message: str, got: str, expected: str) -> Refused:
    return Refused(Reason.MALFORMED, "SAML Core, 2", message, where=place(element), got=got, expected=expected)
