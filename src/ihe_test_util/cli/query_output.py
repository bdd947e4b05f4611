"""What ``query`` prints: the objects that a registry gave, as tables and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from ihe_test_util.cli.tables import table
from ihe_test_util.client.text import harmless
from ihe_test_util.domain.xds.metadata import (
    Author,
    Code,
    DocumentEntry,
    Folder,
    SubmissionSet,
    View,
    is_folder,
)
from ihe_test_util.transactions.iti18 import StoredQueryResponse
from ihe_test_util.xml.ebrim import Association, ExtrinsicObject, ObjectRef, RegistryPackage, urns

_Row = Sequence[str]
_ENTRY_CODES: Final[Mapping[str, str]] = {
    "class_code": urns.ENTRY_CLASS_CODE,
    "type_code": urns.ENTRY_TYPE_CODE,
    "format_code": urns.ENTRY_FORMAT_CODE,
    "practice_setting_code": urns.ENTRY_PRACTICE_SETTING_CODE,
    "healthcare_facility_type_code": urns.ENTRY_FACILITY_TYPE_CODE,
}
_ENTRY_LISTS: Final[Mapping[str, str]] = {
    "confidentiality_codes": urns.ENTRY_CONFIDENTIALITY_CODE,
    "event_codes": urns.ENTRY_EVENT_CODE,
}
_ENTRY_SLOTS: Final[Mapping[str, str]] = {
    "creation_time": "creationTime",
    "service_start_time": "serviceStartTime",
    "service_stop_time": "serviceStopTime",
    "language": "languageCode",
    "source_patient_id": "sourcePatientId",
    "hash": "hash",
    "size": "size",
    "repository_unique_id": "repositoryUniqueId",
    "document_availability": "documentAvailability",
}


def found_text(response: StoredQueryResponse) -> str:
    """What was found, a table for each kind of object, after what the registry remarks."""
    documents = [DocumentEntry.of(one) for one in response.documents]
    folders = [Folder.of(one) for one in response.packages if is_folder(one)]
    sets = [SubmissionSet.of(one) for one in response.packages if not is_folder(one)]
    tables = (
        _table(
            f"Document entries: {len(documents)}",
            ("Created", "Title", "Type", "Status", "uniqueId", "entryUUID"),
            [
                (
                    one.creation_time,
                    one.title,
                    _code_text(one.type_code),
                    one.availability_status,
                    one.unique_id,
                    one.source.id,
                )
                for one in documents
            ],
        ),
        _table(
            f"Submission sets: {len(sets)}",
            ("Submitted", "Title", "sourceId", "uniqueId", "entryUUID"),
            [(one.submission_time, one.title, one.source_id, one.unique_id, one.source.id) for one in sets],
        ),
        _table(
            f"Folders: {len(folders)}",
            ("Updated", "Title", "Status", "uniqueId", "entryUUID"),
            [
                (one.last_update_time, one.title, _end(one.source.status), one.unique_id, one.source.id)
                for one in folders
            ],
        ),
        _table(
            f"Associations: {len(response.associations)}",
            ("Type", "Status", "From", "To", "entryUUID"),
            [
                (_end(one.association_type), _end(one.status), one.source, one.target, one.id)
                for one in response.associations
            ],
        ),
        _table(
            f"References: {len(response.references)}",
            ("entryUUID", "home"),
            [(one.id, one.home) for one in response.references],
        ),
    )
    remarks = "\n".join(f"{click.style('Warning:', fg='yellow')} {harmless(str(one))}" for one in response.errors)
    return "\n\n".join(part for part in (remarks, *tables) if part) if response.everything else _nothing(remarks)


def found_data(response: StoredQueryResponse) -> dict[str, object]:
    """The objects in their order; ``total`` where the registry says how many there are besides."""
    objects = [described(one) for one in response.everything]
    return {"total": response.total, "objects": [one for one in objects if one]}


def described(one: object) -> dict[str, object]:
    """An object of a registry by the names of its attributes, in the words of the standard with underscores."""
    match one:
        case ExtrinsicObject():
            return _entry(DocumentEntry.of(one))
        case RegistryPackage() if is_folder(one):
            folder = Folder.of(one)
            return {
                "kind": "Folder",
                **_common(folder, folder.unique_id, folder.patient_id),
                "last_update_time": folder.last_update_time,
                "codes": _codes(folder.code_list),
            }
        case RegistryPackage():
            submitted = SubmissionSet.of(one)
            return {
                "kind": "SubmissionSet",
                **_common(submitted, submitted.unique_id, submitted.patient_id),
                "source_id": submitted.source_id,
                "submission_time": submitted.submission_time,
                "content_type_code": _code(submitted.content_type_code),
                "authors": _authors(submitted.authors),
                "intended_recipients": list(submitted.intended_recipients),
            }
        case Association():
            return {
                "kind": "Association",
                "entry_uuid": one.id,
                "status": one.status,
                "type": one.association_type,
                "source": one.source,
                "target": one.target,
                "slots": {slot.name: list(slot.values) for slot in one.slots},
            }
        case ObjectRef():
            return {"kind": "ObjectRef", "entry_uuid": one.id, "home": one.home}
        case _:
            return {}


def _entry(entry: DocumentEntry) -> dict[str, object]:
    return {
        "kind": "DocumentEntry",
        **_common(entry, entry.unique_id, entry.patient_id),
        "object_type": entry.source.object_type,
        "mime_type": entry.source.mime_type,
        **{name: entry.slot(slot) for name, slot in _ENTRY_SLOTS.items()},
        **{name: _code(entry.code(scheme)) for name, scheme in _ENTRY_CODES.items()},
        **{name: _codes(entry.codes(scheme)) for name, scheme in _ENTRY_LISTS.items()},
        "authors": _authors(entry.authors),
        "reference_ids": list(entry.slots.get(urns.REFERENCE_ID_LIST, ())),
    }


def _common(view: View, unique_id: str, patient_id: str) -> dict[str, object]:
    source = view.source
    return {
        "entry_uuid": source.id,
        "logical_id": source.lid,
        "version": source.version.name if source.version else "",
        "status": source.status,
        "unique_id": unique_id,
        "patient_id": patient_id,
        "title": view.title,
        "comments": view.comments,
        "home": source.home,
    }


def _code(code: Code | None) -> dict[str, str] | None:
    return {"code": code.code, "scheme": code.scheme, "display": code.display} if code else None


def _codes(codes: Iterable[Code]) -> list[dict[str, str] | None]:
    return [_code(code) for code in codes]


def _authors(authors: Iterable[Author]) -> list[dict[str, Any]]:
    return [
        {
            "person": author.person,
            "institutions": list(author.institutions),
            "roles": list(author.roles),
            "specialties": list(author.specialties),
            "telecoms": list(author.telecoms),
        }
        for author in authors
    ]


def _code_text(code: Code | None) -> str:
    return (code.display or code.code) if code else ""


def _end(urn: str) -> str:
    return urn.rpartition(":")[2]


def _nothing(remarks: str) -> str:
    return "\n\n".join(part for part in (remarks, "Nothing was found.") if part)


def _table(title: str, columns: _Row, rows: Sequence[_Row]) -> str:
    """A table under its title; nothing where it has no rows."""
    if not rows:
        return ""
    return f"{click.style(title, bold=True)}\n{table(columns, rows)}"
