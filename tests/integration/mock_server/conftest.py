import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ihe_test_util.mock_server.config import ConfigWatcher, load_config_with_sources
from tests.support.config_files import written
from tests.support.messages import submission
from tests.support.patience import PATIENCE_S
from tests.support.peer import Enveloped, Peer, Sample
from tests.support.process import Served
from tests.support.watching import LOGGER, Clock
from tests.support.wire import ITI41_PATH, PIX_PATH, SOAP12

Unharmed = Callable[[Peer], Awaitable[None]]
MakeProcess = Callable[..., Served]


@pytest.fixture
async def make_process(tmp_path: Path) -> AsyncIterator[MakeProcess]:
    """Makes servers that run in processes of their own; ``make_process(fields…)`` takes configuration fields."""
    made: list[Served] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session:

        def make(directory: Path | None = None, wrapper: tuple[str, ...] = (), **config: Any) -> Served:
            made.append(Served(directory or tmp_path / f"server{len(made)}", session, config, wrapper))
            return made[-1]

        yield make
        for served in made:
            served.kill()


@pytest.fixture
def unharmed(
    tmp_path: Path,
    sample: Sample,
    enveloped: Enveloped,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Unharmed:
    """Asserts that a server is well after what a test did to it.

    It answers the next good message of either transaction, nothing is left in its spool directory or written outside
    its data directory, and it logged no error of its own.
    """
    working_directory = tmp_path / "working-directory"
    working_directory.mkdir()
    monkeypatch.chdir(working_directory)
    caplog.set_level(logging.INFO)
    numbers = count(1)

    async def check(mock: Peer) -> None:
        feed = await mock.post(PIX_PATH, enveloped(sample("ITI-44/minimal.xml")), SOAP12)
        assert (feed.status, feed.acknowledgement) == (200, "CA")
        unique_id = f"2.999.99.{next(numbers)}"
        package = submission((unique_id, b"<ClinicalDocument/>"), set_id=f"{unique_id}.1")
        provided = await mock.post(ITI41_PATH, package.body, package.content_type)
        assert provided.status == 200, provided.body
        assert provided.attribute("RegistryResponse", "status").endswith(":Success"), provided.body
        assert await mock.server.store.documents.get(unique_id) is not None

        assert left_over(mock.server.store.spool_dir) == []
        assert written_outside(tmp_path) <= {"working-directory", "empty-config.json"}
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
        assert [record.getMessage() for record in caplog.records if record.exc_info] == []

    return check


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and an environment without variables of ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("MOCK_SERVER_")]:
        monkeypatch.delenv(name)
    return tmp_path


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


def left_over(spool_dir: Path) -> list[str]:
    """What is in a running server's spool directory beside its lock."""
    return [path.name for path in spool_dir.iterdir() if path.name != "lock"]


def written_outside(directory: Path) -> set[str]:
    """The names of what is in a test's directory and in no data directory."""
    found = (path.relative_to(directory).parts for path in directory.rglob("*"))
    return {parts[-1] for parts in found if not parts[0].startswith("data")}
