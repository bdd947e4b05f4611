"""``mock logs``: the command around the reader."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Command
from tests.support.patience import PATIENCE_S

LINES = [
    "2026-01-31T10:00:00.000Z INFO     ihe.edge: first",
    "2026-01-31T11:00:00.000Z ERROR    ihe.edge: failed",
    "    Traceback (most recent call last):",
    "    ValueError: odd",
    "2026-01-31T11:45:00.000Z WARNING  ihe.edge: doubtful",
]


@pytest.fixture
def logged(command: Command) -> Command:
    """The command line in a directory with a log, and no server."""
    command.log.parent.mkdir(parents=True)
    command.log.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return command


def test_the_log_is_shown_without_a_server(logged: Command) -> None:
    """As it stands, without colour where there is no terminal."""
    done = logged("mock", "logs")

    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, LINES, "")


def test_filters_work_together(logged: Command) -> None:
    """The last N lines of those that pass all of them; --level in any case."""
    done = logged(
        "mock", "logs", "--tail", "1", "--level", "error", "--since", "2026-01-31T10:30Z", "--grep", "Trace|first"
    )

    assert done.stdout.splitlines() == [LINES[2]]


def test_json_gives_an_object_a_record(logged: Command) -> None:
    """With the message whole."""
    done = logged("mock", "logs", "--json", "--level", "ERROR")

    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "time": "2026-01-31T11:00:00.000Z",
            "level": "ERROR",
            "logger": "ihe.edge",
            "message": "failed\nTraceback (most recent call last):\nValueError: odd",
        }
    ]


def test_no_log_file_is_told_with_its_place(command: Command) -> None:
    """By its absolute path, with exit code 1."""
    done = command("mock", "logs")

    assert done.returncode == 1
    assert "There is no log file" in done.stderr
    assert str(command.log) in done.stderr


@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_nothing_that_matches_is_said_on_stderr(logged: Command, json_option: list[str]) -> None:
    """An empty answer is told from one that was lost."""
    done = logged("mock", "logs", "--grep", "zzzz", *json_option)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Nothing in {logged.log} matches.\n"


def test_an_invalid_regex_is_told_with_its_position(logged: Command) -> None:
    """With exit code 1."""
    done = logged("mock", "logs", "--grep", "a(b")

    assert done.returncode == 1
    assert "Invalid regular expression" in done.stderr
    assert "character 2" in done.stderr


def test_what_others_wrote_does_not_command_the_terminal(logged: Command) -> None:
    """An escape sequence in a log that something else wrote is shown, not sent."""
    logged.log.write_bytes(b"a\x1b[31mred\x07\n")

    assert logged("mock", "logs").stdout == "a\\x1b[31mred\\x07\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a running program cannot be interrupted alone there")
def test_following_shows_the_tail_and_what_comes_across_rotation(logged: Command) -> None:
    """Ctrl-C ends it, without a trace."""
    follow = logged.begin("mock", "logs", "-f", "--tail", "1")
    assert follow.stdout is not None
    shown = [next(follow.stdout)]

    with logged.log.open("a", encoding="utf-8") as stream:
        stream.write("before rotation\n")
    shown.append(next(follow.stdout))
    logged.log.rename(logged.log.with_name(logged.log.name + ".1"))
    logged.log.write_text("after rotation\n", encoding="utf-8")
    shown.append(next(follow.stdout))
    logged.log.write_text("short\n", encoding="utf-8")
    shown.append(next(follow.stdout))
    follow.send_signal(signal.SIGINT)
    _, error = follow.communicate(timeout=PATIENCE_S)

    assert shown == [LINES[-1] + "\n", "before rotation\n", "after rotation\n", "short\n"]
    assert follow.returncode == 130
    assert "Traceback" not in error


def test_a_reader_that_goes_is_no_error(logged: Command) -> None:
    """As in ``mock logs | head -1``: no trace."""
    logged.log.write_text("x" * 80 + "\n", encoding="utf-8")
    with logged.log.open("a", encoding="utf-8") as stream:
        stream.write(("y" * 80 + "\n") * 50_000)
    show = logged.begin("mock", "logs", "--tail", "50000")
    assert show.stdout is not None
    show.stdout.readline()
    show.stdout.close()
    assert show.stderr is not None
    error = show.stderr.read()
    show.stderr.close()
    show.wait(timeout=PATIENCE_S)

    assert error == ""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals to be had")
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_there_is_colour_on_a_terminal_only(logged: Command, variables: dict[str, str], coloured: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """And none where the user said NO_COLOR."""
    ours, theirs = os.openpty()
    environ = logged.environ({"TERM": "xterm", **variables})
    subprocess.run(logged.line("mock", "logs"), cwd=logged.directory, env=environ, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)

    assert (b"\x1b[31m" in shown) is coloured
    assert b"failed" in shown


def test_a_running_server_tells_where_its_log_is(command: Command, port: str, tmp_path: Path) -> None:
    """The log of the server that runs is shown, wherever its configuration put it."""
    (tmp_path / "c.json").write_text('{"log_path": "x/y.log"}', encoding="utf-8")
    command("mock", "start", "-b", "--port", port, "--config", "c.json")

    done = command("mock", "logs", "--grep", "is ready")

    assert len(done.stdout.splitlines()) == 1
