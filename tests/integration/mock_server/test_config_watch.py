"""Hot reload on a real file system: however a file is saved, the next request sees it; a broken one does no harm."""

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config import (
    ConfigState,
    ConfigWatcher,
    MockServerConfig,
    load_config,
    load_config_with_sources,
)

LOGGER = "ihe_test_util.mock_server.config"
MINUTE_NS = 60_000_000_000


class Clock:
    """Wall-clock time that a test can move forward."""

    def __init__(self) -> None:
        self.ahead_ns = 0
        self.broken = False

    def __call__(self) -> int:
        """Nanoseconds since the epoch."""
        if self.broken:
            raise RuntimeError("a spring broke")
        return time.time_ns() + self.ahead_ns


@pytest.fixture
def clock() -> Clock:
    """The clock of the watcher."""
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file with a delay of 10 ms."""
    return written(tmp_path / "config.json", {"pix_add_behavior": {"response_delay_ms": 10}})


@pytest.fixture
def watcher(file: Path, clock: Clock) -> ConfigWatcher:
    """A watcher that goes on from the loaded file."""
    return ConfigWatcher.of(load_config_with_sources(file, environ={}), clock=clock)


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    """The level and text of what the configuration logged so far."""
    caplog.set_level(logging.INFO, LOGGER)
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records if record.name == LOGGER]


def written(path: Path, content: object) -> Path:
    """The path, with a configuration in it."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def delay(milliseconds: int) -> dict[str, object]:
    """A configuration that shows by its delay that it is in force."""
    return {"pix_add_behavior": {"response_delay_ms": milliseconds}}


def delay_of(watcher: ConfigWatcher) -> int:
    """The delay in force, in milliseconds."""
    return watcher.config.pix_add_behavior.response_delay_ms


def overwrite(path: Path, data: bytes) -> None:
    """Save in place: the same inode, no moment at which the file is empty."""
    with path.open("r+b") as stream:
        stream.write(data)
        stream.truncate()


def replace_by_rename(path: Path, data: bytes) -> None:
    """Save beside and rename over, as vim, PyCharm and most programs do."""
    beside = path.with_name("config.json.tmp")
    beside.write_bytes(data)
    beside.replace(path)


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"http_port": 80', "not JSON"),
        ("", "is empty"),
        ('{"htp_port": 80}', 'did you mean "http_port"?'),
        ('{"http_port": "80"}', "is not a whole number in 1-65535"),
        ('{"http_port": 0}', "0 is not in 1-65535"),
        ("\udcff", "is not UTF-8"),
    ],
)
def test_a_broken_edit_keeps_the_last_good_configuration(
    watcher: ConfigWatcher, file: Path, records: Callable[[], list[tuple[str, str]]], content: str, words: str
) -> None:
    """Half-written and wrong files are reported once and do no harm; the finished file is taken over."""
    good = watcher.config
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    assert [watcher.check_reload() for _ in range(3)] == [False, False, False]
    assert watcher.config is good
    assert watcher.status.state is ConfigState.INVALID
    assert words in watcher.status.error
    ((level, text),) = records()
    assert level == "WARNING"
    assert words in text

    written(file, delay(60))
    assert watcher.check_reload() is True
    assert (watcher.status.state, watcher.status.error) == (ConfigState.OK, "")


def test_each_broken_content_is_reported_once(
    watcher: ConfigWatcher, file: Path, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """A second mistake is a second warning; taking the edit back is enough to be well again."""
    original = file.read_bytes()
    for text in ("{", "[]", "[]"):
        written(file, text)
        watcher.check_reload()
        watcher.check_reload()
    assert [level for level, _ in records()] == ["WARNING", "WARNING"]

    replace_by_rename(file, original)

    assert watcher.check_reload() is False
    assert watcher.status.state is ConfigState.OK


def test_a_removed_file_is_reported_and_does_no_harm(
    watcher: ConfigWatcher, file: Path, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """The last good configuration stays; the file is taken up again when it is back, changed or not."""
    content = file.read_bytes()
    file.unlink()

    assert [watcher.check_reload() for _ in range(3)] == [False, False, False]
    assert (watcher.status.state, delay_of(watcher), watcher.last_modified) == (ConfigState.MISSING, 10, 0.0)
    assert str(file) in watcher.status.error
    assert [level for level, _ in records()] == ["WARNING"]

    file.write_bytes(content)
    assert watcher.check_reload() is False
    assert watcher.status.state is ConfigState.OK

    file.unlink()
    watcher.check_reload()
    written(file, delay(70))
    assert watcher.check_reload() is True
    assert delay_of(watcher) == 70


def test_a_directory_or_a_pipe_in_its_place_does_no_harm(watcher: ConfigWatcher, file: Path) -> None:
    """Whatever stands where the file was, checks go on and say what it is."""
    good = watcher.config
    file.unlink()
    file.mkdir()
    assert watcher.check_reload() is False
    assert watcher.status.error.endswith("is a directory")
    file.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(file)
        assert watcher.check_reload() is False
        assert watcher.status.error.endswith("is not a regular file")
        file.unlink()
    assert watcher.config is good

    written(file, delay(80))
    assert watcher.check_reload() is True


def test_a_file_system_that_fails_does_no_harm(
    watcher: ConfigWatcher, file: Path, monkeypatch: pytest.MonkeyPatch, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """An error of the file system is the configuration's state, not the request's; it passes when the cause does."""
    good = watcher.config

    def fail(*_: object, **__: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(os, "stat", fail)
        assert [watcher.check_reload() for _ in range(3)] == [False, False, False]
        assert (watcher.config, watcher.status.state) == (good, ConfigState.INVALID)
    assert [level for level, _ in records()] == ["WARNING"]

    assert watcher.check_reload() is False
    assert watcher.status.state is ConfigState.OK
    assert file.exists()


def test_a_fault_of_our_own_does_no_harm(
    watcher: ConfigWatcher, file: Path, clock: Clock, records: Callable[[], list[tuple[str, str]]]
) -> None:
    """Even an error that nobody foresaw stays away from the request, and is logged once with its stack."""
    good = watcher.config
    written(file, delay(20))
    clock.broken = True

    assert [watcher.check_reload() for _ in range(3)] == [False, False, False]
    assert (watcher.config, watcher.status.state) == (good, ConfigState.INVALID)
    ((level, text),) = records()
    assert level == "WARNING"
    assert "a spring broke" in text

    clock.broken = False
    assert watcher.check_reload() is True
    assert delay_of(watcher) == 20


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
    assert warning.startswith(f"{file}:1: response_delay_ms is deprecated and ignored")


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


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet='{}[]:,"\\ http_porsta019-', max_size=60).map(str.encode))
def test_no_content_whatever_upsets_a_check(watcher: ConfigWatcher, file: Path, content: bytes) -> None:
    """Any bytes in the file leave a valid configuration in force, and a state that says how things are."""
    file.write_bytes(content)

    watcher.check_reload()

    assert isinstance(watcher.config, MockServerConfig)
    assert (watcher.status.state is ConfigState.OK) == (watcher.status.error == "")
