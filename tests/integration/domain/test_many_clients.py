"""Fifty clients feed, submit and query at the same time: nothing is lost, nothing is there twice, nobody is locked out.

On SQLite with one server of two worker processes, on PostgreSQL with two servers.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from ihe_test_util.api import IheClient
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.content import Content
from ihe_test_util.store.documents import SMALL_BYTES
from ihe_test_util.transactions import iti41
from ihe_test_util.transactions.iti41 import DocumentDraft, submission_for
from tests.support.command import Command
from tests.support.process import Served

CLIENTS: Final = 50
SUBMISSIONS: Final = 3
LARGE_EVERY: Final = 10
#: Sets whose uniqueId several clients use at the same time, and documents that several replace at the same time.
CONTESTS: Final = 8
RIVALS: Final = 5
_COMPLAINT: Final = re.compile(r"^\S+Z (?:WARNING|ERROR|CRITICAL) .*", re.MULTILINE)


def patient_of(number: int, domain: int = 1) -> str:
    """A patient (CX) in one of two domains."""
    return f"P-{number}^^^&2.999.1.{domain}&ISO"


def content_of(unique_id: str, *, large: bool = False) -> bytes:
    """The bytes of a document, large ones kept as files."""
    return f"<ClinicalDocument>{unique_id}</ClinicalDocument>".encode() * (SMALL_BYTES // 40 if large else 1)


@dataclass(frozen=True, slots=True)
class Domain:
    """Servers that are one domain; whoever asks, asks one or another of them."""

    servers: Sequence[Served]
    clients: Sequence[IheClient]

    def client(self, number: int) -> IheClient:
        """The client of one server."""
        return self.clients[number % len(self.clients)]

    async def submit(
        self, number: int, name: str, *, by: int = 0, large: bool = False, set_id: str = "", replaces: str = ""
    ) -> str:
        """Submit a document of a patient; the codes that refuse it, "" where it is accepted."""
        request = submission_for(
            [DocumentDraft(Content.of(content_of(name, large=large)), name, "20240229")],
            patient_id=patient_of(number),
            source_patient_id=patient_of(number),
            source_id="2.999.8",
            unique_id=set_id or f"{name}.9",
            submission_time="20240229153001",
            replaces=replaces,
        )
        verdict = (await self.client(by).ask(iti41.SPEC, request)).verdict
        return "" if verdict.accepted else " ".join(verdict.codes)

    async def live(self, number: int) -> None:
        """One client's day: feed a patient in two domains, submit, and find at once, elsewhere, what was done."""
        one, other = self.client(number), self.client(number + 1)
        named = f"family=Family{number}, given=Given, birth=1980-02-29, gender=F"
        await asyncio.gather(*(one.register(f"id={patient_of(number, domain)}, {named}") for domain in (1, 2)))
        names = [f"2.999.5.{number}.{place}" for place in range(SUBMISSIONS)]
        for place, name in enumerate(names):
            large = (number + place) % LARGE_EVERY == 0
            assert await self.submit(number, name, by=number + place, large=large) == ""
            found = await other.find_documents(patient_of(number))
            assert [entry.unique_id for entry in found] == names[: place + 1]
        assert await other.identifiers(patient_of(number)) == (patient_of(number, 2),)
        retrieved = await other.retrieve(*found)
        whole = [content_of(name, large=(number + place) % LARGE_EVERY == 0) for place, name in enumerate(names)]
        assert [one.content.read() for one in retrieved] == whole

    async def contest(self, number: int) -> tuple[list[str], list[str]]:
        """Several use one uniqueId for their sets, then several replace one document: what refuses all but one."""
        same_set = await asyncio.gather(
            *(self.submit(number, f"2.999.6.{number}.{by}", by=by, set_id=f"2.999.7.{number}") for by in range(RIVALS))
        )
        (entry,) = await self.client(number).find_documents(patient_of(number))
        replacing = await asyncio.gather(
            *(self.submit(number, f"2.999.6.{number}.{by}.1", by=by, replaces=entry.source.id) for by in range(RIVALS))
        )
        (successor,) = await self.client(number + 1).find_documents(patient_of(number))
        assert successor.unique_id != entry.unique_id
        return sorted(same_set), sorted(replacing)

    async def stats(self) -> dict[str, int]:
        """What ``mock data stats`` counts."""
        served = self.servers[0]
        command = Command(served.directory, standin="")
        done = await asyncio.to_thread(command, "mock", "data", "stats", "--json", "--config", "config.json")
        assert done.returncode == 0, done.stderr
        return {name: count for name, count in json.loads(done.stdout).items() if isinstance(count, int)}


async def fifty_clients_at_once(*servers: Served) -> None:
    """All of it on servers that are one domain."""
    await asyncio.gather(*(served.start() for served in servers))
    async with AsyncExitStack() as stack:
        urls = [f"http://127.0.0.1:{served.port}" for served in servers]
        clients = [await stack.enter_async_context(IheClient(url, config=ClientConfig())) for url in urls]
        domain = Domain(servers, clients)
        contests = [asyncio.ensure_future(domain.contest(1_000 + number)) for number in range(CONTESTS)]
        await asyncio.gather(*(domain.live(number) for number in range(CLIENTS)), *contests)
        stats = await domain.stats()

    for contest in contests:
        same_set, replacing = contest.result()
        assert same_set == ["", *["XDSDuplicateUniqueIdInRegistry"] * (RIVALS - 1)]
        assert replacing == ["", *["XDSRegistryDeprecatedDocumentError"] * (RIVALS - 1)]
    submissions = CLIENTS * SUBMISSIONS + 2 * CONTESTS
    assert stats == {
        "patients": 2 * CLIENTS,
        "submissions": submissions,
        "documents": submissions,
        "registry_associations": submissions + CONTESTS,
        "registry_document_entries": submissions,
        "registry_submission_sets": submissions,
    }
    for served in servers:
        await asyncio.to_thread(served.stop)
        complaints = [line for line in _COMPLAINT.findall(served.log) if " rejected " not in line]
        assert complaints == []
        assert len(re.findall(" rejected ", served.log)) <= 2 * CONTESTS * (RIVALS - 1)


async def test_fifty_clients_of_two_workers(make_server: Callable[..., Served]) -> None:
    """Two processes on one SQLite database."""
    await fifty_clients_at_once(make_server("--workers", "2"))


async def test_fifty_clients_of_two_servers(make_server: Callable[..., Served], schema: str) -> None:
    """Two servers, each with a data directory of its own, on one PostgreSQL database."""
    await fifty_clients_at_once(make_server(store_url=schema), make_server(store_url=schema))
