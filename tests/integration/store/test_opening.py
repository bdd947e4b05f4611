"""Opening a data directory, whatever was left in it."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import Submission
from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import StorageError
from ihe_test_util.store.opening import Counts, Store

pytestmark = pytest.mark.usefixtures("data_dir")


async def test_a_new_directory_is_made(tmp_path: Path) -> None:
    """The first start finds nothing and makes everything; a clean end leaves databases only."""
    data_dir = tmp_path / "not" / "there"
    store = Store.open(data_dir)
    assert await store.counts() == Counts(0, 0, 0)
    await store.close()
    names = sorted(path.name for path in data_dir.rglob("*") if path.is_file())
    assert names == [".lock", "domain.sqlite", "journal.sqlite"]


async def test_what_was_stored_is_there_after_a_restart(
    data_dir: Path, patient: Callable[..., Patient], submission: Callable[..., Submission], at: datetime
) -> None:
    """Patients and documents outlive the process."""
    store = Store.open(data_dir)
    await store.patients.feed(patient(), at=at)
    await store.documents.provide(submission(Content.of(b"x"), Content.of(bytes(300_000))), at=at)
    await store.close()
    again = Store.open(data_dir)
    assert await again.counts() == Counts(1, 1, 2)
    assert await again.patients.get("2.999.1.1", "P-1") == patient()
    await again.close()


async def test_leftovers_of_the_dead_are_removed(
    data_dir: Path, submission: Callable[..., Submission], at: datetime
) -> None:
    """Spool files of ended processes, stray files, and documents placed without a row go; those with a row stay."""
    store = Store.open(data_dir)
    await store.documents.provide(submission(Content.of(b"k" * 300_000)), at=at)
    await store.close()
    (kept,) = (data_dir / "content").glob("*/*")
    dead = data_dir / "spool" / "4242-deadbeef"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "part-1.spool").write_bytes(b"half")
    (dead / f"placing-{'ab' * 20}-0").touch()
    (dead / f"placing-{kept.name}-1").touch()
    orphan = data_dir / "content" / "ab" / ("ab" * 20)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"never committed")
    (data_dir / "spool" / "stray").write_bytes(b"?")
    (data_dir / "spool" / "no-lock-yet").mkdir()
    again = Store.open(data_dir)
    assert [path.name for path in (data_dir / "spool").iterdir()] == [again.spool_dir.name]
    assert not orphan.exists()
    assert kept.exists()
    await again.close()


async def test_the_living_are_left_alone(data_dir: Path, submission: Callable[..., Submission], at: datetime) -> None:
    """A second server on the same directory touches nothing of what the first is receiving."""
    first = Store.open(data_dir)
    receiving = first.spool_dir / "part-1.spool"
    receiving.write_bytes(bytes(300_000))
    marker = first.spool_dir / f"placing-{'cd' * 20}-0"
    marker.touch()
    placed = data_dir / "content" / "cd" / ("cd" * 20)
    placed.parent.mkdir(parents=True)
    placed.write_bytes(b"about to be committed")
    second = Store.open(data_dir)
    await second.documents.reset()
    assert receiving.exists()
    assert placed.exists()
    await second.close()
    assert receiving.exists()
    await first.documents.provide(submission(Content.of_file(receiving)), at=at)
    assert (await first.counts()).documents == 1
    await first.close()


async def test_nothing_is_acknowledged_into_a_removed_database(
    data_dir: Path, patient: Callable[..., Patient], at: datetime
) -> None:
    """Whoever removes the data directory under a running server gets errors, not acknowledgements of lost writes."""
    store = Store.open(data_dir)
    await store.patients.feed(patient(), at=at)
    await asyncio.to_thread(shutil.rmtree, data_dir)
    with pytest.raises(StorageError, match=r"removed.*restart the server"):
        await store.patients.feed(patient(), at=at)
    await store.close()


async def test_two_open_at_the_same_moment(data_dir: Path) -> None:
    """Making the databases is done by one; the other finds them made."""
    stores = await asyncio.gather(*(asyncio.to_thread(Store.open, data_dir) for _ in range(6)))
    assert len({store.spool_dir for store in stores}) == 6
    for store in stores:
        await store.close()


def test_a_damaged_database_is_an_error_that_says_what_to_do(data_dir: Path) -> None:
    """The server does not start on a broken file, and does not overwrite it."""
    data_dir.mkdir()
    (data_dir / "domain.sqlite").write_bytes(b"not a database, for sure" * 100)
    with pytest.raises(StorageError, match=r"damaged.*domain\.sqlite.*move the file"):
        Store.open(data_dir)
    assert (data_dir / "domain.sqlite").read_bytes().startswith(b"not a database")
    assert list((data_dir / "spool").iterdir()) == []


async def test_a_database_of_a_newer_version_is_refused(data_dir: Path) -> None:
    """A downgrade loses nothing: the file is left as it is."""
    await Store.open(data_dir).close()
    connection = sqlite3.connect(data_dir / "domain.sqlite")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StorageError, match="newer version"):
        Store.open(data_dir)


def test_a_file_in_place_of_the_directory_is_refused(data_dir: Path) -> None:
    """The message names the path and what to do."""
    data_dir.write_text("a file")
    with pytest.raises(StorageError, match="data directory cannot be used"):
        Store.open(data_dir)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory that any user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_read_only_directory_is_refused(open_to_all: Path, child_script: Path) -> None:
    """A user without write permission is told which directory, and why."""
    data_dir = open_to_all / "data"
    asyncio.run(Store.open(data_dir).close())
    told = subprocess.run([sys.executable, child_script, "read-only", data_dir], capture_output=True, check=True)
    output = told.stdout.decode()
    assert "the data directory cannot be used" in output
    assert str(data_dir) in output
    assert "Permission denied" in output
