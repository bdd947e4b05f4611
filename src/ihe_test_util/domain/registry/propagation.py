"""The associations that a new version takes over from the one before it (ITI TF-2: 3.57.4.1.3.3.1.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.checks import RELATIONSHIPS
from ihe_test_util.domain.registry.entry import Entry, Kind, in_registry
from ihe_test_util.domain.registry.update_plan import UpdatePlan
from ihe_test_util.xml.ebrim import Association, urns

_UUID: Final = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class Propagated:
    """An association of a previous version, and the ends of the one that is made like it."""

    link: Association
    source: str
    target: str

    @property
    def into_folder(self) -> bool:
        """Whether it is the membership of a document in a folder."""
        return self.link.association_type == urns.HAS_MEMBER

    def made(self, new_uuid: Callable[[], str]) -> Entry:
        """The new association: another id, other ends, otherwise the same."""
        new_id = _UUID + new_uuid()
        classifications = tuple(
            one._replace(id=_UUID + new_uuid(), classified_object=new_id) for one in self.link.classifications
        )
        link = replace(
            self.link, id=new_id, source=self.source, target=self.target, classifications=classifications, lid=""
        )
        return Entry(Kind.ASSOCIATION, in_registry(link))


def propagated(plan: UpdatePlan, latest: Mapping[str, Entry], view: RegistryView) -> list[Propagated]:
    """The associations to make: those of folders and between documents that are Approved and lead to a latest version.

    ``latest`` are the previous versions of what the plan updates, by their logical ids. Where both ends are updated
    and propagate, the new association leads between the new versions.
    """
    superseded = {latest[one.lid].id for one in plan.versions if one.lid in latest}
    moved = {latest[one.lid].id: one.entry.id for one in plan.versions if one.lid in latest and one.propagates}
    if not moved:
        return []
    found = {entry.id: entry for entry in (*view.associations_from(moved), *view.associations_to(moved))}
    links = [entry.source for entry in found.values() if entry.approved and isinstance(entry.source, Association)]
    others = {end for link in links for end in (link.source, link.target) if end not in moved}
    ends = {entry.id: entry for entry in view.by_ids([*moved, *others])}
    versions = view.latest_versions({ends[other].lid for other in others if other in ends})

    def current(end: str) -> bool:
        if end in moved:
            return True
        entry = ends.get(end)
        return entry is not None and end not in superseded and versions.get(entry.lid, entry.version) == entry.version

    def shared(link: Association) -> bool:
        source = ends.get(link.source)
        in_folder = link.association_type == urns.HAS_MEMBER and source is not None and source.kind is Kind.FOLDER
        return in_folder or link.association_type in RELATIONSHIPS

    return [
        Propagated(link, moved.get(link.source, link.source), moved.get(link.target, link.target))
        for link in links
        if shared(link) and current(link.source) and current(link.target)
    ]
