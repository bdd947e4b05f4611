"""Reading the log: lines backwards, times, patterns, and what becomes of the lines of a record."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import BadInput
from ihe_test_util.mock_server.log_follow import RecordSieve, Sieve
from ihe_test_util.mock_server.logs import LogFilter, compile_pattern, lines_backwards, parse_since
from ihe_test_util.runtime.log_format import parse_head

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ERROR = b"2026-01-31T11:00:00.000Z ERROR    ihe.edge: failed"
INFO = b"2026-01-31T11:30:00.000Z INFO     ihe.edge: fine"


@given(st.binary(max_size=400).map(lambda data: data.replace(b"\x01", b"\n")), st.integers(1, 30))
def test_reading_backwards_gives_the_lines_of_any_file(data: bytes, block_bytes: int) -> None:
    """Whatever the file holds and wherever blocks end, its lines come, last first."""
    whole = data.removesuffix(b"\n").split(b"\n") if data else []

    found = list(lines_backwards(io.BytesIO(data), block_bytes=block_bytes))

    assert found == whole[::-1]


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_reading_backwards_from_a_place_sees_nothing_after_it(before: bytes, after: bytes) -> None:
    """What was appended after the place belongs to whoever follows."""
    stream = io.BytesIO(before + b"\n" + after)

    assert list(lines_backwards(stream, len(before) + 1)) == list(lines_backwards(io.BytesIO(before + b"\n")))


@given(
    records=st.lists(st.tuples(st.sampled_from(["INFO", "ERROR"]), st.integers(0, 3)), max_size=12),
    block_bytes=st.integers(1, 200),
)
def test_reading_backwards_may_leave_out_records_that_are_not_wanted(
    records: list[tuple[str, int]], block_bytes: int
) -> None:
    """Every line of a wanted record comes, wherever blocks end; a line left out has its head left out or shown."""
    lines = [
        line
        for number, (level, further) in enumerate(records)
        for line in [f"2026-01-31T11:00:00.{number:03d}Z {level:<8} x: y".encode(), *[b"    %d" % number] * further]
    ]
    wanted = LogFilter(level="ERROR")

    stream = io.BytesIO(b"".join(line + b"\n" for line in lines))
    found = list(lines_backwards(stream, None, wanted, block_bytes=block_bytes))

    sieve_all = list(Sieve(wanted, None).lines(lines))
    assert list(Sieve(wanted, None).lines(reversed(found))) == sieve_all


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("10m", NOW - timedelta(minutes=10)),
        ("1h30m", NOW - timedelta(minutes=90)),
        ("2d", NOW - timedelta(days=2)),
        ("2026-01-31T10:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00:00.5+02:00", datetime(2026, 1, 31, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T10:00", datetime(2026, 1, 31, 10).astimezone(UTC)),
        ("2026-01-31", datetime(2026, 1, 31).astimezone(UTC)),
    ],
)
def test_since_is_an_age_or_a_time(text: str, expected: datetime) -> None:
    """An age counts back from now; a time without a zone is local."""
    assert parse_since(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "10", "m", "yesterday", "-5m", "99999999999999d", "2026-13-01"])
def test_since_that_is_neither_says_what_is_expected(text: str) -> None:
    """The error shows what was given and both forms."""
    with pytest.raises(BadInput) as caught:
        parse_since(text, NOW)

    assert caught.value.got == text
    assert "10m" in caught.value.expected
    assert "ISO 8601" in caught.value.expected


@given(st.text(max_size=20))
def test_since_of_any_text_is_a_time_or_a_clear_error(text: str) -> None:
    """No text makes it fail otherwise."""
    try:
        moment = parse_since(text, NOW)
    except BadInput:
        return
    assert moment.tzinfo is not None


def test_an_invalid_pattern_is_an_error_with_the_position() -> None:
    """It says at which character it goes wrong."""
    with pytest.raises(BadInput, match="Invalid regular expression") as caught:
        compile_pattern("ab(c")

    assert caught.value.where == "--grep, character 3"
    assert caught.value.got == "ab(c"


@given(st.text(max_size=12))
def test_any_pattern_compiles_or_is_a_clear_error(text: str) -> None:
    """No text makes it fail otherwise."""
    try:
        compile_pattern(text)
    except BadInput as error:
        assert "character" in error.where  # noqa: PT017 - either way is right


def test_followed_lines_stay_with_the_level_of_their_record() -> None:
    """Further lines come with their record, also when they arrive at a later look."""
    sieve = Sieve(LogFilter(level="ERROR"), None)

    first = list(sieve.lines([INFO, b"    ERROR in a body", ERROR]))
    later = list(sieve.lines([b"    Traceback", INFO, b"    more"]))

    assert first == [ERROR]
    assert later == [b"    Traceback"]


def test_following_begins_in_the_record_that_was_last() -> None:
    """The first line to come may belong to the last record that the tail showed."""
    sieve = Sieve(LogFilter(level="ERROR"), parse_head(ERROR))

    assert list(sieve.lines([b"    Traceback"])) == [b"    Traceback"]


def test_a_followed_record_is_whole() -> None:
    """A record comes with all its lines, when another begins or nothing follows."""
    sieve = RecordSieve(LogFilter(pattern=compile_pattern("odd")))

    ended = list(sieve.records([ERROR, b"    ValueError: odd", INFO]))
    rest = list(sieve.rest())

    assert [record.message for record in ended] == ["failed\nValueError: odd"]
    assert rest == []
