"""``mock stop``: requests in flight finish, what does not end is killed, and nobody else is ever signalled."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.command import Command
from tests.support.patience import PATIENCE_S

Make = Callable[[str], Command]


@pytest.fixture
def running(command: Command, port: str) -> Command:
    """The command line, with a server that runs."""
    assert command("mock", "start", "-b", "--port", port).returncode == 0
    return command


class SlowRequest:
    """A request that is answered when it is let go."""

    def __init__(self, directory: Path, port: str) -> None:
        self._directory = directory
        self._port = int(port)
        self.answer = ""
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        while not (directory / "arrived").exists():  # the test's timeout is the limit
            pass

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/slow")
            self.answer = str(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            self.answer = type(error).__name__
        finally:
            connection.close()

    def let_go(self) -> None:
        """Have it answered."""
        (self._directory / "release").touch()

    def finished(self) -> str:
        """The status, or what became of it."""
        self._thread.join()
        return self.answer


@pytest.fixture
def slow(running: Command, port: str) -> Iterator[SlowRequest]:
    """A request in flight."""
    request = SlowRequest(running.directory, port)
    yield request
    request.let_go()
    request.finished()


@pytest.fixture
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """A program that has nothing to do with us."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_stop_ends_the_server_and_removes_its_file(running: Command) -> None:
    """It says so, with exit code 0."""
    (server,) = running.servers()

    done = running("mock", "stop")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"pid {server.pid}" in done.stdout
    assert done.stdout.endswith("The mock server has stopped\n")
    assert running.servers() == []
    assert [path.name for path in running.pid_file.parent.iterdir()] == ["logs"]


def test_the_log_is_complete_after_a_stop(running: Command) -> None:
    """The last line is the last word of the server."""
    running("mock", "stop")

    assert running.log.read_text(encoding="utf-8").endswith("mock server has stopped\n")


def test_a_request_in_flight_is_answered_first(running: Command, slow: SlowRequest) -> None:
    """A stop waits for it."""
    stop = running.begin("mock", "stop")
    assert stop.stdout is not None
    said = next(stop.stdout)  # from now on the server knows
    slow.let_go()
    rest, _ = stop.communicate(timeout=PATIENCE_S)

    assert slow.finished() == "200"
    assert said.startswith("Stopping the mock server")
    assert rest == "The mock server has stopped\n"
    assert stop.returncode == 0


def test_what_does_not_end_in_time_is_killed(running: Command, slow: SlowRequest) -> None:
    """The output says so; the exit code is 0, because nothing runs any more."""
    done = running("mock", "stop", "--timeout", "0.3")

    assert slow.finished() != "200"
    assert done.returncode == 0
    assert "did not end within 0.3 s and was killed" in done.stderr
    assert done.stdout.endswith("The mock server was killed\n")
    assert running.servers() == []
    assert not running.pid_file.exists()


def test_force_does_not_wait_for_requests(running: Command, slow: SlowRequest) -> None:
    """The server is told twice, ends by itself, and keeps its log."""
    done = running("mock", "stop", "--force", "--timeout", "60")

    assert slow.finished() != "200"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("The mock server has stopped\n")
    assert running.log.read_text(encoding="utf-8").endswith("mock server has stopped\n")


def test_a_deaf_server_is_killed_by_force(make_command: Make, port: str) -> None:
    """Force ends it after a short while even if it does not listen."""
    command = make_command("deaf")
    command("mock", "start", "-b", "--port", port)

    done = command("mock", "stop", "--force", "--timeout", "0.5")

    assert done.returncode == 0
    assert command.servers() == []


def test_nothing_to_stop_is_no_error(command: Command) -> None:
    """The message says where the PID file would be."""
    done = command("mock", "stop")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"not running: there is no PID file {command.pid_file}" in done.stdout


def test_a_stale_file_is_removed(running: Command) -> None:
    """After a kill a stop says so, and cleans up."""
    (server,) = running.servers()
    server.kill()
    psutil.wait_procs([server], timeout=PATIENCE_S)

    done = running("mock", "stop")

    assert done.returncode == 0
    assert f"process {server.pid} is gone" in done.stdout
    assert "stale PID file" in done.stdout
    assert not running.pid_file.exists()


def test_another_program_is_never_signalled(command: Command, bystander: "subprocess.Popen[bytes]", port: str) -> None:
    """A file with the number of a process that started at another time is stale."""
    command.pid_file.parent.mkdir()
    record = {"pid": bystander.pid, "port": int(port), "protocol": "http", "host": "127.0.0.1", "instance_id": "x"}
    content = record | {"start_time": "2026-01-01T00:00:00+00:00", "os_start_time": 1_700_000_000.0}
    command.pid_file.write_text(json.dumps(content), encoding="utf-8")

    done = command("mock", "stop", "--force")

    assert done.returncode == 0
    assert "no process was signalled" in done.stdout
    assert bystander.poll() is None
    assert not command.pid_file.exists()


def test_without_a_start_time_a_process_must_be_ours(
    command: Command, bystander: "subprocess.Popen[bytes]", port: str
) -> None:
    """A file that something else wrote is believed only if the command line agrees."""
    command.pid_file.parent.mkdir()
    record = {"pid": bystander.pid, "port": int(port), "protocol": "http", "host": "127.0.0.1", "start_time": ""}
    command.pid_file.write_text(json.dumps(record), encoding="utf-8")

    command("mock", "stop")

    assert bystander.poll() is None


def test_a_broken_configuration_does_not_keep_a_server_running(running: Command) -> None:
    """A stop needs the PID file only, and warns."""
    (running.directory / "mocks" / "config.json").write_text("{", encoding="utf-8")

    done = running("mock", "stop")

    assert done.returncode == 0
    assert "Warning" in done.stderr
    assert running.servers() == []


def test_the_servers_configuration_finds_its_pid_file(command: Command, port: str) -> None:
    """--config names the server where its configuration put the file elsewhere."""
    (command.directory / "c.json").write_text('{"pid_file": "run/c.pid"}', encoding="utf-8")
    command("mock", "start", "-b", "--port", port, "--config", "c.json")

    without = command("mock", "stop")
    done = command("mock", "stop", "--config", "c.json")

    assert "not running" in without.stdout
    assert done.stdout.endswith("The mock server has stopped\n")


def test_a_named_configuration_that_broke_still_finds_its_server(command: Command, port: str) -> None:
    """What can be made out of pid_file is enough for a status and a stop; the server is shown, with one warning."""
    config = command.directory / "c.json"
    config.write_text('{"pid_file": "run/c.pid"}', encoding="utf-8")
    command("mock", "start", "-b", "--port", port, "--config", "c.json")
    config.write_text('{"pid_file": "run/c.pid", "http_prt": ', encoding="utf-8")

    status = command("mock", "status", "--config", "c.json")
    done = command("mock", "stop", "--config", "c.json")

    assert (status.returncode, done.returncode) == (0, 0)
    assert "Mock server: running\n" in status.stdout
    assert status.stderr.count("c.json") == 1
    assert "Warning" in done.stderr
    assert command.servers() == []


def test_a_configuration_that_is_not_there_is_a_mistake(running: Command) -> None:
    """Nothing is stopped in its name."""
    done = running("mock", "stop", "--config", "gone.json")

    assert done.returncode == 1
    assert "there is no such configuration file" in done.stderr
    assert len(running.servers()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals")
def test_a_server_that_hangs_is_killed(running: Command) -> None:
    """One that answers nothing is not mistaken for a stopped one."""
    (server,) = running.servers()
    server.suspend()

    status = running("mock", "status")
    again = running("mock", "start", "-b", "--port", "1")
    done = running("mock", "stop", "--timeout", "0.3")

    assert status.returncode == 1
    assert "running, but not answering" in status.stdout
    assert again.returncode == 1
    assert "already running, but does not answer" in again.stderr
    assert "was killed" in done.stderr
    assert running.servers() == []
