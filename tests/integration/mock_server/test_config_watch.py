"""Hot reload on a real file system: however a file is saved, the next request sees it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config import (
    ConfigState,
    ConfigWatcher,
    MockServerConfig,
    load_config,
    load_config_with_sources,
)
from tests.support.config_files import written
from tests.support.watching import Clock, delay, delay_of, replace_by_rename

MINUTE_NS = 60_000_000_000


def overwrite(path: Path, data: bytes) -> None:
    """Save in place: the same inode, no moment at which the file is empty."""
    with path.open("r+b") as stream:
        stream.write(data)
        stream.truncate()


def remove_and_write(path: Path, data: bytes) -> None:
    """Remove, then write a new file."""
    path.unlink()
    path.write_bytes(data)


def keep_a_backup(path: Path, data: bytes) -> None:
    """Rename the old file away, then write a new one."""
    path.replace(path.with_name("config.json~"))
    path.write_bytes(data)


def test_nothing_changed_means_nothing_done(watcher: ConfigWatcher) -> None:
    """Without an edit the configuration stays the very same object."""
    before = watcher.config

    assert [watcher.check_reload() for _ in range(3)] == [False, False, False]
    assert watcher.config is before


@pytest.mark.parametrize("save", [overwrite, replace_by_rename, remove_and_write, keep_a_backup])
def test_an_edit_is_seen_however_it_is_saved(
    watcher: ConfigWatcher, file: Path, save: Callable[[Path, bytes], None]
) -> None:
    """The first check after an edit takes it over, the second has nothing to do."""
    save(file, json.dumps(delay(20)).encode())

    assert watcher.check_reload() is True
    assert delay_of(watcher) == 20
    assert watcher.check_reload() is False


def test_a_link_that_is_turned_is_seen(tmp_path: Path) -> None:
    """A ConfigMap of Kubernetes changes by a symbolic link to a directory that is replaced."""
    for number in (1, 2):
        (tmp_path / f"v{number}").mkdir()
        written(tmp_path / f"v{number}" / "config.json", delay(number))
    (tmp_path / "data").symlink_to("v1")
    (tmp_path / "config.json").symlink_to("data/config.json")
    watcher = ConfigWatcher.of(load_config_with_sources(tmp_path / "config.json", environ={}))
    assert delay_of(watcher) == 1

    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").replace(tmp_path / "data")

    assert watcher.check_reload() is True
    assert delay_of(watcher) == 2


@pytest.mark.parametrize("save", [overwrite, replace_by_rename])
def test_edits_in_the_same_clock_tick_are_all_seen(
    watcher: ConfigWatcher, file: Path, save: Callable[[Path, bytes], None]
) -> None:
    """Three hundred edits of equal size as fast as they can be made, each with the time of the first: none is lost."""
    stamp = file.stat().st_mtime_ns
    for number in range(300):
        wanted = 100 + number
        save(file, json.dumps(delay(wanted)).encode())
        os.utime(file, ns=(stamp, stamp))

        assert watcher.check_reload() is True
        assert delay_of(watcher) == wanted


def test_an_edit_with_an_older_modification_time_is_seen(watcher: ConfigWatcher, file: Path, clock: Clock) -> None:
    """A file restored from a backup with its old time counts as an edit."""
    clock.ahead_ns = MINUTE_NS
    assert watcher.check_reload() is False

    written(file, delay(30))
    os.utime(file, (0, 0))

    assert watcher.check_reload() is True
    assert delay_of(watcher) == 30


def test_an_edit_between_loading_and_watching_is_seen(file: Path) -> None:
    """What changes after it was loaded and before it is watched is not lost."""
    loaded = load_config_with_sources(file, environ={})
    plain = load_config(file, environ={})
    written(file, delay(40))

    for watcher in (ConfigWatcher.of(loaded), ConfigWatcher(file, plain, environ={})):
        assert watcher.check_reload() is True
        assert delay_of(watcher) == 40


def test_a_watcher_made_from_a_configuration_alone_watches(file: Path) -> None:
    """Path and configuration are enough; the first check finds nothing to do."""
    config = load_config(file, environ={})
    watcher = ConfigWatcher(file, config, environ={})

    assert watcher.config is config
    assert watcher.last_modified == pytest.approx(file.stat().st_mtime)
    assert watcher.check_reload() is False
    written(file, delay(50))
    assert watcher.check_reload() is True
    assert watcher.last_modified == pytest.approx(file.stat().st_mtime)


def test_without_a_path_nothing_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server made from a configuration alone keeps it, whatever mocks/config.json of the directory says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mocks").mkdir()
    written(tmp_path / "mocks" / "config.json", delay(20))
    config = MockServerConfig(random_seed=1)
    watcher = ConfigWatcher(None, config)

    assert watcher.check_reload() is False
    assert watcher.config is config
    assert watcher.status.state is ConfigState.OK
    with pytest.raises(ConfigError, match="without a configuration file"):
        watcher.reload_config()


def test_a_touched_file_is_no_edit(watcher: ConfigWatcher, file: Path, records: Callable[[], list[object]]) -> None:
    """Another time with the same content changes nothing and logs nothing."""
    before = watcher.config
    os.utime(file)

    assert watcher.check_reload() is False
    assert watcher.config is before
    assert records() == []


def test_a_settled_file_is_not_opened_again(
    watcher: ConfigWatcher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a file has rested, a check is a question to the file system and reads nothing."""
    clock.ahead_ns = MINUTE_NS
    watcher.check_reload()

    def refuse(*_: object) -> int:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(os, "open", refuse)
    assert watcher.check_reload() is False
    assert watcher.status.state is ConfigState.OK


def test_a_request_ends_on_the_configuration_it_began_with(watcher: ConfigWatcher, file: Path) -> None:
    """A reload puts a new object in place and leaves the old one as it was."""
    taken = watcher.config
    written(file, delay(20))
    watcher.check_reload()

    assert taken.pix_add_behavior.response_delay_ms == 10
    assert watcher.config is not taken


def test_environment_and_command_line_stay_on_top(file: Path) -> None:
    """A reload keeps what the environment and the command line said at the start."""
    watcher = ConfigWatcher.of(
        load_config_with_sources(file, environ={"MOCK_SERVER_HTTP_PORT": "81"}, overrides={"host": "::1"})
    )
    written(file, {"http_port": 1, "host": "x", "random_seed": 5})

    assert watcher.check_reload() is True
    assert (watcher.config.http_port, watcher.config.host, watcher.config.random_seed) == (81, "::1", 5)
    assert watcher.loaded is not None
    assert watcher.loaded.sources["http_port"] == "env:MOCK_SERVER_HTTP_PORT"


def test_a_reload_is_logged_with_what_changed(
    watcher: ConfigWatcher, file: Path, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """One line at INFO names the fields, and no value."""
    written(file, {"log_level": "debug", "pix_add_behavior": {"custom_patient_id": "secret"}})
    watcher.check_reload()

    ((level, text),) = records()
    assert level == "INFO"
    assert text.endswith("changed: log_level, pix_add_behavior.response_delay_ms, pix_add_behavior.custom_patient_id")


@pytest.mark.usefixtures("records")
def test_a_default_file_that_never_was_is_no_fault_and_is_found_when_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without mocks/config.json the state is ok; the file counts from its first appearance, wherever we are by then."""
    (tmp_path / "mocks").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    watcher = ConfigWatcher.of(load_config_with_sources(environ={}))
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert watcher.check_reload() is False
    assert (watcher.status.state, watcher.config) == (ConfigState.OK, MockServerConfig())

    written(tmp_path / "mocks" / "config.json", delay(90))
    assert watcher.check_reload() is True
    assert delay_of(watcher) == 90


def test_what_needs_a_restart_is_logged_and_shown_until_it_is_taken_back(
    watcher: ConfigWatcher, file: Path, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """New ports and paths are pending, the server's own stay those of the start; the old value ends the wait."""
    written(file, {"http_port": 9999, "data_dir": "/elsewhere", "pix_add_endpoint": "/new"})
    assert watcher.check_reload() is True

    assert watcher.status.pending_restart == ("http_port", "data_dir")
    assert watcher.started.http_port == 8080
    assert watcher.config.pix_add_endpoint == "/new"
    assert records()[-1] == ("WARNING", "takes effect after a restart only: http_port, data_dir")

    written(file, {"http_port": 8080})
    assert watcher.check_reload() is True
    assert not watcher.status.pending_restart


def test_a_deprecated_field_is_warned_of_once(
    watcher: ConfigWatcher, file: Path, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """Setting response_delay_ms while the server runs is warned of, and not again with every later edit."""
    for number in (1, 2):
        written(file, {"response_delay_ms": 5, "random_seed": number})
        watcher.check_reload()

    (warning,) = [text for level, text in records() if level == "WARNING"]
    assert warning.startswith(f"{file}:2: response_delay_ms is deprecated and ignored")


def test_a_reload_on_request_reads_now_and_says_what_is_wrong(watcher: ConfigWatcher, file: Path) -> None:
    """mock reload gets the new configuration, or the error that a check would only log."""
    written(file, delay(20))
    assert watcher.reload_config().pix_add_behavior.response_delay_ms == 20
    assert watcher.check_reload() is False

    written(file, "{")
    with pytest.raises(ConfigError, match="not JSON"):
        watcher.reload_config()
    assert delay_of(watcher) == 20

    file.unlink()
    with pytest.raises(ConfigError, match="there is no such configuration file"):
        watcher.reload_config()


def test_a_reload_from_another_file_watches_that_one(watcher: ConfigWatcher, tmp_path: Path) -> None:
    """After reload_config(path) edits of that file count."""
    other = written(tmp_path / "other.json", delay(1))
    assert watcher.reload_config(other).pix_add_behavior.response_delay_ms == 1

    written(other, delay(2))

    assert watcher.check_reload() is True
    assert delay_of(watcher) == 2
