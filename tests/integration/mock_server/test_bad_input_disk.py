"""A disk that is full or may not be written to: the peer is told, nothing is acknowledged, and it passes."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from ihe_test_util.store.opening import Store
from tests.support.faults import assert_fault
from tests.support.messages import submission
from tests.support.patience import PATIENCE_S
from tests.support.peer import Answer, Enveloped, Sample
from tests.support.process import Served
from tests.support.wire import ITI41_PATH, PIX_PATH

MakeProcess = Callable[..., Served]
Feed = Callable[[str], bytes]

NOBODY = 65534
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and become somebody else")
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"


@pytest.fixture
def feed(sample: Sample, enveloped: Enveloped) -> Feed:
    """A feed of a patient with this id."""
    message = enveloped(sample("ITI-44/minimal.xml"))
    return lambda patient_id: message.replace(b'"P-1000001"', f'"{patient_id}"'.encode())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of 4 MB."""
    place = tmp_path / "small-disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no mounting here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that other users get to, which those of pytest are not."""
    place = Path(mkdtemp(prefix="ihe-test-util-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


class Story:
    """Writes through a server, and what came of it: each key was acknowledged, or refused with a fault."""

    def __init__(self, served: Served, feed: Feed) -> None:
        self._served = served
        self._feed = feed
        self.accepted: set[str] = set()
        self.refused: dict[str, Answer] = {}

    async def patient(self, key: str) -> bool:
        """Feed a patient."""
        answer = await self._served.post(PIX_PATH, self._feed(key))
        return self._note(key, answer, answer.status == 200 and answer.acknowledgement == "CA")

    async def document(self, key: str, size: int = 20_000) -> bool:
        """Provide a document."""
        package = submission((key, content(key, size)), set_id=f"{key}.1")
        answer = await self._served.post(ITI41_PATH, package.body, package.content_type)
        return self._note(
            key, answer, answer.status == 200 and answer.attribute("RegistryResponse", "status") == SUCCESS
        )

    def _note(self, key: str, answer: Answer, accepted: bool) -> bool:  # noqa: FBT001 - for this class only
        if accepted:
            self.accepted.add(key)
        else:
            self.refused[key] = answer
        return accepted

    async def assert_kept(self, data_dir: Path) -> None:
        """What was acknowledged is stored, byte for byte, and nothing else."""
        store = await asyncio.to_thread(Store.open, data_dir)
        try:
            for key in self.accepted | set(self.refused):
                stored = await store.documents.get(key)
                patient = await store.patients.get("2.999.2.3", key)
                assert (stored is not None or patient is not None) == (key in self.accepted), key
                assert stored is None or stored.content.read() == content(key, stored.content.size)
        finally:
            await store.close()


def content(key: str, size: int) -> bytes:
    """The bytes of the document under a key."""
    return (f"<d>{key}</d>".encode() * (size // 10 + 1))[:size]


def assert_storage_fault(answer: Answer) -> None:
    """Receiver, 500, and what is the matter; no path of ours beyond the data directory."""
    assert_fault(answer, "Receiver", status=500)
    assert re.search(
        r"full|no space|too large|read-only|could not be written|not be used|denied", answer.fault, re.IGNORECASE
    )


def assert_logged(served: Served) -> None:
    """The log says in a line of level ERROR what could not be written where, and why."""
    lines = [line for line in served.log.splitlines() if " ERROR " in line]
    assert lines
    assert all(str(served.data_dir) in line for line in lines)
    assert "Traceback" not in served.log + served.output.read_text()


async def test_a_full_disk(make_process: MakeProcess, feed: Feed) -> None:
    """As soon as nothing can be written each write is a Receiver fault; as soon as there is room, none is."""
    served = make_process(save_submitted_documents=True)
    await served.start()
    story = Story(served, feed)
    assert await story.patient("before")
    assert await story.document("2.999.1.1")

    served.limit_files(150_000)
    number = 0
    while len(story.refused) < 20:
        number += 1
        assert number < 500
        await story.patient(f"full-{number}")
        await story.document(f"2.999.2.{number}")
        await story.document(f"2.999.3.{number}", 400_000)
    assert await served.answers()
    served.limit_files(1 << 40)
    after = [
        await story.patient("after"),
        await story.document("2.999.4.1"),
        await story.document("2.999.4.2", 400_000),
    ]

    assert after == [True, True, True]
    for answer in story.refused.values():
        assert_storage_fault(answer)
    assert_logged(served)
    assert left_over(served) == []
    served.kill()
    await story.assert_kept(served.data_dir)


@ROOT_ONLY
async def test_a_disk_without_room(make_process: MakeProcess, feed: Feed, small_disk: Path) -> None:
    """The same on a real file system of 4 MB, for whatever fills it: documents, the spool, the journal."""
    served = make_process(data_dir=str(small_disk / "data"), log_path=str(small_disk / "mock.log"))
    await served.start()
    story = Story(served, feed)
    assert await story.document("2.999.1.1")
    ballast = small_disk / "ballast"
    await asyncio.to_thread(_fill, ballast)

    for number in range(20):
        await story.patient(f"full-{number}")
        await story.document(f"2.999.2.{number}")
        await story.document(f"2.999.3.{number}", 1_000_000)
    assert await served.answers()
    refused = len(story.refused)
    await asyncio.to_thread(ballast.unlink)
    after = [
        await story.patient("after"),
        await story.document("2.999.4.1"),
        await story.document("2.999.4.2", 400_000),
    ]

    assert refused >= 40
    assert after == [True, True, True]
    for answer in story.refused.values():
        assert_storage_fault(answer)
    # The log is on the same disk: it keeps what it can while there is no room, and goes on after it.
    await served.logged("first=2.999.4.2", small_disk / "mock.log")
    assert "Traceback" not in served.output.read_text()
    served.kill()
    await story.assert_kept(small_disk / "data")


@ROOT_ONLY
async def test_a_directory_that_becomes_read_only(make_process: MakeProcess, feed: Feed, open_place: Path) -> None:
    """What needs a new file is refused while there can be none; what goes into open ones is kept."""
    place = open_place / "theirs"
    await asyncio.to_thread(_make_for_nobody, place)
    served = make_process(place, _as_nobody())
    await served.start()
    story = Story(served, feed)
    assert await story.patient("before")
    await asyncio.to_thread(_own, served.data_dir, 0, 0o555)
    await story.patient("meanwhile")
    await story.document("2.999.2.3", 400_000)
    assert await served.answers()
    await asyncio.to_thread(_own, served.data_dir, NOBODY, 0o755)
    after = [
        await story.patient("after"),
        await story.document("2.999.4.1"),
        await story.document("2.999.4.2", 400_000),
    ]

    assert "2.999.2.3" in story.refused
    assert after == [True, True, True]
    for answer in story.refused.values():
        assert_storage_fault(answer)
    assert_logged(served)
    assert left_over(served) == []
    served.kill()
    await story.assert_kept(served.data_dir)


@ROOT_ONLY
@pytest.mark.parametrize("what", ["the directory", "what is in it"])
async def test_a_directory_of_somebody_else(make_process: MakeProcess, open_place: Path, what: str) -> None:
    """A server that may not write to its data directory does not start, and says which directory and why."""
    data_dir = await asyncio.to_thread(_of_somebody_else, open_place, what)
    place = open_place / "theirs"
    served = make_process(place, _as_nobody(), data_dir=str(data_dir))
    await asyncio.to_thread(served.begin)
    assert served.process is not None

    status = await asyncio.to_thread(served.process.wait, PATIENCE_S)

    said = await asyncio.to_thread(served.output.read_text)
    assert status == 1, said
    assert "data directory" in said or "database" in said
    assert str(data_dir) in said
    assert "Traceback" not in said
    assert not (place / "mock.pid").exists()


def left_over(served: Served) -> list[str]:
    """What is in the spool directories beside their locks."""
    return [path.name for path in (served.data_dir / "spool").glob("*/*") if path.name != "lock"]


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while True:
                    stream.write(bytes(size))
            except OSError:
                continue


def _as_nobody() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not there")
    return (setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def _own(data_dir: Path, owner: int, mode: int) -> None:
    """Give a directory, and those in it, to somebody, with this mode."""
    for directory in (data_dir, *(path for path in data_dir.rglob("*") if path.is_dir())):
        os.chown(directory, owner, owner)
        directory.chmod(mode)


def _make_for_nobody(place: Path) -> None:
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)


def _of_somebody_else(directory: Path, what: str) -> Path:
    _make_for_nobody(directory / "theirs")
    data_dir = directory / "data"
    data_dir.mkdir()
    if what == "what is in it":
        os.chown(data_dir, NOBODY, NOBODY)
        store = Store.open(data_dir)
        asyncio.run(store.close())
    return data_dir
