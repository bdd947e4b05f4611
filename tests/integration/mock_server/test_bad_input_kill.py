"""kill -9 at any moment: what was acknowledged is there, byte for byte, and nothing stops the next start."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from ihe_test_util.store.journal_reader import JournalReader
from ihe_test_util.store.opening import Store
from tests.support.messages import submission
from tests.support.patience import PATIENCE_S
from tests.support.peer import Enveloped, Sample
from tests.support.process import Served
from tests.support.wire import ITI41_PATH, PIX_PATH

ROUNDS = 8
CLIENTS = 6


class Load:
    """Clients that feed patients and provide documents until the server is gone, and note what it acknowledged."""

    def __init__(self, served: Served, message: bytes, numbers: Iterator[int]) -> None:
        self._served = served
        self._message = message
        self._numbers = numbers
        self.patients: list[str] = []
        self.documents: list[str] = []

    async def run(self) -> None:
        """Send until nobody answers."""
        with suppress(aiohttp.ClientError):
            while True:
                key = f"2.999.7.{next(self._numbers)}"
                answer = await self._served.post(PIX_PATH, self._message.replace(b"P-1000001", key.encode()))
                assert answer.acknowledgement == "CA"
                self.patients.append(key)
                package = submission((key, content(key)), set_id=f"{key}.1")
                answer = await self._served.post(ITI41_PATH, package.body, package.content_type)
                assert answer.status == 200, answer.body
                self.documents.append(key)


def content(key: str) -> bytes:
    """The bytes of the document under a key; every third is large enough to become a file of its own."""
    number = int(key.rpartition(".")[2])
    return random.Random(key).randbytes(400_000 + number if number % 3 == 0 else 3_000 + number)  # noqa: S311 - no secret


@pytest.fixture
def message(sample: Sample, enveloped: Enveloped) -> bytes:
    """A valid feed in an envelope."""
    return enveloped(sample("ITI-44/minimal.xml"))


async def _acknowledged(clients: list[Load]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(client.documents for client in clients):  # noqa: ASYNC110 - lists of other tasks
            await asyncio.sleep(0.002)


async def test_what_was_acknowledged_outlives_the_process(make_process: Callable[..., Served], message: bytes) -> None:
    """Killed at random moments under load, started again at once on what it left."""
    served = make_process(save_submitted_documents=True)
    numbers = count(1)
    moments = random.Random(20261122)  # noqa: S311 - reproducible, not secret
    loads: list[Load] = []
    for _ in range(ROUNDS):
        await served.start()
        clients = [Load(served, message, numbers) for _ in range(CLIENTS)]
        running = [asyncio.ensure_future(client.run()) for client in clients]
        await _acknowledged(clients)
        await asyncio.sleep(moments.uniform(0, 0.3))
        await asyncio.to_thread(served.kill)
        await asyncio.gather(*running)
        loads += clients
        assert (served.directory / "mock.pid").exists()

    await served.start()
    assert "gone" in served.output.read_text() + served.log, "the PID file of the killed server is stale"
    assert await asyncio.to_thread(_spooled, served.data_dir) == []
    last = Load(served, message, numbers)
    running_last = asyncio.ensure_future(last.run())
    await asyncio.sleep(0.2)
    await asyncio.to_thread(served.stop)
    await running_last
    loads.append(last)

    patients = [key for load in loads for key in load.patients]
    documents = [key for load in loads for key in load.documents]
    assert len(documents) >= ROUNDS
    await _assert_kept(served.data_dir, patients, documents)
    await asyncio.to_thread(_assert_copies, served.data_dir, documents)
    assert not (served.directory / "mock.pid").exists()
    assert "Traceback" not in served.log + served.output.read_text()


async def test_a_kill_while_a_document_arrives(make_process: Callable[..., Served]) -> None:
    """The spool file of a submission that was being received is gone with the next start."""
    served = make_process()
    await served.start()
    package = submission(("2.999.5.1", b"0123456789" * 200_000))

    async def halting() -> object:
        yield package.body[:-1000]
        await asyncio.sleep(60)

    sending = asyncio.ensure_future(served.post(ITI41_PATH, halting(), package.content_type))
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(_spooled, served.data_dir):  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.01)
    await asyncio.to_thread(served.kill)
    with pytest.raises(aiohttp.ClientError):
        await sending

    await served.start()

    assert await asyncio.to_thread(_spooled, served.data_dir) == []
    answer = await served.post(ITI41_PATH, package.body, package.content_type)
    assert answer.status == 200, answer.body
    assert len(await asyncio.to_thread(lambda: JournalReader(served.data_dir).tail(10))) <= 1


async def _assert_kept(data_dir: Path, patients: list[str], documents: list[str]) -> None:
    store = await asyncio.to_thread(Store.open, data_dir)
    try:
        lost = [key for key in patients if await store.patients.get("2.999.2.3", key) is None]
        assert lost == []
        for key in documents:
            stored = await store.documents.get(key)
            assert stored is not None, key
            assert stored.content.read() == content(key), key
        counts = await store.counts()
        assert counts.patients - len(patients) <= ROUNDS * CLIENTS, "only what was in flight may be there unasked"
        assert counts.documents - len(documents) <= ROUNDS * CLIENTS
    finally:
        await store.close()


def _assert_copies(data_dir: Path, documents: list[str]) -> None:
    """Every line of the index is whole and leads to a whole copy; every acknowledged document has one."""
    directory = data_dir / "documents"
    lines = [json.loads(line) for line in (directory / "index.jsonl").read_text().splitlines()]
    for line in lines:
        assert (directory / line["file"]).read_bytes() == content(line["unique_id"])
    assert {line["unique_id"] for line in lines} >= set(documents)


def _spooled(data_dir: Path) -> list[str]:
    """What is in the spool directories beside the lock of the one that runs."""
    found = list((data_dir / "spool").rglob("*"))
    assert len([path for path in found if path.is_dir()]) <= 1
    return [path.name for path in found if path.is_file() and path.name != "lock"]
