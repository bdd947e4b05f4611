"""ITI-43 and ITI-86 over real sockets: what was provided comes back byte for byte, until it is removed."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lxml import etree

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.content import Content
from ihe_test_util.domain.world import MOCK_REPOSITORY_OID
from ihe_test_util.transactions import iti41, iti43, iti86
from ihe_test_util.transactions.iti41 import DocumentDraft, submission_for
from ihe_test_util.transactions.iti43 import DocumentRequest, RetrieveRequest, RetrieveResponse
from ihe_test_util.transactions.iti86 import RemoveDocumentsRequest
from ihe_test_util.transactions.xds.response import RegistryResponse
from ihe_test_util.xml.ebrim import urns
from tests.support.peer import Enveloped, Peer, Sample

PATIENT = "PAT-1^^^&2.999.1.2&ISO"
SMALL, LARGE = b"\x00\xff--\r\n", bytes(range(256)) * 12_000
SMALL_ID, LARGE_ID, NOWHERE = "2.999.5.1", "2.999.5.2", "2.999.5.3"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """Our own client."""
    async with Client(spool_dir=tmp_path) as one:
        yield one


@pytest.fixture
async def filled(mock: Peer, client: Client) -> Peer:
    """A mock that holds a small and a large document."""
    drafts = [
        DocumentDraft(Content.of(data), name, "20240229") for name, data in ((SMALL_ID, SMALL), (LARGE_ID, LARGE))
    ]
    submission = submission_for(
        drafts,
        patient_id=PATIENT,
        source_patient_id=PATIENT,
        source_id="2.999.8",
        unique_id="2.999.9",
        submission_time="20240229153001",
    )
    called = await client.call(iti41.SPEC, submission, Endpoint(mock.url + "/iti41/submit"))
    assert called.verdict.accepted
    return mock


def asked(*ids: str, repository: str = MOCK_REPOSITORY_OID) -> tuple[DocumentRequest, ...]:
    """Documents of a repository."""
    return tuple(DocumentRequest(repository, each) for each in ids)


def large_files(mock: Peer) -> list[Path]:
    """The files of documents that are not in the database."""
    content = Path(mock.server.store.data_dir) / "content"
    return [path for path in content.glob("*/*") if path.is_file()]


async def retrieved(client: Client, mock: Peer, *documents: DocumentRequest) -> RetrieveResponse:
    """What the mock answers to who retrieves."""
    endpoint = Endpoint(mock.url + "/iti43/retrieve")
    return (await client.call(iti43.SPEC, RetrieveRequest(documents), endpoint)).response


async def removed(client: Client, mock: Peer, *documents: DocumentRequest) -> RegistryResponse:
    """What the mock answers to who removes."""
    endpoint = Endpoint(mock.url + "/iti86/remove")
    return (await client.call(iti86.SPEC, RemoveDocumentsRequest(documents), endpoint)).response


async def test_documents_come_back_byte_for_byte(client: Client, filled: Peer) -> None:
    """Small and large, in the order asked, with media type and ids."""
    response = await retrieved(client, filled, *asked(LARGE_ID, SMALL_ID))

    assert response.registry == RegistryResponse(urns.SUCCESS)
    assert [one.content.read() for one in response.documents] == [LARGE, SMALL]
    assert [one.document_unique_id for one in response.documents] == [LARGE_ID, SMALL_ID]
    assert {(one.mime_type, one.repository_unique_id) for one in response.documents} == {
        ("text/xml", MOCK_REPOSITORY_OID)
    }


async def test_some_that_are_not_there_make_a_partial_success(client: Client, filled: Peer) -> None:
    """What is there comes; for each other document an error names it."""
    response = await retrieved(client, filled, *asked(NOWHERE, SMALL_ID), *asked(LARGE_ID, repository="2.999.66"))

    assert response.registry.status == urns.PARTIAL_SUCCESS
    assert [one.content.read() for one in response.documents] == [SMALL]
    assert [(error.code, error.location) for error in response.registry.errors] == [
        ("XDSDocumentUniqueIdError", NOWHERE),
        ("XDSUnknownRepositoryId", LARGE_ID),
    ]


async def test_none_that_is_there_makes_a_failure(client: Client, filled: Peer) -> None:
    """Nothing found is a Failure, without documents."""
    response = await retrieved(client, filled, *asked(NOWHERE))

    assert (response.registry.status, response.documents) == (urns.FAILURE, ())


async def test_what_is_removed_is_gone_and_the_rest_stays(client: Client, filled: Peer) -> None:
    """A removed document cannot be retrieved nor removed again; its neighbour can."""
    first = await removed(client, filled, *asked(LARGE_ID))

    again = await removed(client, filled, *asked(LARGE_ID))
    after = await retrieved(client, filled, *asked(LARGE_ID, SMALL_ID))

    assert (first.status, again.status) == (urns.SUCCESS, urns.FAILURE)
    assert [error.code for error in again.errors] == ["XDSDocumentUniqueIdError"]
    assert after.registry.status == urns.PARTIAL_SUCCESS
    assert [one.content.read() for one in after.documents] == [SMALL]
    assert large_files(filled) == []


async def test_a_plain_request_is_answered_by_a_package(filled: Peer, sample: Sample, enveloped: Enveloped) -> None:
    """Documents travel as MTOM parts, however the request came (ITI TF-2: Appendix V.3.6)."""
    body = enveloped(sample("ITI-43/two.xml").replace(b"2.999.1.5.3", SMALL_ID.encode()))

    answer = await filled.post("/iti43/retrieve", body, "application/soap+xml")

    assert answer.content_type.startswith("multipart/related")
    assert SMALL in answer.body


@pytest.mark.parametrize("path", ["/iti43/retrieve", "/iti86/remove"])
async def test_a_request_for_nothing_is_refused_in_the_transactions_own_words(
    mock: Peer, sample: Sample, enveloped: Enveloped, path: str
) -> None:
    """An empty request is answered by a Failure that says what is missing."""
    name = path[4:6]
    message = sample(f"ITI-{name}/two.xml")
    start, _, rest = message.partition(b"<xdsb:DocumentRequest>")
    empty = start + rest[rest.rindex(b"</xdsb:DocumentRequest>") + len(b"</xdsb:DocumentRequest>") :]

    answer = await mock.post(path, enveloped(empty), "application/soap+xml")

    assert answer.attribute("RegistryResponse", "status") == urns.FAILURE
    assert "DocumentRequest" in answer.attribute("RegistryError", "codeContext")
    assert answer.attribute("RegistryError", "location").startswith("Document Repository, ITI TF-2: 3.")


@pytest.mark.parametrize("path", ["/iti43/retrieve", "/iti86/remove"])
async def test_a_document_without_a_name_is_told_once(
    mock: Peer, sample: Sample, enveloped: Enveloped, path: str
) -> None:
    """That its uniqueId is missing is said with the place; that nothing is called so is not said beside it."""
    message = re.sub(
        b"<xdsb:DocumentUniqueId>[^<]*<", b"<xdsb:DocumentUniqueId><", sample(f"ITI-{path[4:6]}/two.xml"), count=1
    )

    answer = await mock.post(path, enveloped(message), "application/soap+xml")

    errors = [one for one in answer.xml.iter() if etree.QName(one).localname == "RegistryError"]
    assert [one.get("errorCode") for one in errors] == ["XDSRepositoryError", "XDSDocumentUniqueIdError"]
    assert "DocumentRequest[1]/DocumentUniqueId" in str(errors[0].get("codeContext"))
    assert all(one.get("location") for one in errors)


#: Asks for the large document as often as it takes to be in the middle of the answer for a while.
MANY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007">'
    + b"".join(
        f"<DocumentRequest><RepositoryUniqueId>{MOCK_REPOSITORY_OID}</RepositoryUniqueId>"
        f"<DocumentUniqueId>{LARGE_ID}</DocumentUniqueId></DocumentRequest>".encode()
        for _ in range(20)
    )
    + b"</RetrieveDocumentSetRequest></s:Body></s:Envelope>"
)
HEADERS = {"Content-Type": "application/soap+xml"}


async def test_a_peer_that_leaves_during_a_large_answer_harms_nobody(filled: Peer) -> None:
    """The exchange is recorded as cut off, and the server goes on."""
    async with filled.session.post(filled.url + "/iti43/retrieve", data=MANY, headers=HEADERS) as response:
        await response.content.read(1000)
        response.close()

    assert (await filled.health())["status"] == "healthy"


@pytest.mark.skipif(os.name == "nt", reason="a file that is open cannot be removed there")
@pytest.mark.parametrize("how", ["ITI-86", "reset"])
async def test_an_answer_that_has_begun_is_ended_though_its_document_is_removed(
    client: Client, filled: Peer, how: str
) -> None:
    """What was there when it was asked for comes whole; who asks afterwards is told that it is gone."""
    async with filled.session.post(filled.url + "/iti43/retrieve", data=MANY, headers=HEADERS) as response:
        begin = await response.content.read(1000)
        if how == "reset":
            await filled.server.store.reset()
        else:
            await removed(client, filled, *asked(LARGE_ID))
        rest = await response.content.read()
        length = response.content_length

    assert len(begin) + len(rest) == length
    assert rest.count(LARGE) == 20
    assert (await retrieved(client, filled, *asked(LARGE_ID))).registry.status == urns.FAILURE
    assert large_files(filled) == []
