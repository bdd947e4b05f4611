"""Every stored query that the registry answers, as one table (ITI TF-2: 3.18.4.1.2.4, 3.18.4.1.2.3.7)."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.registry.queries import finding, getting, names
from ihe_test_util.domain.registry.queries.criteria import Criteria
from ihe_test_util.domain.registry.queries.parameters import (
    ASSOCIATION_TYPES,
    AVAILABILITIES,
    ENTRY_TYPES,
    Form,
    Parameter,
    between,
    codes,
    status,
    text,
    texts,
)

Answer: TypeAlias = Callable[[Criteria, RegistryView], list[Entry]]

_SECTION: Final = "ITI TF-2: 3.18.4.1.2.3.7."
_MULTI_PATIENT: Final = "ITI TF-2: 3.51.4.1.2.3."
_URN: Final = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """One stored query.

    Of each of ``choices`` exactly one parameter is given, of each of ``exclusions`` at most one, of ``selective`` one
    or more. ``patient`` names the parameter that holds the patient, where there is one. With ``single_patient`` whole
    objects are given only if they belong to one patient.
    """

    id: str
    title: str
    section: str
    says: str
    parameters: tuple[Parameter, ...]
    answer: Answer
    choices: tuple[tuple[str, ...], ...] = ()
    exclusions: tuple[tuple[str, ...], ...] = ()
    patient: str = ""
    single_patient: bool = False
    selective: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The title as the command line spells it: ``find-documents``."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in self.title).removeprefix("-")

    def options(self) -> dict[str, Parameter]:
        """The parameters by the names that tell them apart for people: short, where that does."""
        count = Counter(one.short for one in self.parameters)
        return {one.short if count[one.short] == 1 else one.long: one for one in self.parameters}


_LEVEL: Final = Parameter(
    names.METADATA_LEVEL, Form.NUMBER, "1: latest versions, online and in force; 2: all versions and associations"
)
_ASSOCIATION_STATUS: Final = status(names.ASSOCIATION_STATUS, "states of associations; Approved if not given")
_ENTRY_TYPE: Final = texts(names.ENTRY_TYPE, "objectType of document entries; stable if not given", ENTRY_TYPES)
_FORMAT: Final = codes(names.ENTRY_FORMAT_CODE, "formatCode")
_CONFIDENTIALITY: Final = codes(names.ENTRY_CONFIDENTIALITY_CODE, "confidentialityCode", conjunctive=True)
_ENTRY_STATUS: Final = status(names.ENTRY_STATUS, "states of document entries").needed()
_SET_STATUS: Final = status(names.SET_STATUS, "states of submission sets").needed()
_FOLDER_STATUS: Final = status(names.FOLDER_STATUS, "states of folders").needed()
_ENTRY_PATIENT: Final = text(names.ENTRY_PATIENT_ID, "patientId, as CX").needed()
_REFERENCE: Final = texts(names.ENTRY_REFERENCE_ID, "referenceIdList, as CXi; % and _ are wildcards", conjunctive=True)

_EXCLUDABLE: Final = (
    codes(names.ENTRY_CLASS_CODE, "classCode"),
    codes(names.ENTRY_TYPE_CODE, "typeCode"),
    codes(names.ENTRY_PRACTICE_SETTING_CODE, "practiceSettingCode"),
    codes(names.ENTRY_FACILITY_TYPE_CODE, "healthcareFacilityTypeCode"),
    codes(names.ENTRY_EVENT_CODE, "eventCodeList", conjunctive=True),
    _CONFIDENTIALITY,
    _FORMAT,
    texts(names.ENTRY_AUTHOR_PERSON, "authorPerson; % and _ are wildcards"),
    _ENTRY_TYPE,
)
_DOCUMENTS: Final = (
    _ENTRY_PATIENT,
    _ENTRY_STATUS,
    *_EXCLUDABLE,
    *between(names.ENTRY_CREATION_TIME, "creationTime"),
    *between(names.ENTRY_SERVICE_START_TIME, "serviceStartTime"),
    *between(names.ENTRY_SERVICE_STOP_TIME, "serviceStopTime"),
    texts(names.ENTRY_AVAILABILITY, "documentAvailability", AVAILABILITIES),
    _LEVEL,
)
_FOLDERS: Final = (
    _FOLDER_STATUS,
    *between(names.FOLDER_LAST_UPDATE_TIME, "lastUpdateTime"),
    codes(names.FOLDER_CODE, "codeList", conjunctive=True),
    _LEVEL,
)
_SEVERAL_PATIENTS: Final = (texts(names.ENTRY_PATIENT_ID, "patientIds, as CX; any if not given"), *_DOCUMENTS[1:])
_CONTENTS: Final = (_FORMAT, _CONFIDENTIALITY, _ENTRY_TYPE, _ASSOCIATION_STATUS, _LEVEL)
_UUIDS: Final = texts(names.UUID, "entryUUIDs of objects").needed()


def _ids(prefix: str, what: str, *, logical: bool = False, many: bool = True) -> tuple[Parameter, ...]:
    """The parameters that name objects, of which one is given."""
    made = texts if many else text
    found = (
        made(prefix + names.ENTRY_UUID, f"entryUUID of {what}"),
        made(prefix + names.UNIQUE_ID, f"uniqueId of {what}"),
    )
    return (*found, made(prefix + names.LOGICAL_ID, f"logicalID of {what}")) if logical else found


def _query(
    title: str,
    uuid: str,
    section: str,
    answer: Answer,
    says: str,
    *parameters: Parameter,
    of: tuple[Parameter, ...] = (),
    exclusions: tuple[tuple[str, ...], ...] = (),
    patient: str = "",
    single_patient: bool = False,
    selective: tuple[str, ...] = (),
) -> StoredQuery:
    """A row: ``of`` are the parameters of which exactly one is given."""
    return StoredQuery(
        _URN + uuid,
        title,
        _SECTION + section if section[0].isdigit() else section,
        says,
        (*of, *parameters),
        answer,
        (tuple(one.name for one in of),) if of else (),
        exclusions,
        patient,
        single_patient,
        selective,
    )


_ONE_ENTRY: Final = _ids(names.ENTRY, "a document entry", many=False)
_ENTRIES: Final = _ids(names.ENTRY, "document entries")

STORED_QUERIES: Final[tuple[StoredQuery, ...]] = (
    _query(
        "FindDocuments",
        "14d4debf-8f97-4251-9a74-a90016b0af0d",
        "1",
        finding.find_documents,
        "Document entries of a patient.",
        *_DOCUMENTS,
        patient=names.ENTRY_PATIENT_ID,
    ),
    _query(
        "FindDocumentsByReferenceId",
        "12941a89-e02e-4be5-967c-ce4bfc8fe492",
        "14",
        finding.find_documents,
        "Document entries of a patient that refer to an order, an encounter or the like.",
        _REFERENCE.needed(),
        *_DOCUMENTS,
        patient=names.ENTRY_PATIENT_ID,
    ),
    _query(
        "FindDocumentsExclude",
        "4308b1df-36de-4bef-8e2e-ba91f593c435",
        "15",
        finding.find_documents,
        "Document entries of a patient, with what is not wanted left out.",
        *_DOCUMENTS,
        _REFERENCE,
        *(one.excluding() for one in (*_EXCLUDABLE, _REFERENCE)),
        exclusions=tuple((one.name, one.name + names.EXCLUDE) for one in (*_EXCLUDABLE, _REFERENCE)),
        patient=names.ENTRY_PATIENT_ID,
    ),
    _query(
        "FindDocumentsByTitle",
        "ab474085-82b5-402d-8115-3f37cb1e2405",
        "gematik: FindDocumentsByTitle",
        finding.find_documents,
        "Document entries of a patient by their titles; a query of the German ePA, not of IHE.",
        texts(names.ENTRY_TITLE, "title; % and _ are wildcards").needed(),
        *_DOCUMENTS,
        patient=names.ENTRY_PATIENT_ID,
    ),
    _query(
        "FindSubmissionSets",
        "f26abbcb-ac74-4422-8a30-edb644bbc1a9",
        "2",
        finding.find_submission_sets,
        "Submission sets of a patient.",
        text(names.SET_PATIENT_ID, "patientId, as CX").needed(),
        _SET_STATUS,
        texts(names.SET_SOURCE_ID, "sourceId"),
        *between(names.SET_SUBMISSION_TIME, "submissionTime"),
        text(names.SET_AUTHOR_PERSON, "authorPerson; % and _ are wildcards"),
        codes(names.SET_CONTENT_TYPE, "contentTypeCode"),
        _LEVEL,
        patient=names.SET_PATIENT_ID,
    ),
    _query(
        "FindFolders",
        "958f3006-baad-4929-a4de-ff1114824431",
        "3",
        finding.find_folders,
        "Folders of a patient.",
        text(names.FOLDER_PATIENT_ID, "patientId, as CX").needed(),
        *_FOLDERS,
        patient=names.FOLDER_PATIENT_ID,
    ),
    _query(
        "GetAll",
        "10b545ea-725c-446d-9b95-8aeb444eddf3",
        "4",
        finding.get_all,
        "Everything of a patient: submission sets, document entries, folders and associations.",
        text(names.ANY_PATIENT_ID, "patientId, as CX").needed(),
        _ENTRY_STATUS,
        _SET_STATUS,
        _FOLDER_STATUS,
        *_CONTENTS,
        patient=names.ANY_PATIENT_ID,
    ),
    _query(
        "GetDocuments",
        "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
        "5",
        getting.get_documents,
        "Document entries by their ids.",
        _LEVEL,
        of=_ids(names.ENTRY, "document entries", logical=True),
        single_patient=True,
    ),
    _query(
        "GetFolders",
        "5737b14c-8a1a-4539-b659-e03a34a5e1e4",
        "6",
        getting.get_folders,
        "Folders by their ids.",
        _LEVEL,
        of=_ids(names.FOLDER, "folders", logical=True),
        single_patient=True,
    ),
    _query(
        "GetAssociations",
        "a7ae438b-4bc2-4642-93e9-be891f7bb155",
        "7",
        getting.get_associations,
        "Associations that begin or end at objects.",
        _UUIDS,
        _ASSOCIATION_STATUS,
        _LEVEL,
    ),
    _query(
        "GetDocumentsAndAssociations",
        "bab9529a-4a10-40b3-a01f-f68a615d247a",
        "8",
        getting.get_documents_and_associations,
        "Document entries by their ids, and the associations that begin or end at them.",
        _ASSOCIATION_STATUS,
        _LEVEL,
        of=_ENTRIES,
        single_patient=True,
    ),
    _query(
        "GetSubmissionSets",
        "51224314-5390-4169-9b91-b1980040715a",
        "9",
        getting.get_submission_sets,
        "Submission sets that document entries or folders came with.",
        _UUIDS,
        _ASSOCIATION_STATUS,
        _LEVEL,
        single_patient=True,
    ),
    _query(
        "GetSubmissionSetAndContents",
        "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
        "10",
        getting.get_submission_set_and_contents,
        "A submission set, with what came in it.",
        *_CONTENTS,
        of=_ids(names.SET, "a submission set", many=False),
        single_patient=True,
    ),
    _query(
        "GetFolderAndContents",
        "b909a503-523d-4517-8acf-8e5834dfc4c7",
        "11",
        getting.get_folder_and_contents,
        "A folder, with the document entries in it.",
        *_CONTENTS,
        of=_ids(names.FOLDER, "a folder", many=False),
        single_patient=True,
    ),
    _query(
        "GetFoldersForDocument",
        "10cae35a-c7f9-4cf5-b61e-fc3278ffb578",
        "12",
        getting.get_folders_for_document,
        "Folders that a document entry is in.",
        _ASSOCIATION_STATUS,
        _LEVEL,
        of=_ONE_ENTRY,
    ),
    _query(
        "GetRelatedDocuments",
        "d90e5407-b356-4d91-a89f-873917b4b0e6",
        "13",
        getting.get_related_documents,
        "Document entries that a document entry is related to, and how.",
        texts(names.ASSOCIATION_TYPES, "types of associations", ASSOCIATION_TYPES).needed(),
        _ENTRY_TYPE,
        _ASSOCIATION_STATUS,
        _LEVEL,
        of=_ONE_ENTRY,
    ),
    _query(
        "FindDocumentsForMultiplePatients",
        "3d1bdb10-39a2-11de-89c2-2f44d94eaa9f",
        _MULTI_PATIENT + "1",
        finding.find_documents,
        "Document entries of several patients, or of any.",
        *_SEVERAL_PATIENTS,
        selective=(
            names.ENTRY_PATIENT_ID,
            names.ENTRY_CLASS_CODE,
            names.ENTRY_EVENT_CODE,
            names.ENTRY_FACILITY_TYPE_CODE,
        ),
    ),
    _query(
        "FindFoldersForMultiplePatients",
        "50d3f5ac-39a2-11de-a1ca-b366239e58df",
        _MULTI_PATIENT + "2",
        finding.find_folders,
        "Folders of several patients, or of any.",
        texts(names.FOLDER_PATIENT_ID, "patientIds, as CX; any if not given"),
        *_FOLDERS,
        selective=(names.FOLDER_PATIENT_ID, names.FOLDER_CODE),
    ),
    _query(
        "FindDocumentsByReferenceIdForMultiplePatients",
        "1191642d-86c4-42d8-b784-f95445f9f0d5",
        _MULTI_PATIENT + "3",
        finding.find_documents,
        "Document entries of several patients, or of any, that refer to an order, an encounter or the like.",
        _REFERENCE.needed(),
        *_SEVERAL_PATIENTS,
    ),
)

BY_ID: Final[Mapping[str, StoredQuery]] = MappingProxyType({query.id: query for query in STORED_QUERIES})
BY_NAME: Final[Mapping[str, StoredQuery]] = MappingProxyType({query.name: query for query in STORED_QUERIES})
