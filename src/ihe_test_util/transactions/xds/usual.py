"""Whether metadata are such as nearly all are, in one look: then none of the eighty rules has anything to say.

What is not usual need not be wrong, and is left to the rules: folders, relationships, classifications that stand beside
their objects. Each rule is the measure: nothing is usual here that breaks one.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ihe_test_util.domain.xds import datatypes as types
from ihe_test_util.domain.xds.metadata import DocumentEntry, Metadata, SubmissionSet
from ihe_test_util.transactions.xds.demands import Valid, fits_title, is_author, optional, stops_early
from ihe_test_util.transactions.xds.first_versions import FIRST_VERSIONS
from ihe_test_util.transactions.xds.structure import AUTHORS, MAX_VALUE, is_code, is_extra_slot
from ihe_test_util.xml.ebrim import Classification, ExternalIdentifier, RegistryObject, Slot, urns


def _anything(_text: str) -> bool:
    return True


_UUID: Final = "urn:uuid:"
_ENTRY_SLOTS: Final[Mapping[str, Valid]] = MappingProxyType(
    {
        "creationTime": types.is_dtm,
        "documentAvailability": lambda text: text in (urns.ONLINE, urns.OFFLINE),
        "hash": types.is_hash,
        "languageCode": types.is_language,
        "legalAuthenticator": types.is_xcn,
        "repositoryUniqueId": types.is_oid,
        "serviceStartTime": types.is_dtm,
        "serviceStopTime": types.is_dtm,
        "size": types.is_size,
        "sourcePatientId": types.is_cx,
        "sourcePatientInfo": types.is_source_patient_info,
        "URI": _anything,
        urns.REFERENCE_ID_LIST: types.is_cxi,
    }
)
_SET_SLOTS: Final[Mapping[str, Valid]] = MappingProxyType(
    {"submissionTime": types.is_dtm, "intendedRecipient": types.is_recipient}
)
#: Those that may have several values.
_MANY: Final = frozenset({"sourcePatientInfo", "intendedRecipient", urns.REFERENCE_ID_LIST})
_ENTRY_REQUIRED: Final = frozenset({"creationTime", "languageCode", "sourcePatientId"})
_ONCE: Final = (
    urns.ENTRY_CLASS_CODE,
    urns.ENTRY_FORMAT_CODE,
    urns.ENTRY_FACILITY_TYPE_CODE,
    urns.ENTRY_PRACTICE_SETTING_CODE,
    urns.ENTRY_TYPE_CODE,
)
#: How many identifiers an entry has (patientId, uniqueId), and a submission set (sourceId as well).
_OF_ENTRY, _OF_SET = 2, 3
_STATUSES: Final = ("", urns.APPROVED)
_ORIGINAL: Final = (Slot("SubmissionSetStatus", ("Original",)),)
_is_home: Final = optional(types.is_home_community_id)
_is_entry_id: Final = optional(types.is_oid_with_extension)


def is_usual(metadata: Metadata) -> bool:
    """Whether metadata are one submission set and document entries, its members, and nothing of them is conspicuous."""
    entries, sets, links = metadata.document_entries, metadata.submission_sets, metadata.associations
    if len(sets) != 1 or not entries or len(entries) + 1 + len(links) != len(metadata.request.objects):
        return False
    patient_id = sets[0].patient_id
    unique_ids = {sets[0].unique_id, *[entry.unique_id for entry in entries]}
    return (
        len(unique_ids) == 1 + len(entries)
        and _are_ids(metadata.ids)
        and _is_usual_set(sets[0])
        and all(entry.patient_id == patient_id and _is_usual_entry(entry) for entry in entries)
        and _are_members(metadata)
    )


def _are_ids(ids: Sequence[str]) -> bool:
    return (
        len(set(ids)) == len(ids)
        and "" not in ids
        and all(types.is_uuid_urn(one) or one[: len(_UUID)].lower() != _UUID for one in ids)
    )


def _is_usual_entry(entry: DocumentEntry) -> bool:
    source, codes = entry.source, entry.classifications
    return (
        source.object_type == urns.STABLE_DOCUMENT
        and types.is_mime_type(source.mime_type)
        and _is_first_version(source)
        and _is_plain(source)
        and len(entry.slots) == len(source.slots)
        and entry.slots.keys() >= _ENTRY_REQUIRED
        and _are_slots(source.slots, _ENTRY_SLOTS)
        and not ("serviceStopTime" in entry.slots and stops_early(entry))
        and _are_classifications(source.id, source.classifications)
        and all(len(codes.get(scheme, ())) == 1 for scheme in _ONCE)
        and urns.ENTRY_CONFIDENTIALITY_CODE in codes
        and len(source.external_identifiers) == _OF_ENTRY
        and _are_identifiers(source.id, source.external_identifiers)
        and _is_identified(entry, urns.ENTRY_PATIENT_ID, types.is_cx)
        and _is_identified(entry, urns.ENTRY_UNIQUE_ID, types.is_document_unique_id)
        and _is_entry_id(entry.unique_id)
    )


def _is_usual_set(view: SubmissionSet) -> bool:
    source = view.source
    return (
        _is_first_version(source)
        and _is_plain(source)
        and not source.members
        and len(view.slots) == len(source.slots)
        and "submissionTime" in view.slots
        and _are_slots(source.slots, _SET_SLOTS)
        and _are_classifications(source.id, source.classifications, mark=urns.SUBMISSION_SET)
        and len(view.classifications.get(urns.SET_CONTENT_TYPE_CODE, ())) == 1
        and any(one.node == urns.SUBMISSION_SET for one in source.classifications)
        and len(source.external_identifiers) == _OF_SET
        and _are_identifiers(source.id, source.external_identifiers)
        and _is_identified(view, urns.SET_PATIENT_ID, types.is_cx)
        and _is_identified(view, urns.SET_SOURCE_ID, types.is_oid)
        and _is_identified(view, urns.SET_UNIQUE_ID, types.is_oid)
    )


def _are_members(metadata: Metadata) -> bool:
    """Whether associations are there to make each entry a member of the submission set, and for nothing else."""
    source = metadata.submission_sets[0].source.id
    targets = {entry.source.id for entry in metadata.document_entries}
    for link in metadata.associations:
        if (
            link.association_type != urns.HAS_MEMBER
            or link.source != source
            or link.target not in targets
            or link.slots != _ORIGINAL
            or link.classifications
            or not _is_first_version(link)
        ):
            return False
    return len(targets) == len(metadata.associations) == len({link.target for link in metadata.associations})


def _is_first_version(source: RegistryObject) -> bool:
    return (not source.lid or source.lid == source.id) and (
        source.version is None or source.version.name in FIRST_VERSIONS
    )


def _is_plain(source: RegistryObject) -> bool:
    return (
        source.status in _STATUSES
        and (not source.home or _is_home(source.home))
        and (not source.name or fits_title(source.name[0].value))
    )


def _are_slots(slots: Sequence[Slot], known: Mapping[str, Valid]) -> bool:
    for name, values, _ in slots:
        valid = known.get(name, _anything)
        if (
            not values
            or (len(values) > 1 and name in known and name not in _MANY)
            or not (name in known or is_extra_slot(name))
        ):
            return False
        for value in values:
            if len(value) > MAX_VALUE or not valid(value):
                return False
    return True


def _are_classifications(owner: str, items: Sequence[Classification], *, mark: str = "") -> bool:
    """Whether each is a code or an author of its owner, or the mark of what that is."""
    for one in items:
        if one.classified_object != owner:
            return False
        if one.scheme in AUTHORS:
            if not (is_author(one) and _are_author_slots(one.slots)) or one.node:
                return False
        elif one.node:
            if one.node != mark or one.slots:
                return False
        elif not is_code(one):
            return False
    return True


def _are_author_slots(slots: Sequence[Slot]) -> bool:
    names = [slot.name for slot in slots]
    return (
        len(set(names)) == len(names)
        and "" not in names
        and all(slot.values and max(map(len, slot.values)) <= MAX_VALUE for slot in slots)
    )


def _are_identifiers(owner: str, items: Sequence[ExternalIdentifier]) -> bool:
    return all(one.registry_object == owner and one.name and one.name[0].value for one in items)


def _is_identified(view: DocumentEntry | SubmissionSet, scheme: str, valid: Valid) -> bool:
    found = view.identifiers.get(scheme, ())
    return len(found) == 1 and valid(found[0].value)
