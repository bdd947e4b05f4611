"""Requests to update metadata made from what a registry has: new versions with other attributes, other states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import Final, TypedDict, TypeVar

from ihe_test_util.domain.registry.update_plan import (
    ASSOCIATION_PROPAGATION,
    NEW_STATUS,
    NO_PROPAGATION,
    ORIGINAL_STATUS,
    PREVIOUS_VERSION,
)
from ihe_test_util.domain.xds.metadata import Author, Code, DocumentEntry, Folder, Metadata
from ihe_test_util.domain.xds.writing import submission_set, written_classifications, written_name, written_slot
from ihe_test_util.transactions.update.model import UpdateRequest
from ihe_test_util.xml.ebrim import (
    Association,
    Classification,
    ExtrinsicObject,
    ObjectList,
    RegistryObject,
    RegistryPackage,
    Slot,
    urns,
)

Held = TypeVar("Held", ExtrinsicObject, RegistryPackage)
_VERSION: Final = "Version01"

#: Attributes that are slots, by the names of the views.
_SLOTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "creation_time": "creationTime",
        "service_start_time": "serviceStartTime",
        "service_stop_time": "serviceStopTime",
        "language_code": "languageCode",
        "source_patient_id": "sourcePatientId",
    }
)
#: Attributes that are a code, and those that are several, by their classification schemes.
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "class_code": urns.ENTRY_CLASS_CODE,
        "type_code": urns.ENTRY_TYPE_CODE,
        "format_code": urns.ENTRY_FORMAT_CODE,
        "healthcare_facility_type_code": urns.ENTRY_FACILITY_TYPE_CODE,
        "practice_setting_code": urns.ENTRY_PRACTICE_SETTING_CODE,
    }
)
CODE_LISTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "confidentiality_codes": urns.ENTRY_CONFIDENTIALITY_CODE,
        "event_codes": urns.ENTRY_EVENT_CODE,
        "code_list": urns.FOLDER_CODE,
    }
)
_COMMON: Final = frozenset({"title", "comments", "patient_id"})
#: The attributes that a new version may have otherwise.
OF_ENTRIES: Final = frozenset({*_COMMON, *_SLOTS, *CODES, *CODE_LISTS, "mime_type", "authors"} - {"code_list"})
OF_FOLDERS: Final = frozenset({*_COMMON, "code_list"})


class Changes(TypedDict, total=False):
    """What shall be otherwise in a new version, by the attributes of the views; what is not named stays."""

    title: str
    comments: str
    patient_id: str
    mime_type: str
    creation_time: str
    service_start_time: str
    service_stop_time: str
    language_code: str
    source_patient_id: str
    class_code: Code
    type_code: Code
    format_code: Code
    healthcare_facility_type_code: Code
    practice_setting_code: Code
    confidentiality_codes: Sequence[Code]
    event_codes: Sequence[Code]
    code_list: Sequence[Code]
    authors: Sequence[Author]


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who submits, and when: what the submission set of a request says beside its patient."""

    source_id: str
    unique_id: str
    submission_time: str
    content_type: Code
    authors: tuple[Author, ...] = ()


def new_version(
    latest: DocumentEntry | Folder, changes: Changes, submitter: Submitter, *, propagates: bool = True
) -> UpdateRequest:
    """The request for a version after the latest one, with some attributes changed (ITI TF-2: 3.57.4.1.3.3.1).

    Without ``propagates`` the new version does not take over the associations of the one before.
    """
    source = latest.source
    changed = _document(source, changes) if isinstance(source, ExtrinsicObject) else _changed(source, changes)
    slots = [written_slot("SubmissionSetStatus", "Original"), written_slot(PREVIOUS_VERSION, str(latest.version))]
    slots += [] if propagates else [written_slot(ASSOCIATION_PROPAGATION, NO_PROPAGATION)]
    patient_id = changes.get("patient_id", latest.patient_id)
    return _request(patient_id, submitter, (changed,), ((urns.HAS_MEMBER, changed.id, tuple(slots)),))


def new_status(objects: Sequence[DocumentEntry | Folder], status: str, submitter: Submitter) -> UpdateRequest:
    """The request for another availabilityStatus, a URN, of objects of one patient (ITI TF-2: 3.57.4.1.3.3.2)."""
    changes = tuple(
        (
            urns.UPDATE_AVAILABILITY_STATUS,
            one.source.id,
            (written_slot(ORIGINAL_STATUS, one.source.status), written_slot(NEW_STATUS, status)),
        )
        for one in objects
    )
    return _request(objects[0].patient_id, submitter, (), changes)


def _request(
    patient_id: str,
    submitter: Submitter,
    objects: Sequence[ExtrinsicObject | RegistryPackage],
    operations: Sequence[tuple[str, str, tuple[Slot, ...]]],
) -> UpdateRequest:
    own = submission_set(
        patient_id=patient_id,
        source_id=submitter.source_id,
        unique_id=submitter.unique_id,
        submission_time=submitter.submission_time,
        content_type=submitter.content_type,
        authors=submitter.authors,
    )
    associations = (
        Association(
            id=f"Operation{number:02}",
            slots=slots,
            object_type=urns.TYPE_ASSOCIATION,
            association_type=kind,
            source=own.id,
            target=target,
        )
        for number, (kind, target, slots) in enumerate(operations, start=1)
    )
    return UpdateRequest(Metadata(ObjectList((own, *objects, *associations))))


def _document(source: ExtrinsicObject, changes: Changes) -> ExtrinsicObject:
    return replace(_changed(source, changes), mime_type=changes.get("mime_type", source.mime_type))


def _changed(source: Held, changes: Changes) -> Held:
    """The object as a new one, which the registry gives its ids, version and state."""
    return replace(
        source,
        id=_VERSION,
        lid=source.lid or source.id,
        version=None,
        status="",
        name=written_name(changes["title"]) if "title" in changes else source.name,
        description=written_name(changes["comments"]) if "comments" in changes else source.description,
        slots=_slots(source, changes),
        classifications=_classifications(source, changes),
        external_identifiers=tuple(
            one._replace(
                id=f"{_VERSION}.i{number}",
                registry_object=_VERSION,
                value=changes.get("patient_id", one.value) if one.scheme in _PATIENT_IDS else one.value,
            )
            for number, one in enumerate(source.external_identifiers, start=1)
        ),
    )


_PATIENT_IDS: Final = frozenset({urns.ENTRY_PATIENT_ID, urns.FOLDER_PATIENT_ID})


def _slots(source: RegistryObject, changes: Changes) -> tuple[Slot, ...]:
    new = {slot: str(changes[name]) for name, slot in _SLOTS.items() if name in changes}  # type: ignore[literal-required] # names of the views
    kept = (slot for slot in source.slots if slot.name not in new)
    return (*kept, *(written_slot(name, value) for name, value in new.items() if value))


def _classifications(source: RegistryObject, changes: Changes) -> tuple[Classification, ...]:
    one = ((scheme, (changes[name],)) for name, scheme in CODES.items() if name in changes)  # type: ignore[literal-required] # as above
    more = ((scheme, changes[name]) for name, scheme in CODE_LISTS.items() if name in changes)  # type: ignore[literal-required] # as above
    codes: dict[str, Sequence[Code]] = dict(chain(one, more))
    going = {*codes, urns.ENTRY_AUTHOR} if "authors" in changes else set(codes)
    kept = (each for each in source.classifications if each.scheme not in going)
    new = written_classifications(
        _VERSION,
        [(scheme, code) for scheme, values in codes.items() for code in values],
        urns.ENTRY_AUTHOR,
        changes.get("authors", ()),
    )
    return tuple(
        each._replace(id=f"{_VERSION}.c{number}", classified_object=_VERSION)
        for number, each in enumerate((*kept, *new), start=1)
    )
