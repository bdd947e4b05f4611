"""Document entries, submission sets and folders as their attributes (ITI TF-3: 4.2.3), read from ebRIM objects.

Each is a view: the ebRIM object stays what it is, and the view finds its attributes. Where an attribute is given
more often than it may be, the first one counts; the rules speak of the rest. What is not given is empty, a code None.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self, TypeAlias

from ihe_test_util.domain.xds.datatypes import is_size
from ihe_test_util.xml.ebrim import (
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    RegistryObject,
    RegistryPackage,
    Slot,
    urns,
)


class Code(NamedTuple):
    """A coded value with its coding scheme and display name (ITI TF-3: 4.2.3.1.2)."""

    code: str
    scheme: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a document or made a submission (ITI TF-3: 4.2.3.1.4); XCN, XON and XTN as they came."""

    person: str = ""
    institutions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    telecoms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The person as one writes a name: prefix, given names, family name, suffix; else the id (XCN.1 to XCN.6)."""
        parts = self.person.split("^")[:6] + [""] * 6
        identifier, family, given, more, suffix, prefix = parts[:6]
        return " ".join(part for part in (prefix, given, more, family.split("&")[0], suffix) if part) or identifier


Slots: TypeAlias = Mapping[str, tuple[str, ...]]
Classifications: TypeAlias = Mapping[str, Sequence[Classification]]
Identifiers: TypeAlias = Mapping[str, Sequence[ExternalIdentifier]]


@dataclass(frozen=True, slots=True)
class _View:
    """What the three kinds share: attributes by slot name, by classification scheme, by identification scheme.

    ``label`` names the object in findings: its id, or its kind and position where it has none.
    """

    label: str
    slots: Slots = field(compare=False, repr=False)
    classifications: Classifications = field(compare=False, repr=False)
    identifiers: Identifiers = field(compare=False, repr=False)
    source: RegistryObject

    def slot(self, name: str) -> str:
        """The first value of a slot, or nothing."""
        values = self.slots.get(name)
        return values[0] if values else ""

    def identifier(self, scheme: str) -> str:
        """The value of the external identifier under a scheme, or nothing."""
        found = self.identifiers.get(scheme)
        return found[0].value if found else ""

    def code(self, scheme: str) -> Code | None:
        """The first code under a classification scheme."""
        found = self.classifications.get(scheme)
        return code_of(found[0]) if found else None

    def codes(self, scheme: str) -> tuple[Code, ...]:
        """All codes under a classification scheme."""
        return tuple([code_of(classification) for classification in self.classifications.get(scheme, ())])

    def authors_under(self, scheme: str) -> tuple[Author, ...]:
        """All authors under a classification scheme."""
        return tuple([author_of(classification) for classification in self.classifications.get(scheme, ())])

    @property
    def entry_uuid(self) -> str:
        """The entryUUID: what the registry calls this version."""
        return self.source.id

    @property
    def logical_id(self) -> str:
        """The logicalID: what all versions share."""
        return self.source.lid

    @property
    def version(self) -> int:
        """The version, counted from 1."""
        name = self.source.version.name if self.source.version else ""
        return int(name) if name.isascii() and name.isdecimal() else 1

    @property
    def availability_status(self) -> str:
        """The availabilityStatus in a word: Approved or Deprecated."""
        return self.source.status.rpartition(":")[2]

    @property
    def title(self) -> str:
        """The title in its first language."""
        return self.source.name[0].value if self.source.name else ""

    @property
    def comments(self) -> str:
        """The comments in their first language."""
        return self.source.description[0].value if self.source.description else ""

    @property
    def home_community_id(self) -> str:
        """The homeCommunityId, a URN."""
        return self.source.home


@dataclass(frozen=True, slots=True)
class DocumentEntry(_View):
    """XDSDocumentEntry (ITI TF-3: 4.2.3.2), on an ExtrinsicObject."""

    source: ExtrinsicObject

    @classmethod
    def of(cls, source: ExtrinsicObject, position: int = 1) -> Self:
        """The view on an object, the n-th of its kind."""
        return cls(source.id or f"ExtrinsicObject[{position}]", *_index(source), source)

    @property
    def unique_id(self) -> str:
        """DocumentEntry.uniqueId."""
        return self.identifier(urns.ENTRY_UNIQUE_ID)

    @property
    def patient_id(self) -> str:
        """DocumentEntry.patientId."""
        return self.identifier(urns.ENTRY_PATIENT_ID)

    @property
    def mime_type(self) -> str:
        """DocumentEntry.mimeType."""
        return self.source.mime_type

    @property
    def class_code(self) -> Code | None:
        """DocumentEntry.classCode."""
        return self.code(urns.ENTRY_CLASS_CODE)

    @property
    def type_code(self) -> Code | None:
        """DocumentEntry.typeCode."""
        return self.code(urns.ENTRY_TYPE_CODE)

    @property
    def format_code(self) -> Code | None:
        """DocumentEntry.formatCode."""
        return self.code(urns.ENTRY_FORMAT_CODE)

    @property
    def healthcare_facility_type_code(self) -> Code | None:
        """DocumentEntry.healthcareFacilityTypeCode."""
        return self.code(urns.ENTRY_FACILITY_TYPE_CODE)

    @property
    def practice_setting_code(self) -> Code | None:
        """DocumentEntry.practiceSettingCode."""
        return self.code(urns.ENTRY_PRACTICE_SETTING_CODE)

    @property
    def confidentiality_codes(self) -> tuple[Code, ...]:
        """DocumentEntry.confidentialityCode."""
        return self.codes(urns.ENTRY_CONFIDENTIALITY_CODE)

    @property
    def event_codes(self) -> tuple[Code, ...]:
        """DocumentEntry.eventCodeList."""
        return self.codes(urns.ENTRY_EVENT_CODE)

    @property
    def authors(self) -> tuple[Author, ...]:
        """DocumentEntry.author."""
        return self.authors_under(urns.ENTRY_AUTHOR)

    @property
    def creation_time(self) -> str:
        """DocumentEntry.creationTime, a DTM in UTC."""
        return self.slot("creationTime")

    @property
    def service_start_time(self) -> str:
        """DocumentEntry.serviceStartTime, a DTM in UTC."""
        return self.slot("serviceStartTime")

    @property
    def service_stop_time(self) -> str:
        """DocumentEntry.serviceStopTime, a DTM in UTC."""
        return self.slot("serviceStopTime")

    @property
    def language_code(self) -> str:
        """DocumentEntry.languageCode."""
        return self.slot("languageCode")

    @property
    def source_patient_id(self) -> str:
        """DocumentEntry.sourcePatientId."""
        return self.slot("sourcePatientId")

    @property
    def hash(self) -> str:
        """DocumentEntry.hash: SHA-1 in hexadecimal digits."""
        return self.slot("hash")

    @property
    def size(self) -> int | None:
        """DocumentEntry.size in bytes; None where it is not given, or is no number."""
        text = self.slot("size")
        return int(text) if is_size(text) else None

    @property
    def repository_unique_id(self) -> str:
        """DocumentEntry.repositoryUniqueId."""
        return self.slot("repositoryUniqueId")


@dataclass(frozen=True, slots=True)
class SubmissionSet(_View):
    """XDSSubmissionSet (ITI TF-3: 4.2.3.3), on a RegistryPackage."""

    source: RegistryPackage

    @classmethod
    def of(cls, source: RegistryPackage, position: int = 1) -> Self:
        """The view on an object, the n-th of its kind."""
        return cls(source.id or f"RegistryPackage[{position}]", *_index(source), source)

    @property
    def unique_id(self) -> str:
        """SubmissionSet.uniqueId."""
        return self.identifier(urns.SET_UNIQUE_ID)

    @property
    def patient_id(self) -> str:
        """SubmissionSet.patientId."""
        return self.identifier(urns.SET_PATIENT_ID)

    @property
    def source_id(self) -> str:
        """SubmissionSet.sourceId."""
        return self.identifier(urns.SET_SOURCE_ID)

    @property
    def content_type_code(self) -> Code | None:
        """SubmissionSet.contentTypeCode."""
        return self.code(urns.SET_CONTENT_TYPE_CODE)

    @property
    def authors(self) -> tuple[Author, ...]:
        """SubmissionSet.author."""
        return self.authors_under(urns.SET_AUTHOR)

    @property
    def submission_time(self) -> str:
        """SubmissionSet.submissionTime, a DTM in UTC."""
        return self.slot("submissionTime")

    @property
    def intended_recipients(self) -> tuple[str, ...]:
        """SubmissionSet.intendedRecipient."""
        return self.slots.get("intendedRecipient", ())


@dataclass(frozen=True, slots=True)
class Folder(_View):
    """XDSFolder (ITI TF-3: 4.2.3.4), on a RegistryPackage."""

    source: RegistryPackage

    @classmethod
    def of(cls, source: RegistryPackage, position: int = 1) -> Self:
        """The view on an object, the n-th of its kind."""
        return cls(source.id or f"RegistryPackage[{position}]", *_index(source), source)

    @property
    def unique_id(self) -> str:
        """Folder.uniqueId."""
        return self.identifier(urns.FOLDER_UNIQUE_ID)

    @property
    def patient_id(self) -> str:
        """Folder.patientId."""
        return self.identifier(urns.FOLDER_PATIENT_ID)

    @property
    def code_list(self) -> tuple[Code, ...]:
        """Folder.codeList."""
        return self.codes(urns.FOLDER_CODE)

    @property
    def last_update_time(self) -> str:
        """Folder.lastUpdateTime, a DTM in UTC."""
        return self.slot("lastUpdateTime")


View: TypeAlias = DocumentEntry | SubmissionSet | Folder


def code_of(classification: Classification) -> Code:
    """The coded value that a classification holds."""
    scheme = next((slot.values for slot in classification.slots if slot.name == "codingScheme"), ())
    name = classification.name
    return Code(classification.node_representation, scheme[0] if scheme else "", name[0].value if name else "")


def author_of(classification: Classification) -> Author:
    """The author that a classification holds."""
    slots = slots_by_name(classification.slots)
    person = slots.get("authorPerson", ())
    return Author(
        person[0] if person else "",
        slots.get("authorInstitution", ()),
        slots.get("authorRole", ()),
        slots.get("authorSpecialty", ()),
        slots.get("authorTelecommunication", ()),
    )


def slots_by_name(slots: Iterable[Slot]) -> Slots:
    """The values of the first slot of each name."""
    found: dict[str, tuple[str, ...]] = {}
    for slot in slots:
        found.setdefault(slot.name, slot.values)
    return found


def _index(source: ExtrinsicObject | RegistryPackage) -> tuple[Slots, Classifications, Identifiers]:
    classifications: dict[str, list[Classification]] = {}
    for classification in source.classifications:
        scheme = classification.scheme
        if scheme in classifications:
            classifications[scheme].append(classification)
        else:
            classifications[scheme] = [classification]
    identifiers: dict[str, list[ExternalIdentifier]] = {}
    for identifier in source.external_identifiers:
        scheme = identifier.scheme
        if scheme in identifiers:
            identifiers[scheme].append(identifier)
        else:
            identifiers[scheme] = [identifier]
    return slots_by_name(source.slots), classifications, identifiers
