"""Hot reload of files that are broken, gone, or no files at all: the last good configuration stays in force."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.mock_server.config import (
    ConfigState,
    ConfigWatcher,
    MockServerConfig,
)
from tests.support.config_files import written
from tests.support.watching import Clock, delay, delay_of, replace_by_rename


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


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet='{}[]:,"\\ http_porsta019-', max_size=60).map(str.encode))
def test_no_content_whatever_upsets_a_check(watcher: ConfigWatcher, file: Path, content: bytes) -> None:
    """Any bytes in the file leave a valid configuration in force, and a state that says how things are."""
    file.write_bytes(content)

    watcher.check_reload()

    assert isinstance(watcher.config, MockServerConfig)
    assert (watcher.status.state is ConfigState.OK) == (watcher.status.error == "")
