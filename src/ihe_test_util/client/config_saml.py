"""What the client's configuration says of assertions: SAML 2.0 with the attributes of XUA (ITI TF-2: 3.40)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from ihe_test_util.domain.xds.datatypes import is_home_community_id
from ihe_test_util.errors import BadInput
from ihe_test_util.security.xua import CodedValue, Confirmation
from ihe_test_util.settings.fields import FilePath, Flag, Model, Text, described, refusal, text_schema

if TYPE_CHECKING:
    from ihe_test_util.security.saml import AssertionSettings  # loads cryptography, 0.2 s


def _coded(value: object) -> object:
    if isinstance(value, str):
        try:
            CodedValue.parse(value)
        except BadInput as error:
            raise refusal(f'"{value}" is no coded value: {error.expected}') from None
    return value


def _community(value: object) -> object:
    if isinstance(value, str) and not is_home_community_id(value):
        raise refusal(f'"{value}" is no home community: urn:oid: and an OID, as in urn:oid:2.999.7')
    return value


Coded: TypeAlias = Annotated[str, BeforeValidator(_coded), text_schema("coded-value")]
Community: TypeAlias = Annotated[str, BeforeValidator(_community), text_schema("home-community")]
Validity: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=366 * 24 * 3600, allow_inf_nan=False)]


class AssertionPer(StrEnum):
    """How often an assertion is issued where there is a certificate to sign it with."""

    MESSAGE = "message"
    RUN = "run"
    NONE = "none"


class Saml(Model):
    """The assertion that goes with messages; only where there is a certificate to sign it with."""

    assertion_per: AssertionPer = described(
        AssertionPer.MESSAGE, "Whether each message has its own assertion, a run has one, or none is sent.", "run"
    )
    issuer: Text = described(
        "https://idp.ihe-test-util.example", "Issuer: the X-Assertion Provider.", "https://idp.example.org"
    )
    subject: Text = described("test-user", "Subject: the user's NameID.", "tquill")
    audiences: Annotated[tuple[Text, ...], Field(min_length=1)] = described(
        ("https://mock.ihe-test-util.example",), "URIs of those it is for.", ["https://xds.example.org"]
    )
    subject_id: str = described("", "The user's name in plain text (subject-id).", "Dr. Tomás Quill")
    subject_organization: str = described("", "The user's organization.", "Example Family Medicine")
    subject_organization_id: str = described("", "Its identifier, a URI.", "urn:oid:2.999.10")
    roles: tuple[Coded, ...] = described(
        (), "The user's roles, each as `CODE^NAME^SYSTEM OID`.", ["112247003^Medical doctor^2.16.840.1.113883.6.96"]
    )
    purpose_of_use: Coded | None = described(
        None,
        "Why the data are used (purposeOfUse), as `CODE^NAME^SYSTEM OID`.",
        "TREATMENT^Treatment^2.16.840.1.113883.3.18.7.1",
    )
    home_community_id: Community | None = described(None, "The user's home community.", "urn:oid:2.999.7")
    resource_id: Flag = described(
        default=True,
        says="Whether it names the patient that a message is about (resource-id); never for a whole run.",
        example=False,
    )
    attributes: Mapping[str, str] = described({}, "Further attributes by name.", {"urn:example:department": "ward 3"})
    confirmation: Confirmation = described(
        Confirmation.BEARER, "How the sender shows that the assertion is theirs.", "holder-of-key"
    )
    one_time_use: Flag = described(default=False, says="Whether it may be used once only.", example=True)
    valid_for_s: Validity = described(300.0, "How long it is valid, in seconds.", 3600.0)
    assertion_template: FilePath | None = described(
        None, "An assertion of your own to fill in and sign instead.", "templates/assertion.xml"
    )

    def assertion_settings(self, *, patient_id: str = "", recipient: str = "") -> "AssertionSettings":
        """What an assertion says; ``patient_id``, a CX, is whom the message is about, ``recipient`` the endpoint's URL.

        Raises:
            BadInput: a template that cannot be read, or values that XUA does not allow.
        """
        # Loads cryptography.
        from ihe_test_util.security.saml import AssertionSettings  # noqa: PLC0415 - explained above
        from ihe_test_util.security.saml_template import AssertionTemplate  # noqa: PLC0415 - same

        path = self.assertion_template
        try:
            template = AssertionTemplate.read(path.read_bytes(), where=str(path)) if path else None
        except OSError as error:
            raise BadInput(
                "the template of the assertion cannot be read", where=str(path), got=error.strerror or str(error)
            ) from None
        return AssertionSettings(
            issuer=self.issuer,
            subject=self.subject,
            audiences=self.audiences,
            subject_id=self.subject_id,
            organization=self.subject_organization,
            organization_id=self.subject_organization_id,
            roles=tuple(CodedValue.parse(role) for role in self.roles),
            purpose_of_use=CodedValue.parse(self.purpose_of_use) if self.purpose_of_use else None,
            home_community_id=self.home_community_id or "",
            resource_id=patient_id if self.resource_id else "",
            attributes=tuple(self.attributes.items()),
            confirmation=self.confirmation,
            recipient=recipient,
            one_time_use=self.one_time_use,
            valid_for_s=self.valid_for_s,
            template=template,
        )
