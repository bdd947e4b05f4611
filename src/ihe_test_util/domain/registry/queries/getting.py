"""Stored queries by the ids of objects (ITI TF-2: 3.18.4.1.2.3.7.5 to 13)."""

from collections.abc import Iterable
from typing import Final

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.registry.queries.criteria import Criteria
from ihe_test_util.domain.registry.queries.finding import accepted_documents, touching
from ihe_test_util.domain.registry.queries.visible import in_force, visible
from ihe_test_util.xml.ebrim import Association, urns

_PREFIX: Final = {
    Kind.DOCUMENT_ENTRY: names.ENTRY,
    Kind.SUBMISSION_SET: names.SET,
    Kind.FOLDER: names.FOLDER,
}


def get_documents(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Document entries by entryUUID, uniqueId or logicalID, of any type and state."""
    return _named(Kind.DOCUMENT_ENTRY, criteria, view)


def get_folders(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Folders by entryUUID, uniqueId or logicalID."""
    return _named(Kind.FOLDER, criteria, view)


def get_associations(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """The associations that begin or end at objects."""
    return in_force(touching(criteria.any_of(names.UUID), view), view, criteria)


def get_documents_and_associations(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Document entries, and the associations that begin or end at them."""
    documents = _named(Kind.DOCUMENT_ENTRY, criteria, view)
    return [*documents, *in_force(touching([entry.id for entry in documents], view), view, criteria)]


def get_submission_sets(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """The submission sets that objects came with, and the memberships that say so."""
    members = _members(view.associations_to(criteria.any_of(names.UUID)), view, criteria)
    sets = _of_kind(Kind.SUBMISSION_SET, view.by_ids([link.source for _, link in members]))
    ids = {entry.id for entry in sets}
    return [*sets, *(entry for entry, link in members if link.source in ids)]


def get_submission_set_and_contents(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """A submission set with what came in it: document entries that meet the criteria, folders, and associations.

    An association is there only if both of its ends are.
    """
    sets = _named(Kind.SUBMISSION_SET, criteria, view)
    members = _members(view.associations_from([entry.id for entry in sets]), view, criteria)
    targets = view.by_ids([link.target for _, link in members])
    documents = visible(accepted_documents(targets, criteria), view, criteria)
    folders = visible(_of_kind(Kind.FOLDER, targets), view, criteria)
    objects = [*sets, *documents, *folders]
    within = {entry.id for entry in objects}
    links = [
        entry
        for entry, link in _links(in_force(_of_kind(Kind.ASSOCIATION, targets), view, criteria))
        if link.source in within and link.target in within
    ]
    within.update(entry.id for entry in links)
    return [*objects, *(entry for entry, link in members if link.target in within), *links]


def get_folder_and_contents(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """A folder with the document entries in it that meet the criteria, and the memberships of these."""
    folders = _named(Kind.FOLDER, criteria, view)
    members = _members(view.associations_from([entry.id for entry in folders]), view, criteria)
    targets = view.by_ids([link.target for _, link in members])
    documents = visible(accepted_documents(targets, criteria), view, criteria)
    ids = {entry.id for entry in documents}
    return [*folders, *documents, *(entry for entry, link in members if link.target in ids)]


def get_folders_for_document(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """The folders that a document entry is in."""
    documents = _named(Kind.DOCUMENT_ENTRY, criteria, view)
    members = _members(view.associations_to([entry.id for entry in documents]), view, criteria)
    return visible(_of_kind(Kind.FOLDER, view.by_ids([link.source for _, link in members])), view, criteria)


def get_related_documents(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """The document entries at the other ends of a document's associations, these, and the document itself.

    Nothing where there is no such association. An association is there only if both of its ends are.
    """
    given = [entry.id for entry in _named(Kind.DOCUMENT_ENTRY, criteria, view)]
    types = frozenset(criteria.any_of(names.ASSOCIATION_TYPES))
    links = [
        (entry, link)
        for entry, link in _links(in_force(touching(given, view), view, criteria))
        if link.association_type in types
    ]
    ends = view.by_ids([end for _, link in links for end in (link.source, link.target)])
    documents = {entry.id: entry for entry in visible(accepted_documents(ends, criteria), view, criteria)}
    between = [(entry, link) for entry, link in links if link.source in documents and link.target in documents]
    met = {end for _, link in between for end in (link.source, link.target)}
    return [*(entry for entry in documents.values() if entry.id in met), *(entry for entry, _ in between)]


def _named(kind: Kind, criteria: Criteria, view: RegistryView) -> list[Entry]:
    """The objects of a kind that a query names by one of their ids."""
    prefix = _PREFIX[kind]
    if uuids := criteria.any_of(prefix + names.ENTRY_UUID):
        found = view.by_ids(uuids)
    elif unique_ids := criteria.any_of(prefix + names.UNIQUE_ID):
        found = view.by_unique_ids(unique_ids, [kind])
    else:
        found = view.by_lids(criteria.any_of(prefix + names.LOGICAL_ID))
    return visible(_of_kind(kind, found), view, criteria)


def _of_kind(kind: Kind, entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind is kind]


def _links(entries: Iterable[Entry]) -> list[tuple[Entry, Association]]:
    return [(entry, entry.source) for entry in entries if isinstance(entry.source, Association)]


def _members(entries: Iterable[Entry], view: RegistryView, criteria: Criteria) -> list[tuple[Entry, Association]]:
    """Those of the associations that are memberships, of the states asked for."""
    return [
        (entry, link)
        for entry, link in _links(in_force(entries, view, criteria))
        if link.association_type == urns.HAS_MEMBER
    ]
