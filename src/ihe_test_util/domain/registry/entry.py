"""An object as the registry holds it: an ebRIM object that has an entryUUID, a logical id, a version and a state."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeAlias

from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, SubmissionSet
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import Association, ExtrinsicObject, RegistryPackage, VersionInfo, read_objects, urns
from ihe_test_util.xml.io import parse

#: How every object begins that a store keeps.
_LIST: Final = f'<rim:RegistryObjectList xmlns:rim="{ns.RIM}">'.encode()

HeldObject: TypeAlias = ExtrinsicObject | RegistryPackage | Association


class Kind(StrEnum):
    """What an object of the registry is (ITI TF-3: 4.1)."""

    DOCUMENT_ENTRY = "DocumentEntry"
    SUBMISSION_SET = "SubmissionSet"
    FOLDER = "Folder"
    ASSOCIATION = "Association"


class Kept(NamedTuple):
    """An object as a store keeps it: what is asked for most, and all of it as XML.

    ``xml`` is a rim:RegistryObjectList of one object, in UTF-8.
    """

    id: str
    lid: str
    version: int
    status: str
    type: str
    xml: bytes

    @property
    def object_xml(self) -> bytes:
        """The object alone; the prefix ``rim`` is bound by whatever it is put into."""
        if not self.xml.startswith(_LIST):
            raise ValueError(f"an object is kept in another form: {self.xml[:80]!r}")
        return self.xml[self.xml.index(b">") + 1 : self.xml.rindex(b"</")]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in the registry. ``source`` bears id, lid, version and status as the registry gave them.

    ``unique_id`` and ``patient_id`` (CX) are empty for associations. ``kept`` is there as long as the entry is what
    came out of a store, and spares reading the object.
    """

    kind: Kind
    source: HeldObject
    unique_id: str = ""
    patient_id: str = ""
    kept: Kept | None = field(default=None, init=False, compare=False, repr=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Read the object when it is asked for first; most that a query finds are passed on unread."""
            if name != "source":
                raise AttributeError(name)
            source = _read(self.kept.xml)
            object.__setattr__(self, "source", source)
            return source

    @classmethod
    def of_store(cls, kind: Kind, kept: Kept, unique_id: str = "", patient_id: str = "") -> Self:
        """The entry that a store keeps."""
        entry = object.__new__(cls)
        put = object.__setattr__  # the only way to fill the fields of a frozen instance
        put(entry, "kind", kind)
        put(entry, "unique_id", unique_id)
        put(entry, "patient_id", patient_id)
        put(entry, "kept", kept)
        return entry

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
        return self.kept.id if self.kept else self.source.id

    @property
    def lid(self) -> str:
        """The logicalID: the entryUUID of the first version."""
        return self.kept.lid if self.kept else self.source.lid

    @property
    def version(self) -> int:
        """The version, counted from 1."""
        if self.kept:
            return self.kept.version
        name = self.source.version.name if self.source.version else ""
        return int(name) if name.isdecimal() else 1

    @property
    def status(self) -> str:
        """The availabilityStatus, a URN."""
        return self.kept.status if self.kept else self.source.status

    @property
    def type(self) -> str:
        """The objectType, or the type of an association; a URN."""
        if self.kept:
            return self.kept.type
        source = self.source
        return source.association_type if isinstance(source, Association) else source.object_type

    @property
    def approved(self) -> bool:
        """Whether it is in force."""
        return self.status == urns.APPROVED

    @property
    def home(self) -> str:
        """The homeCommunityId, a URN."""
        return self.source.home if self.may_say("home=") else ""

    def may_say(self, word: str) -> bool:
        """Whether a word that XML writes in one way only can stand anywhere in the object; False is certain."""
        return self.kept is None or word.encode() in self.kept.xml

    def with_status(self, status: str) -> "Entry":
        """The same object in another state."""
        return replace(self, source=replace(self.source, status=status))


def in_registry(source: HeldObject, *, lid: str = "", version: int = 1, status: str = urns.APPROVED) -> HeldObject:
    """An object with what the registry assigns; without a ``lid`` it is the first version of itself."""
    return replace(source, lid=lid or source.id, version=VersionInfo(str(version)), status=status)


def _read(xml: bytes) -> HeldObject:
    (source,) = read_objects(parse(xml, what="registry object"))
    if not isinstance(source, ExtrinsicObject | RegistryPackage | Association):
        raise TypeError(f"the registry holds a {type(source).__name__}")
    return source
