"""An object as the registry holds it: an ebRIM object that has an entryUUID, a logical id, a version and a state."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeAlias

from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, SubmissionSet
from ihe_test_util.xml.ebrim import Association, ExtrinsicObject, RegistryPackage, VersionInfo, urns

HeldObject: TypeAlias = ExtrinsicObject | RegistryPackage | Association


class Kind(StrEnum):
    """What an object of the registry is (ITI TF-3: 4.1)."""

    DOCUMENT_ENTRY = "DocumentEntry"
    SUBMISSION_SET = "SubmissionSet"
    FOLDER = "Folder"
    ASSOCIATION = "Association"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in the registry. ``source`` bears id, lid, version and status as the registry gave them.

    ``unique_id`` and ``patient_id`` (CX) are empty for associations.
    """

    kind: Kind
    source: HeldObject
    unique_id: str = ""
    patient_id: str = ""

    @classmethod
    def of(cls, kind: Kind, source: HeldObject) -> Self:
        """The entry of an object, with what finds it taken from its external identifiers."""
        match source:
            case ExtrinsicObject():
                document = DocumentEntry.of(source)
                return cls(kind, source, document.unique_id, document.patient_id)
            case RegistryPackage():
                view = Folder.of(source) if kind is Kind.FOLDER else SubmissionSet.of(source)
                return cls(kind, source, view.unique_id, view.patient_id)
            case _:
                return cls(kind, source)

    @property
    def id(self) -> str:
        """The entryUUID, a URN."""
        return self.source.id

    @property
    def lid(self) -> str:
        """The logicalID: the entryUUID of the first version."""
        return self.source.lid

    @property
    def version(self) -> int:
        """The version, counted from 1."""
        name = self.source.version.name if self.source.version else ""
        return int(name) if name.isdecimal() else 1

    @property
    def status(self) -> str:
        """The availabilityStatus, a URN."""
        return self.source.status

    @property
    def approved(self) -> bool:
        """Whether it is in force."""
        return self.source.status == urns.APPROVED

    def with_status(self, status: str) -> "Entry":
        """The same object in another state."""
        return replace(self, source=replace(self.source, status=status))


def in_registry(source: HeldObject, *, lid: str = "", version: int = 1, status: str = urns.APPROVED) -> HeldObject:
    """An object with what the registry assigns; without a ``lid`` it is the first version of itself."""
    return replace(source, lid=lid or source.id, version=VersionInfo(str(version)), status=status)
