"""How a SAML 2.0 assertion is written (SAML Core, 2.3 to 2.7), with the attributes of XUA."""

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ihe_test_util.security.xua import AttributeName, CodedValue, Confirmation
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

if TYPE_CHECKING:
    from ihe_test_util.security.saml import AssertionSettings

NAMESPACES: Final = {"saml2": ns.SAML}
_NAME_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#: The stubs know no default namespace, lxml does.
_CODE_PREFIXES: Final = cast("dict[str, str]", {None: ns.HL7, "xsi": ns.XSI})
_KEY_INFO_TYPE: Final = "saml2:KeyInfoConfirmationDataType"
_CODE_ELEMENTS: Final = {AttributeName.ROLE: "Role", AttributeName.PURPOSE_OF_USE: "PurposeOfUse"}


def saml_time(moment: datetime) -> str:
    """A time as SAML writes it (SAML Core, 1.3.3): UTC, here to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def build_assertion(
    settings: "AssertionSettings", holder: x509.Certificate | None, now: datetime, assertion_id: str
) -> Element:
    """An assertion that is not signed yet; ``holder`` is who confirms by key, None for a bearer."""
    moment, end = saml_time(now), saml_time(now + timedelta(seconds=settings.valid_for_s))
    attributes = {"ID": assertion_id, "IssueInstant": moment, "Version": "2.0"}
    assertion = etree.Element(f"{{{ns.SAML}}}Assertion", attributes, nsmap=NAMESPACES)
    _add(assertion, "Issuer").text = settings.issuer
    _add_subject(assertion, settings, holder, end)
    # ITI TF-2: 3.40.4.1.2 makes NotBefore the instant of issue: the skew of clocks is the receiver's to allow.
    conditions = _add(assertion, "Conditions", NotBefore=moment, NotOnOrAfter=end)
    restriction = _add(conditions, "AudienceRestriction")
    for audience in settings.audiences:
        _add(restriction, "Audience").text = audience
    if settings.one_time_use:
        _add(conditions, "OneTimeUse")
    context = _add(_add(assertion, "AuthnStatement", AuthnInstant=moment), "AuthnContext")
    _add(context, "AuthnContextClassRef").text = settings.authn_context
    _add_attributes(assertion, settings)
    return assertion


def _add(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{ns.SAML}}}{name}", attributes)


def _add_subject(assertion: Element, settings: "AssertionSettings", holder: x509.Certificate | None, end: str) -> None:
    subject = _add(assertion, "Subject")
    _add(subject, "NameID", Format=settings.subject_format).text = settings.subject
    confirmation = _add(subject, "SubjectConfirmation", Method=settings.confirmation.method)
    data = _add(confirmation, "SubjectConfirmationData", NotOnOrAfter=end)
    if settings.recipient:
        data.set("Recipient", settings.recipient)
    if settings.confirmation is Confirmation.HOLDER_OF_KEY and holder is not None:
        data.set(f"{{{ns.XSI}}}type", _KEY_INFO_TYPE)
        key_info = etree.SubElement(data, f"{{{ns.DS}}}KeyInfo", nsmap={"ds": ns.DS})
        certificate = etree.SubElement(
            etree.SubElement(key_info, f"{{{ns.DS}}}X509Data"), f"{{{ns.DS}}}X509Certificate"
        )
        certificate.text = base64.b64encode(holder.public_bytes(Encoding.DER)).decode()


def _add_attributes(assertion: Element, settings: "AssertionSettings") -> None:
    texts = (
        (AttributeName.SUBJECT_ID, settings.subject_id),
        (AttributeName.ORGANIZATION, settings.organization),
        (AttributeName.ORGANIZATION_ID, settings.organization_id),
        (AttributeName.HOME_COMMUNITY_ID, settings.home_community_id),
        (AttributeName.RESOURCE_ID, settings.resource_id),
        *settings.attributes,
    )
    given = [(name, text) for name, text in texts if text]
    if not (given or settings.roles or settings.purpose_of_use):
        return
    statement = _add(assertion, "AttributeStatement")
    for name, text in given:
        _add(_add(statement, "Attribute", Name=name, NameFormat=_NAME_FORMAT), "AttributeValue").text = text
    purposes = (settings.purpose_of_use,) if settings.purpose_of_use else ()
    for name, codes in ((AttributeName.ROLE, settings.roles), (AttributeName.PURPOSE_OF_USE, purposes)):
        if codes:
            attribute = _add(statement, "Attribute", Name=name, NameFormat=_NAME_FORMAT)
            for code in codes:
                _add_code(_add(attribute, "AttributeValue"), _CODE_ELEMENTS[name], code)


def _add_code(value: Element, name: str, code: CodedValue) -> None:
    # HL7's namespace is the default one here, so that the CE of xsi:type means HL7's and survives exclusive C14N.
    element = etree.SubElement(value, f"{{{ns.HL7}}}{name}", nsmap=_CODE_PREFIXES)
    element.set(f"{{{ns.XSI}}}type", "CE")
    element.set("code", code.code)
    element.set("codeSystem", code.system)
    if code.system_name:
        element.set("codeSystemName", code.system_name)
    if code.display:
        element.set("displayName", code.display)
