"""The head of an answer: the same for every peer, but for what they say of their connection."""

import asyncio

import pytest

from tests.support.peer import Enveloped, Peer, Sample
from tests.support.wire import PIX_PATH

USUAL = ["Content-Type", "X-Mock-Exchange", "Content-Length", "Date", "Server"]


async def answer(mock: Peer, request: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, headers and body of the answer to a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", mock.server.instance.port)
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    body = await reader.readexactly(int(dict(headers)["Content-Length"]))
    writer.close()
    return status, headers, body


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        ("1.1", "", []),
        ("1.1", "Connection: close\r\n", [("Connection", "close")]),
        ("1.0", "", []),
        ("1.0", "Connection: keep-alive\r\n", [("Connection", "keep-alive")]),
    ],
)
async def test_each_peer_gets_the_headers_of_its_kind_of_connection(
    mock: Peer, sample: Sample, enveloped: Enveloped, version: str, connection: str, expected: list[tuple[str, str]]
) -> None:
    """An answer names type, exchange, length, date and server, and the connection where HTTP wants it named."""
    xml = enveloped(sample("ITI-44/minimal.xml"))
    head = (
        f"POST {PIX_PATH} HTTP/{version}\r\nHost: x\r\n{connection}"
        f"Content-Type: application/soap+xml; charset=UTF-8\r\nContent-Length: {len(xml)}\r\n\r\n"
    )

    status, headers, body = await answer(mock, head.encode() + xml)

    assert status == f"HTTP/{version} 200 OK"
    assert [name for name, _ in headers] == [*USUAL, *(name for name, _ in expected)]
    assert headers[len(USUAL) :] == expected
    assert headers[0] == ("Content-Type", "application/soap+xml; charset=UTF-8")
    assert b'typeCode code="CA"' in body
