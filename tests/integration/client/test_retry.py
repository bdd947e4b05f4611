"""Messages that are sent again, by real sockets: when, how often, and that they are the same."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ihe_test_util import failures
from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.retry import Retry, RetryingClient, RetryPolicy
from ihe_test_util.content import Content
from ihe_test_util.errors import IheTestUtilError, NoSoapAnswer, PeerFault, Unreachable
from ihe_test_util.exchange import Exchange
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest
from ihe_test_util.xml.ebrim import urns

Script = list[bytes]


class Waits:
    """A clock that does not tick: it keeps how long it was asked to wait."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.retries: list[Retry] = []

    async def sleep(self, seconds: float) -> None:
        """Note it and go on."""
        self.asked.append(seconds)


@pytest.fixture
def waits() -> Waits:
    """The waits of the test."""
    return Waits()


@pytest.fixture
def retrying(client: Client, waits: Waits) -> RetryingClient:
    """A client that tries again, without waiting, by three retries at most."""
    return RetryingClient(client, RetryPolicy(), sleep=waits.sleep, chance=lambda: 0.0, on_retry=waits.retries.append)


@pytest.fixture
def scripted(start_peer: Any) -> Callable[[Script], Awaitable[tuple[Any, list[bytes]]]]:
    """Starts a peer that gives one answer after the other, the last one for ever; empty ones close the connection."""

    async def start(answers: Script) -> tuple[Any, list[bytes]]:
        left, got = list(answers), []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if line)
            got.append(await reader.readexactly(int(headers["Content-Length"])))
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            await writer.drain()

        return await start_peer(serve), got

    return start


async def test_the_same_message_is_sent_again(
    retrying: RetryingClient,
    scripted: Any,
    http: Any,
    acknowledge: Any,
    pix_request: PixAddRequest,
    waits: Waits,
    exchanges: list[Exchange],
) -> None:
    """Byte for byte: message id, addressing id, patient; after 503, a lost connection and a Receiver fault."""
    fault = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:Receiver'
        b'</e:Value></e:Code><e:Reason><e:Text xml:lang="en">later</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>'
    )
    busy, broken = http(status="503 Service Unavailable"), http(fault, status="500 Internal Server Error")
    peer, got = await scripted([busy, b"", broken, http(acknowledge())])

    called = await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert called.verdict.accepted
    assert len(got) == 4
    assert len(set(got)) == 1
    assert waits.asked == [1.0, 2.0, 4.0]
    assert [(retry.number, retry.of, retry.failure) for retry in waits.retries] == [
        (1, 3, failures.UNAVAILABLE),
        (2, 3, failures.OUTCOME_UNKNOWN),
        (3, 3, failures.SERVER_FAULT),
    ]
    assert len(exchanges) == 4


async def test_documents_are_sent_again_whole(
    retrying: RetryingClient, scripted: Any, http: Any, registry_success: bytes, submission: Any, tmp_path: Any
) -> None:
    """A package from disk, with the same unique ids and the same bytes; only its boundary may differ."""
    path = tmp_path / "document.xml"
    path.write_bytes(b"<ClinicalDocument/>" * 20_000)
    request = submission(Content.of_file(path))
    peer, got = await scripted([http(status="502 Bad Gateway"), http(registry_success)])

    called = await retrying.call(iti41.SPEC, request, Endpoint(peer.url()))

    assert called.verdict.accepted
    assert len(got) == 2
    assert all(path.read_bytes() in body and b"2.999.5.1" in body for body in got)


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "413 Content Too Large", "302 Found"]
)
async def test_what_will_not_pass_is_not_tried_again(
    retrying: RetryingClient, scripted: Any, http: Any, pix_request: PixAddRequest, waits: Waits, status: str
) -> None:
    """One request, and the error at once."""
    peer, got = await scripted([http(status=status)])

    with pytest.raises(NoSoapAnswer):
        await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert len(got) == 1
    assert waits.asked == []


async def test_a_refusal_is_an_answer(
    retrying: RetryingClient, scripted: Any, http: Any, acknowledge: Any, pix_request: PixAddRequest
) -> None:
    """AE is returned, not tried again."""
    peer, got = await scripted([http(acknowledge("AE", detail="no such domain", detail_type="E"))])

    called = await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert not called.verdict.accepted
    assert len(got) == 1


async def test_a_busy_registry_is_asked_again(
    retrying: RetryingClient, scripted: Any, http: Any, registry_success: bytes, submission: Any
) -> None:
    """XDSRegistryBusy is an answer that passes; the last one is returned where it does not."""
    response = iti41.RegistryResponse(urns.FAILURE, errors=(iti41.RegistryError("XDSRegistryBusy", "too much"),))
    busy = http(write_envelope(iti41.SPEC.build_response(response).element, version=SoapVersion.V12))
    request = submission(Content.of(b"<ClinicalDocument/>"))
    passing, _ = await scripted([busy, http(registry_success)])
    lasting, got = await scripted([busy])

    assert (await retrying.call(iti41.SPEC, request, Endpoint(passing.url()))).verdict.accepted
    called = await retrying.call(iti41.SPEC, request, Endpoint(lasting.url()))

    assert called.verdict.codes == ("XDSRegistryBusy",)
    assert len(got) == 4


async def test_the_peer_says_when(
    retrying: RetryingClient,
    scripted: Any,
    http: Any,
    acknowledge: Any,
    pix_request: PixAddRequest,
    waits: Waits,
) -> None:
    """Retry-After of 429 and 503 is waited for, beside our own wait."""
    peer, _ = await scripted(
        [
            http(status="429 Too Many Requests", Retry_After="7"),
            http(status="503 Service Unavailable", Retry_After="Fri, 02 Jan 2026 03:04:35 GMT"),
            http(acknowledge()),
        ]
    )

    await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert waits.asked == [7.0 + 1.0, 30.0 + 2.0]


async def test_a_peer_that_wants_to_be_left_alone_is(
    retrying: RetryingClient, scripted: Any, http: Any, pix_request: PixAddRequest, waits: Waits
) -> None:
    """A Retry-After beyond a minute is not waited for, and the note says how long it is."""
    peer, got = await scripted([http(status="503 Service Unavailable", Retry_After="3600")])

    with pytest.raises(NoSoapAnswer) as caught:
        await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert len(got) == 1
    assert waits.asked == []
    assert caught.value.__notes__ == ["  tried once; the server asks to wait 3600 s"]


async def test_at_last_it_gives_up(retrying: RetryingClient, waits: Waits, pix_request: PixAddRequest) -> None:
    """After three retries, with the last error, a note, and a category for what lasts."""
    with pytest.raises(Unreachable) as caught:
        await retrying.call(pix_add.SPEC, pix_request, Endpoint("http://127.0.0.1:9/pix/add"))

    assert len(waits.asked) == 3
    assert caught.value.__notes__ == ["  tried 4 times, with the same ids"]
    assert caught.value.failure.lasting is failures.Category.CRITICAL


async def test_a_lost_message_keeps_its_ids_until_the_end(
    retrying: RetryingClient, scripted: Any, pix_request: PixAddRequest
) -> None:
    """The connection closed after each sending: four times the same bytes, and the outcome is unknown."""
    peer, got = await scripted([b""])

    with pytest.raises(Unreachable) as caught:
        await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert caught.value.sent
    assert len(got) == 4
    assert len(set(got)) == 1


async def test_without_addressing_too(
    retrying: RetryingClient, scripted: Any, http: Any, acknowledge: Any, pix_request: PixAddRequest
) -> None:
    """No message id is put where there are no addressing headers."""
    peer, got = await scripted([b"", http(acknowledge(relates_to=None))])

    await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url(), addressing=False))

    assert b"MessageID" not in got[1]


async def test_header_blocks_are_made_for_each_try(
    retrying: RetryingClient, scripted: Any, http: Any, acknowledge: Any, pix_request: PixAddRequest
) -> None:
    """A timestamp or an assertion of one use must be fresh."""
    from lxml import etree  # noqa: PLC0415 - this test only

    made = iter("ab")
    peer, got = await scripted([b"", http(acknowledge())])

    await retrying.call(
        pix_add.SPEC, pix_request, Endpoint(peer.url()), header_blocks=lambda: [etree.Element(f"fresh-{next(made)}")]
    )

    assert [b"<fresh-a/>" in got[0], b"<fresh-b/>" in got[1]] == [True, True]


@pytest.mark.parametrize("log_messages", [False, True])
async def test_the_log_names_no_patient_unless_asked(
    scripted: Any,
    http: Any,
    acknowledge: Any,
    pix_request: PixAddRequest,
    caplog: pytest.LogCaptureFixture,
    log_messages: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Whole messages at DEBUG where redaction is off; nothing but codes, hosts and outcomes otherwise."""
    caplog.set_level(logging.DEBUG, "ihe_test_util")
    peer, _ = await scripted([http(status="503 Service Unavailable"), http(acknowledge(relates_to=None))])
    async with Client(log_messages=log_messages) as client:
        retrying = RetryingClient(client, RetryPolicy(backoff_factor=0.0))
        await retrying.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert len(lines) == 3
    assert not any(name in line for name in ("Müller", "Anna", "PAT-1") for line in lines)
    assert ("Müller" in caplog.text) == log_messages


async def test_errors_of_faults_carry_when_to_come_back(
    client: Client, scripted: Any, http: Any, pix_request: PixAddRequest
) -> None:
    """A SOAP fault with Retry-After."""
    fault = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Server'
        b"</faultcode><faultstring>busy</faultstring></e:Fault></e:Body></e:Envelope>"
    )
    peer, _ = await scripted([http(fault, "text/xml", "503 Service Unavailable", Retry_After="9")])

    with pytest.raises(PeerFault) as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))

    assert caught.value.retry_after_s == 9.0
    assert caught.value.failure is failures.UNAVAILABLE


def test_a_failure_can_be_told_in_json() -> None:
    """Causes and categories are plain text, for results."""
    error: IheTestUtilError = Unreachable("gone")

    assert json.dumps([error.failure.cause, error.category]) == '["not-reached", "transient"]'
