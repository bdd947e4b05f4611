"""``mock data`` and ``mock start --ephemeral``, with real servers."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support import postgres
from tests.support.command import Command
from tests.support.patience import PATIENCE_S

PATIENT = "id=PAT-1^^^&2.999.1.2&ISO, family=Rossi, given=Ada"


@pytest.fixture
def real(make_command: Callable[[str], Command]) -> Command:
    """The command line with the server itself."""
    return make_command("")


def feed(real: Command, port: str) -> None:
    """Register a patient."""
    assert real("send", "pix-add", "--patient", PATIENT, "--url", f"http://127.0.0.1:{port}/pix/add").returncode == 0


def stats(real: Command) -> dict[str, object]:
    """What the domain holds."""
    done = real("mock", "data", "stats", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_a_domain_is_counted_kept_emptied_and_brought_back(real: Command, port: str) -> None:
    """All of it beside the running server, which sees the difference."""
    real("mock", "start", "-b", "--port", port)
    feed(real, port)

    before = stats(real)
    exported = real("mock", "data", "export", "domain.zip")
    refused = real("mock", "data", "import", "domain.zip")
    unasked = real("mock", "data", "reset")
    emptied = real("mock", "data", "reset", "--yes")
    empty = stats(real)
    imported = real("mock", "data", "import", "domain.zip")
    found = real("pdq", "--family", "Rossi", "--url", f"http://127.0.0.1:{port}/pdq")
    real("mock", "stop")

    assert (before["patients"], empty["patients"], stats(real)["patients"]) == (1, 0, 1)
    assert [one.returncode for one in (exported, refused, unasked, emptied, imported, found)] == [0, 1, 1, 0, 0, 0]
    assert "not empty" in refused.stderr
    assert "--yes" in unasked.stderr
    assert "Rossi" in found.stdout


def test_no_domain_is_told(real: Command) -> None:
    """Where no server ever ran there is nothing to count, nor to import."""
    counted = real("mock", "data", "stats")
    imported = real("mock", "data", "import", "nowhere.zip")
    (real.directory / "mocks" / "data").mkdir(parents=True)
    exported = real("mock", "data", "export", "nowhere/domain.zip")

    assert "there is no domain" in counted.stderr
    assert "there is no such file" in imported.stderr
    assert "there is no such directory" in exported.stderr
    assert {counted.returncode, imported.returncode, exported.returncode} == {1}


def test_an_ephemeral_server_leaves_nothing(real: Command, port: str) -> None:
    """Its domain and journal are found by the commands while it runs, and gone with it."""
    started = real("mock", "start", "-b", "--ephemeral", "--port", port)
    feed(real, port)

    told = stats(real)
    requests = real("mock", "requests")
    place = Path(str(told["data_dir"]))
    there = place.is_dir()
    real("mock", "stop")

    assert started.returncode == 0
    assert told["patients"] == 1
    assert "ITI-44" in requests.stdout
    assert there
    assert not place.exists()
    assert not (real.directory / "mocks" / "data").exists()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_the_next_one_removes_what_a_killed_one_left(real: Command, port: str) -> None:
    """A server that was killed cannot tidy up; the next ephemeral one does, and begins empty."""
    real("mock", "start", "-b", "--ephemeral", "--port", port)
    feed(real, port)
    left = Path(str(stats(real)["data_dir"]))
    pid = int(json.loads(real("mock", "status", "--json").stdout)["pid"])
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=PATIENCE_S)

    real("mock", "start", "-b", "--ephemeral", "--port", port)
    patients = stats(real)["patients"]
    real("mock", "stop")

    assert patients == 0
    assert not left.exists()


def test_memory_and_a_database_do_not_go_together(real: Command, port: str) -> None:
    """The two contradict each other; nothing is started."""
    (real.directory / "mocks").mkdir()
    (real.directory / "mocks" / "config.json").write_text('{"store_url": "postgresql://x@127.0.0.1:1/x"}')

    refused = real("mock", "start", "-b", "--ephemeral", "--port", port)

    assert refused.returncode == 1
    assert "--ephemeral keeps everything in memory" in refused.stderr
    assert "store_url" in refused.stderr


@pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing() or "PostgreSQL is there")
def test_a_database_is_named_instead_of_the_directory(real: Command) -> None:
    """Who empties a domain that several servers share sees which one it is, without its password."""
    with postgres.postgres_server() as url:
        with_password = url.replace("tester@", "tester:secret@")
        config = real.directory / "mocks" / "config.json"
        config.parent.mkdir(exist_ok=True)
        config.write_text(json.dumps({"store_url": with_password}), encoding="utf-8")
        counted = real("mock", "data", "stats")
        emptied = real("mock", "data", "reset", "--yes")

    assert counted.stdout.splitlines()[0] == f"The domain in {url}"
    assert emptied.stdout.strip() == f"The domain in {url} is empty."
