"""Two servers on one PostgreSQL are one domain; without a database they say what is missing."""

import asyncio
import secrets
from pathlib import Path

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.content import Content
from ihe_test_util.domain.world import MOCK_REPOSITORY_OID
from ihe_test_util.errors import StorageError
from ihe_test_util.store.opening import Store
from ihe_test_util.transactions import iti41, iti43
from ihe_test_util.transactions.iti41 import DocumentDraft, submission_for
from ihe_test_util.transactions.iti43 import DocumentRequest, RetrieveRequest
from tests.support.peer import StartMock
from tests.support.postgres import own_schema

CLIENTS = 50


async def test_fifty_clients_of_two_servers_share_one_domain(
    start_mock: StartMock, postgres: str, tmp_path: Path
) -> None:
    """What is submitted to one server at the same time as to the other is there once, and retrieved from either."""
    url = own_schema(postgres, f"t{secrets.token_hex(8)}")
    servers = [await start_mock(store_url=url) for _ in range(2)]

    async def submit(client: Client, number: int) -> None:
        patient = f"P-{number}^^^&2.999.1&ISO"
        draft = DocumentDraft(Content.of(b"%d" % number), f"2.999.5.{number}", "20240229")
        submission = submission_for(
            [draft],
            patient_id=patient,
            source_patient_id=patient,
            source_id="2.999.8",
            unique_id=f"2.999.9.{number}",
            submission_time="20240229153001",
        )
        called = await client.call(iti41.SPEC, submission, Endpoint(servers[number % 2].url + "/iti41/submit"))
        assert called.verdict.accepted
        wanted = RetrieveRequest((DocumentRequest(MOCK_REPOSITORY_OID, f"2.999.5.{number}"),))
        other = Endpoint(servers[1 - number % 2].url + "/iti43/retrieve")
        (found,) = (await client.call(iti43.SPEC, wanted, other)).response.documents
        assert found.content.read() == b"%d" % number

    async with Client(spool_dir=tmp_path) as client:
        await asyncio.gather(*(submit(client, number) for number in range(CLIENTS)))

    for server in servers:
        counts = await server.server.store.counts()
        assert (counts.submissions, counts.documents) == (CLIENTS, CLIENTS)


def test_a_database_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """Nobody listens: the start fails with the place, without the password, and with what to do."""
    with pytest.raises(StorageError, match="cannot be reached") as failed:
        Store.open(tmp_path, url="postgresql://ihe:s3cret@127.0.0.1:1/ihe")

    assert "127.0.0.1:1" in str(failed.value)
    assert "s3cret" not in str(failed.value)
    assert "store_url" in str(failed.value)


def test_a_url_that_cannot_be_read_is_not_cited(tmp_path: Path) -> None:
    """The driver tells which piece it does not like; that piece may be the password."""
    with pytest.raises(StorageError) as failed:
        Store.open(tmp_path, url="postgresql://ihe:s3cret word@127.0.0.1/ihe")

    assert "s3cret" not in str(failed.value)
    assert "store_url" in str(failed.value)
