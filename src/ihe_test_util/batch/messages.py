"""The messages of one patient: the registration (ITI-44) and the submission of the document (ITI-41)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ihe_test_util.batch.plan import PatientPlan
from ihe_test_util.documents.document import Document
from ihe_test_util.documents.settings import DocumentSettings
from ihe_test_util.domain.xds.metadata import Author, Code
from ihe_test_util.patients.mapping import patient_of
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.transactions.iti41 import DocumentCodes, DocumentDraft, ProvideAndRegisterRequest, submission_for
from ihe_test_util.transactions.pix_add import PixAddRequest, pix_add_request
from ihe_test_util.xml.hl7v3 import II, ts

#: What ebRIM allows in a value.
_MAX_VALUE: Final = 256
#: What separates the parts of a field in HL7 V2.
_SEPARATORS: Final = frozenset("^&|~\\")
#: HL7 V2 escapes of what separates the parts of a field (HL7 V2.5.1, 2.7.1).
_ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": " ", "\r": " "}
)


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """What all messages of a run have in common; ``settings`` is what the documents say of their origin."""

    sender_oid: str
    receiver_oid: str
    source_oid: str
    mrn_oid: str
    mime_type: str
    codes: DocumentCodes
    content_type: Code
    author: Author
    settings: DocumentSettings


def registration(plan: PatientPlan, settings: MessageSettings) -> PixAddRequest:
    """The message that registers the patient."""
    return pix_add_request(
        patient_of(plan.row, mrn_oid=settings.mrn_oid),
        message_id=plan.message_id,
        creation_time=ts(plan.now),
        sender_oid=settings.sender_oid,
        receiver_oid=settings.receiver_oid,
    )


def submission(
    plan: PatientPlan, document: Document, registered_id: str, settings: MessageSettings
) -> ProvideAndRegisterRequest:
    """The message that submits the patient's document under the identifier that the registration gave."""
    title = document.title or settings.settings.title
    draft = DocumentDraft(
        document.content,
        unique_id=document.unique_id,
        creation_time=_dtm(document.creation_time),
        title=title,
        mime_type=settings.mime_type,
        language=document.language or settings.settings.language,
        codes=settings.codes,
        authors=(settings.author,),
    )
    return submission_for(
        (draft,),
        patient_id=registered_id,
        source_patient_id=plan.patient_id,
        source_id=settings.source_oid,
        unique_id=plan.submission_set_id,
        submission_time=_dtm(plan.now),
        title=title,
        content_type=settings.content_type,
        authors=(settings.author,),
        source_patient_info=tuple(source_patient_info(plan.row, plan.patient_id, settings.settings.country)),
    )


def registered_id(plan: PatientPlan, acknowledged: Sequence[str]) -> tuple[str, str]:
    """The patient's identifier after registration, as CX, and a note where the acknowledgement's is of no use.

    A PIX manager need not name one (ITI TF-2: 3.44.4.1.3); then it is the one that was fed. A bare identifier belongs
    to the assigning authority of the one that was fed.
    """
    given = next((text.strip() for text in acknowledged if text.strip()), "")
    if not given:
        return plan.patient_id, ""
    whole = II.from_cx(given)
    identifier = whole.extension if whole is not None else given
    if len(given) <= _MAX_VALUE and identifier.isprintable() and not set(identifier) & _SEPARATORS:
        if whole is not None:
            return given, ""
        if " " not in given:  # else it is a sentence
            return II(plan.row.patient_id_oid, given).cx, ""
    return (
        plan.patient_id,
        f"the acknowledgement names {given[:80]!r}, which is no patient identifier; the row's is used",
    )


def source_patient_info(row: PatientRow, patient_id: str, country: str) -> Iterator[str]:
    """Values of sourcePatientInfo (ITI TF-3: 4.2.3.2.23); what is longer than a slot allows is left out."""
    address = (row.address, "", row.city, row.state, row.zip, country if row.address or row.city else "")
    values = (
        ("PID-3", patient_id),
        ("PID-5", "^".join((_escaped(row.last_name), _escaped(row.first_name)))),
        ("PID-7", row.dob.isoformat().replace("-", "")),
        ("PID-8", row.gender),
        ("PID-11", "^".join(map(_escaped, address)).rstrip("^")),
    )
    for name, value in values:
        if value and len(name) + 1 + len(value) <= _MAX_VALUE:
            yield f"{name}|{value}"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _dtm(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
