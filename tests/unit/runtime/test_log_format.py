"""The line format of the log file: what is written can be read back, and nobody can forge a record."""

import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.runtime.log_format import LineFormatter, parse_head, stamp


def record(message: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    """A record of the logger ihe.edge, five milliseconds after a second."""
    made = logging.makeLogRecord({"name": "ihe.edge", "levelno": level, "levelname": logging.getLevelName(level)})
    made.msg = message
    made.created = 1_769_867_109.0049
    for name, value in extra.items():
        setattr(made, name, value)
    return made


def test_a_record_reads_as_time_level_logger_message() -> None:
    """The time is ISO 8601 in UTC with milliseconds, never rounded into the next second."""
    line = LineFormatter().format(record("ready", logging.WARNING))

    assert line == "2026-01-31T13:45:09.004Z WARNING  ihe.edge: ready"


@given(st.text(), st.sampled_from([10, 20, 30, 40, 50]))
def test_whatever_is_logged_has_one_head_and_no_control_character(message: str, level: int) -> None:
    """A message of a peer can neither look like a second record nor command a terminal."""
    first, *further = LineFormatter().format(record(message, level)).encode("utf-8", "backslashreplace").split(b"\n")

    head = parse_head(first)
    assert head is not None
    assert (head.severity, head.logger) == (level, "ihe.edge")
    assert all(parse_head(line) is None for line in further)
    assert not any(byte < 32 and byte != 9 for line in [first, *further] for byte in line)


def test_a_forged_record_in_a_message_stays_part_of_it() -> None:
    """A line break and the text of a head within a message are indented."""
    forged = "nothing\n2026-01-31T13:45:09.004Z ERROR    ihe.edge: forged"

    lines = LineFormatter().format(record(forged)).split("\n")

    assert lines[1] == "    2026-01-31T13:45:09.004Z ERROR    ihe.edge: forged"


def test_a_stack_trace_follows_its_message() -> None:
    """An exception is written below the message, indented."""
    try:
        raise ValueError("odd")  # noqa: TRY301 - the trace is what is tested
    except ValueError as error:
        info = (type(error), error, error.__traceback__)

    lines = LineFormatter().format(record("failed", logging.ERROR, exc_info=info)).split("\n")

    assert lines[0].endswith("ihe.edge: failed")
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ValueError: odd"


def test_a_level_in_between_is_written_as_the_standard_one_below() -> None:
    """Every record has one of five levels, so that a threshold can be applied to it."""
    line = LineFormatter().format(record("x", 35))

    assert " WARNING " in line


@pytest.mark.parametrize(
    "line", [b"", b"    at x", b"INFO: x", b"2026-01-31 13:45:09,004 INFO x: y", b"2026-01-31T13:45:09.004Z NOTE a: b"]
)
def test_other_lines_are_no_head(line: bytes) -> None:
    """What this package did not write as a head is not taken for one."""
    assert parse_head(line) is None


def test_a_head_is_read_back() -> None:
    """Time, level, logger and message come back as written."""
    line = LineFormatter().format(record("a: b")).encode()

    head = parse_head(line)
    assert head is not None
    assert (head.stamp, head.level, head.logger, head.message) == (
        "2026-01-31T13:45:09.004Z",
        "INFO",
        "ihe.edge",
        "a: b",
    )


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30)), st.integers(1, 10**9))  # noqa: DTZ001 - made aware below
def test_stamps_sort_as_their_times(moment: datetime, more: int) -> None:
    """Comparing stamps as text is comparing times, whatever zone they were given in."""
    early = moment.replace(tzinfo=UTC)
    try:
        late = (early + timedelta(milliseconds=more)).astimezone(timezone(timedelta(hours=5)))
    except OverflowError:
        return

    assert stamp(early) < stamp(late)
