"""Reading log files: the last matching lines, through rotation, and what is appended."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.mock_server.log_follow import LogFollower
from ihe_test_util.mock_server.logs import LogFilter, compile_pattern, head_at, tail, tail_records

TRACE = """\
2026-01-31T10:00:00.000Z INFO     ihe.edge: first
2026-01-31T11:00:00.000Z ERROR    ihe.edge: failed
    Traceback (most recent call last):
    INFO: looks like a level
    ValueError: odd
2026-01-31T11:30:00.000Z DEBUG    ihe.edge: <a>
    ERROR within a body
    </a>
2026-01-31T11:45:00.000Z WARNING  ihe.edge: doubtful
"""
EVERYTHING = LogFilter()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a stack trace, a body of several lines, and times an hour and less apart."""
    path = tmp_path / "mock-server.log"
    path.write_text(TRACE, encoding="utf-8")
    return path


def shown(lines: tuple[bytes, ...] | list[bytes]) -> list[str]:
    """The lines as text."""
    return [line.decode() for line in lines]


@given(data=st.binary(max_size=300).map(lambda data: data.replace(b"\x01", b"\n")), count=st.integers(0, 12))
def test_the_tail_of_any_file_is_its_last_lines(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, count: int
) -> None:
    """Without a filter the last lines come as they are, whatever they are."""
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(data)
    whole = data.removesuffix(b"\n").split(b"\n") if data else []

    assert tail(path, count, EVERYTHING) == (whole[-count:] if count else [])


@given(
    records=st.lists(
        st.tuples(
            st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
            st.lists(st.sampled_from(["a", "b", "ab"])),
        )
    ),
    level=st.sampled_from([None, "DEBUG", "INFO", "WARNING", "ERROR"]),
    pattern=st.sampled_from([None, "a", "b$"]),
    count=st.integers(1, 8),
)
def test_the_tail_of_what_matches_is_that_of_reading_it_all(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[str, list[str]]],
    level: str | None,
    pattern: str | None,
    count: int,
) -> None:
    """Filtering backwards gives the last of what filtering forwards would."""
    order = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    lines: list[str] = []
    wanted: list[str] = []
    for number, (own, further) in enumerate(records):
        block = [f"2026-01-31T10:00:00.{number:03d}Z {own:<8} x: head", *(f"    {text}" for text in further)]
        lines += block
        if level is None or order.index(own) >= order.index(level):
            wanted += [line for line in block if pattern is None or compile_pattern(pattern).search(line)]
    path = tmp_path_factory.getbasetemp() / "levels.log"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    found = tail(path, count, LogFilter(level, pattern=compile_pattern(pattern) if pattern else None))

    assert shown(found) == wanted[-count:]


def test_level_is_a_threshold_on_the_records_own_level(log: Path) -> None:
    """A stack trace comes with its record; a word in a body counts for nothing."""
    found = shown(tail(log, 50, LogFilter(level="WARNING")))

    assert [line.split()[0] if line.startswith(" ") else line.split()[1] for line in found] == [
        "ERROR",
        "Traceback",
        "INFO:",
        "ValueError:",
        "WARNING",
    ]


def test_since_leaves_out_what_is_older(log: Path) -> None:
    """A record not older than the time comes, with its further lines."""
    found = shown(tail(log, 50, LogFilter(since=datetime(2026, 1, 31, 11, 30, tzinfo=UTC))))

    assert len(found) == 4
    assert found[0].endswith("<a>")


def test_grep_finds_lines(log: Path) -> None:
    """The lines that the pattern finds something in, not their whole records."""
    assert shown(tail(log, 50, LogFilter(pattern=compile_pattern("odd|doubt")))) == [
        "    ValueError: odd",
        "2026-01-31T11:45:00.000Z WARNING  ihe.edge: doubtful",
    ]


def test_records_come_whole(log: Path) -> None:
    """As records, a pattern finds one by any of its lines, and the number counts records."""
    found = tail_records(log, 1, LogFilter(pattern=compile_pattern("odd")))

    assert [record.message for record in found] == [
        "failed\nTraceback (most recent call last):\nINFO: looks like a level\nValueError: odd"
    ]


def test_the_tail_goes_on_into_rotated_files(log: Path) -> None:
    """Just after a rotation the last lines are those of the file before."""
    log.rename(log.with_name(log.name + ".1"))
    log.write_text("2026-01-31T11:50:00.000Z INFO     ihe.edge: new\n", encoding="utf-8")

    found = shown(tail(log, 2, EVERYTHING))

    assert [line.rpartition(": ")[2] for line in found] == ["doubtful", "new"]


def test_a_record_whose_lines_were_parted_by_rotation_keeps_its_level(log: Path) -> None:
    """Lines at the start of a file belong to the last record of the file before."""
    log.rename(log.with_name(log.name + ".1"))
    log.write_text("    more doubt\n", encoding="utf-8")

    assert shown(tail(log, 1, LogFilter(level="WARNING"))) == ["    more doubt"]
    assert tail(log, 5, LogFilter(level="ERROR"))[-1] == b"    ValueError: odd"


def test_following_begins_after_the_last_line(log: Path) -> None:
    """Lines that were there are the tail's; a line comes when it has its end."""
    follower = LogFollower(log)
    with log.open("a", encoding="utf-8") as stream:
        stream.write("one\ntw")
        stream.flush()
        first = follower.look()
        stream.write("o\n")
        stream.flush()
        second = follower.look()

    assert (shown(first.lines), shown(second.lines), follower.look().lines) == (["one"], ["two"], ())


def test_following_goes_on_after_rotation(log: Path) -> None:
    """What was written before, between and after several rotations comes, each line once, in order."""
    follower = LogFollower(log)
    for number in range(3):
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{number}\n")
        for older in (2, 1, 0):
            source = log.with_name(f"{log.name}.{older}") if older else log
            if source.exists():
                source.rename(log.with_name(f"{log.name}.{older + 1}"))
        log.touch()
    log.write_text("last\n", encoding="utf-8")

    news = follower.look()

    assert (shown(news.lines), news.note) == (["0", "1", "2", "last"], "")


@pytest.mark.parametrize(
    "shorten",
    [lambda path: path.write_text("new\n"), lambda path: path.write_text("another text, longer\n" * 50 + "new\n")],
    ids=["shorter", "longer"],
)
def test_following_sees_truncation(log: Path, shorten: Callable[[Path], None]) -> None:
    """A file written anew is read from its start, even when it is longer than before by then."""
    follower = LogFollower(log)
    shorten(log)

    news = follower.look()

    assert news.lines[-1] == b"new"
    assert "truncated" in news.note
    assert follower.look().lines == ()


def test_following_waits_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A log that begins later is read from its start."""
    path = tmp_path / "later.log"
    follower = LogFollower(path)
    before = follower.look()
    path.write_text("one\n", encoding="utf-8")

    assert (before.lines, follower.look().lines) == ((), (b"one",))


def test_following_says_when_the_file_was_replaced(log: Path) -> None:
    """A file that is gone for good is not passed over in silence."""
    follower = LogFollower(log)
    other = log.with_name("other")
    other.write_text("new\n", encoding="utf-8")
    other.replace(log)

    news = follower.look()

    assert news.lines == (b"new",)
    assert "replaced" in news.note


def test_the_record_at_a_place_is_found(log: Path) -> None:
    """The level of what may continue is that of the last head before."""
    place = LogFollower(log).place
    assert place is not None

    head = head_at(log, place)

    assert head is not None
    assert head.message == "doubtful"
