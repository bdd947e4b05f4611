"""The client and the mock server, which know nothing of each other, over a real socket."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.content import Content
from ihe_test_util.errors import FaultCode, PeerFault
from ihe_test_util.exchange import Outcome
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest


@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("addressing", [True, False])
async def test_a_large_document_arrives_byte_for_byte(
    client: Client,
    start_mock: Any,
    submission: Any,
    tmp_path: Path,
    version: SoapVersion,
    addressing: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """From a file of ours to a file of the mock's, in either SOAP version, with addressing and without."""
    document = bytes(range(256)) * 16_384 + b"\r\n--uuid:not-the-boundary--\r\n"
    (tmp_path / "document.bin").write_bytes(document)
    mock = await start_mock(save_submitted_documents=True)
    endpoint = Endpoint(f"{mock.url}/iti41/submit", version, addressing)
    called = await client.call(iti41.SPEC, submission(Content.of_file(tmp_path / "document.bin")), endpoint)
    saved = [path for path in (tmp_path / "data0" / "documents").rglob("*") if path.is_file()]
    assert called.verdict.accepted
    assert called.exchange.findings == ()
    assert any(path.read_bytes() == document for path in saved if path.stat().st_size == len(document))


async def test_many_calls_at_once_get_their_own_answers(client: Client, mock: Any, pix_request: PixAddRequest) -> None:
    """Correlation by message id holds under concurrency."""
    endpoint = Endpoint(f"{mock.url}/pix/add")
    calls = [client.call(pix_add.SPEC, pix_request, endpoint) for _ in range(50)]
    assert all(called.verdict.accepted for called in await asyncio.gather(*calls))


@pytest.mark.sends_anything
async def test_a_strict_refusal_lists_what_is_wrong(
    client: Client, start_mock: Any, pix_request: PixAddRequest, exchanges: Any
) -> None:
    """A Sender fault with every finding, HTTP 400 in SOAP 1.2."""
    mock = await start_mock(pix_add_behavior={"validation_mode": "strict"})
    element = pix_add.SPEC.build_request(pix_request).element
    for name in ("creationTime", "sender"):
        found = element.find(f"{{urn:hl7-org:v3}}{name}")
        assert found is not None
        element.remove(found)
    request = pix_add.SPEC.parse_request(element, _NoAttachments())
    with pytest.raises(PeerFault) as caught:
        await client.call(pix_add.SPEC, request, Endpoint(f"{mock.url}/pix/add"))
    assert (caught.value.code, caught.value.status) == (FaultCode.SENDER, 400)
    assert "creationTime" in caught.value.reason
    assert "sender" in caught.value.reason
    assert exchanges[0].outcome is Outcome.FAULT


class _NoAttachments:
    """For a message that has none."""

    def content_of(self, element: Any) -> Content:
        """Never asked."""
        raise NotImplementedError(element)
