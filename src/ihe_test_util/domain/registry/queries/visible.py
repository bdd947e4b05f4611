"""What of the registry a stored query may show, by its metadata level (XDS Metadata Update: 3.18.4.1.2.3.5.1.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.registry.queries.criteria import ALL_VERSIONS, Criteria
from ihe_test_util.domain.xds.metadata import slots_by_name
from ihe_test_util.xml.ebrim import urns

_AVAILABILITY: Final = "documentAvailability"


def visible(entries: Sequence[Entry], view: RegistryView, criteria: Criteria) -> list[Entry]:
    """The objects that are shown at a level.

    At the first level these are the latest versions of document entries that are online, of folders that are in
    force, associations that are in force, and every submission set; at the second level all.
    """
    if criteria.level >= ALL_VERSIONS:
        return list(entries)
    shown = [entry for entry in entries if _shows(entry)]
    # An update deprecates the version before it (ITI-57, ITI-92), so what is in force is the latest.
    doubtful = [entry for entry in shown if entry.kind is not Kind.ASSOCIATION and not entry.approved]
    if not doubtful:
        return shown
    latest = view.latest_versions([entry.lid for entry in doubtful])
    return [entry for entry in shown if entry.version >= latest.get(entry.lid, 0)]


def in_force(associations: Iterable[Entry], view: RegistryView, criteria: Criteria) -> list[Entry]:
    """The associations of the states asked for, Approved where none is."""
    statuses = criteria.any_of(names.ASSOCIATION_STATUS) or (urns.APPROVED,)
    return visible([entry for entry in associations if entry.status in statuses], view, criteria)


def _shows(entry: Entry) -> bool:
    match entry.kind:
        case Kind.DOCUMENT_ENTRY:
            if not entry.may_say(_AVAILABILITY):
                return True
            return slots_by_name(entry.source.slots).get(_AVAILABILITY, ()) != (urns.OFFLINE,)
        case Kind.SUBMISSION_SET:
            return True
        case _:
            return entry.approved
