"""A submission made from documents alone: metadata that every strict repository accepts, all ids and times given."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.metadata import Author, Code, Metadata
from ihe_test_util.transactions.iti41.model import ProvideAndRegisterRequest, ProvidedDocument
from ihe_test_util.xml.ebrim import (
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    InternationalString,
    LocalizedString,
    ObjectList,
    RegistryPackage,
    Slot,
    urns,
)

_SET_ID: Final = "SubmissionSet01"
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

#: What a submission set with such a document contains.
EPISODE_SUMMARY: Final = Code("34133-9", _LOINC, "Summary of episode note")


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
    submission_set = RegistryPackage(
        id=_SET_ID,
        slots=(_slot("submissionTime", submission_time),),
        name=_name(title),
        classifications=(
            Classification(
                f"{_SET_ID}.kind",
                classified_object=_SET_ID,
                node=urns.SUBMISSION_SET,
                object_type=urns.TYPE_CLASSIFICATION,
            ),
            *_set_classifications(content_type, tuple(authors)),
        ),
        external_identifiers=_identifiers(
            _SET_ID,
            (urns.SET_PATIENT_ID, "XDSSubmissionSet.patientId", patient_id),
            (urns.SET_SOURCE_ID, "XDSSubmissionSet.sourceId", source_id),
            (urns.SET_UNIQUE_ID, "XDSSubmissionSet.uniqueId", unique_id),
        ),
        object_type=urns.TYPE_REGISTRY_PACKAGE,
    )
    associations = tuple(
        Association(
            id=f"Association{number:02}",
            slots=(_slot("SubmissionSetStatus", "Original"),),
            object_type=urns.TYPE_ASSOCIATION,
            association_type=urns.HAS_MEMBER,
            source=_SET_ID,
            target=entry.id,
        )
        for number, entry in enumerate(entries, start=1)
    )
    if replaces:
        associations += (_replacement(entries[0].id, replaces),)
    return ProvideAndRegisterRequest(
        Metadata(ObjectList((*entries, submission_set, *associations))),
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
    info = (_slot("sourcePatientInfo", *source_patient_info),) if source_patient_info else ()
    return ExtrinsicObject(
        id=entry_id,
        slots=(
            _slot("creationTime", draft.creation_time),
            _slot("hash", draft.content.sha1),
            _slot("languageCode", draft.language),
            _slot("size", str(draft.content.size)),
            _slot("sourcePatientId", source_patient_id),
            *info,
        ),
        name=_name(draft.title),
        classifications=_entry_classifications(entry_id, draft.codes, draft.authors),
        external_identifiers=_identifiers(
            entry_id,
            (urns.ENTRY_PATIENT_ID, "XDSDocumentEntry.patientId", patient_id),
            (urns.ENTRY_UNIQUE_ID, "XDSDocumentEntry.uniqueId", draft.unique_id),
        ),
        object_type=urns.STABLE_DOCUMENT,
        mime_type=draft.mime_type,
    )


# All documents of a run have the same codes and authors, or nearly so.
@lru_cache(maxsize=64)
def _entry_classifications(
    entry_id: str, codes: DocumentCodes, authors: tuple[Author, ...]
) -> tuple[Classification, ...]:
    coded = (
        (urns.ENTRY_CLASS_CODE, codes.class_code),
        (urns.ENTRY_TYPE_CODE, codes.type_code),
        (urns.ENTRY_FORMAT_CODE, codes.format_code),
        (urns.ENTRY_FACILITY_TYPE_CODE, codes.facility_type_code),
        (urns.ENTRY_PRACTICE_SETTING_CODE, codes.practice_setting_code),
        *((urns.ENTRY_CONFIDENTIALITY_CODE, code) for code in codes.confidentiality_codes),
    )
    return _classifications(entry_id, coded, urns.ENTRY_AUTHOR, authors)


@lru_cache(maxsize=64)
def _set_classifications(content_type: Code, authors: tuple[Author, ...]) -> tuple[Classification, ...]:
    return _classifications(_SET_ID, ((urns.SET_CONTENT_TYPE_CODE, content_type),), urns.SET_AUTHOR, authors)


def _classifications(
    owner: str, codes: Sequence[tuple[str, Code]], author_scheme: str, authors: Sequence[Author]
) -> tuple[Classification, ...]:
    coded = ((scheme, code.code, (_slot("codingScheme", code.scheme),), _name(code.display)) for scheme, code in codes)
    written = ((author_scheme, "", _author_slots(author), ()) for author in authors)
    return tuple(
        Classification(
            f"{owner}.c{number}",
            scheme,
            owner,
            representation,
            slots=slots,
            name=name,
            object_type=urns.TYPE_CLASSIFICATION,
        )
        for number, (scheme, representation, slots, name) in enumerate((*coded, *written), start=1)
    )


def _author_slots(author: Author) -> tuple[Slot, ...]:
    slots = (
        Slot("authorPerson", (author.person,) if author.person else ()),
        Slot("authorInstitution", author.institutions),
        Slot("authorRole", author.roles),
        Slot("authorSpecialty", author.specialties),
        Slot("authorTelecommunication", author.telecoms),
    )
    return tuple(slot for slot in slots if slot.values)


def _identifiers(owner: str, *values: tuple[str, str, str]) -> tuple[ExternalIdentifier, ...]:
    return tuple(
        ExternalIdentifier(
            f"{owner}.i{number}", scheme, owner, value, name=_name(name), object_type=urns.TYPE_EXTERNAL_IDENTIFIER
        )
        for number, (scheme, name, value) in enumerate(values, start=1)
    )


def _slot(name: str, *values: str) -> Slot:
    return Slot(name, values)


def _name(text: str) -> InternationalString:
    return (LocalizedString(text),) if text else ()
