"""Messages for tests of the server: submissions as packages, whatever their ids say."""

from collections.abc import Sequence
from dataclasses import dataclass

from ihe_test_util.content import Attachment, Content
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.mtom import write_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41
from ihe_test_util.transactions.iti41 import DocumentDraft, submission_for

BOUNDARY = "MIMEBoundary_0b7a3c1e"
PATIENT_ID = "PAT-1^^^&2.999.1.2&ISO"


@dataclass(frozen=True, slots=True)
class Packaged:
    """A message as it travels: its Content-Type, its body, and the envelope within."""

    content_type: str
    body: bytes
    xml: bytes


@dataclass(frozen=True, slots=True)
class Submitted:
    """The envelope of a submission and its documents, not yet packed."""

    xml: bytes
    attachments: tuple[Attachment, ...]
    version: SoapVersion = SoapVersion.V12

    def packed(self) -> Packaged:
        """As an MTOM package."""
        return as_package(self.xml, self.attachments, self.version)


def as_package(
    xml: bytes,
    attachments: Sequence[Attachment] = (),
    version: SoapVersion = SoapVersion.V12,
    *,
    boundary: str = BOUNDARY,
    action: str = iti41.SPEC.action,
) -> Packaged:
    """Anything as the root part of an MTOM package."""
    package = write_package(
        xml, attachments, soap_version=version, action=action, boundary=boundary, root_id="root@ihe-test-util"
    )
    return Packaged(package.content_type, b"".join(package.chunks()), xml)


def submitted(
    *documents: tuple[str, bytes],
    patient_id: str = PATIENT_ID,
    set_id: str = "2.999.4.1",
    version: SoapVersion = SoapVersion.V12,
    title: str = "Summary",
) -> Submitted:
    """A submission of documents (uniqueId, bytes) for an invented patient."""
    drafts = [
        DocumentDraft(Content.of(data), unique_id, "20260102030405", title=title) for unique_id, data in documents
    ]
    return _enveloped(drafts, patient_id, set_id, version)


def _enveloped(drafts: Sequence[DocumentDraft], patient_id: str, set_id: str, version: SoapVersion) -> Submitted:
    request = submission_for(
        drafts,
        patient_id=patient_id,
        source_patient_id=patient_id,
        source_id="2.999.3",
        unique_id=set_id,
        submission_time="20260102030405",
    )
    payload = iti41.SPEC.build_request(request)
    addressing = (
        Addressing(iti41.SPEC.action, "urn:uuid:6f1c2a3e-0000-4000-8000-000000000002")
        if version is SoapVersion.V12
        else NONE
    )
    xml = write_envelope(payload.element, version=version, addressing=addressing)
    return Submitted(xml, payload.attachments, version)


def submission(*documents: tuple[str, bytes], patient_id: str = PATIENT_ID, set_id: str = "2.999.4.1") -> Packaged:
    """A submission as an MTOM package; one small document where none is given."""
    given = documents or (("2.999.5.1", b"<ClinicalDocument/>"),)
    return submitted(*given, patient_id=patient_id, set_id=set_id).packed()
