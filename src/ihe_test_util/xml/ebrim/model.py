"""ebRIM 3.0 as values: nothing that its schema can say is lost between reading and writing.

What a message holds a hundred of (slots, names, classifications, identifiers) is a named tuple, which costs a
fifth of a frozen dataclass to make; the objects themselves are frozen dataclasses. An attribute or element that
is absent is empty here. Not modelled: ``xsi:type`` and what the schema does not know.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class LocalizedString(NamedTuple):
    """One rendering of a name or description; ``lang`` is xml:lang (ebRIM 3.0: LocalizedString)."""

    value: str
    lang: str = ""
    charset: str = ""


#: A name or description in any number of languages; empty where there is none (ebRIM 3.0: InternationalString).
InternationalString: TypeAlias = tuple[LocalizedString, ...]


class Slot(NamedTuple):
    """A named list of values (ebRIM 3.0: Slot)."""

    name: str
    values: tuple[str, ...]
    slot_type: str = ""


class VersionInfo(NamedTuple):
    """The version of an object or of its content (ebRIM 3.0: VersionInfo)."""

    name: str = ""
    comment: str = ""


class Classification(NamedTuple):
    """What puts an object under a node of a scheme, or gives it a code (ebRIM 3.0: Classification)."""

    id: str = ""
    scheme: str = ""
    classified_object: str = ""
    node_representation: str = ""
    node: str = ""
    slots: tuple[Slot, ...] = ()
    name: InternationalString = ()
    object_type: str = ""
    description: InternationalString = ()
    classifications: tuple["Classification", ...] = ()
    external_identifiers: tuple["ExternalIdentifier", ...] = ()
    status: str = ""
    lid: str = ""
    home: str = ""
    version: VersionInfo | None = None


class ExternalIdentifier(NamedTuple):
    """An identifier that someone else gave an object (ebRIM 3.0: ExternalIdentifier)."""

    id: str = ""
    scheme: str = ""
    registry_object: str = ""
    value: str = ""
    slots: tuple[Slot, ...] = ()
    name: InternationalString = ()
    object_type: str = ""
    description: InternationalString = ()
    classifications: tuple[Classification, ...] = ()
    external_identifiers: tuple["ExternalIdentifier", ...] = ()
    status: str = ""
    lid: str = ""
    home: str = ""
    version: VersionInfo | None = None


@dataclass(frozen=True, slots=True)
class RegistryObject:
    """What every object of the registry has (ebRIM 3.0: RegistryObject)."""

    id: str = ""
    slots: tuple[Slot, ...] = ()
    name: InternationalString = ()
    description: InternationalString = ()
    classifications: tuple[Classification, ...] = ()
    external_identifiers: tuple[ExternalIdentifier, ...] = ()
    object_type: str = ""
    status: str = ""
    lid: str = ""
    home: str = ""
    version: VersionInfo | None = None


#: The fields of RegistryObject in their order.
CommonFields: TypeAlias = tuple[
    str,
    tuple[Slot, ...],
    InternationalString,
    InternationalString,
    tuple[Classification, ...],
    tuple[ExternalIdentifier, ...],
    str,
    str,
    str,
    str,
    VersionInfo | None,
]


@dataclass(frozen=True, slots=True)
class ExtrinsicObject(RegistryObject):
    """Metadata of content that the registry does not hold (ebRIM 3.0: ExtrinsicObject)."""

    mime_type: str = ""
    is_opaque: str = ""
    content_version: VersionInfo | None = None


@dataclass(frozen=True, slots=True)
class RegistryPackage(RegistryObject):
    """A collection of objects (ebRIM 3.0: RegistryPackage); ``members`` are those that stand inside it."""

    members: tuple["AnyObject", ...] = ()


@dataclass(frozen=True, slots=True)
class Association(RegistryObject):
    """A relation from one object to another, by their ids (ebRIM 3.0: Association)."""

    association_type: str = ""
    source: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A reference to an object that stands elsewhere (ebRIM 3.0: ObjectRef)."""

    id: str = ""
    home: str = ""
    create_replica: str = ""
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherObject:
    """An object that XDS does not use, kept as its XML in UTF-8."""

    xml: bytes = field(repr=False)


AnyObject: TypeAlias = (
    ExtrinsicObject | RegistryPackage | Association | Classification | ExternalIdentifier | ObjectRef | OtherObject
)


@dataclass(frozen=True, slots=True)
class ObjectList:
    """What a SubmitObjectsRequest (ebRS 3.0) holds: objects in their order, and the request's own slots."""

    objects: tuple[AnyObject, ...] = ()
    slots: tuple[Slot, ...] = ()
    id: str = ""
    comment: str = ""
