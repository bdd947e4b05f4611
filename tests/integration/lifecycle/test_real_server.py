"""The commands and the real server together."""

import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Callable

import psutil
import pytest

from tests.support.command import Command, processes_in
from tests.support.patience import PATIENCE_S


@pytest.fixture
def real(make_command: Callable[[str], Command]) -> Command:
    """The command line with the server itself."""
    return make_command("")


def test_a_server_is_started_asked_and_stopped(real: Command, port: str) -> None:
    """Both transactions are shown; the status is the server's own word; nothing is left running."""
    started = real("mock", "start", "-b", "--port", port)
    found = json.loads(real("mock", "status", "--json").stdout)
    reloaded = real("mock", "reload")
    stopped = real("mock", "stop")

    assert (started.returncode, started.stderr) == (0, "")
    assert f"http://127.0.0.1:{port}/pix/add " in started.stdout
    assert f"http://127.0.0.1:{port}/iti41/submit " in started.stdout
    assert (found["running"], found["config"]["state"]) == (True, "ok")
    assert {row["code"] for row in found["transactions"]} >= {"ITI-44", "ITI-41"}
    assert reloaded.returncode == 0
    assert (stopped.returncode, list(processes_in(real.directory))) == (0, [])


def test_a_configuration_made_after_the_start_is_shown(real: Command, port: str) -> None:
    """The file in force is the one that the server names, not the one of its start."""
    started = real("mock", "start", "-b", "--port", port)
    before = real("mock", "status")
    config = real.directory / "mocks" / "config.json"
    config.write_text("{", encoding="utf-8")
    broken = real("mock", "status")
    config.write_text("{}", encoding="utf-8")

    after = real("mock", "status")
    found = json.loads(real("mock", "status", "--json").stdout)

    assert real("mock", "stop").returncode == 0
    (wording,) = [line for line in started.stdout.splitlines() if "Config:" in line]
    assert wording in before.stdout
    assert "Config:      none in force yet (the file is broken)\n" in broken.stdout
    assert f"Config:      {config}\n" in after.stdout
    assert found["config_file"] == str(config)


def test_a_server_elsewhere_is_reached_by_its_pid_file(real: Command, port: str) -> None:
    """Its journal too, wherever that is."""
    real("mock", "start", "-b", "--port", port, MOCK_SERVER_DATA_DIR="kept")
    elsewhere = real.directory / "elsewhere"
    elsewhere.mkdir()

    without = real("mock", "requests", cwd=elsewhere)
    done = real("mock", "requests", cwd=elsewhere, MOCK_SERVER_PID_FILE=str(real.pid_file))

    assert real("mock", "stop").returncode == 0
    assert without.returncode == 1
    assert "for a server started elsewhere cd there, or set MOCK_SERVER_PID_FILE" in without.stderr
    assert (done.returncode, done.stderr) == (0, "No exchange in the journal matches.\n")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals to be had")
def test_endpoints_fit_a_terminal(real: Command, port: str) -> None:
    """No line is wider than its 80 columns; code and URL are always whole."""
    real("mock", "start", "-b", "--port", port)
    ours, theirs = os.openpty()
    environ = real.environ({"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"})
    subprocess.run(real.line("mock", "status"), cwd=real.directory, env=environ, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode().splitlines()
    os.close(ours)

    assert real("mock", "stop").returncode == 0
    endpoints = [line for line in shown if "Endpoint:" in line]
    assert max(map(len, endpoints)) <= 80
    assert any(
        line.strip().startswith(f"Endpoint:    ITI-41  http://127.0.0.1:{port}/iti41/submit") for line in endpoints
    )


def test_https_makes_a_certificate_where_there_is_none(real: Command, port: str) -> None:
    """The output names the CA to trust, and whoever trusts it can connect."""
    started = real("mock", "start", "--https", "-b", "--port", port)

    ca = real.directory / "mocks" / "ca.pem"
    assert started.returncode == 0
    assert f"clients have to trust {ca}" in started.stderr
    assert f"curl --cacert {ca} https://localhost:{port}/health" in started.stdout
    url = f"https://localhost:{port}/health"
    with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=str(ca))) as answer:
        assert json.load(answer)["protocol"] == "https"
    assert real("mock", "stop").returncode == 0


def test_a_certificate_that_was_named_is_not_made(real: Command, port: str) -> None:
    """A mistyped name stops the start, which says how to make one, and makes nothing."""
    (real.directory / "c.json").write_text('{"cert_path": "nocert.pem"}', encoding="utf-8")

    done = real("mock", "start", "--https", "-b", "--port", port, "--config", "c.json")

    assert done.returncode == 1
    assert str(real.directory / "nocert.pem") in done.stderr
    assert "cert_path = nocert.pem (c.json:1)" in done.stderr
    assert "ihe-test-util certs init --dir ." in done.stderr
    assert list(real.directory.rglob("*.pem")) == []


def test_a_reload_shows_values_and_what_waits_for_a_restart(real: Command, port: str) -> None:
    """Each value that is set, with its place; what waits, with the value until then; a broken file by its problems."""
    config = real.directory / "c.json"
    config.write_text(f'{{"http_port": {port}}}', encoding="utf-8")
    real("mock", "start", "-b", "--config", "c.json")
    config.write_text('{"http_port": 9999,\n"pix_add_behavior": {"failure_rate": 0.2}}', encoding="utf-8")
    text = real("mock", "reload")
    config.write_text('{\n"http_prt": 9999}', encoding="utf-8")
    broken = real("mock", "reload", "--json")

    assert real("mock", "stop").returncode == 0
    assert f"in force, except http_port: 9999 waits for a restart (now {port})\n" in text.stdout
    assert "Set:         pix_add_behavior.failure_rate = 0.2 (c.json:2)\n" in text.stdout
    (problem,) = json.loads(broken.stdout)["problems"]
    assert (broken.returncode, json.loads(broken.stdout)["valid"]) == (1, False)
    assert (problem["line"], problem["field"]) == (2, "http_prt")


def test_a_broken_configuration_is_shown_as_the_server_sees_it(real: Command, port: str) -> None:
    """The status tells the last good one in force, and each problem once."""
    config = real.directory / "c.json"
    config.write_text("{}", encoding="utf-8")
    real("mock", "start", "-b", "--port", port, "--config", "c.json")
    config.write_text('{"http_prt": 1}', encoding="utf-8")

    status = real("mock", "status", "--config", "c.json")
    found = json.loads(real("mock", "status", "--config", "c.json", "--json").stdout)

    assert real("mock", "stop", "--config", "c.json").returncode == 0
    assert status.returncode == 0
    assert "State:       invalid" in status.stdout
    assert (status.stdout + status.stderr).count("unknown field") == 1
    assert found["config"]["state"] == "invalid"


@pytest.mark.parametrize("at_hand", [True, False])
def test_a_server_that_demands_client_certificates_can_be_watched(real: Command, port: str, *, at_hand: bool) -> None:
    """With the certificate made beside the server's, or by the operating system's word that it listens."""
    real("certs", "init")
    if not at_hand:
        (real.directory / "mocks" / "client-cert.pem").unlink()

    started = real(
        "mock", "start", "--https", "-b", "--port", port,
        MOCK_SERVER_TLS_CLIENT_AUTH="required", MOCK_SERVER_TLS_CA_PATH="mocks/ca.pem",
    )  # fmt: skip
    status = real("mock", "status")
    stopped = real("mock", "stop")

    assert (started.returncode, status.returncode, stopped.returncode) == (0, 0, 0)
    assert ("Requests:" in status.stdout) is at_hand


def test_workers_die_with_their_server(real: Command, port: str) -> None:
    """Even when it is killed; the next start is not held up."""
    started = real("mock", "start", "-b", "--port", port, "--workers", "2")
    processes = list(processes_in(real.directory))
    (server,) = real.servers()
    server.kill()
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    again = real("mock", "start", "-b", "--port", port, "--workers", "2")

    assert started.returncode == 0
    assert len(processes) == 3
    assert alive == []
    assert again.returncode == 0
    assert real("mock", "stop").returncode == 0
    assert list(processes_in(real.directory)) == []
