"""A submission made from documents alone: metadata that every strict repository accepts, all ids and times given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.metadata import Author, Code, Metadata
from ihe_test_util.domain.xds.writing import (
    EPISODE_SUMMARY,
    submission_set,
    written_classifications,
    written_identifiers,
    written_name,
    written_slot,
)
from ihe_test_util.transactions.iti41.model import ProvideAndRegisterRequest, ProvidedDocument
from ihe_test_util.xml.ebrim import (
    Association,
    ExtrinsicObject,
    ObjectList,
    urns,
)

_LOINC: Final = "2.16.840.1.113883.6.1"
_SNOMED_CT: Final = "2.16.840.1.113883.6.96"


@dataclass(frozen=True, slots=True)
class DocumentCodes:
    """The coded attributes of a document entry (ITI TF-3: 4.2.3.2)."""

    class_code: Code
    type_code: Code
    format_code: Code
    facility_type_code: Code
    practice_setting_code: Code
    confidentiality_codes: tuple[Code, ...]


#: The codes of a C-CDA summary from a hospital, of normal confidentiality.
C_CDA_SUMMARY: Final = DocumentCodes(
    class_code=Code("SUMMARIES", "1.3.6.1.4.1.19376.1.2.6.1", "Summaries"),
    type_code=Code("34133-9", _LOINC, "Summary of episode note"),
    format_code=Code(
        "urn:hl7-org:sdwg:ccda-structuredBody:2.1", "1.3.6.1.4.1.19376.1.2.3", "C-CDA R2.1 structured body"
    ),
    facility_type_code=Code("22232009", _SNOMED_CT, "Hospital"),
    practice_setting_code=Code("394802001", _SNOMED_CT, "General medicine"),
    confidentiality_codes=(Code("N", "2.16.840.1.113883.5.25", "Normal"),),
)


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document to be submitted; ``unique_id`` is its OID, ``creation_time`` a DTM in UTC."""

    content: Content
    unique_id: str
    creation_time: str
    title: str = ""
    mime_type: str = "text/xml"
    language: str = "en-US"
    codes: DocumentCodes = C_CDA_SUMMARY
    authors: tuple[Author, ...] = ()


def submission_for(
    documents: Sequence[DocumentDraft],
    *,
    patient_id: str,
    source_patient_id: str,
    source_id: str,
    unique_id: str,
    submission_time: str,
    title: str = "",
    content_type: Code = EPISODE_SUMMARY,
    authors: Sequence[Author] = (),
    source_patient_info: Sequence[str] = (),
    replaces: str = "",
) -> ProvideAndRegisterRequest:
    """The submission of documents for one patient, the same for the same arguments.

    ``replaces`` is the entryUUID of the document entry that the first document takes the place of.

    Patient ids are CX (``id^^^&OID&ISO``), ``source_id`` and ``unique_id`` OIDs of the source and of the submission
    set, ``submission_time`` a DTM in UTC, ``source_patient_info`` values ``PID-n|…``. Objects have symbolic ids
    (``Document01``), which a registry replaces. Hash and size are those of the contents.

    Raises:
        OSError: the content of a document cannot be read.
    """
    entries = tuple(
        _entry(f"Document{number:02}", draft, patient_id, source_patient_id, source_patient_info)
        for number, draft in enumerate(documents, start=1)
    )
    own = submission_set(
        patient_id=patient_id,
        source_id=source_id,
        unique_id=unique_id,
        submission_time=submission_time,
        title=title,
        content_type=content_type,
        authors=authors,
    )
    associations = tuple(
        Association(
            id=f"Association{number:02}",
            slots=(written_slot("SubmissionSetStatus", "Original"),),
            object_type=urns.TYPE_ASSOCIATION,
            association_type=urns.HAS_MEMBER,
            source=own.id,
            target=entry.id,
        )
        for number, entry in enumerate(entries, start=1)
    )
    if replaces:
        associations += (_replacement(entries[0].id, replaces),)
    return ProvideAndRegisterRequest(
        Metadata(ObjectList((*entries, own, *associations))),
        tuple(ProvidedDocument(entry.id, draft.content) for entry, draft in zip(entries, documents, strict=True)),
    )


def _replacement(entry_id: str, replaced: str) -> Association:
    return Association(
        id="Replacement01",
        object_type=urns.TYPE_ASSOCIATION,
        association_type=urns.REPLACES,
        source=entry_id,
        target=replaced,
    )


def _entry(
    entry_id: str,
    draft: DocumentDraft,
    patient_id: str,
    source_patient_id: str,
    source_patient_info: Sequence[str],
) -> ExtrinsicObject:
    codes = draft.codes
    info = (written_slot("sourcePatientInfo", *source_patient_info),) if source_patient_info else ()
    return ExtrinsicObject(
        id=entry_id,
        slots=(
            written_slot("creationTime", draft.creation_time),
            written_slot("hash", draft.content.sha1),
            written_slot("languageCode", draft.language),
            written_slot("size", str(draft.content.size)),
            written_slot("sourcePatientId", source_patient_id),
            *info,
        ),
        name=written_name(draft.title),
        classifications=written_classifications(
            entry_id,
            (
                (urns.ENTRY_CLASS_CODE, codes.class_code),
                (urns.ENTRY_TYPE_CODE, codes.type_code),
                (urns.ENTRY_FORMAT_CODE, codes.format_code),
                (urns.ENTRY_FACILITY_TYPE_CODE, codes.facility_type_code),
                (urns.ENTRY_PRACTICE_SETTING_CODE, codes.practice_setting_code),
                *((urns.ENTRY_CONFIDENTIALITY_CODE, code) for code in codes.confidentiality_codes),
            ),
            urns.ENTRY_AUTHOR,
            draft.authors,
        ),
        external_identifiers=written_identifiers(
            entry_id,
            (urns.ENTRY_PATIENT_ID, "XDSDocumentEntry.patientId", patient_id),
            (urns.ENTRY_UNIQUE_ID, "XDSDocumentEntry.uniqueId", draft.unique_id),
        ),
        object_type=urns.STABLE_DOCUMENT,
        mime_type=draft.mime_type,
    )
