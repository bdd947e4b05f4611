"""Metadata of document sharing: submission sets, document entries and folders, read from ebRIM objects.

Each is a view: the ebRIM object stays what it is, and the view finds its attributes. Where an attribute is given
more often than it may be, the first one counts; the rules speak of the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self, TypeAlias

from ihe_test_util.xml.ebrim import (
    AnyObject,
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    ObjectList,
    ObjectRef,
    OtherObject,
    RegistryObject,
    RegistryPackage,
    Slot,
    read_submit_objects,
    urns,
    write_submit_objects,
)
from ihe_test_util.xml.io import Element, serialize


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

    def authors(self, scheme: str) -> tuple[Author, ...]:
        """All authors under a classification scheme."""
        return tuple([author_of(classification) for classification in self.classifications.get(scheme, ())])


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
    def title(self) -> str:
        """DocumentEntry.title in its first language."""
        return self.source.name[0].value if self.source.name else ""


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


View: TypeAlias = DocumentEntry | SubmissionSet | Folder


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of one submission (ITI TF-3: 4.1.4): ebRIM objects in their order, and the views on them.

    ``unmarked`` are packages that are neither a submission set nor a folder; ``ids`` those of all objects, the ones
    within others too. ``raw`` is the XML as it arrived,
    empty in metadata that were not read from a message or have been changed since.
    """

    request: ObjectList = field(default_factory=ObjectList)
    document_entries: tuple[DocumentEntry, ...] = field(init=False, compare=False, repr=False)
    submission_sets: tuple[SubmissionSet, ...] = field(init=False, compare=False, repr=False)
    folders: tuple[Folder, ...] = field(init=False, compare=False, repr=False)
    associations: tuple[Association, ...] = field(init=False, compare=False, repr=False)
    unmarked: tuple[RegistryPackage, ...] = field(init=False, compare=False, repr=False)
    ids: tuple[str, ...] = field(init=False, compare=False, repr=False)
    raw: bytes = field(default=b"", init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        objects = self.request.objects
        entries = [item for item in objects if isinstance(item, ExtrinsicObject)]
        packages = [item for item in objects if isinstance(item, RegistryPackage)]
        marks = {item.classified_object: item.node for item in objects if isinstance(item, Classification)}
        sets, folders, unmarked = [], [], []
        for position, package in enumerate(packages, start=1):
            match _kind(package, marks):
                case urns.SUBMISSION_SET:
                    sets.append(SubmissionSet.of(package, position))
                case urns.FOLDER:
                    folders.append(Folder.of(package, position))
                case _:
                    unmarked.append(package)
        put = object.__setattr__  # the only way to fill the fields of a frozen instance
        put(self, "document_entries", tuple([DocumentEntry.of(item, n) for n, item in enumerate(entries, start=1)]))
        put(self, "submission_sets", tuple(sets))
        put(self, "folders", tuple(folders))
        put(self, "associations", tuple([item for item in objects if isinstance(item, Association)]))
        put(self, "unmarked", tuple(unmarked))
        put(self, "ids", tuple(_ids(objects)))

    @classmethod
    def read(cls, element: Element) -> Self:
        """The metadata of an lcm:SubmitObjectsRequest."""
        metadata = cls(read_submit_objects(element))
        object.__setattr__(metadata, "raw", serialize(element, declaration=False))
        return metadata

    @property
    def submission_set(self) -> SubmissionSet | None:
        """The submission set, of which there shall be exactly one."""
        return self.submission_sets[0] if self.submission_sets else None

    @property
    def packages(self) -> tuple[SubmissionSet | Folder, ...]:
        """Submission sets and folders."""
        return (*self.submission_sets, *self.folders)

    @property
    def views(self) -> tuple[View, ...]:
        """Document entries, submission sets and folders."""
        return (*self.document_entries, *self.submission_sets, *self.folders)

    def to_xml(self) -> bytes:
        """The lcm:SubmitObjectsRequest in UTF-8: as it arrived, else newly written."""
        return self.raw or serialize(write_submit_objects(self.request), declaration=False)


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


def is_folder(package: RegistryPackage) -> bool:
    """Whether a package is a folder, and no submission set, by what it says itself."""
    return _kind(package, {}) == urns.FOLDER


def slots_by_name(slots: Iterable[Slot]) -> Slots:
    """The values of the first slot of each name."""
    found: dict[str, tuple[str, ...]] = {}
    for slot in slots:
        found.setdefault(slot.name, slot.values)
    return found


def _ids(objects: Iterable[AnyObject]) -> list[str]:
    found = []
    for item in objects:
        if isinstance(item, ObjectRef | OtherObject):
            continue  # a reference bears the id of what it refers to
        found.append(item.id)
        if isinstance(item, RegistryObject):
            found += [one.id for one in item.classifications]
            found += [one.id for one in item.external_identifiers]
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


def _kind(package: RegistryPackage, marks: Mapping[str, str]) -> str:
    """Submission set or folder: by the node it is classified under, else by the kind of its unique id."""
    node = marks.get(package.id, "")
    if node in (urns.SUBMISSION_SET, urns.FOLDER):
        return node
    for classification in package.classifications:
        if classification.node in (urns.SUBMISSION_SET, urns.FOLDER):
            return classification.node
    for identifier in package.external_identifiers:
        if identifier.scheme == urns.SET_UNIQUE_ID:
            return urns.SUBMISSION_SET
        if identifier.scheme == urns.FOLDER_UNIQUE_ID:
            return urns.FOLDER
    return ""
