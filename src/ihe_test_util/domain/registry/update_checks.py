"""What speaks against an update in the registry as it is (ITI TF-2: 3.57.4.1.3, 3.92.4.1.3), all of it."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from ihe_test_util.domain.registry import update_demands as demands
from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.checks import (
    RELATIONSHIPS,
    references,
    slot_value,
    taken_ids,
    taken_unique_ids,
    unknown_codes,
    unknown_patients,
)
from ihe_test_util.domain.registry.draft import Draft
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.registry.propagation import propagated
from ihe_test_util.domain.registry.update_demands import UpdateDemands
from ihe_test_util.domain.registry.update_plan import (
    NEW_STATUS,
    ORIGINAL_STATUS,
    PREVIOUS_VERSION,
    NewVersion,
    StatusChange,
    UpdatePlan,
)
from ihe_test_util.domain.xds.codes import ANY_CODE, AffinityDomain
from ihe_test_util.exchange import Finding
from ihe_test_util.xml.ebrim import Association, urns

_REPOSITORY: Final = "repositoryUniqueId"
_PER_CHECK: Final = 1000


def update_problems(
    plan: UpdatePlan,
    view: RegistryView,
    *,
    of_version: UpdateDemands,
    strict: bool,
    affinity_domain: AffinityDomain = ANY_CODE,
) -> list[Finding]:
    """Everything that speaks against an update in the registry as it is; errors and warnings.

    ``of_version`` are the demands on new versions, those of Metadata Update or of Restricted Metadata Update.
    """
    draft = plan.draft
    state = _State(plan, view)
    own_set = (plan.submission_set,) if plan.submission_set is not None else ()
    checks: list[Iterator[Finding]] = [
        unknown_patients(draft, view, strict=strict),
        taken_ids(draft, state.held),
        taken_unique_ids(Draft(own_set, draft.labels), view),
        state.unresolved(),
        (finding for version in plan.versions if version.lid for finding in state.version(version, of_version)),
        (finding for change in plan.statuses for finding in state.status(change)),
        (finding for entry in plan.submitted for finding in state.submitted(entry)),
        state.reconciled(),
    ]
    if strict and affinity_domain.check:
        checks.append(unknown_codes(draft, affinity_domain))
    # As with the rules on a message: whole messages of mistakes would take more memory than they do themselves.
    return [finding for check in checks for finding in islice(check, _PER_CHECK)]


def latest_versions(plan: UpdatePlan, view: RegistryView) -> dict[str, Entry]:
    """The latest version in the registry of each object that a submission updates, by the logical id."""
    latest: dict[str, Entry] = {}
    for entry in view.by_lids({version.lid for version in plan.versions if version.lid}):
        if entry.lid not in latest or latest[entry.lid].version < entry.version:
            latest[entry.lid] = entry
    return latest


class _State:
    """The registry before an update and what the update makes of it; all that is asked of it is looked up at once."""

    def __init__(self, plan: UpdatePlan, view: RegistryView) -> None:
        draft = plan.draft
        self._plan = plan
        self._latest = latest_versions(plan, view)
        self._new = {entry.id: entry for entry in draft.entries}
        superseding = ((version, self._latest.get(version.lid)) for version in plan.versions)
        self._superseded = {old.id: version.entry for version, old in superseding if old is not None}
        self._propagated = propagated(plan, self._latest, view)
        self.held = {entry.id: entry for entry in view.by_ids([*draft.submitted_ids, *references(draft)])}
        links = [entry.source for entry in self.held.values() if entry.kind is Kind.ASSOCIATION]
        ends = {end for link in links if isinstance(link, Association) for end in (link.source, link.target)}
        ends |= {end for one in self._propagated for end in (one.source, one.target)}
        further = view.by_ids(ends - self.held.keys() - self._new.keys())
        self._objects = {**{entry.id: entry for entry in further}, **self.held, **self._new}
        self._versions = view.latest_versions({entry.lid for entry in self.held.values()})
        sources = (entry.source for entry in plan.submitted)
        beside = view.associations_from({link.source for link in sources if isinstance(link, Association)})
        self._in_force = {
            (link.association_type, link.source, link.target): entry.id
            for entry in beside
            if entry.approved and isinstance(link := entry.source, Association)
        }

    def unresolved(self) -> Iterator[Finding]:
        """Each reference to what is neither in the submission nor in the registry."""
        for link in self._plan.draft.associations:
            for name, end in (("sourceObject", link.source), ("targetObject", link.target)):
                if self._known(end) is None:
                    path = f"{self._label(link.id)}/{name}"
                    yield demands.RESOLVED.breach(path, repr(end), "the entryUUID of an object of the registry")

    def version(self, version: NewVersion, of_version: UpdateDemands) -> Iterator[Finding]:
        """What is wrong with a new version of an object."""
        entry, old = version.entry, self._latest.get(version.lid)
        label = self._label(entry.id)
        if old is None:
            yield of_version.exists.breach(f"{label}/logicalID", repr(version.lid), f"that of a {entry.kind}")
        if version.previous and (old is None or version.previous != str(old.version)):
            want = f"'{old.version}'" if old is not None else "no such object, so it has no version"
            yield of_version.version.breach(f"{label}/{PREVIOUS_VERSION}", repr(version.previous), want)
        if old is not None:
            yield from _differences(label, entry, old, of_version)

    def status(self, change: StatusChange) -> Iterator[Finding]:
        """What is wrong with a change of status."""
        label = self._label(change.request)
        path = f"{label}/targetObject"
        target = self._known(change.target)
        if target is None:
            yield demands.STATUS_TARGET.breach(path, repr(change.target), "an object of the registry")
            return
        target = self._superseded.get(target.id, target)
        yield from self._changeable(path, target)
        if change.original and change.original != target.status:
            yield demands.RIGHT_STATUS.breach(f"{label}/{ORIGINAL_STATUS}", repr(change.original), repr(target.status))
        if change.new == urns.APPROVED and isinstance(target.source, Association):
            yield from self._one_patient(f"{label}/{NEW_STATUS}", target.source)

    def submitted(self, entry: Entry) -> Iterator[Finding]:
        """What is wrong with an association that is submitted."""
        link = entry.source
        if not isinstance(link, Association):
            return
        label = self._label(entry.id)
        ends = (("sourceObject", link.source), ("targetObject", link.target))
        for name, end in ends:
            yield from self._right_end(f"{label}/{name}", link, end, is_source=end == link.source)
        yield from self._one_patient(f"{label}/targetObject", link)
        other = self._in_force.get((link.association_type, link.source, link.target))
        if other is not None:
            yield demands.NEW_ASSOCIATION.breach(f"{label}/associationType", f"{other} is one", "none")

    def reconciled(self) -> Iterator[Finding]:
        """Each association that an update makes for a new version, between objects of two patients."""
        for one in self._propagated:
            source, target = self._known(one.source), self._known(one.target)
            if source is None or target is None or not _two_patients(source, target):
                continue
            new, other = (source, target) if source.id in self._new else (target, source)
            got = f"{new.patient_id!r}, while {one.link.id} relates it to a {other.kind} of {other.patient_id!r}"
            want = "the same patient for both, or AssociationPropagation 'no'"
            yield demands.RECONCILED.breach(f"{self._label(new.id)}/patientId", got, want)

    def _changeable(self, path: str, target: Entry) -> Iterator[Finding]:
        if target.kind is Kind.SUBMISSION_SET:
            want = "a document entry, a folder or an association"
            yield demands.STATUS_TARGET.breach(path, "a submission set", want)
        elif isinstance(target.source, Association):
            source = self._known(target.source.source)
            if target.type not in RELATIONSHIPS and (source is None or source.kind is not Kind.FOLDER):
                got = f"a membership in a {source.kind}" if source is not None else target.type
                yield demands.STATUS_TARGET.breach(
                    path, got, "a membership in a folder, or a relationship of documents"
                )
        elif not self._is_latest(target):
            yield demands.STATUS_TARGET.breach(path, f"version {target.version}", "the latest version")

    def _right_end(self, path: str, link: Association, end: str, *, is_source: bool) -> Iterator[Finding]:
        found = self._known(end)
        if found is None:
            yield demands.RIGHT_ENDS.breach(path, repr(end), "an object of the registry")
            return
        folder = is_source and link.association_type == urns.HAS_MEMBER
        wanted = Kind.FOLDER if folder else Kind.DOCUMENT_ENTRY
        if found.kind is not wanted:
            yield demands.RIGHT_ENDS.breach(path, f"a {found.kind}", f"a {wanted}")
        elif found.id in self._superseded or not self._is_latest(found):
            yield demands.RIGHT_ENDS.breach(path, f"version {found.version}", "the latest version")
        elif not found.approved:
            yield demands.RIGHT_ENDS.breach(path, f"{found.id}, which is Deprecated", "one that is Approved")

    def _one_patient(self, path: str, link: Association) -> Iterator[Finding]:
        source, target = self._known(link.source), self._known(link.target)
        if source is not None and target is not None and _two_patients(source, target):
            got = f"a {target.kind} of patient {target.patient_id!r}"
            yield demands.RECONCILED.breach(path, got, f"one of {source.patient_id!r}, as the {source.kind}")

    def _known(self, object_id: str) -> Entry | None:
        """An object of the submission, or of the registry."""
        return self._objects.get(object_id)

    def _is_latest(self, entry: Entry) -> bool:
        return entry.id in self._new or self._versions.get(entry.lid, entry.version) == entry.version

    def _label(self, object_id: str) -> str:
        return self._plan.draft.label(object_id)


def _differences(label: str, entry: Entry, old: Entry, of_version: UpdateDemands) -> Iterator[Finding]:
    """Where a new version differs from the one before, and may not."""
    if entry.kind is not old.kind or entry.type != old.type:
        got = f"a {entry.kind}, {entry.type}"
        yield of_version.same_type.breach(f"{label}/objectType", got, f"a {old.kind}, {old.type}")
        return
    if not old.approved:
        yield of_version.in_force.breach(f"{label}/logicalID", f"version {old.version} is Deprecated", "Approved")
    if entry.unique_id != old.unique_id:
        yield of_version.same_unique_id.breach(f"{label}/uniqueId", repr(entry.unique_id), repr(old.unique_id))
    if of_version.same_patient is not None and entry.patient_id != old.patient_id:
        yield of_version.same_patient.breach(f"{label}/patientId", repr(entry.patient_id), repr(old.patient_id))
    if of_version.same_repository is not None:
        here, there = slot_value(entry.source, _REPOSITORY), slot_value(old.source, _REPOSITORY)
        if here and there and here != there:
            yield of_version.same_repository.breach(f"{label}/{_REPOSITORY}", repr(here), repr(there))


def _two_patients(source: Entry, target: Entry) -> bool:
    """Whether two objects are of different patients."""
    return bool(source.patient_id and target.patient_id and source.patient_id != target.patient_id)
