"""Exchanges as rows of the journal, and back."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from ihe_test_util.exchange import Exchange, Finding, Message, Outcome, PartRecord, Severity
from ihe_test_util.store.database import Row, microseconds, moment

#: What a row costs beside the bytes that are counted one by one.
ENTRY_BYTES: Final = 512

#: Columns in the order of ``to_row``.
COLUMNS: Final = (
    "end_offset",
    "size",
    "id",
    "started",
    "duration_s",
    "peer",
    "method",
    "target",
    "transaction_code",
    "interaction",
    "outcome",
    "http_status",
    "summary",
    "details",
    "request_head",
    "response_head",
    "request",
    "response",
    "attachments",
)
#: Columns in the order that ``read_entry`` wants them, without bodies.
HEAD_COLUMNS: Final = (
    "seq, id, started, duration_s, peer, method, target, transaction_code, interaction, outcome, http_status, summary,"
    " details, request_head, response_head, length(request), length(response)"
)
#: Columns that ``read_exchange`` wants after those.
BODY_COLUMNS: Final = "request, response, attachments"

# Escaped to ASCII: what a hostile peer put into a message need not be valid Unicode.
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_NOT_KEPT: Final = " (bodies not kept: too large for the journal)"

_Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An exchange as lists show it: without bodies, but with their sizes in bytes; ``seq`` is its place."""

    seq: int
    exchange: Exchange
    request_bytes: int
    response_bytes: int


def weight(exchange: Exchange) -> int:
    """About how many bytes an exchange takes."""
    size = ENTRY_BYTES + len(exchange.request.body) + len(exchange.response.body)
    if exchange.request.parts or exchange.response.parts:
        size += sum([len(part.data) for part in _parts(exchange) if part.data is not None])
    return size


def without_bodies(exchange: Exchange) -> Exchange:
    """What is kept of an exchange that is too large."""
    return replace(
        exchange,
        summary=exchange.summary + _NOT_KEPT,
        request=_bare(exchange.request),
        response=_bare(exchange.response),
    )


def to_row(exchange: Exchange, *, size: int, end_offset: int) -> Row:
    """The row of an exchange, in the order of ``COLUMNS``."""
    request, response = exchange.request, exchange.response
    attachments = None
    if request.parts or response.parts:
        attachments = b"".join([part.data for part in _parts(exchange) if part.data is not None]) or None
    details = None
    if exchange.findings or request.parts or response.parts:
        details = _ENCODE(
            (
                [_part(part) for part in request.parts],
                [_part(part) for part in response.parts],
                [_finding(finding) for finding in exchange.findings],
            )
        )
    return (
        end_offset,
        size,
        exchange.id,
        microseconds(exchange.started),
        exchange.duration_s,
        exchange.peer,
        exchange.method,
        exchange.target,
        exchange.transaction,
        exchange.interaction,
        str(exchange.outcome),
        exchange.http_status,
        exchange.summary,
        details,
        _head(request),
        _head(response),
        request.body,
        response.body,
        attachments,
    )


def encodable(row: Row) -> Row:
    """The row with text that is not Unicode written out; for the rare one that the database refuses."""
    return tuple(
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for value in row
    )


def read_entry(row: Sequence[_Json]) -> JournalEntry:
    """The entry in a row of ``HEAD_COLUMNS``."""
    return JournalEntry(row[0], _exchange(row, b"", b"", b""), row[15], row[16])


def read_exchange(row: Sequence[_Json]) -> Exchange:
    """The exchange in a row of ``HEAD_COLUMNS`` and ``BODY_COLUMNS``."""
    request, response, attachments = row[17:20]
    return _exchange(row, request, response, attachments or b"")


def _exchange(row: Sequence[_Json], request: bytes, response: bytes, attachments: bytes) -> Exchange:
    details, request_head, response_head = row[12:15]
    request_parts, response_parts, findings = json.loads(details) if details else ((), (), ())
    data = _Cut(attachments)
    return Exchange(
        id=row[1],
        started=moment(row[2]),
        duration_s=row[3],
        peer=row[4],
        method=row[5],
        target=row[6],
        transaction=row[7],
        interaction=row[8],
        outcome=Outcome(row[9]),
        http_status=row[10],
        summary=row[11],
        request=Message(_headers(request_head), request, tuple(_read_part(part, data) for part in request_parts)),
        response=Message(_headers(response_head), response, tuple(_read_part(part, data) for part in response_parts)),
        findings=tuple(_read_finding(*finding) for finding in findings),
    )


class _Cut:
    """Hands out consecutive pieces."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def next(self, size: int) -> bytes | None:
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece if len(piece) == size else None


def _parts(exchange: Exchange) -> Iterator[PartRecord]:
    yield from exchange.request.parts
    yield from exchange.response.parts


def _bare(message: Message) -> Message:
    return replace(message, body=b"", parts=tuple(replace(part, data=None) for part in message.parts))


def _head(message: Message) -> bytes:
    # As it was on the wire (RFC 9112, 5), bytes that are no UTF-8 included, which aiohttp decodes to surrogates.
    return "\r\n".join([f"{name}: {value}" for name, value in message.headers]).encode("utf-8", "surrogateescape")


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    pairs = [line.partition(": ") for line in head.decode("utf-8", "surrogateescape").split("\r\n") if line]
    return tuple((name, value) for name, _, value in pairs)


def _part(part: PartRecord) -> tuple[_Json, ...]:
    path = None if part.path is None else str(part.path)
    return (part.content_id, part.content_type, part.size, part.sha1, path, part.data is not None)


def _read_part(values: list[_Json], data: _Cut) -> PartRecord:
    content_id, content_type, size, sha1, path, kept = values
    where = None if path is None else Path(path)
    return PartRecord(content_id, content_type, size, sha1, where, data.next(size) if kept else None)


def _finding(finding: Finding) -> tuple[_Json, ...]:
    return (
        finding.rule,
        finding.section,
        finding.severity.value,
        finding.sentence,
        finding.path,
        finding.got,
        finding.want,
        finding.line,
    )


def _read_finding(*values: _Json) -> Finding:
    rule, section, severity, *rest = values
    return Finding(rule, section, Severity(severity), *rest)
