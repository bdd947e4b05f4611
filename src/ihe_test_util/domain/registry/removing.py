"""What removing metadata does to the registry (ITI TF-2: 3.62.4.1.3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Final

from ihe_test_util.domain.registry import update_demands as demands
from ihe_test_util.domain.registry.access import RegistryChange, RegistryView
from ihe_test_util.domain.registry.demands import refuse_errors
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.exchange import Finding
from ihe_test_util.xml.ebrim import Association, urns

_MEMBERS: Final = frozenset({Kind.DOCUMENT_ENTRY, Kind.FOLDER})
_PER_CHECK: Final = 1000


def remove(ids: Collection[str], change: RegistryChange) -> None:
    """Remove objects, all or none.

    Raises:
        Refused: something speaks against it, for all the errors named; nothing was changed.
    """
    refuse_errors(removal_problems(ids, change))
    change.remove(ids)


def removal_problems(ids: Collection[str], view: RegistryView) -> list[Finding]:
    """Everything that speaks against removing objects from the registry as it is."""
    going = set(ids)
    found = view.by_ids(going)
    held = {entry.id for entry in found}
    missing = (
        demands.REMOVED_EXISTS.breach(f"{one}/id", "nothing of this id", "the entryUUID of an object")
        for one in dict.fromkeys(ids)
        if one not in held
    )
    checks = (missing, _referenced(found, going, view), _left_alone(found, going, view))
    return [finding for check in checks for finding in islice(check, _PER_CHECK)]


def _referenced(found: list[Entry], going: set[str], view: RegistryView) -> Iterator[Finding]:
    """Each object to go to or from which an association leads that stays."""
    staying = _links({entry.id for entry in found}, going, view)
    for entry in found:
        if links := staying.get(entry.id):
            got = f"a {entry.kind} with associations {', '.join(dict.fromkeys(link.id for link in links))}"
            yield demands.UNREFERENCED.breach(f"{entry.id}/id", got, "that these are removed too")


def _left_alone(found: list[Entry], going: set[str], view: RegistryView) -> Iterator[Finding]:
    """Each object that stays and loses the last association, or the one that makes it part of a submission set."""
    links = (entry.source for entry in found)
    ends = [end for link in links if isinstance(link, Association) for end in (link.source, link.target)]
    losing = view.by_ids(dict.fromkeys(end for end in ends if end not in going))
    staying = _links({entry.id for entry in losing}, going, view)
    parents = {link.source for kept in staying.values() for link in kept if link.association_type == urns.HAS_MEMBER}
    sets = {entry.id for entry in view.by_ids(parents) if entry.kind is Kind.SUBMISSION_SET}
    for entry in losing:
        if entry.kind is Kind.ASSOCIATION:
            continue
        kept = staying.get(entry.id, [])
        if not kept:
            got = f"a {entry.kind} that would be left without associations"
        elif entry.kind in _MEMBERS and not any(link.target == entry.id and link.source in sets for link in kept):
            got = f"a {entry.kind} that would be left in no submission set"
        else:
            continue
        yield demands.STILL_REFERENCED.breach(f"{entry.id}/id", got, "that it is removed too, or keeps them")


def _links(ids: set[str], going: set[str], view: RegistryView) -> dict[str, list[Association]]:
    """The associations that stay, by the objects to and from which they lead."""
    staying: dict[str, list[Association]] = defaultdict(list)
    found: Iterable[Entry] = (*view.associations_from(ids), *view.associations_to(ids))
    for entry in found:
        link = entry.source
        if isinstance(link, Association) and link.id not in going:
            for end in {link.source, link.target} & ids:
                staying[end].append(link)
    return staying
