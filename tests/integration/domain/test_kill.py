"""kill -9 while submissions are written: what was acknowledged is whole, and registry and repository agree."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from ihe_test_util.api import IheClient
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.domain.world import MOCK_REPOSITORY_OID
from ihe_test_util.domain.xds.metadata import SubmissionSet
from ihe_test_util.store.documents import SMALL_BYTES
from ihe_test_util.transactions import iti43
from ihe_test_util.transactions.iti43 import DocumentRequest, RetrieveRequest
from tests.support.forked_server import ForkedServer
from tests.support.messages import submission
from tests.support.wire import ITI41_PATH

CLIENTS: Final = 5
SERIES: Final = 5
KILLS: Final = 10
LARGE_EVERY: Final = 3


def documents_of(set_id: str) -> dict[str, bytes]:
    """The documents of a submission by uniqueId: a small one, and for some a large one, which is kept as a file."""
    number = int(set_id.rpartition(".")[2])
    bytes_of = random.Random(set_id).randbytes  # noqa: S311 - reproducible, not secret
    documents = {f"{set_id}.1": bytes_of(2_000 + number)}
    if number % LARGE_EVERY == 0:
        documents[f"{set_id}.2"] = bytes_of(SMALL_BYTES + number)
    return documents


@dataclass
class Round:
    """What one life of a server was sent for one patient, and which of it was acknowledged."""

    number: int
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def patient(self) -> str:
        """The patient of the round as CX."""
        return f"ROUND-{self.number}^^^&2.999.1.2&ISO"

    async def submit(self, served: ForkedServer) -> None:
        """Several clients submit until nobody answers."""
        numbers = count(1)

        async def client() -> None:
            with suppress(aiohttp.ClientError):
                while True:
                    set_id = f"2.999.4.{self.number}.{next(numbers)}"
                    package = submission(*documents_of(set_id).items(), patient_id=self.patient, set_id=set_id)
                    self.sent.append(set_id)
                    answer = await served.post(ITI41_PATH, package.body, package.content_type)
                    assert answer.status == 200, answer.body
                    assert b"ResponseStatusType:Success" in answer.body, answer.body
                    self.acknowledged.append(set_id)
                    self.first.set()

        await asyncio.gather(*(client() for _ in range(CLIENTS)))

    async def assert_whole(self, ihe: IheClient) -> list[str]:
        """Acknowledged submissions are there whole; others whole or not at all; returns the documents that are there.

        A server may die between the commit and its acknowledgement: what was in flight may be there.
        """
        expected = {key: data for set_id in self.sent for key, data in documents_of(set_id).items()}
        entries = await ihe.find_documents(self.patient)
        packages = await ihe.query("find-submission-sets", patient_id=self.patient, status="approved")
        wanted = RetrieveRequest(tuple(DocumentRequest(MOCK_REPOSITORY_OID, key) for key in expected))
        retrieved = {one.document_unique_id: one for one in (await ihe.ask(iti43.SPEC, wanted)).response.documents}

        found = [entry.unique_id for entry in entries]
        sets = [SubmissionSet.of(package).unique_id for package in packages.packages]
        assert len(found) == len(set(found))
        assert len(sets) == len(set(sets))
        assert set(self.acknowledged) <= set(sets) <= set(self.sent)
        assert len(sets) - len(self.acknowledged) <= CLIENTS, "only what was in flight is there unacknowledged"
        assert set(found) == {key for set_id in sets for key in documents_of(set_id)} == set(retrieved)
        assert [key for key, one in retrieved.items() if one.content.read() != expected[key]] == []
        assert {entry.unique_id: entry.slot("hash") for entry in entries} == {
            key: one.content.sha1 for key, one in retrieved.items()
        }
        return found


async def killed_again_and_again(served: ForkedServer, seed: int, kills: int) -> None:
    """Start, submit, kill, and start on what is there."""
    moments = random.Random(seed)  # noqa: S311 - reproducible, not secret
    rounds: list[Round] = []
    await served.start()
    async with IheClient(f"http://127.0.0.1:{served.port}", config=ClientConfig()) as ihe:
        for number in range(kills):
            rounds.append(Round(seed * 1000 + number))
            submitting = asyncio.ensure_future(rounds[-1].submit(served))
            await rounds[-1].first.wait()
            await asyncio.sleep(moments.uniform(0, 0.15))
            await asyncio.to_thread(served.kill)
            await submitting
            await served.start()
            await rounds[-1].assert_whole(ihe)
        found = [key for each in rounds for key in await each.assert_whole(ihe)]

    assert sum(len(each.acknowledged) for each in rounds) >= kills
    assert await asyncio.to_thread(_spooled, served.data_dir) == []
    large = {key for key in found if key.endswith(".2") and int(key.split(".")[-2]) % LARGE_EVERY == 0}
    assert await asyncio.to_thread(_files, served.data_dir) == len(large)
    await asyncio.to_thread(served.stop)
    log = served.log + (served.directory / "errors.txt").read_text()
    assert "Traceback" not in log
    assert "locked" not in log


@pytest.mark.parametrize("seed", range(1, SERIES + 1))
async def test_acknowledged_submissions_outlive_a_kill(forked_server: ForkedServer, seed: int) -> None:
    """Killed at random moments of a load, fifty times in all, and started again on what it left."""
    await killed_again_and_again(forked_server, seed, KILLS)


async def test_acknowledged_submissions_outlive_a_kill_on_postgresql(forked_server: ForkedServer, schema: str) -> None:
    """Where the database is another process, it and the files beside it agree as well."""
    forked_server.config["store_url"] = schema
    await killed_again_and_again(forked_server, 99, KILLS)


def _spooled(data_dir: Path) -> list[str]:
    """What is in the spool directories beside the lock of the one that runs."""
    return [path.name for path in (data_dir / "spool").rglob("*") if path.is_file() and path.name != "lock"]


def _files(data_dir: Path) -> int:
    """How many documents are kept as files."""
    return len([path for path in (data_dir / "content").rglob("*") if path.is_file()])
