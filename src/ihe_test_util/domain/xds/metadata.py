"""Metadata of document sharing: what one submission holds, as ebRIM objects and as the views on them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from ihe_test_util.domain.xds.views import (
    Author,
    Code,
    DocumentEntry,
    Folder,
    SubmissionSet,
    View,
    code_of,
    slots_by_name,
)
from ihe_test_util.xml.ebrim import (
    AnyObject,
    Association,
    Classification,
    ExtrinsicObject,
    ObjectList,
    ObjectRef,
    OtherObject,
    RegistryObject,
    RegistryPackage,
    read_submit_objects,
    urns,
    write_submit_objects,
)
from ihe_test_util.xml.io import Element, serialize

__all__ = [
    "Author",
    "Code",
    "DocumentEntry",
    "Folder",
    "Metadata",
    "SubmissionSet",
    "View",
    "code_of",
    "is_folder",
    "slots_by_name",
]


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


def is_folder(package: RegistryPackage) -> bool:
    """Whether a package is a folder, and no submission set, by what it says itself."""
    return _kind(package, {}) == urns.FOLDER


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
