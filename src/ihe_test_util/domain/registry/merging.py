"""What a merge of patients does to the registry (ITI TF-2: 3.18.4.1.2.3.9.1)."""

from dataclasses import replace
from typing import Final

from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.xml.ebrim import urns

_OBJECTS: Final = (Kind.SUBMISSION_SET, Kind.DOCUMENT_ENTRY, Kind.FOLDER)
_PATIENT_IDS: Final = frozenset({urns.SET_PATIENT_ID, urns.ENTRY_PATIENT_ID, urns.FOLDER_PATIENT_ID})


def take_over(change: RegistryChange, *, subsumed: str, surviving: str) -> None:
    """Give all that belongs to one identifier (CX) to the one that survives; sourcePatientId and -Info stay."""
    change.replace([_belonging_to(surviving, entry) for entry in change.of_patients([subsumed], _OBJECTS)])


def _belonging_to(patient_id: str, entry: Entry) -> Entry:
    identifiers = tuple(
        one._replace(value=patient_id) if one.scheme in _PATIENT_IDS else one
        for one in entry.source.external_identifiers
    )
    return Entry.of(entry.kind, replace(entry.source, external_identifiers=identifiers))
