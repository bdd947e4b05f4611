"""The PID file and what is known of the processes that it may mean."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.cli.mock_commands import is_process_running, read_pid_file, remove_pid_file, write_pid_file
from ihe_test_util.errors import StorageError
from ihe_test_util.mock_server.pid_file import read_record
from ihe_test_util.mock_server.processes import is_same_process, start_time_of

CONFIG = {"port": 8080, "protocol": "http", "host": "127.0.0.1", "config_file": Path("mocks/config.json")}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of the test's own, without variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOCK_SERVER_PID_FILE", raising=False)
    return tmp_path


def test_what_is_written_is_read(here: Path) -> None:
    """At the default place, with everything that the process is known by; the umask does not hide it."""
    before = os.umask(0o077)
    try:
        path = write_pid_file(os.getpid(), CONFIG)
    finally:
        os.umask(before)

    found = read_pid_file()
    assert path == here / "mocks" / ".mock-server.pid"
    assert found is not None
    assert {name: found[name] for name in ("pid", "port", "protocol", "host", "config_file")} == {
        "pid": os.getpid(),
        "port": 8080,
        "protocol": "http",
        "host": "127.0.0.1",
        "config_file": str(Path("mocks/config.json")),
    }
    assert found["os_start_time"] == start_time_of(os.getpid())
    assert found["start_time"].endswith("+00:00")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644 or sys.platform == "win32"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_environment_can_put_it_elsewhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MOCK_SERVER_PID_FILE is relative to the working directory."""
    monkeypatch.setenv("MOCK_SERVER_PID_FILE", "run/x.pid")

    assert write_pid_file(1, CONFIG) == here / "run" / "x.pid"
    assert read_pid_file() is not None


def test_a_missing_file_says_nothing(here: Path) -> None:
    """Reading gives None, removing is no error."""
    assert read_pid_file() is None
    remove_pid_file()
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("here")
def test_a_removed_file_is_gone() -> None:
    """It can be written again."""
    path = write_pid_file(1, CONFIG)

    remove_pid_file()

    assert not path.exists()


def test_a_place_that_cannot_be_written_is_told(here: Path) -> None:
    """By its absolute path, with the setting to change."""
    (here / "mocks").touch()

    with pytest.raises(StorageError) as caught:
        write_pid_file(1, CONFIG)

    assert caught.value.where == str(here / "mocks" / ".mock-server.pid")
    assert "MOCK_SERVER_PID_FILE" in caught.value.hint


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=5,
        ).map(lambda value: json.dumps(value).encode()),
        st.fixed_dictionaries(
            {name: st.integers() | st.text(max_size=5) | st.none() for name in ("pid", "port", "host", "start_time")}
            | {"protocol": st.sampled_from(["http", "https", "ftp", 7])},
            optional={"os_start_time": st.floats() | st.text(max_size=3), "config_file": st.integers() | st.text()},
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_file_is_read_or_is_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever stands in the file, it makes a sound record or none; nothing raises."""
    path = tmp_path_factory.getbasetemp() / "any.pid"
    path.write_bytes(content)

    record = read_record(path)

    assert record is None or (record.pid > 0 and 0 < record.port < 65536 and record.protocol in {"http", "https"})


def test_a_running_process_is_told_from_one_that_ended() -> None:
    """One that ended and was not waited for is not running."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        alive = is_process_running(process.pid)
        started = start_time_of(process.pid)
        same = is_same_process(process.pid, started)
        other = is_same_process(process.pid, (started or 0) - 60)
        process.kill()
        while process.returncode is None and is_process_running(process.pid):  # the test's timeout is the limit
            pass
        ended = is_process_running(process.pid)

    assert (alive, same, other, ended) == (True, True, False, False)


@pytest.mark.parametrize("pid", [0, -1, 2**31, 10**30])
def test_a_number_that_no_process_can_have_is_not_running(pid: int) -> None:
    """In particular not the process group of everything, which 0 and -1 mean to kill."""
    assert not is_process_running(pid)
    assert start_time_of(pid) is None
