"""What updating does to the registry: new versions, other states, associations (ITI TF-2: 3.57.4.1.3, 3.92.4.1.3)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.demands import refuse_errors
from ihe_test_util.domain.registry.draft import link_of
from ihe_test_util.domain.registry.effects import touch_folders
from ihe_test_util.domain.registry.entry import Entry, in_registry
from ihe_test_util.domain.registry.propagation import Propagated, propagated
from ihe_test_util.domain.registry.update_checks import latest_versions, update_problems
from ihe_test_util.domain.registry.update_demands import UpdateDemands
from ihe_test_util.domain.registry.update_plan import UpdatePlan
from ihe_test_util.domain.xds.codes import ANY_CODE, AffinityDomain
from ihe_test_util.exchange import Finding
from ihe_test_util.xml.ebrim import Association, urns


def update(
    plan: UpdatePlan,
    change: RegistryChange,
    *,
    of_version: UpdateDemands,
    strict: bool,
    at: datetime,
    new_uuid: Callable[[], str],
    affinity_domain: AffinityDomain = ANY_CODE,
) -> list[Finding]:
    """Update the registry as a submission asks, all its operations or none; returns the warnings.

    Raises:
        Refused: something speaks against it, for all the errors named; nothing was changed.
    """
    warnings = refuse_errors(
        update_problems(plan, change, of_version=of_version, strict=strict, affinity_domain=affinity_domain)
    )
    latest = latest_versions(plan, change)
    taken_over = propagated(plan, latest, change)
    change.replace(old.with_status(urns.DEPRECATED) for old in latest.values())
    versions = [_next(one.entry, latest[one.lid]) for one in plan.versions]
    change.add([*versions, *plan.registered, *_made(plan, taken_over, new_uuid)])
    touch_folders(change, _grown(plan, taken_over) - {one.id for one in versions}, at)
    superseded = {latest[one.lid].id: one.entry.id for one in plan.versions}
    for status in plan.statuses:
        target = superseded.get(status.target, status.target)
        change.replace(entry.with_status(status.new) for entry in change.by_ids([target]))
    return warnings


def _next(entry: Entry, old: Entry) -> Entry:
    """A drafted entry as the version after another."""
    return replace(entry, source=in_registry(entry.source, lid=old.lid, version=old.version + 1))


def _made(plan: UpdatePlan, taken_over: list[Propagated], new_uuid: Callable[[], str]) -> Iterator[Entry]:
    """The associations of new versions; those of folders are members of the submission set (ITI TF-3: 4.2.2.1.3)."""
    for one in taken_over:
        link = one.made(new_uuid)
        yield link
        if one.into_folder and plan.submission_set is not None:
            yield link_of(urns.HAS_MEMBER, plan.submission_set.id, link.id, new_uuid=new_uuid)


def _grown(plan: UpdatePlan, taken_over: list[Propagated]) -> set[str]:
    """The folders that get a member."""
    links = (entry.source for entry in plan.submitted)
    submitted = {
        link.source for link in links if isinstance(link, Association) and link.association_type == urns.HAS_MEMBER
    }
    return submitted | {one.source for one in taken_over if one.into_folder}
