"""What the framework demands of the associations of a submission (ITI TF-3: 4.2.2)."""

from collections.abc import Iterator, Sequence
from typing import Final

from ihe_test_util.domain.xds.metadata import Metadata, View, slots_by_name
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss
from ihe_test_util.transactions.xds.base import NONE, UNRESOLVED_REFERENCE, CarriesMetadata, MetadataRule, shown
from ihe_test_util.xml.ebrim import Association, urns

_UUID_PREFIX: Final = "urn:uuid:"
_STATUS: Final = "SubmissionSetStatus"
_ORIGINAL: Final = "Original"
_REFERENCE: Final = "Reference"

_DOCUMENTED: Final = frozenset({urns.REPLACES, urns.APPENDS, urns.TRANSFORMS, urns.TRANSFORMS_AND_REPLACES, urns.SIGNS})
#: From a document entry of the submission to one that the registry has (ITI TF-3: 4.2.2.2).
_RELATIONSHIPS: Final = _DOCUMENTED | {urns.IS_SNAPSHOT_OF}
_KNOWN: Final = _RELATIONSHIPS | {
    urns.HAS_MEMBER,
    urns.UPDATE_AVAILABILITY_STATUS,
    urns.SUBMIT_ASSOCIATION,
    urns.NON_VERSIONING_UPDATE,
}
_UNDOCUMENTED: Final = _KNOWN - _DOCUMENTED


def _label(association: Association) -> str:
    return association.id or f"Association {association.source} {association.target}"


def _known_types(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{_label(one)}/associationType", shown(one.association_type), "a type that ITI TF-3: 4.2.2 knows")
        for one in request.metadata.associations
        if one.association_type not in _KNOWN
    ]


def _two_ends(request: CarriesMetadata) -> Sequence[Miss]:
    misses: list[Miss] = []
    for one in request.metadata.associations:
        if one.source and one.target and one.source != one.target:
            continue
        if one.source == one.target and one.source:
            misses.append(Miss(f"{_label(one)}/targetObject", shown(one.target), "another object than the source"))
        for name, value in (("sourceObject", one.source), ("targetObject", one.target)):
            if not value:
                misses.append(Miss(f"{_label(one)}/{name}", want="the id of an object"))
    return misses


def _resolved(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    ids = set(metadata.ids)
    return [
        Miss(
            f"{_label(one)}/{name}",
            shown(value),
            "the id of an object in this submission, or the urn:uuid: of one in the registry",
        )
        for one in metadata.associations
        for name, value in (("sourceObject", one.source), ("targetObject", one.target))
        if value and value not in ids and not value.startswith(_UUID_PREFIX)
    ]


def _members(metadata: Metadata) -> dict[str, Association]:
    """The HasMember associations of the submission set, by what they point to."""
    submission_set = metadata.submission_set
    if submission_set is None:
        return {}
    source = submission_set.source.id
    return {
        one.target: one
        for one in metadata.associations
        if one.association_type == urns.HAS_MEMBER and one.source == source
    }


def _entries_are_members(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    if len(metadata.submission_sets) != 1:
        return NONE  # there is nothing that they could be members of, and XDSM-01 says so
    members = _members(metadata)
    views: tuple[View, ...] = (*metadata.document_entries, *metadata.folders)
    return [
        Miss(f"{view.label}/HasMember", "no association", f"HasMember from {metadata.submission_sets[0].label}")
        for view in views
        if view.source.id not in members
    ]


def _set_status(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    entries = {entry.source.id for entry in metadata.document_entries}
    others = {item.id for item in (*metadata.associations, *(folder.source for folder in metadata.folders))}
    misses: list[Miss] = []
    for target, one in _members(metadata).items():
        values = slots_by_name(one.slots).get(_STATUS, ())
        if target in entries:
            if values != (_ORIGINAL,):
                misses.append(Miss(f"{_label(one)}/{_STATUS}", _listed(values), _ORIGINAL))
        elif target not in others and values not in ((_REFERENCE,), ()):
            want = f"{_REFERENCE}: {target} is not in this submission"
            misses.append(Miss(f"{_label(one)}/{_STATUS}", _listed(values), want))
    return misses


def _listed(values: Sequence[str]) -> str:
    return ", ".join(shown(value) for value in values) or "nothing"


def _member_shapes(request: CarriesMetadata) -> Sequence[Miss]:
    """HasMember leads from a submission set, or from a folder to a document entry; never to a submission set."""
    metadata = request.metadata
    sets = {each.source.id for each in metadata.submission_sets}
    folders = {each.source.id for each in metadata.folders}
    ids = set(metadata.ids)
    misses: list[Miss] = []
    for one in metadata.associations:
        if one.association_type != urns.HAS_MEMBER:
            continue
        if one.target in sets:
            misses.append(Miss(f"{_label(one)}/targetObject", shown(one.target), "no submission set"))
        if one.source in sets:
            continue
        if one.source not in folders and one.source in ids:
            misses.append(Miss(f"{_label(one)}/sourceObject", shown(one.source), "a submission set or a folder"))
        elif one.target in folders:
            misses.append(Miss(f"{_label(one)}/targetObject", shown(one.target), "a document entry"))
    return misses


def _folder_members_are_members(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    if len(metadata.submission_sets) != 1:
        return NONE
    source = metadata.submission_sets[0].source.id
    of_folders = [
        one for one in metadata.associations if one.association_type == urns.HAS_MEMBER and one.source != source
    ]
    if not of_folders:
        return NONE
    members = _members(metadata)
    return [
        Miss(f"{_label(one)}/HasMember", "no association", f"HasMember from {metadata.submission_sets[0].label}")
        for one in of_folders
        if one.id not in members
    ]


def _relationships(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    related = [one for one in metadata.associations if one.association_type in _RELATIONSHIPS]
    if not related:
        return NONE
    return list(_relationship_misses(metadata, related))


def _relationship_misses(metadata: Metadata, related: Sequence[Association]) -> Iterator[Miss]:
    entries = {entry.source.id for entry in metadata.document_entries}
    ids = set(metadata.ids)
    for one in related:
        if one.source and one.source not in entries:
            yield Miss(f"{_label(one)}/sourceObject", shown(one.source), "a document entry of this submission")
        if one.target in ids and one.association_type != urns.SIGNS:
            yield Miss(f"{_label(one)}/targetObject", shown(one.target), "a document entry that the registry has")


def _documentation(request: CarriesMetadata) -> Sequence[Miss]:
    misses: list[Miss] = []
    for one in request.metadata.associations:
        if not one.classifications:
            continue
        count = sum(each.scheme == urns.ASSOCIATION_DOCUMENTATION for each in one.classifications)
        path = f"{_label(one)}/associationDocumentation"
        if count > 1:
            misses.append(Miss(path, f"{count} classifications", "one at most"))
        if count and one.association_type in _UNDOCUMENTED:
            misses.append(Miss(path, f"on {one.association_type}", "only on relationships between documents"))
    return misses


ASSOCIATION_RULES: Final = (
    MetadataRule(
        "XDSM-81", "ITI TF-3: 4.2.2", "the type of an association is a known one", _known_types, essential=True
    ),
    MetadataRule(
        "XDSM-82", "ITI TF-3: 4.2.2", "an association leads from one object to another", _two_ends, essential=True
    ),
    MetadataRule(
        "XDSM-83",
        "ITI TF-3: 4.2.2",
        "the ends of an association exist",
        _resolved,
        UNRESOLVED_REFERENCE,
        essential=True,
    ),
    MetadataRule(
        "XDSM-84",
        "ITI TF-3: 4.2.2.1",
        "the submission set has every entry and folder of the submission for a member",
        _entries_are_members,
    ),
    MetadataRule(
        "XDSM-85",
        "ITI TF-3: 4.2.2.1.1",
        "SubmissionSetStatus is Original for entries of the submission, Reference for others",
        _set_status,
    ),
    MetadataRule(
        "XDSM-86",
        "ITI TF-3: 4.2.2.1",
        "HasMember leads from submission sets and folders",
        _member_shapes,
        essential=True,
    ),
    MetadataRule(
        "XDSM-87",
        "ITI TF-3: 4.2.2.1.3",
        "the submission set has for members the associations that put entries into folders",
        _folder_members_are_members,
    ),
    MetadataRule(
        "XDSM-88",
        "ITI TF-3: 4.2.2.2",
        "a relationship leads from an entry of the submission to one that the registry has",
        _relationships,
        essential=True,
    ),
    MetadataRule(
        "XDSM-89",
        "ITI TF-3: 4.2.2.2",
        "only relationships between documents are documented by a code, each by one",
        _documentation,
        severity=Severity.WARNING,
    ),
)
