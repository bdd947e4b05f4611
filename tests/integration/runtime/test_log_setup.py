"""Writing the log file: nothing lost, nothing mixed, one rotation, whoever writes."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_test_util.errors import ConfigError
from ihe_test_util.runtime.log_format import backup
from ihe_test_util.runtime.log_setup import SharedFileHandler, close_logging, set_level, set_up_logging

WRITER = """
import logging, sys
from pathlib import Path
from ihe_test_util.runtime.log_setup import SharedFileHandler
handler = SharedFileHandler(Path(sys.argv[1]), max_bytes=20_000, backups=200)
log = logging.getLogger("writer")
log.addHandler(handler)
log.setLevel("INFO")
for number in range(2000):
    log.log(logging.WARNING if number % 7 == 0 else logging.INFO, "%s-%d %s", sys.argv[2], number, "x" * (number % 50))
"""


FORKER = """
import logging, os, sys
from pathlib import Path
from ihe_test_util.runtime.log_setup import SharedFileHandler
handler = SharedFileHandler(Path(sys.argv[1]))
log = logging.getLogger("forker")
log.addHandler(handler)
log.setLevel("INFO")
log.info("parent")
child = os.fork()
if not child:
    log.info("child")
    handler.close()
    os._exit(0)
os.waitpid(child, 0)
handler.close()
"""


@pytest.fixture
def log_path(tmp_path: Path) -> Iterator[Path]:
    """A log file of its own, with logging put back afterwards."""
    yield tmp_path / "logs" / "mock-server.log"
    close_logging()


def text_of(path: Path) -> str:
    """Everything in a log and its rotated files, in order."""
    files = [path, *(backup(path, number) for number in range(1, 300))]
    return "".join(each.read_text(encoding="utf-8") for each in reversed(files) if each.exists())


def handler_for(path: Path, **limits: int) -> tuple[logging.Logger, SharedFileHandler]:
    """A logger that writes to the file, and its handler."""
    handler = SharedFileHandler(path, **limits)
    log = logging.Logger("test")  # noqa: LOG001 - a logger of this test alone
    log.addHandler(handler)
    return log, handler


def test_a_warning_is_in_the_file_when_the_call_returns(log_path: Path) -> None:
    """So is everything that was logged before it."""
    log, handler = handler_for(log_path)

    log.info("first")
    log.warning("second")

    assert [line.rpartition(": ")[2] for line in text_of(log_path).splitlines()] == ["first", "second"]
    handler.close()


def test_closing_writes_everything(log_path: Path) -> None:
    """A normal stop loses no line."""
    log, handler = handler_for(log_path)
    for number in range(500):
        log.info("%d", number)

    handler.close()

    assert len(text_of(log_path).splitlines()) == 500


def test_a_quiet_line_is_written_without_another_one(log_path: Path) -> None:
    """The file is written regularly, not only when more comes."""
    log, handler = handler_for(log_path)

    log.info("alone")
    while not log_path.stat().st_size:  # the test's timeout is the limit
        os.sched_yield() if hasattr(os, "sched_yield") else None

    assert "alone" in text_of(log_path)
    handler.close()


def test_the_file_is_rotated_between_records(log_path: Path) -> None:
    """Files stay within the limit, the oldest go, and a record of several lines is never parted."""
    log, handler = handler_for(log_path, max_bytes=1000, backups=3)
    for number in range(60):
        log.info("%d\nsecond\nthird", number)
    handler.close()

    files = sorted(log_path.parent.iterdir())
    assert [path.name for path in files] == ["mock-server.log", *(f"mock-server.log.{n}" for n in (1, 2, 3))]
    assert all(path.stat().st_size <= 1000 for path in files)
    assert all(path.read_text(encoding="utf-8").endswith("    third\n") for path in files)
    assert re.findall(r": (\d+)$", text_of(log_path), re.MULTILINE)[-1] == "59"


def test_a_record_longer_than_a_file_is_written_whole(log_path: Path) -> None:
    """The limit gives way to a record that fits in no file."""
    log, handler = handler_for(log_path, max_bytes=100, backups=2)

    log.info("small")
    log.info("x" * 500)
    log.info("small")
    handler.close()

    assert "x" * 500 in text_of(log_path)
    assert text_of(log_path).count("small") == 2


def test_several_processes_share_a_file(log_path: Path) -> None:
    """No line is lost, none is mixed with another, and every process's lines stay in order across rotations."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(log_path), name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]

    lines = text_of(log_path).splitlines()

    assert len(lines) == 6000
    found = [re.fullmatch(r"\S+Z (?:INFO|WARNING) +writer: (\w)-(\d+) (x*)", line) for line in lines]
    assert all(found)
    for name in "abc":
        numbers = [int(each[2]) for each in found if each and each[1] == name]
        assert numbers == list(range(2000))
    assert all(backup(log_path, number).stat().st_size <= 20_000 for number in range(1, 10))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_forked_child_writes_only_its_own_lines(log_path: Path) -> None:
    """What the parent holds is written once, by the parent."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKER, str(log_path)], check=True)

    assert text_of(log_path).count(": parent") == 1
    assert text_of(log_path).count(": child") == 1


def test_a_removed_log_begins_again(log_path: Path) -> None:
    """Whoever deletes the file or its directory loses what was in it, and nothing after."""
    log, handler = handler_for(log_path)
    log.warning("before")
    log_path.unlink()
    log_path.parent.rmdir()

    log.warning("after")
    handler.close()

    assert text_of(log_path).count("after") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_survived_and_told(log_path: Path) -> None:
    """Logging goes on in memory while the disk refuses; nothing raises into the server."""
    log_path.parent.mkdir()
    log_path.symlink_to("/dev/full")
    log, handler = handler_for(log_path)
    log.warning("during")
    log_path.unlink()

    log.warning("after")
    handler.close()

    assert [line.rpartition(": ")[2] for line in text_of(log_path).splitlines()] == ["during", "after"]


def test_a_log_that_cannot_be_written_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    """It names the place and the setting."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError) as caught:
        set_up_logging(tmp_path / "file" / "x.log", "INFO")

    assert str(tmp_path / "file" / "x.log") in caught.value.where
    assert "log_path" in caught.value.hint


def test_the_packages_records_are_logged_from_the_level_on(log_path: Path) -> None:
    """Other libraries are heard from WARNING on; the level can be changed while running."""
    set_up_logging(log_path, "info")
    ours, theirs = logging.getLogger("ihe_test_util.x"), logging.getLogger("aiohttp.x")

    ours.debug("1")
    ours.info("2")
    theirs.info("3")
    theirs.warning("4")
    set_level("DEBUG")
    ours.debug("5")
    close_logging()

    assert re.findall(r"(\d)$", text_of(log_path), re.MULTILINE) == ["2", "4", "5"]
