"""A submission as the registry will hold it: UUIDs for symbolic ids, first versions, Approved."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.xds.metadata import Metadata, View
from ihe_test_util.xml.ebrim import (
    Association,
    Classification,
    CommonFields,
    ExternalIdentifier,
    ExtrinsicObject,
    RegistryObject,
    RegistryPackage,
    Slot,
    VersionInfo,
    urns,
)

_UUID: Final = "urn:uuid:"
_FIRST: Final = VersionInfo("1")
_LAST_UPDATE: Final = "lastUpdateTime"


@dataclass(frozen=True, slots=True)
class Additions:
    """What a repository adds to the metadata of a submission (ITI TF-2: 3.41.4.1.3).

    Slots of document entries, in the place of what they say; the uniqueIds of objects that came without. Both by the
    ids of the objects.
    """

    slots: Mapping[str, tuple[Slot, ...]] = field(default_factory=dict)
    unique_ids: Mapping[str, ExternalIdentifier] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """The objects of a submission with the ids that they will have; ``labels`` are those that they came with."""

    entries: tuple[Entry, ...]
    labels: Mapping[str, str]

    def label(self, object_id: str) -> str:
        """What the submission calls an object."""
        return self.labels.get(object_id) or object_id

    @property
    def objects(self) -> Iterator[Entry]:
        """Submission sets, document entries and folders."""
        return (entry for entry in self.entries if entry.kind is not Kind.ASSOCIATION)

    @property
    def associations(self) -> Iterator[Association]:
        """The associations."""
        return (entry.source for entry in self.entries if isinstance(entry.source, Association))

    @property
    def submitted_ids(self) -> list[str]:
        """The entryUUIDs that the submitter chose."""
        return [given for given, label in self.labels.items() if given == label]


_NOTHING: Final = Additions()


def drafted(metadata: Metadata, *, new_uuid: Callable[[], str], at: datetime, additions: Additions = _NOTHING) -> Draft:
    """The draft of a submission; ``at`` is when folders are updated. What is no object of XDS is left out."""
    views = metadata.views
    ids = [view.source.id for view in views] + [one.id for one in metadata.associations]
    given = {one: _UUID + new_uuid() for one in ids if one and not one.startswith(_UUID)}
    drafting = _Drafting(given, new_uuid, _outer_classifications(metadata), additions)
    entries = [
        *(drafting.entry(Kind.SUBMISSION_SET, view) for view in metadata.submission_sets),
        *(drafting.entry(Kind.DOCUMENT_ENTRY, view) for view in metadata.document_entries),
        *(updated(drafting.entry(Kind.FOLDER, view), at) for view in metadata.folders),
    ]
    inside = {entry.id for entry in entries} | {given.get(one.id, one.id) for one in metadata.associations}
    for one in metadata.associations:
        link = drafting.link(one)
        # Ends outside the registry are told of by the rules; where these let them pass, nothing is left to relate.
        if all(end in inside or end.startswith(_UUID) for end in (link.source, link.target)):
            entries.append(Entry(Kind.ASSOCIATION, link))
    return Draft(tuple(entries), MappingProxyType(drafting.labels))


def updated(folder: Entry, at: datetime) -> Entry:
    """A folder that was updated at a moment (ITI TF-3: 4.2.3.4.6)."""
    time = at.strftime("%Y%m%d%H%M%S")
    return replace(folder, source=replace(folder.source, slots=_with(folder.source.slots, Slot(_LAST_UPDATE, (time,)))))


def link_of(kind: str, source: str, target: str, *, new_uuid: Callable[[], str]) -> Entry:
    """An association that the registry makes by itself."""
    new_id = _UUID + new_uuid()
    association = Association(
        id=new_id,
        object_type=urns.TYPE_ASSOCIATION,
        status=urns.APPROVED,
        lid=new_id,
        version=_FIRST,
        association_type=kind,
        source=source,
        target=target,
    )
    return Entry(Kind.ASSOCIATION, association)


@dataclass(frozen=True, slots=True)
class _Drafting:
    """What is known while the objects of a submission are drafted."""

    ids: Mapping[str, str]
    new_uuid: Callable[[], str]
    outer: Mapping[str, tuple[Classification, ...]]
    additions: Additions
    labels: dict[str, str] = field(default_factory=dict)

    def entry(self, kind: Kind, view: View) -> Entry:
        """The object of a view, with what finds it."""
        added = self.additions.unique_ids.get(view.source.id)
        unique_id = added.value if added is not None else view.unique_id
        return Entry(kind, self.drafted(view.source), unique_id, view.patient_id)

    def drafted(self, source: ExtrinsicObject | RegistryPackage) -> ExtrinsicObject | RegistryPackage:
        """An object as the registry holds it; its home community is that of the registry."""
        if isinstance(source, ExtrinsicObject):
            return ExtrinsicObject(*self._common(source), source.mime_type, source.is_opaque, source.content_version)
        return RegistryPackage(*self._common(source), source.members)

    def link(self, source: Association) -> Association:
        """An association as the registry holds it, with the ids that its ends have there."""
        ids = self.ids
        ends = ids.get(source.source, source.source), ids.get(source.target, source.target)
        return Association(*self._common(source), source.association_type, *ends)

    def _common(self, source: RegistryObject) -> CommonFields:
        """What every object has, in the order of the fields of RegistryObject."""
        old_id = source.id
        # One without an id gets one of its own too.
        new_id = self.ids.get(old_id, old_id) or _UUID + self.new_uuid()
        self.labels[new_id] = old_id
        slots = source.slots
        for slot in self.additions.slots.get(old_id, ()):
            slots = _with(slots, slot)
        identifiers = source.external_identifiers
        if unique_id := self.additions.unique_ids.get(old_id):
            identifiers = (*(one for one in identifiers if one.scheme != unique_id.scheme), unique_id)
        classifications = source.classifications
        if self.outer:
            classifications += self.outer.get(old_id, ())
        fresh, prefix = self.new_uuid, _UUID
        return (
            new_id,
            slots,
            source.name,
            source.description,
            tuple([Classification(prefix + fresh(), one.scheme, new_id, *one[3:]) for one in classifications]),
            tuple([ExternalIdentifier(prefix + fresh(), one.scheme, new_id, *one[3:]) for one in identifiers]),
            source.object_type,
            urns.APPROVED,
            new_id,
            "",
            _FIRST,
        )


def _outer_classifications(metadata: Metadata) -> dict[str, tuple[Classification, ...]]:
    """Classifications that stand beside their objects rather than in them, where they say something new."""
    found: dict[str, tuple[Classification, ...]] = {}
    for item in metadata.request.objects:
        if isinstance(item, Classification) and item.classified_object:
            found[item.classified_object] = (*found.get(item.classified_object, ()), item)
    if not found:
        return found
    inner = {
        (each.node, each.scheme, view.source.id) for view in metadata.views for each in view.source.classifications
    }
    return {
        owner: tuple(one for one in outer if (one.node, one.scheme, owner) not in inner)
        for owner, outer in found.items()
    }


def _with(slots: tuple[Slot, ...], new: Slot) -> tuple[Slot, ...]:
    """The slots with one in the place of those of its name, or at the end."""
    return (*(slot for slot in slots if slot.name != new.name), new)
