"""What new associations do to objects that the registry holds already (ITI TF-2: 3.42.4.1.3; ITI TF-3: 4.2.2.2)."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final

from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.draft import link_of, updated
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.xml.ebrim import Association, urns

#: What deprecates the document that it leads to.
REPLACING: Final = frozenset({urns.REPLACES, urns.TRANSFORMS_AND_REPLACES})
_ADDENDA: Final = frozenset({urns.APPENDS, urns.TRANSFORMS})


def deprecate_with_addenda(change: RegistryChange, ids: Iterable[str]) -> None:
    """Deprecate document entries, and what was appended to or transformed from them, and so on.

    Relationships that were deprecated (ITI-57) count no longer.
    """
    seen: set[str] = set()
    waiting = set(ids)
    while waiting:
        seen |= waiting
        change.replace(
            entry.with_status(urns.DEPRECATED)
            for entry in change.by_ids(waiting)
            if entry.kind is Kind.DOCUMENT_ENTRY and entry.approved
        )
        links = (entry.source for entry in change.associations_to(waiting) if entry.approved)
        waiting = {
            link.source for link in links if isinstance(link, Association) and link.association_type in _ADDENDA
        } - seen


def folders_of(change: RegistryChange, document: str) -> list[Entry]:
    """The folders in force that a document entry is in."""
    links = [entry.source for entry in change.associations_to([document]) if entry.approved]
    sources = [
        link.source for link in links if isinstance(link, Association) and link.association_type == urns.HAS_MEMBER
    ]
    return [entry for entry in change.by_ids(sources) if entry.kind is Kind.FOLDER and entry.approved]


def joining(
    change: RegistryChange,
    replacements: Iterable[Association],
    members: Collection[tuple[str, str]],
    *,
    submission_set: str,
    new_uuid: Callable[[], str],
) -> list[Entry]:
    """The associations that put replacements into the folders of what they replace (ITI TF-2: 3.42.4.1.3).

    ``members`` are the pairs of folder and document that the submission itself puts together. Each association is a
    member of the submission set, if there is one.
    """
    new: list[Entry] = []
    told = set(members)
    for one in replacements:
        for folder in folders_of(change, one.target):
            if (pair := (folder.id, one.source)) in told:
                continue
            told.add(pair)
            link = link_of(urns.HAS_MEMBER, *pair, new_uuid=new_uuid)
            new.append(link)
            if submission_set:
                new.append(link_of(urns.HAS_MEMBER, submission_set, link.id, new_uuid=new_uuid))
    return new


def touch_folders(change: RegistryChange, ids: Collection[str], at: datetime) -> None:
    """Note that folders got a member (ITI TF-3: 4.2.3.4.6); ids of other objects do not matter."""
    change.replace(updated(entry, at) for entry in change.by_ids(ids) if entry.kind is Kind.FOLDER)
