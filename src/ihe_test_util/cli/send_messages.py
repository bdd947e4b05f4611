"""The messages of the ``send`` commands: from files, from a patient in one line, from documents."""

import mimetypes
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ihe_test_util.cli.document_doubts import XML, document_doubts, kind_of
from ihe_test_util.client.message_file import document_in, message_in
from ihe_test_util.content import Content
from ihe_test_util.errors import BadInput, PeerMalformed
from ihe_test_util.exchange import Finding
from ihe_test_util.patients.inline import patient_from_text
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.card import AnyTransaction, Payload
from ihe_test_util.xml.hl7v3 import II, oid_problem, ts
from ihe_test_util.xml.io import Element

if TYPE_CHECKING:
    from ihe_test_util.client.config import ClientConfig, Identifiers, Metadata
    from ihe_test_util.client.endpoint import Endpoint
    from ihe_test_util.client.request import Prepared

_CX: Final = "EXTENSION^^^&OID&ISO, as in PAT-1^^^&2.999.1.2&ISO"
_STALL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sendable:
    """A request, and the very element to send where it was read from a file."""

    card: AnyTransaction
    request: Any
    payload: Payload | None = None

    @property
    def findings(self) -> list[Finding]:
        """What the profile has to say about the request."""
        return self.card.judge(self.request)

    @property
    def doubts(self) -> list[str]:
        """What is odd about the documents that are to be sent."""
        return document_doubts(self.request) if isinstance(self.request, iti41.ProvideAndRegisterRequest) else []

    def prepare(self, endpoint: "Endpoint", new_uuid: Callable[[], str], blocks: Iterable[Element] = ()) -> "Prepared":
        """The HTTP request that would be sent."""
        from ihe_test_util.client.request import prepare  # noqa: PLC0415 - aiohttp is not needed for --help

        payload = self.card.build_request(self.request) if self.payload is None else self.payload
        return prepare(self.card, payload, endpoint, new_uuid=new_uuid, stall_s=_STALL_S, header_blocks=blocks)


def from_file(card: AnyTransaction, path: Path) -> Sendable:
    """A message as it stands in a file; ``-`` is standard input.

    Raises:
        BadInput: a file that cannot be read, or holds another message.
    """
    message = _message(path)
    try:
        request = card.parse_request(message, InlineAttachments())
    except PeerMalformed as error:
        raise BadInput(
            error.message, where=str(path), got=error.got, expected=error.expected, hint=error.hint
        ) from None
    return Sendable(card, request, Payload(message))


def patient_message(
    texts: Sequence[str],
    sender: str | None,
    receiver: str | None,
    identifiers: "Identifiers",
    *,
    now: datetime,
    new_uuid: Callable[[], str],
) -> Sendable:
    """The registration of a patient that was given as ``key=value`` pairs, from and to whom the configuration says.

    Raises:
        BadInput: what is wrong with them, or an OID that is none.
    """
    patient = patient_from_text(texts, today=now.astimezone().date())
    request = pix_add.pix_add_request(
        patient,
        message_id=new_uuid(),
        creation_time=ts(now),
        sender_oid=_oid("--sender", sender or identifiers.sender_oid),
        receiver_oid=_oid("--receiver", receiver or identifiers.receiver_oid),
    )
    return Sendable(pix_add.SPEC, request)


def submission(
    card: AnyTransaction,
    config: "ClientConfig",
    *,
    metadata: Path | None,
    documents: Sequence[str],
    patient_id: str | None,
    source_patient_id: str | None,
    source_id: str | None,
    title: str | None,
    mime_type: str | None,
    unique_id: str | None,
    replaces: str | None,
    now: datetime,
    new_uuid: Callable[[], str],
) -> Sendable:
    """A submission from a metadata file, or from documents alone with what the configuration says of them.

    Raises:
        BadInput: options that do not go together, files that cannot be read, identifiers that are none.
    """
    if metadata is not None:
        made_up = {
            "--patient-id": patient_id,
            "--source-patient-id": source_patient_id,
            "--source-id": source_id,
            "--title": title,
            "--mime-type": mime_type,
            "--unique-id": unique_id,
            "--replace": replaces,
        }
        given = [name for name, value in made_up.items() if value is not None]
        if given:
            raise BadInput(f"{', '.join(given)} cannot go with --metadata, which says it already")
        return _with_metadata(card, metadata, documents)
    if not documents:
        raise BadInput("there is nothing to submit", hint="--document FILE --patient-id CX, or --metadata FILE")
    if patient_id is None:
        raise BadInput("whose document is this?", expected=f"--patient-id {_CX}", hint="or --metadata FILE")
    if (unique_id or replaces) and len(documents) > 1:
        raise BadInput("--unique-id and --replace are for one document", got=f"{len(documents)} documents")
    drafts = [
        _draft(path, title, mime_type, config.metadata, now=now, unique_id=unique_id or _oid_of(new_uuid()))
        for path in documents
    ]
    request = iti41.submission_for(
        drafts,
        patient_id=_cx("--patient-id", patient_id),
        source_patient_id=_cx("--source-patient-id", source_patient_id or patient_id),
        source_id=_oid("--source-id", source_id or config.identifiers.source_oid),
        unique_id=_oid_of(new_uuid()),
        submission_time=_dtm(now),
        title=title or "",
        content_type=config.metadata.content_type_code.value,
        authors=config.metadata.given_authors,
        replaces=replaces or "",
    )
    return Sendable(card, request)


def _with_metadata(card: AnyTransaction, path: Path, documents: Sequence[str]) -> Sendable:
    message = _message(path)
    named = [_named(text) for text in documents]
    by_id = {entry_id: document_in(file) for entry_id, file in named if entry_id}
    in_order = [document_in(file) for entry_id, file in named if not entry_id]
    if by_id and in_order:
        raise BadInput("either every --document names its entry or none does", expected="ID=FILE, or FILE for each")
    if len(by_id) < len(named) and not in_order:
        raise BadInput("two documents are given for one entry", got=", ".join(entry_id for entry_id, _ in named))
    try:
        request = iti41.request_from_metadata(message, by_id or in_order, InlineAttachments())
    except PeerMalformed as error:
        raise BadInput(
            error.message, where=str(path), got=error.got, expected=error.expected, hint=error.hint
        ) from None
    return Sendable(card, request)


def _draft(
    path_text: str,
    title: str | None,
    mime_type: str | None,
    metadata: "Metadata",
    *,
    now: datetime,
    unique_id: str,
) -> iti41.DocumentDraft:
    path = Path(path_text)
    content = document_in(path)
    return iti41.DocumentDraft(
        content,
        unique_id=unique_id,
        creation_time=_dtm(now),
        title=title or path.stem,
        mime_type=mime_type or _media_type(path, content),
        language=metadata.language,
        codes=metadata.codes,
        authors=metadata.given_authors,
    )


def _message(path: Path) -> Element:
    name = "standard input" if str(path) == "-" else str(path)
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise BadInput("the file cannot be read", where=name, got=error.strerror or str(error)) from None
    return message_in(data, name)


def _named(text: str) -> tuple[str, Path]:
    """``ID=FILE`` or ``FILE``; a file whose name holds = goes before an id."""
    entry_id, equals, file = text.partition("=")
    return ("", Path(text)) if not equals or Path(text).exists() else (entry_id, Path(file))


def _media_type(path: Path, content: Content) -> str:
    kind, by_name = kind_of(content), mimetypes.guess_type(path.name)[0] or ""
    if kind == XML and not by_name.endswith("+xml"):
        return "text/xml"  # of a CDA document: ITI TF-3: 5.8, and what XDS-MS and C-CDA senders use
    known = kind if kind not in {XML, "application/zip"} else ""  # many formats are packed so
    return known or by_name or "application/octet-stream"


def _cx(option: str, value: str) -> str:
    found = II.from_cx(value)
    if found is None:
        hint = "" if "&" in value else "quote it: & ends a command in the shell"
        raise BadInput("this is no patient identifier", where=option, got=value, expected=_CX, hint=hint)
    _oid(option, found.root)
    return value


def _oid(option: str, value: str) -> str:
    problem = oid_problem(value)
    if problem:
        raise BadInput(f"this is no OID: {problem}", where=option, got=value, expected="numbers between dots")
    return value


def _oid_of(uuid: str) -> str:
    """An OID under the arc of UUIDs (ITU-T X.667)."""
    return f"2.25.{int(uuid.replace('-', ''), 16)}"


def _dtm(now: datetime) -> str:
    return now.strftime("%Y%m%d%H%M%S")
