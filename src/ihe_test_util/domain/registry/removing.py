"""What removing metadata does to the registry (ITI TF-2: 3.62.4.1.3)."""

from collections.abc import Collection, Iterator

from ihe_test_util.domain.registry import update_demands as demands
from ihe_test_util.domain.registry.access import RegistryChange, RegistryView
from ihe_test_util.domain.registry.demands import refuse_errors
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.exchange import Finding
from ihe_test_util.xml.ebrim import Association, urns

_MEMBERS: frozenset[Kind] = frozenset({Kind.DOCUMENT_ENTRY, Kind.FOLDER})


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
    return [
        *(
            demands.REMOVED_EXISTS.breach(f"{one}/id", "nothing of this id", "the entryUUID of an object")
            for one in dict.fromkeys(ids)
            if one not in held
        ),
        *_referenced(found, going, view),
        *_left_alone(found, going, view),
    ]


def _referenced(found: list[Entry], going: set[str], view: RegistryView) -> Iterator[Finding]:
    """Each object to go to which an association leads that stays."""
    for entry in found:
        links = (*view.associations_from([entry.id]), *view.associations_to([entry.id]))
        if staying := [link.id for link in links if link.id not in going]:
            got = f"a {entry.kind} with associations {', '.join(dict.fromkeys(staying))}"
            yield demands.UNREFERENCED.breach(f"{entry.id}/id", got, "that these are removed too")


def _left_alone(found: list[Entry], going: set[str], view: RegistryView) -> Iterator[Finding]:
    """Each object that stays and loses the last association, or the one that makes it part of a submission set."""
    ends = [
        end
        for entry in found
        if isinstance(entry.source, Association)
        for end in (entry.source.source, entry.source.target)
        if end not in going
    ]
    for entry in view.by_ids(dict.fromkeys(ends)):
        incoming = [link for link in view.associations_to([entry.id]) if link.id not in going]
        outgoing = [link for link in view.associations_from([entry.id]) if link.id not in going]
        if entry.kind is Kind.ASSOCIATION:
            continue
        if not incoming and not outgoing:
            got = f"a {entry.kind} that would be left without associations"
        elif entry.kind in _MEMBERS and not _in_submission_set(incoming, view):
            got = f"a {entry.kind} that would be left in no submission set"
        else:
            continue
        yield demands.STILL_REFERENCED.breach(f"{entry.id}/id", got, "that it is removed too, or keeps them")


def _in_submission_set(incoming: list[Entry], view: RegistryView) -> bool:
    parents = [
        link.source.source for link in incoming if isinstance(link.source, Association) and link.type == urns.HAS_MEMBER
    ]
    return any(entry.kind is Kind.SUBMISSION_SET for entry in view.by_ids(parents))
