"""Hot reload as a peer sees it: the next request follows the file, and a broken file changes nothing.

What a bad file is told at the start is proved in test_config_loading.py, how edits are noticed in test_config_watch.py.
"""

import json
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.peer import Answer, Enveloped, Peer, Sample, StartMock
from tests.support.wire import PIX_PATH, SOAP12

Unharmed = Callable[[Peer], Awaitable[None]]
Save = Callable[[Path, str], None]


def in_place(file: Path, text: str) -> None:
    """Save over the old content."""
    file.write_bytes(text.encode("utf-8", "surrogateescape"))


def renamed_over(file: Path, text: str) -> None:
    """Save beside, then rename, as editors do."""
    beside = file.with_suffix(".tmp")
    beside.write_text(text)
    beside.replace(file)


def in_the_same_tick(file: Path, text: str) -> None:
    """Save over the old content, with its size (when the caller sees to that) and its time."""
    before = file.stat()
    file.write_text(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def lose(file: Path, how: str) -> None:
    """Make a file one that cannot be read."""
    if how == "unreadable":
        file.chmod(0)
    elif how == "its directory removed":
        shutil.rmtree(file.parent)
    else:
        file.unlink()
        if how == "a directory":
            file.mkdir()


def find(file: Path, text: str) -> None:
    """Undo that, with another content."""
    file.parent.mkdir(exist_ok=True)
    if file.is_dir():
        file.rmdir()
    elif file.exists():
        file.chmod(0o644)
    file.write_text(text)


def naming(patient_id: str) -> str:
    """A configuration that shows in every acknowledgement that it is in force."""
    return json.dumps({"pix_add_behavior": {"custom_patient_id": patient_id}})


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration file, away from what the server may write."""
    path = tmp_path_factory.mktemp("configuration") / "config.json"
    path.write_text(naming("AAA"))
    return path


@pytest.fixture
async def mock(start_mock: StartMock, file: Path) -> Peer:
    """A server that watches the file."""
    return await start_mock(config_file=file)


@pytest.fixture
def feed(mock: Peer, sample: Sample, enveloped: Enveloped) -> Callable[[], Awaitable[Answer]]:
    """Feeds a patient."""
    return lambda: mock.post(PIX_PATH, enveloped(sample("ITI-44/minimal.xml")), SOAP12)


async def state(mock: Peer) -> Any:
    """What /health says of the configuration."""
    return (await mock.health())["config"]


@pytest.mark.parametrize("save", [in_place, renamed_over, in_the_same_tick])
async def test_the_next_request_follows_the_file(
    mock: Peer, feed: Callable[[], Awaitable[Answer]], file: Path, unharmed: Unharmed, save: Save
) -> None:
    """However and however fast a file is saved, the request after it is answered by it."""
    seen = [(await feed()).text("text").partition("^")[0]]
    for patient_id in ("BBB", "CCC", "DDD", "EEE"):
        save(file, naming(patient_id))
        seen.append((await feed()).text("text").partition("^")[0])

    assert seen == ["AAA", "BBB", "CCC", "DDD", "EEE"]
    assert (await state(mock))["state"] == "ok"
    await unharmed(mock)


async def test_a_path_moves_with_the_next_request(
    mock: Peer, sample: Sample, enveloped: Enveloped, file: Path, unharmed: Unharmed
) -> None:
    """What is configured is what is mounted, and a peer at the old path is told the new one."""
    message = enveloped(sample("ITI-44/minimal.xml"))
    in_place(file, json.dumps({"pix_add_endpoint": "/PIXManager"}))

    old = await mock.post(PIX_PATH, message, SOAP12)
    new = await mock.post("/PIXManager", message, SOAP12)
    endpoints = (await mock.health())["endpoints"]

    assert (old.status, "send it to /PIXManager" in old.fault) == (400, True)
    assert new.acknowledgement == "CA"
    assert endpoints["pix-add"] == "/PIXManager"
    in_place(file, "{}")
    await unharmed(mock)


BROKEN: dict[str, str] = {
    "broken JSON": '{"log_level": ',
    "half-written": naming("BBB")[:30],
    "empty": "",
    "an unknown field": '{"pix_add_behaviour": {}}',
    "a wrong type": '{"max_request_bytes": "many"}',
    "out of range": '{"pix_add_behavior": {"failure_rate": 1.5}}',
    "no object": "[]",
    "not UTF-8": "\udcff",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_file_changes_nothing(
    mock: Peer, feed: Callable[[], Awaitable[Answer]], file: Path, unharmed: Unharmed, name: str
) -> None:
    """The last good configuration stays in force, /health says what is wrong, and a mended file is taken."""
    in_place(file, BROKEN[name])

    answer = await feed()
    broken = await state(mock)
    in_place(file, naming("CCC"))
    mended = await feed()

    assert answer.text("text").startswith("AAA^")
    assert broken["state"] != "ok"
    assert str(file) in broken["error"]
    assert mended.text("text").startswith("CCC^")
    assert (await state(mock))["state"] == "ok"
    await unharmed(mock)


@pytest.mark.parametrize("gone", ["removed", "a directory", "its directory removed", "unreadable"])
async def test_a_file_that_is_gone_changes_nothing(
    mock: Peer, feed: Callable[[], Awaitable[Answer]], file: Path, unharmed: Unharmed, gone: str
) -> None:
    """The same for a file that is not there, is something else, or may not be read."""
    if gone == "unreadable" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    lose(file, gone)

    answer = await feed()
    lost = await state(mock)
    find(file, naming("CCC"))
    back = await feed()

    assert answer.text("text").startswith("AAA^")
    assert lost["state"] != "ok"
    assert back.text("text").startswith("CCC^")
    assert (await state(mock))["state"] == "ok"
    await unharmed(mock)
