"""The requests that are sent: whole HTTP requests, with a marker wherever each one needs an id of its own."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ihe_test_util.api.queries import stored_query
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.request import Prepared, prepare
from ihe_test_util.content import Content
from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.world import MOCK_DEVICE_OID, MOCK_REPOSITORY_OID
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions import iti18, iti41, iti42, iti43, pix_add
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.xml.ebrim import ExtrinsicObject, ObjectList, Slot
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL

#: Stands for the number of a request; as long as one, a valid part of an OID and of a UUID, and found nowhere else.
MARKER: Final = "719273645517"
#: The number of the first request.
FIRST: Final = 100_000_000_000
_DOCUMENT_BYTES: Final = 15 * 1024
_SAMPLE: Final = Path(__file__).parents[1] / "examples" / "sample-ccd.xml"
#: Assigned the patient identifiers.
AUTHORITY: Final = "2.999.4.1"
#: The uniqueIds of documents begin with this and end with the number of the request.
DOCUMENT_ARC: Final = "2.25.1"
_SENDER: Final = "2.999.1.2"
_TIME: Final = "20260314150926"


@dataclass(frozen=True, slots=True)
class Template:
    """An HTTP request in the pieces that stand between its ids; ``body_bytes`` is its Content-Length."""

    name: str
    path: str
    pieces: tuple[bytes, ...]
    body_bytes: int
    findings: tuple[Finding, ...]

    def request(self, number: int) -> bytes:
        """The whole request with a number of its own."""
        return str(FIRST + number).encode().join(self.pieces)

    def to_path(self, path: str) -> "Template":
        """The same request to another path."""
        first = self.pieces[0].replace(self.path.encode(), path.encode(), 1)
        return Template(self.name, path, (first, *self.pieces[1:]), self.body_bytes, self.findings)


def pix_add_template() -> Template:
    """A registration of about 3 KB that strict validation accepts; each request is another patient."""
    patient = Patient(
        identifiers=(II(AUTHORITY, f"BENCH-{MARKER}", "EXAMPLE CLINIC"),),
        names=(PN.of("Mustermann", "Zoë", "Anna", prefix="Dr."), PN.of("Beispiel", "Zoë", use="P")),
        gender="F",
        birth_time="19800229",
        addresses=(
            AD.of("Musterstraße 12", "Hinterhaus", city="Teststadt", state="TS", postal_code="01234", country="DE"),
            AD.of("Postfach 5", city="Teststadt", postal_code="01234", country="DE", use="WP"),
        ),
        telecoms=(TEL("tel:+49-555-0117", "HP"), TEL("mailto:zoe.mustermann@example.org", "WP")),
        other_ids=(II("2.999.4.3", f"INS-{MARKER}"), II("2.999.4.4", f"PASS-{MARKER}")),
    )
    request = pix_add.pix_add_request(
        patient,
        message_id=f"2.999.1.2.1.{MARKER}",
        creation_time=f"{_TIME}+0000",
        sender_oid=_SENDER,
        receiver_oid=MOCK_DEVICE_OID,
    )
    return _template(pix_add.SPEC, request)


def iti41_template() -> Template:
    """A submission of one C-CDA document of about 15 KB as MTOM; each request has unique ids of its own.

    Its patient is the one of ``pix_add_template().request(0)``.
    """
    request = submission(Content.of(sample_document()))
    return _template(iti41.SPEC, request)


def iti42_template() -> Template:
    """The metadata of the same submission, as a repository registers it."""
    metadata = submission(Content.of(sample_document())).metadata
    repository = Slot("repositoryUniqueId", (MOCK_REPOSITORY_OID,))
    objects = [
        replace(each, slots=(*each.slots, repository)) if isinstance(each, ExtrinsicObject) else each
        for each in metadata.request.objects
    ]
    return _template(iti42.SPEC, iti42.RegisterRequest(Metadata(ObjectList(tuple(objects)))))


def iti18_template() -> Template:
    """FindDocuments for the approved documents of a patient, each request of another one, as whole entries."""
    return _template(iti18.SPEC, stored_query("find-documents", {"patient_id": patient(), "status": "approved"}))


def iti43_template() -> Template:
    """A request for one of the documents that were submitted by ``iti41_template``."""
    return _template(iti43.SPEC, retrieval(f"{DOCUMENT_ARC}{MARKER}"))


def retrieval(unique_id: str) -> iti43.RetrieveRequest:
    """A request for one document of the mock's own repository."""
    return iti43.RetrieveRequest((iti43.DocumentRequest(MOCK_REPOSITORY_OID, unique_id),))


def patient(number: str = MARKER) -> str:
    """A patient identifier as CX."""
    return f"BENCH-{number}^^^&{AUTHORITY}&ISO"


def submission(*documents: Content, patient_number: str = str(FIRST)) -> iti41.ProvideAndRegisterRequest:
    """A submission of documents, with the marker in its unique ids."""
    drafts = [
        iti41.DocumentDraft(document, unique_id=f"{DOCUMENT_ARC}{place}{MARKER}", creation_time=_TIME, title="Summary")
        for document, place in zip(documents, ("", *range(1, len(documents))), strict=True)
    ]
    patient_id = patient(patient_number)
    return iti41.submission_for(
        drafts,
        patient_id=patient_id,
        source_patient_id=patient_id,
        source_id=_SENDER,
        unique_id=f"2.25.2{MARKER}",
        submission_time=_TIME,
    )


def prepared(card: AnyTransaction, request: object) -> Prepared:
    """A request as this project's client sends it, with the marker in its message id and MIME boundary."""
    endpoint = Endpoint(f"http://127.0.0.1{card.path}")
    payload = card.build_request(request)
    return prepare(card, payload, endpoint, new_uuid=lambda: f"00000000-0000-4000-8000-{MARKER}", stall_s=60)


def head_of(ready: Prepared, path: str) -> bytes:
    """The head of the HTTP request."""
    headers = (("Host", "127.0.0.1"), ("User-Agent", "benchmark"), *ready.headers)
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode()


def sample_document() -> bytes:
    """A C-CDA document of about 15 KB: the project's sample, repeated or cut to size by its narrative."""
    if _SAMPLE.exists():
        return _SAMPLE.read_bytes()
    rows = "".join(
        f"<tr><td>Observation {number}</td><td>{number * 7 % 200} mmHg</td><td>2026-03-{number % 28 + 1:02}</td></tr>\n"
        for number in range(400)
    )
    start = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">'
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id root="2.999.5.1"/>'
        "<title>Summary</title><component><structuredBody><component><section><text><table><tbody>\n"
    )
    end = "</tbody></table></text></section></component></structuredBody></component></ClinicalDocument>\n"
    room = _DOCUMENT_BYTES - len(start) - len(end)
    return (start + rows[: rows.rindex("<tr>", 0, room)] + end).encode()


def _template(card: AnyTransaction, request: object) -> Template:
    ready = prepared(card, request)
    body = b"".join(ready.body.chunks())
    pieces = (head_of(ready, card.path) + body).split(MARKER.encode())
    return Template(card.name, card.path, tuple(pieces), len(body), tuple(card.judge(request)))
