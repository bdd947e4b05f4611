"""What the framework demands of the operations in a request to update metadata (ITI TF-2: 3.57.4.1.3, 3.92.4.1.2.2).

The checks alone; what a breach is called is for the transactions to say.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ihe_test_util.domain.registry.update_plan import (
    ASSOCIATION_PROPAGATION,
    NEW_STATUS,
    NO_PROPAGATION,
    ORIGINAL_STATUS,
    PREVIOUS_VERSION,
)
from ihe_test_util.domain.xds.datatypes import is_uuid_urn
from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, Metadata, slots_by_name
from ihe_test_util.transactions.card import Miss
from ihe_test_util.transactions.update.model import UpdateRequest
from ihe_test_util.transactions.xds.base import NONE, shown
from ihe_test_util.transactions.xds.first_versions import FIRST_VERSIONS
from ihe_test_util.xml.ebrim import Association, urns

_SET_STATUS: Final = "SubmissionSetStatus"
_STATUSES: Final = (urns.APPROVED, urns.DEPRECATED)
_PROPAGATION: Final = ("yes", NO_PROPAGATION)
_OPERATIONS: Final = frozenset({urns.UPDATE_AVAILABILITY_STATUS, urns.SUBMIT_ASSOCIATION})
_TYPES: Final = (urns.STABLE_DOCUMENT, urns.ON_DEMAND_DOCUMENT)
_URN: Final = "urn:"


def metadata_present(request: UpdateRequest) -> Sequence[Miss]:
    """There are objects."""
    if request.metadata.request.objects:
        return NONE
    return (Miss("/SubmitObjectsRequest/RegistryObjectList", want="a submission set with its operations"),)


def some_operation(request: UpdateRequest) -> Sequence[Miss]:
    """At least one operation is asked for."""
    metadata = request.metadata
    if not metadata.request.objects or _versions(metadata):
        return NONE
    if any(one.association_type in _OPERATIONS for one in metadata.associations):
        return NONE
    return (Miss("/SubmitObjectsRequest/RegistryObjectList", "no operation", "what shall be updated"),)


def logical_ids(request: UpdateRequest) -> Sequence[Miss]:
    """A new version names by its logicalID what it is a version of."""
    return [
        Miss(f"{view.label}/logicalID", shown(view.source.lid) if view.source.lid else "nothing", _LID)
        for view in _versions(request.metadata)
        if not is_uuid_urn(view.source.lid) or view.source.lid == view.source.id
    ]


_LID: Final = "the logicalID, a urn:uuid:, of the object to update; first versions are for ITI-42"


def each_once(request: UpdateRequest) -> Sequence[Miss]:
    """No object is updated twice."""
    versions = _versions(request.metadata)
    lids = Counter(view.source.lid for view in versions)
    return [
        Miss(f"{view.label}/logicalID", f"{shown(view.source.lid)}, {lids[view.source.lid]} times", "one new version")
        for view in versions
        if view.source.lid and lids[view.source.lid] > 1
    ]


def previous_versions(request: UpdateRequest) -> Sequence[Miss]:
    """The membership of a new version in the submission set says which version it follows."""
    memberships = _memberships(request.metadata)
    misses: list[Miss] = []
    for view in _versions(request.metadata):
        one = memberships.get(view.source.id)
        if one is None:
            misses.append(Miss(f"{view.label}/HasMember", "no association", "HasMember from the submission set"))
        elif not slots_by_name(one.slots).get(PREVIOUS_VERSION):
            misses.append(Miss(f"{_label(one)}/{PREVIOUS_VERSION}", want="the number of the version to update"))
    return misses


def annotations(request: UpdateRequest) -> Sequence[Miss]:
    """PreviousVersion is one number, AssociationPropagation one yes or no, and there is nothing else."""
    misses: list[Miss] = []
    updated = {view.source.id for view in _versions(request.metadata)}
    for one in _memberships(request.metadata).values():
        if one.target not in updated:
            continue
        slots = slots_by_name(one.slots)
        previous, propagation = slots.get(PREVIOUS_VERSION, ()), slots.get(ASSOCIATION_PROPAGATION)
        if previous and not (len(previous) == 1 and previous[0].isascii() and previous[0].isdecimal()):
            misses.append(Miss(f"{_label(one)}/{PREVIOUS_VERSION}", _listed(previous), "one number"))
        if propagation is not None and not (len(propagation) == 1 and propagation[0] in _PROPAGATION):
            misses.append(Miss(f"{_label(one)}/{ASSOCIATION_PROPAGATION}", _listed(propagation), "yes or no"))
        misses += _foreign(one, (_SET_STATUS, PREVIOUS_VERSION, ASSOCIATION_PROPAGATION))
    return misses


def members_updated(request: UpdateRequest) -> Sequence[Miss]:
    """The submission set has for members only what it updates."""
    updated = {view.source.id for view in _versions(request.metadata)}
    return [
        Miss(f"{_label(one)}/targetObject", shown(one.target), "a document entry or folder of this submission")
        for one in _memberships(request.metadata).values()
        if one.target not in updated
    ]


def status_slots(request: UpdateRequest) -> Sequence[Miss]:
    """A change of status says which status there is, and which other shall be."""
    misses: list[Miss] = []
    for one in _of_type(request.metadata, urns.UPDATE_AVAILABILITY_STATUS):
        slots = slots_by_name(one.slots)
        for name in (ORIGINAL_STATUS, NEW_STATUS):
            values = slots.get(name, ())
            if len(values) != 1 or values[0] not in _STATUSES:
                misses.append(Miss(f"{_label(one)}/{name}", _listed(values), f"one of {', '.join(_STATUSES)}"))
        if NEW_STATUS in slots and slots[NEW_STATUS] == slots.get(ORIGINAL_STATUS):
            misses.append(Miss(f"{_label(one)}/{NEW_STATUS}", "the status as it was", "another than OriginalStatus"))
        misses += _foreign(one, (ORIGINAL_STATUS, NEW_STATUS))
    return misses


def statuses_once(request: UpdateRequest) -> Sequence[Miss]:
    """The status of an object is changed once."""
    changes = _of_type(request.metadata, urns.UPDATE_AVAILABILITY_STATUS)
    targets = Counter(one.target for one in changes)
    return [
        Miss(f"{_label(one)}/targetObject", f"{shown(one.target)}, {targets[one.target]} times", "one change of status")
        for one in changes
        if targets[one.target] > 1
    ]


def from_submission_set(request: UpdateRequest) -> Sequence[Miss]:
    """What asks for an operation leads from the submission set."""
    submission_set = request.metadata.submission_set
    if submission_set is None:
        return NONE
    return [
        Miss(f"{_label(one)}/sourceObject", shown(one.source), f"the submission set {submission_set.label}")
        for one in request.metadata.associations
        if one.association_type in _OPERATIONS and one.source != submission_set.source.id
    ]


def submitted_by_operation(request: UpdateRequest) -> Sequence[Miss]:
    """SubmitAssociation leads to an association of the submission, and to each one."""
    metadata = request.metadata
    submitting = _of_type(metadata, urns.SUBMIT_ASSOCIATION)
    submitted = _submitted(metadata)
    ids = {one.id for one in submitted}
    asked = Counter(one.target for one in submitting)
    misses = [
        Miss(f"{_label(one)}/targetObject", shown(one.target), "an association of this submission")
        for one in submitting
        if one.target not in ids
    ]
    return misses + [
        Miss(f"{_label(one)}/SubmitAssociation", f"{asked[one.id]} associations", "one from the submission set")
        for one in submitted
        if asked[one.id] != 1
    ]


def unversioned(request: UpdateRequest) -> Sequence[Miss]:
    """Submission sets and associations have no versions."""
    metadata = request.metadata
    misses: list[Miss] = []
    for one in (*(view.source for view in metadata.submission_sets), *metadata.associations):
        label = one.id or type(one).__name__
        if one.lid and one.lid != one.id:
            misses.append(Miss(f"{label}/logicalID", shown(one.lid), "none, or the id of the object"))
        if one.version is not None and one.version.name not in FIRST_VERSIONS:
            misses.append(Miss(f"{label}/version", shown(one.version.name), "none, or 1"))
    return misses


def object_types(request: UpdateRequest) -> Sequence[Miss]:
    """A document entry is a stable one or an on-demand one."""
    return [
        Miss(f"{entry.label}/objectType", shown(entry.source.object_type), f"one of {', '.join(_TYPES)}")
        for entry in request.metadata.document_entries
        if entry.source.object_type not in _TYPES
    ]


def has_slot(name: str, want: str) -> Callable[[UpdateRequest], Sequence[Miss]]:
    """Each entry of a document that is stored somewhere has a slot."""

    def check(request: UpdateRequest) -> Sequence[Miss]:
        return [
            Miss(f"{entry.label}/{name}", want=want)
            for entry in request.metadata.document_entries
            if entry.source.object_type != urns.ON_DEMAND_DOCUMENT and not entry.slot(name)
        ]

    return check


def only_entries(request: UpdateRequest) -> Sequence[Miss]:
    """There are no folders."""
    return [Miss(f"{folder.label}/objectType", "a folder", "a document entry") for folder in request.metadata.folders]


def only_versions(request: UpdateRequest) -> Sequence[Miss]:
    """There are no operations but new versions of document entries."""
    metadata = request.metadata
    return [
        Miss(f"{_label(one)}/associationType", shown(one.association_type), "HasMember, from the submission set")
        for one in (*_submitted(metadata), *(_of_type(metadata, *_OPERATIONS)))
    ]


def _versions(metadata: Metadata) -> tuple[DocumentEntry | Folder, ...]:
    return (*metadata.document_entries, *metadata.folders)


def _memberships(metadata: Metadata) -> dict[str, Association]:
    """The HasMember associations of the submission set, by what they lead to."""
    if metadata.submission_set is None:
        return {}
    own = metadata.submission_set.source.id
    return {one.target: one for one in _of_type(metadata, urns.HAS_MEMBER) if one.source == own}


def _submitted(metadata: Metadata) -> list[Association]:
    """The associations that are neither operations nor memberships of the submission set."""
    own = metadata.submission_set.source.id if metadata.submission_set else ""
    return [
        one
        for one in metadata.associations
        if one.association_type not in _OPERATIONS
        and not (one.association_type == urns.HAS_MEMBER and one.source == own)
    ]


def _of_type(metadata: Metadata, *types: str) -> list[Association]:
    return [one for one in metadata.associations if one.association_type in types]


def _foreign(one: Association, known: Sequence[str]) -> Iterator[Miss]:
    """The slots of an association that no operation has; names that are URNs are extra metadata."""
    for slot in one.slots:
        if slot.name not in known and not slot.name.startswith(_URN):
            yield Miss(f"{_label(one)}/{slot.name}", "a slot that is no part of the operation", ", ".join(known))


def _label(association: Association) -> str:
    return association.id or f"Association {association.source} {association.target}"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(shown(value) for value in values) or "nothing"
