"""Stored queries by patient, or by several (ITI TF-2: 3.18.4.1.2.3.7.1 to 4, 3.18.4.1.2.3.7.14, 3.51.4.1.2.3)."""

from collections.abc import Collection, Iterable, Sequence

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.registry.queries.criteria import Criteria
from ihe_test_util.domain.registry.queries.matching import (
    document_matcher,
    document_words,
    folder_matcher,
    submission_set_matcher,
)
from ihe_test_util.domain.registry.queries.visible import in_force, visible
from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, SubmissionSet
from ihe_test_util.xml.ebrim import ExtrinsicObject, RegistryPackage, urns


def find_documents(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Document entries of patients, of all where none is named; stable ones where no type is asked for."""
    return _documents_of(criteria.any_of(names.ENTRY_PATIENT_ID), criteria, view)


def find_submission_sets(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Submission sets of a patient."""
    found = view.of_patients(
        [criteria.text(names.SET_PATIENT_ID)], [Kind.SUBMISSION_SET], criteria.any_of(names.SET_STATUS)
    )
    accepts = submission_set_matcher(criteria)
    if accepts is None:
        return found
    return [
        entry
        for entry in found
        if isinstance(entry.source, RegistryPackage) and accepts(SubmissionSet.of(entry.source))
    ]


def find_folders(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Folders of patients, of all where none is named."""
    found = _of_patients(criteria.any_of(names.FOLDER_PATIENT_ID), Kind.FOLDER, names.FOLDER_STATUS, criteria, view)
    accepts = folder_matcher(criteria)
    if accepts is not None:
        found = [
            entry for entry in found if isinstance(entry.source, RegistryPackage) and accepts(Folder.of(entry.source))
        ]
    return visible(found, view, criteria)


def get_all(criteria: Criteria, view: RegistryView) -> list[Entry]:
    """Everything of a patient: submission sets, document entries, folders, and the associations at one of them."""
    patient = criteria.text(names.ANY_PATIENT_ID)
    sets = view.of_patients([patient], [Kind.SUBMISSION_SET], criteria.any_of(names.SET_STATUS))
    documents = _documents_of([patient], criteria, view)
    folders = visible(view.of_patients([patient], [Kind.FOLDER], criteria.any_of(names.FOLDER_STATUS)), view, criteria)
    objects = [*sets, *documents, *folders]
    return [*objects, *in_force(touching([entry.id for entry in objects], view), view, criteria)]


def touching(ids: Sequence[str], view: RegistryView) -> list[Entry]:
    """The associations that begin or end at one of these objects, each once."""
    found = {entry.id: entry for entry in view.associations_from(ids)}
    for entry in view.associations_to(ids):
        found.setdefault(entry.id, entry)
    return list(found.values())


def accepted_documents(entries: Iterable[Entry], criteria: Criteria) -> list[Entry]:
    """The document entries that meet the criteria, of the types asked for, which is stable by default."""
    excluded = criteria.any_of(names.ENTRY_TYPE + names.EXCLUDE)
    types = criteria.any_of(names.ENTRY_TYPE) or (() if excluded else (urns.STABLE_DOCUMENT,))
    documents = [entry for entry in entries if entry.kind is Kind.DOCUMENT_ENTRY and (not types or entry.type in types)]
    accepts = document_matcher(criteria)
    if accepts is None:
        return documents
    needed = document_words(criteria)
    return [
        entry
        for entry in documents
        if all(any(map(entry.may_say, group)) for group in needed)
        and isinstance(entry.source, ExtrinsicObject)
        and accepts(DocumentEntry.of(entry.source))
    ]


def _documents_of(patients: Collection[str], criteria: Criteria, view: RegistryView) -> list[Entry]:
    found = _of_patients(patients, Kind.DOCUMENT_ENTRY, names.ENTRY_STATUS, criteria, view)
    return visible(accepted_documents(found, criteria), view, criteria)


def _of_patients(
    patients: Collection[str], kind: Kind, status: str, criteria: Criteria, view: RegistryView
) -> list[Entry]:
    """What belongs to some patients, or to any, in the states that the parameter ``status`` names."""
    statuses = criteria.any_of(status)
    return view.of_patients(patients, [kind], statuses) if patients else view.of_any_patient([kind], statuses)
