"""What the client's configuration says of senders, authors and codes: identifiers and document metadata."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from ihe_test_util.documents.settings import DocumentAuthor, DocumentSettings, Organization
from ihe_test_util.domain.world import MOCK_DEVICE_OID
from ihe_test_util.domain.xds.datatypes import is_language, is_mime_type, is_oid
from ihe_test_util.domain.xds.metadata import Author, Code
from ihe_test_util.domain.xds.writing import EPISODE_SUMMARY
from ihe_test_util.settings.fields import Model, Text, described, refusal, text_schema
from ihe_test_util.transactions.iti41 import C_CDA_SUMMARY, DocumentCodes

#: How this client calls itself where it is told nothing; the example arc belongs to nobody.
SENDER_OID: Final = "2.999.1.2"
#: HL7 Confidentiality, from which a document's header takes its code.
_CONFIDENTIALITY: Final = "2.16.840.1.113883.5.25"
#: What separates the parts of XCN, XON and XTN, and can stand in none of them.
_SEPARATORS: Final = re.compile(r"[|^&~\\]")


def _oid(value: object) -> object:
    if isinstance(value, str) and not is_oid(value):
        raise refusal(f'"{value}" is no OID: numbers between dots, as in 2.999.1.2, at most 64 characters')
    return value


def _language(value: object) -> object:
    if isinstance(value, str) and not is_language(value):
        raise refusal(f'"{value}" is no language tag (RFC 5646), such as en-US')
    return value


def _mime_type(value: object) -> object:
    if isinstance(value, str) and not is_mime_type(value):
        raise refusal(f'"{value}" is no media type, such as text/xml')
    return value


def _part(value: object) -> object:
    if isinstance(value, str) and (bad := _SEPARATORS.search(value)):
        raise refusal(f'has "{bad[0]}", which separates the parts of names in document metadata')
    return value


Oid: TypeAlias = Annotated[str, BeforeValidator(_oid), text_schema("oid")]
Language: TypeAlias = Annotated[str, BeforeValidator(_language), text_schema("language")]
MimeType: TypeAlias = Annotated[str, BeforeValidator(_mime_type), text_schema("media-type")]
#: Text that becomes a component of XCN, XON or XTN (ITI TF-3: 4.2.3.1.7).
Part: TypeAlias = Annotated[str, BeforeValidator(_part)]


class Identifiers(Model):
    """Who we are, and whom we talk to."""

    sender_oid: Oid = described(SENDER_OID, "Device OID of the sender of HL7 V3 messages: this client.", "2.999.20.1")
    receiver_oid: Oid = described(
        MOCK_DEVICE_OID, "Device OID of their receiver: the PIX manager; by default the mock's.", "2.999.20.2"
    )
    source_oid: Oid = described(SENDER_OID, "OID of the document source (XDSSubmissionSet.sourceId).", "2.999.20.3")
    mrn_oid: Oid | None = described(
        None,
        "OID of who assigns the medical record numbers of column `mrn`; without it, the organization's with `.1`.",
        "2.999.20.4",
    )


class CodedValue(Model):
    """A code of document metadata (ITI TF-3: 4.2.3.1.2)."""

    code: Part = Field(description="The code.", examples=["34133-9"], min_length=1)
    scheme: Text = Field(description="OID of its code system.", examples=["2.16.840.1.113883.6.1"])
    display: str = described("", "Its name for people.", "Summary of episode note")

    @classmethod
    def of(cls, code: Code) -> "CodedValue":
        """A code as a field of the configuration."""
        return cls(code=code.code, scheme=code.scheme, display=code.display)

    @property
    def value(self) -> Code:
        """The code as metadata have it."""
        return Code(self.code, self.scheme, self.display)


_AUTHOR: Final = DocumentAuthor()
_ORGANIZATION: Final = Organization()
_SETTINGS: Final = DocumentSettings()


class AuthorSettings(Model):
    """The person who wrote the documents, in their header and in their metadata."""

    id: Part = described(_AUTHOR.id, "Identifier of the author.", "DR-7")
    id_oid: Oid = described(_AUTHOR.id_oid, "OID of who assigned it.", "2.999.10.2")
    prefix: Part = described(_AUTHOR.prefix, "Title before the name.", "Dr.")
    first_name: Part = described(_AUTHOR.first_name, "Given name.", "Tomás")
    last_name: Part = Field(default=_AUTHOR.last_name, min_length=1, description="Family name.", examples=["Quill"])
    role: str = described("", "Role (authorRole); left out of metadata where it is empty.", "Attending")
    specialty: str = described("", "Specialty (authorSpecialty); left out where it is empty.", "General medicine")


class OrganizationSettings(Model):
    """The organization behind author and documents."""

    oid: Oid = described(_ORGANIZATION.oid, "Its OID.", "2.999.10")
    name: Part = Field(default=_ORGANIZATION.name, min_length=1, description="Its name.", examples=["Example Clinic"])
    phone: str = described(_ORGANIZATION.phone, "Its telephone number.", "+1-555-555-0100")
    address: str = described(_ORGANIZATION.address, "Street and number.", "200 Sample Street")
    city: str = described(_ORGANIZATION.city, "City.", "Portland")
    state: str = described(_ORGANIZATION.state, "State or province.", "OR")
    zip: str = described(_ORGANIZATION.zip, "Postal code.", "97201")
    country: str = described(_ORGANIZATION.country, "Country.", "US")


class Metadata(Model):
    """What documents and submissions say of themselves, beside what comes from patient and document."""

    title: Text = described(_SETTINGS.title, "Title of each document.", "Discharge summary")
    language: Language = described(_SETTINGS.language, "Language (languageCode).", "de-CH")
    mime_type: MimeType = described("text/xml", "Media type of the documents.", "text/xml")
    country: str = described(_SETTINGS.country, "Country of the patients' addresses.", "CH")
    class_code: CodedValue = described(
        CodedValue.of(C_CDA_SUMMARY.class_code),
        "classCode.",
        {"code": "REPORTS", "scheme": "1.3.6.1.4.1.19376.1.2.6.1", "display": "Reports"},
    )
    type_code: CodedValue = described(
        CodedValue.of(C_CDA_SUMMARY.type_code),
        "typeCode.",
        {"code": "18842-5", "scheme": "2.16.840.1.113883.6.1", "display": "Discharge summary"},
    )
    format_code: CodedValue = described(
        CodedValue.of(C_CDA_SUMMARY.format_code),
        "formatCode.",
        {"code": "urn:ihe:pcc:xphr:2007", "scheme": "1.3.6.1.4.1.19376.1.2.3", "display": "XPHR"},
    )
    facility_type_code: CodedValue = described(
        CodedValue.of(C_CDA_SUMMARY.facility_type_code),
        "healthcareFacilityTypeCode.",
        {"code": "35971002", "scheme": "2.16.840.1.113883.6.96", "display": "Ambulatory care site"},
    )
    practice_setting_code: CodedValue = described(
        CodedValue.of(C_CDA_SUMMARY.practice_setting_code),
        "practiceSettingCode.",
        {"code": "394579002", "scheme": "2.16.840.1.113883.6.96", "display": "Cardiology"},
    )
    confidentiality_codes: Annotated[tuple[CodedValue, ...], Field(min_length=1)] = described(
        tuple(CodedValue.of(code) for code in C_CDA_SUMMARY.confidentiality_codes),
        "confidentialityCode, one or more; the first of HL7's own also stands in the document.",
        [{"code": "R", "scheme": _CONFIDENTIALITY, "display": "Restricted"}],
    )
    content_type_code: CodedValue = described(
        CodedValue.of(EPISODE_SUMMARY),
        "contentTypeCode of the submission set.",
        {"code": "18842-5", "scheme": "2.16.840.1.113883.6.1", "display": "Discharge summary"},
    )
    author: AuthorSettings = described(AuthorSettings(), "Who wrote the documents.", {"last_name": "Quill"})
    organization: OrganizationSettings = described(
        OrganizationSettings(), "The organization behind author and documents.", {"name": "Example Clinic"}
    )

    @property
    def codes(self) -> DocumentCodes:
        """The codes of a document entry."""
        return DocumentCodes(
            class_code=self.class_code.value,
            type_code=self.type_code.value,
            format_code=self.format_code.value,
            facility_type_code=self.facility_type_code.value,
            practice_setting_code=self.practice_setting_code.value,
            confidentiality_codes=tuple(code.value for code in self.confidentiality_codes),
        )

    @property
    def document_settings(self) -> DocumentSettings:
        """What a template is told of origin and language."""
        author = self.author
        confidentiality = (code.code for code in self.confidentiality_codes if code.scheme == _CONFIDENTIALITY)
        return DocumentSettings(
            title=self.title,
            language=self.language,
            confidentiality=next(confidentiality, _SETTINGS.confidentiality),
            country=self.country,
            author=DocumentAuthor(author.id_oid, author.id, author.prefix, author.first_name, author.last_name),
            organization=Organization(**self.organization.model_dump()),
        )

    @property
    def given_authors(self) -> tuple[Author, ...]:
        """The author, where the configuration names one: for documents that were not made here."""
        return (self.xds_author,) if self.model_fields_set & {"author", "organization"} else ()

    @property
    def xds_author(self) -> Author:
        """The author as metadata have it: XCN and XON (ITI TF-3: 4.2.3.1.7)."""
        author, organization = self.author, self.organization
        authority = f"&{author.id_oid}&ISO" if author.id else ""
        person = f"{author.id}^{author.last_name}^{author.first_name}^^^{author.prefix}^^^{authority}"
        return Author(
            person=person.rstrip("^"),
            institutions=(f"{organization.name}^^^^^^^^^{organization.oid}",),
            roles=(author.role,) if author.role else (),
            specialties=(author.specialty,) if author.specialty else (),
        )
