"""``mock start -b``: success means that this very instance answers; a failure leaves nothing behind."""

import json
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from ihe_test_util.cli.mock_commands import read_pid_file
from ihe_test_util.mock_server.probe import Address, read_health
from tests.support.command import Command, processes_in
from tests.support.patience import PATIENCE_S

Make = Callable[[str], Command]


def left_behind(command: Command) -> list[str]:
    """Every file in the directory but the log, and every process."""
    files = [str(path.relative_to(command.directory)) for path in command.directory.rglob("*") if path.is_file()]
    return [name for name in files if not name.startswith("mocks/logs/")] + [
        str(process) for process in processes_in(command.directory)
    ]


def test_a_start_tells_everything_that_is_needed(command: Command, port: str) -> None:
    """Protocol, URL, every endpoint, pid, log file and the next commands are printed; the exit code is 0."""
    done = command("mock", "start", "-b", "--port", port)

    assert (done.returncode, done.stderr) == (0, "")
    (server,) = command.servers()
    url = f"http://127.0.0.1:{port}"
    for expected in (
        "Protocol:    HTTP\n",
        f"URL:         {url}\n",
        f"ITI-44  {url}/pix/add  Patient Identity Feed\n",
        f"PID:         {server.pid}\n",
        f"Log:         {command.log}\n",
        "ihe-test-util mock status\n",
        "ihe-test-util mock stop\n",
    ):
        assert expected in done.stdout


def test_the_server_outlives_the_command_in_a_session_of_its_own(command: Command, port: str) -> None:
    """Closing the terminal that started it does not end it."""
    command("mock", "start", "-b", "--port", port)

    (server,) = command.servers()
    assert os.getsid(server.pid) == server.pid
    assert os.getsid(server.pid) != os.getsid(0)


def test_the_pid_file_says_which_process_it_is(command: Command, port: str) -> None:
    """It is JSON, readable by all, and has what recognises the process for sure."""
    command("mock", "start", "-b", "--port", port)

    record = read_pid_file(command.pid_file)
    assert record is not None
    (server,) = command.servers()
    assert (record["pid"], record["port"], record["protocol"]) == (server.pid, int(port), "http")
    assert (record["host"], record["config_file"]) == ("0.0.0.0", None)
    assert datetime.now(UTC) - datetime.fromisoformat(record["start_time"]) < timedelta(minutes=2)
    assert record["os_start_time"] == pytest.approx(server.create_time(), abs=0.1)
    assert stat.S_IMODE(command.pid_file.stat().st_mode) == 0o644
    health = read_health(Address("http", "0.0.0.0", int(port)), timeout_s=5)
    assert health.instance_id == record["instance_id"]


def test_a_second_start_is_refused(command: Command, port: str) -> None:
    """It names the server that runs; that one is not disturbed."""
    command("mock", "start", "-b", "--port", port)
    (server,) = command.servers()

    again = command("mock", "start", "-b", "--port", port)

    assert again.returncode == 1
    assert "The mock server is already running" in again.stderr
    assert f"pid {server.pid}" in again.stderr
    assert command.servers() == [server]


def test_of_two_starts_at_the_same_moment_one_wins(command: Command, port: str) -> None:
    """The other says who won."""
    both = [command.begin("mock", "start", "-b", "--port", port) for _ in range(2)]
    said = [each.communicate(timeout=PATIENCE_S) for each in both]

    assert sorted(each.returncode for each in both) == [0, 1]
    (server,) = command.servers()
    loser = next(error for each, (_, error) in zip(both, said, strict=True) if each.returncode)
    assert "already running" in loser
    assert f"pid {server.pid}" in loser


def test_a_port_in_use_names_its_holder(command: Command) -> None:
    """The process that listens there is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 1
    assert f"Port {port} is already in use" in done.stderr
    assert f"pid {os.getpid()}" in done.stderr
    assert left_behind(command) == []


def test_a_port_that_another_server_of_ours_has_is_told_with_the_remedy(command: Command, port: str) -> None:
    """Its number, its directory, and how to stop it there; not the innards of its command line."""
    command("mock", "start", "-b", "--port", port)
    (server,) = command.servers()
    elsewhere = command.directory / "elsewhere"
    elsewhere.mkdir()

    done = command("mock", "start", "-b", "--port", port, cwd=elsewhere)

    assert done.returncode == 1
    assert f"another ihe-test-util mock server (pid {server.pid}, working directory {command.directory})" in done.stderr
    assert f"cd {command.directory} && ihe-test-util mock stop" in done.stderr
    assert "gc" not in done.stderr.split()
    assert "ihe-test-util mock start" in server.cmdline()


@pytest.mark.parametrize("given", ["0", "70000", "-1", "http", "80.5", "\uff18\uff10"])
def test_an_invalid_port_is_refused(command: Command, given: str) -> None:
    """Before anything is done."""
    done = command("mock", "start", "-b", f"--port={given}")

    assert done.returncode == 1
    assert f"Invalid port {given}\n" in done.stderr
    assert "1 to 65535" in done.stderr
    assert left_behind(command) == []


def test_a_host_that_is_not_ours_is_refused(command: Command, port: str) -> None:
    """TEST-NET-1 belongs to nobody."""
    done = command("mock", "start", "-b", "--port", port, "--host", "192.0.2.1")

    assert done.returncode == 1
    assert "not an address of this machine" in done.stderr
    assert left_behind(command) == []


def test_a_broken_configuration_is_told_by_place(command: Command, port: str) -> None:
    """The child's own error is what the command shows."""
    config = command.directory / "broken.json"
    config.write_text('{\n  "https_port": "x",\n  "host": 7\n}', encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port, "--config", "broken.json")

    assert done.returncode == 1
    assert "broken.json:2:" in done.stderr
    assert "https_port" in done.stderr
    assert "\n  broken.json:3:" in done.stderr
    assert done.stderr.count("broken.json") == 2


def test_a_child_that_dies_is_told_with_its_last_words(make_command: Make, port: str) -> None:
    """Exit code, what it printed, and its last log lines are shown; nothing is left."""
    command = make_command("die")

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 1
    assert "ended with exit code 3 before it was ready" in done.stderr
    assert "    a last word" in done.stderr
    assert "stand-in begins" in done.stderr
    assert f"The last lines of {command.log}:" in done.stderr
    assert left_behind(command) == []


def test_a_child_that_refuses_is_quoted(make_command: Make, port: str) -> None:
    """Its reason arrives with all its parts, and its last log lines."""
    command = make_command("refuse")

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: The stand-in refuses\n  at:       here\n  try:      another stand-in\n")
    assert f"The last lines of {command.log}:" in done.stderr
    assert left_behind(command) == []


def test_only_the_lines_of_the_failed_child_are_shown(make_command: Make, port: str) -> None:
    """What an earlier server logged is not mixed in."""
    command = make_command("refuse")
    command.log.parent.mkdir(parents=True)
    command.log.write_text("2026-01-31T10:00:00.000Z ERROR    ihe: long ago\n", encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port)

    assert "stand-in begins" in done.stderr
    assert "long ago" not in done.stderr


def test_a_child_that_does_not_get_ready_is_ended(make_command: Make, port: str) -> None:
    """After --timeout it is killed, and nothing is left."""
    command = make_command("hang")

    done = command("mock", "start", "-b", "--port", port, "--timeout", "2")

    assert done.returncode == 1
    assert "not ready within 2 s, and was ended" in done.stderr
    assert left_behind(command) == []


def test_an_answer_of_another_instance_does_not_count(make_command: Make, port: str) -> None:
    """That something answers on the port is no success."""
    command = make_command("impostor")

    done = command("mock", "start", "-b", "--port", port, "--timeout", "2")

    assert done.returncode == 1
    assert f"another server answers at http://127.0.0.1:{port}" in done.stderr
    assert left_behind(command) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_an_interrupted_start_leaves_nothing(make_command: Make, port: str) -> None:
    """Ctrl-C while waiting ends the child as well, without a trace; the exit code is 130."""
    command = make_command("hang")
    start = command.begin("mock", "start", "-b", "--port", port)
    while not command.log.exists():  # the test's timeout is the limit
        assert start.poll() is None

    start.send_signal(signal.SIGINT)
    _, error = start.communicate(timeout=PATIENCE_S)

    assert (start.returncode, error.strip()) == (130, "")
    assert left_behind(command) == []


def test_a_killed_server_is_replaced(command: Command, port: str) -> None:
    """Its PID file is recognised as stale, and the log says so."""
    command("mock", "start", "-b", "--port", port)
    (killed,) = command.servers()
    killed.kill()
    psutil.wait_procs([killed], timeout=PATIENCE_S)

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 0
    (server,) = command.servers()
    assert f"PID:         {server.pid}\n" in done.stdout
    assert f"of a server that is gone (pid {killed.pid}) is replaced" in command.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "12345", "{", '{"pid": "x"}', '{"pid": 1}', "\x00" * 50, "[" * 50_000])
def test_a_pid_file_that_is_none_is_replaced(command: Command, port: str, content: str) -> None:
    """Whatever stands there, it does not stop a start."""
    command.pid_file.parent.mkdir()
    command.pid_file.write_text(content, encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 0
    assert json.loads(command.pid_file.read_text(encoding="utf-8"))["port"] == int(port)


def test_a_pid_file_of_another_program_is_replaced(command: Command, port: str) -> None:
    """A number that belongs to somebody else by now is stale; that program is left alone."""
    command.pid_file.parent.mkdir()
    record = {"pid": os.getpid(), "port": int(port), "protocol": "http", "host": "127.0.0.1", "instance_id": "x"}
    content = record | {"start_time": "2026-01-01T00:00:00+00:00", "os_start_time": 1.0}
    command.pid_file.write_text(json.dumps(content), encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 0


def test_files_can_be_elsewhere(command: Command, port: str) -> None:
    """The PID file and the log go where the environment or the configuration say; messages show absolute paths."""
    config = command.directory / "c.json"
    config.write_text('{"log_path": "elsewhere/x.log"}', encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port, "--config", "c.json", MOCK_SERVER_PID_FILE="run/x.pid")

    assert done.returncode == 0
    assert f"{command.directory}/elsewhere/x.log" in done.stdout
    assert f"{command.directory}/run/x.pid" in done.stdout
    assert (command.directory / "run" / "x.pid").exists()
    assert command("mock", "status", MOCK_SERVER_PID_FILE="run/x.pid").returncode == 0


def test_a_directory_that_cannot_be_written_is_told(command: Command, port: str) -> None:
    """A file where the directory should be."""
    (command.directory / "mocks").touch()

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 1
    assert f"{command.directory}/mocks" in done.stderr
    assert re.search("pid_file|log_path", done.stderr)


def test_a_file_in_the_place_of_the_directory_is_told(command: Command, port: str) -> None:
    """What is there, and what is needed."""
    (command.directory / "mocks").write_text("", encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 1
    assert f"{command.directory / 'mocks'} is a file; a directory is needed" in done.stderr


def test_a_failed_start_leaves_no_directory_behind(command: Command) -> None:
    """That it made itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command("mock", "start", "-b", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert list(command.directory.iterdir()) == []


def test_modules_in_the_working_directory_are_not_taken_for_ours(command: Command, port: str) -> None:
    """A user's json.py does not come into the server."""
    for name in ("json", "logging", "click", "ihe_test_util"):
        (command.directory / f"{name}.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")

    done = command("mock", "start", "-b", "--port", port)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_foreground_start_ends_with_ctrl_c(command: Command, port: str) -> None:
    """It says what it serves when it is ready, and cleans up."""
    server = command.begin("mock", "start", "--port", port)
    assert server.stdout is not None
    said = [next(server.stdout)]
    while "Ctrl-C" not in said[-1]:
        said.append(next(server.stdout))
    running = command("mock", "status")

    server.send_signal(signal.SIGINT)
    _, log = server.communicate(timeout=PATIENCE_S)

    assert running.returncode == 0
    assert server.returncode == 0
    assert "mock server is ready" in log
    assert left_behind(command) == []


def test_a_start_is_not_held_up_by_a_lock_that_nobody_holds(command: Command, port: str) -> None:
    """The lock file of a start that was killed is just a file."""
    command.pid_file.parent.mkdir()
    lock = Path(f"{command.pid_file}.lock")
    lock.touch()

    done = command("mock", "start", "-b", "--port", port)

    assert done.returncode == 0
    assert not lock.exists()
