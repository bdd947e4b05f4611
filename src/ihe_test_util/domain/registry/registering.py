"""What registering a submission does to the registry (ITI TF-2: 3.42.4.1.3)."""

from collections.abc import Callable
from datetime import datetime

from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.checks import problems, references
from ihe_test_util.domain.registry.demands import refuse_errors
from ihe_test_util.domain.registry.draft import Draft
from ihe_test_util.domain.registry.effects import REPLACING, deprecate_with_addenda, joining, touch_folders
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.xds.codes import ANY_CODE, AffinityDomain
from ihe_test_util.exchange import Finding
from ihe_test_util.xml.ebrim import Association, urns


def register(
    draft: Draft,
    change: RegistryChange,
    *,
    strict: bool,
    at: datetime,
    new_uuid: Callable[[], str],
    affinity_domain: AffinityDomain = ANY_CODE,
    provided: bool = False,
) -> list[Finding]:
    """Register a submission with all that follows for what the registry holds; returns the warnings.

    Raises:
        Refused: the registry cannot take it, for all the errors named; nothing was changed.
    """
    found = problems(draft, change, strict=strict, affinity_domain=affinity_domain, provided=provided)
    warnings = refuse_errors(found)
    own = _consequences(draft, change, at, new_uuid) if references(draft) else []
    change.add([*draft.entries, *own])
    return warnings


def _consequences(draft: Draft, change: RegistryChange, at: datetime, new_uuid: Callable[[], str]) -> list[Entry]:
    """Do what associations to the registry's objects demand; the associations that the registry adds itself."""
    links = list(draft.associations)
    replacements = [one for one in links if one.association_type in REPLACING]
    members = [(one.source, one.target) for one in links if one.association_type == urns.HAS_MEMBER]
    submission_set = next((entry.id for entry in draft.entries if entry.kind is Kind.SUBMISSION_SET), "")
    own = joining(change, replacements, members, submission_set=submission_set, new_uuid=new_uuid)
    deprecate_with_addenda(change, [one.target for one in replacements])
    sources = {source for source, _ in members}
    sources |= {entry.source.source for entry in own if isinstance(entry.source, Association)}
    touch_folders(change, sources - {entry.id for entry in draft.entries}, at)
    return own
