"""``mock status`` and ``mock reload``: what the server says itself."""

import json
from pathlib import Path

import psutil
import pytest

from tests.support.command import Command
from tests.support.patience import PATIENCE_S


@pytest.fixture
def running(command: Command, port: str) -> Command:
    """The command line, with a server that runs."""
    assert command("mock", "start", "-b", "--port", port).returncode == 0
    return command


def test_a_running_server_is_shown(running: Command, port: str) -> None:
    """PID, protocol, URL, host and port, uptime, requests, endpoints, and the configuration; exit code 0."""
    done = running("mock", "status")

    (server,) = running.servers()
    assert (done.returncode, done.stderr) == (0, "")
    for expected in (
        "Mock server: running\n",
        f"PID:         {server.pid}\n",
        "Protocol:    HTTP\n",
        f"URL:         http://127.0.0.1:{port}\n",
        f"Listens on:  0.0.0.0 port {port}\n",
        "Uptime:      ",
        "Requests:    ",
        "ITI-44  http://",
        "State:       ok\n",
    ):
        assert expected in done.stdout


def test_json_is_one_object_and_nothing_else(running: Command, port: str) -> None:
    """For programs: the same facts under names that stay."""
    done = running("mock", "status", "--json")

    found = json.loads(done.stdout)
    (server,) = running.servers()
    assert (found["status"], found["running"], found["pid"]) == ("running", True, server.pid)
    assert (found["url"], found["host"], found["port"]) == (f"http://127.0.0.1:{port}", "0.0.0.0", int(port))
    assert found["uptime_seconds"] >= 0
    assert found["request_count"] >= 1
    assert found["endpoints"] == {"pix-add": "/pix/add"}
    assert found["config"]["state"] == "ok"


def test_a_stopped_server_is_shown(command: Command) -> None:
    """Exit code 1, and the path of the file looked at; the JSON has the same names."""
    text, as_json = command("mock", "status"), command("mock", "status", "--json")

    found = json.loads(as_json.stdout)
    assert (text.returncode, as_json.returncode) == (1, 1)
    assert "Mock server: stopped\n" in text.stdout
    assert str(command.pid_file) in text.stdout
    assert (found["status"], found["running"], found["pid"]) == ("stopped", False, None)
    assert found["pid_file"] == str(command.pid_file)


def test_a_killed_server_is_stale(running: Command) -> None:
    """Its file is told, and not removed by looking."""
    (server,) = running.servers()
    server.kill()
    psutil.wait_procs([server], timeout=PATIENCE_S)

    done = running("mock", "status")

    assert done.returncode == 1
    assert "stopped, with a stale PID file" in done.stdout
    assert running.pid_file.exists()


def test_a_reload_shows_the_state(running: Command) -> None:
    """The running server is asked."""
    done = running("mock", "reload")

    assert done.returncode == 0
    assert "The configuration is in force" in done.stdout
    assert json.loads(running("mock", "reload", "--json").stdout)["state"] == "ok"


def test_a_reload_needs_a_server(command: Command) -> None:
    """The error names the missing file by its absolute path."""
    done = command("mock", "reload")

    assert done.returncode == 1
    assert "The mock server is not running" in done.stderr
    assert str(command.pid_file) in done.stderr
    assert "a server started elsewhere has its own PID file: cd there, or set MOCK_SERVER_PID_FILE" in done.stderr


def test_a_reload_of_a_killed_server_suggests_a_start(running: Command) -> None:
    """The stale file is no reason to stop what does not run."""
    (server,) = running.servers()
    server.kill()
    psutil.wait_procs([server], timeout=PATIENCE_S)

    done = running("mock", "reload")

    assert done.returncode == 1
    assert "try:      ihe-test-util mock start -b" in done.stderr


@pytest.mark.parametrize("given", ["abc", "0", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused_in_words(command: Command, given: str) -> None:
    """As wrong usage."""
    done = command("mock", "start", f"--timeout={given}")

    assert done.returncode == 2
    assert f"'{given}' is not a number of seconds greater than 0" in done.stderr


def test_a_check_needs_no_server_and_shows_sources(command: Command) -> None:
    """Every value and where it is set."""
    (command.directory / "c.json").write_text('{\n  "http_port": 9090\n}', encoding="utf-8")

    done = command("mock", "reload", "--check", "--config", "c.json", MOCK_SERVER_LOG_LEVEL="DEBUG")
    as_json = command("mock", "reload", "--check", "--config", "c.json", "--json")

    lines = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    assert done.returncode == 0
    assert "9090" in lines["http_port"]
    assert "c.json:2" in lines["http_port"]
    assert "env:MOCK_SERVER_LOG_LEVEL" in lines["log_level"]
    assert "default" in lines["https_port"]
    assert json.loads(as_json.stdout)["valid"] is True


def test_a_check_of_a_broken_file_fails(command: Command) -> None:
    """With the place, and exit code 1."""
    (command.directory / "c.json").write_text('{\n  "http_prt": 1\n}', encoding="utf-8")

    done = command("mock", "reload", "--check", "--config", "c.json")

    assert done.returncode == 1
    assert "c.json:2:3" in done.stderr
    assert "http_port" in done.stderr


def test_a_check_of_a_broken_file_is_one_object(command: Command) -> None:
    """Every problem with its place; nothing on stderr."""
    (command.directory / "c.json").write_text('{\n  "http_prt": 1\n}', encoding="utf-8")

    done = command("mock", "reload", "--check", "--config", "c.json", "--json")

    (problem,) = json.loads(done.stdout)["problems"]
    assert (done.returncode, done.stderr, json.loads(done.stdout)["valid"]) == (1, "", False)
    assert (problem["file"], problem["line"], problem["column"]) == ("c.json", 2, 3)
    assert problem["field"] == "http_prt"
    assert problem["message"].startswith("unknown field")


def test_another_directory_has_another_server(running: Command, tmp_path: Path) -> None:
    """Paths are relative to the working directory; messages show them whole."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    done = running("mock", "status", cwd=elsewhere)

    assert done.returncode == 1
    assert str(elsewhere / "mocks" / ".mock-server.pid") in done.stdout
