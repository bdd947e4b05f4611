"""Exchanges as rows of the journal."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.exchange import Exchange, Finding, Message, Outcome, PartRecord, Severity
from ihe_test_util.store.database import Row
from ihe_test_util.store.journal_rows import COLUMNS, read_entry, read_exchange, to_row, weight, without_bodies

#: A machine that does other work as well is no failure.
_AT_EASE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_TOKENS = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", fullmatch=True)
# What HTTP lets through: no line ends; bytes that are no UTF-8 arrive as surrogates.
_VALUES = st.binary(max_size=40).map(
    lambda value: value.replace(b"\r", b"").replace(b"\n", b"").decode("utf-8", "surrogateescape")
)
_TEXT = st.text(max_size=40)
_SHA1 = st.text("0123456789abcdef", min_size=40, max_size=40)


@st.composite
def _parts(draw: st.DrawFn) -> PartRecord:
    data = draw(st.none() | st.binary(max_size=50))
    size = draw(st.integers(0, 10**12)) if data is None else len(data)
    path = draw(st.none() | st.just(Path("content/ab/abc")))
    return PartRecord(draw(_TEXT), draw(_TEXT), size, draw(_SHA1), path, data)


_MESSAGES = st.builds(
    Message,
    headers=st.lists(st.tuples(_TOKENS, _VALUES), max_size=4).map(tuple),
    body=st.binary(max_size=100),
    parts=st.lists(_parts(), max_size=3).map(tuple),
)
_FINDINGS = st.builds(
    Finding, _TEXT, _TEXT, st.sampled_from(Severity), _TEXT, _TEXT, _TEXT, _TEXT, st.none() | st.integers(1)
)
_EXCHANGES = st.builds(
    Exchange,
    id=_TEXT,
    started=st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware by timezones
    duration_s=st.floats(0, 1e6),
    peer=_TEXT,
    method=_TEXT,
    target=_TEXT,
    transaction=_TEXT,
    interaction=_TEXT,
    outcome=st.sampled_from(Outcome),
    http_status=st.integers(0, 599),
    summary=_TEXT,
    request=_MESSAGES,
    response=_MESSAGES,
    findings=st.lists(_FINDINGS, max_size=3).map(tuple),
)


def _selected(row: Row) -> Row:
    """A row as a query for everything gives it."""
    told = dict(zip(COLUMNS, row, strict=True))
    request, response = told["request"], told["response"]
    assert isinstance(request, bytes)
    assert isinstance(response, bytes)
    return (7, *row[2:16], len(request), len(response), request, response, told["attachments"])


@_AT_EASE
@given(_EXCHANGES)
def test_an_exchange_comes_back_as_it_was(exchange: Exchange) -> None:
    """Nothing of an exchange is lost or changed by the journal, byte for byte."""
    row = to_row(exchange, size=weight(exchange), end_offset=10)
    assert read_exchange(_selected(row)) == exchange


@_AT_EASE
@given(_EXCHANGES)
def test_an_entry_says_how_large_the_bodies_are(exchange: Exchange) -> None:
    """Lists show sizes in place of bodies."""
    entry = read_entry(_selected(to_row(exchange, size=1, end_offset=1)))
    assert (entry.seq, entry.request_bytes, entry.response_bytes) == (
        7,
        len(exchange.request.body),
        len(exchange.response.body),
    )
    assert entry.exchange.request.body == b""
    assert entry.exchange.findings == exchange.findings


@_AT_EASE
@given(_EXCHANGES)
def test_what_is_too_large_keeps_all_but_its_bodies(exchange: Exchange) -> None:
    """The summary says that bodies are missing; headers, parts and findings stay."""
    kept = without_bodies(exchange)
    assert weight(kept) <= weight(exchange)
    assert "not kept" in kept.summary
    assert kept.request.headers == exchange.request.headers
    assert [part.sha1 for part in kept.request.parts] == [part.sha1 for part in exchange.request.parts]
