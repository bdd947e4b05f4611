"""A submission that updates: which of its objects makes which operation (ITI TF-2: 3.57.4.1.3.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ihe_test_util.domain.registry.draft import Draft
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.xds.metadata import Metadata, View
from ihe_test_util.xml.ebrim import Association, urns

PREVIOUS_VERSION: Final = "PreviousVersion"
ASSOCIATION_PROPAGATION: Final = "AssociationPropagation"
ORIGINAL_STATUS: Final = "OriginalStatus"
NEW_STATUS: Final = "NewStatus"
NO_PROPAGATION: Final = "no"
_VERSIONED: Final = frozenset({Kind.DOCUMENT_ENTRY, Kind.FOLDER})


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A document entry or folder that takes the place of the version before it.

    ``entry`` is as drafted, not yet with its version; ``previous`` is what the submitter takes for the latest version.
    ``propagates`` is whether the associations of the previous version are made for this one too.
    """

    entry: Entry
    lid: str
    previous: str = ""
    propagates: bool = True
    membership: Entry | None = None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """An availabilityStatus that shall be another; ``request`` is the id of the association that asks for it."""

    request: str
    target: str
    original: str
    new: str


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """The operations of a submission. The associations that only ask for operations are not registered."""

    draft: Draft
    submission_set: Entry | None
    versions: tuple[NewVersion, ...]
    statuses: tuple[StatusChange, ...]
    submitted: tuple[Entry, ...]

    @property
    def registered(self) -> Iterator[Entry]:
        """What is registered as it was drafted: the submission set, its memberships, the submitted associations."""
        if self.submission_set is not None:
            yield self.submission_set
        yield from (one.membership for one in self.versions if one.membership is not None)
        yield from self.submitted


def planned(metadata: Metadata, draft: Draft) -> UpdatePlan:
    """The operations of a submission; what makes none is left out, and is for the rules to tell."""
    submission_set = next((entry for entry in draft.entries if entry.kind is Kind.SUBMISSION_SET), None)
    own_id = submission_set.id if submission_set is not None else ""
    memberships: dict[str, Entry] = {}
    statuses: list[StatusChange] = []
    submitted: list[Entry] = []
    for entry in draft.entries:
        link = entry.source
        if not isinstance(link, Association):
            continue
        match link.association_type:
            case urns.UPDATE_AVAILABILITY_STATUS:
                statuses.append(_status_change(link))
            case urns.SUBMIT_ASSOCIATION | urns.NON_VERSIONING_UPDATE:
                pass
            case urns.HAS_MEMBER if link.source == own_id:
                memberships.setdefault(link.target, entry)
            case _:
                submitted.append(entry)
    views: tuple[View, ...] = (*metadata.document_entries, *metadata.folders)
    lids = {view.source.id: view.source.lid for view in views}
    versions = tuple(_versions(draft, lids, memberships))
    return UpdatePlan(draft, submission_set, versions, tuple(statuses), tuple(submitted))


def _versions(draft: Draft, lids: Mapping[str, str], memberships: Mapping[str, Entry]) -> Iterator[NewVersion]:
    for entry in draft.entries:
        if entry.kind not in _VERSIONED:
            continue
        membership = memberships.get(entry.id)
        slots = slots_of(membership.source) if membership is not None else {}
        yield NewVersion(
            entry,
            lids.get(draft.label(entry.id), ""),
            slots.get(PREVIOUS_VERSION, ""),
            slots.get(ASSOCIATION_PROPAGATION, "") != NO_PROPAGATION,
            membership,
        )


def _status_change(link: Association) -> StatusChange:
    slots = slots_of(link)
    return StatusChange(link.id, link.target, slots.get(ORIGINAL_STATUS, ""), slots.get(NEW_STATUS, ""))


def slots_of(source: object) -> dict[str, str]:
    """The first value of each slot of an association."""
    if not isinstance(source, Association):
        return {}
    return {slot.name: slot.values[0] for slot in reversed(source.slots) if slot.values}
