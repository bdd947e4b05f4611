"""What a port speaks that hung up on us: TLS where we spoke plain HTTP, or plain HTTP where we spoke TLS.

A server says so itself only by luck, so the port is asked: by a TLS handshake that goes no further than its first
message, or by a request for nothing. Neither holds anything of the message that failed.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from ihe_test_util.client.endpoint import Endpoint

#: Content types of TLS records, and the major version in each (RFC 8446: 5.1).
_RECORD_TYPES: Final = frozenset(range(20, 25))
_MAJOR: Final = 3
_HTTP: Final = b"HTTP/"
_TIMEOUT_S: Final = 5.0


class PortProbe:
    """Asks ports, each once; one that answered in what we spoke need not be asked."""

    def __init__(self) -> None:
        self._as_spoken: set[tuple[str, bool]] = set()

    def answered(self, endpoint: Endpoint) -> None:
        """The port speaks what its URL says."""
        self._as_spoken.add((endpoint.host_port, endpoint.https))

    async def speaks_other(self, endpoint: Endpoint) -> bool:
        """Whether the port speaks TLS where the URL says http, plain HTTP where it says https; in doubt it does not."""
        if (endpoint.host_port, endpoint.https) in self._as_spoken:
            return False
        # Many a port of HTTPS tells in plain HTTP that it is one, so what answers in TLS is none of plain HTTP.
        if endpoint.https:
            other = await _speaks_http(endpoint) and not await _speaks_tls(endpoint)
        else:
            other = await _speaks_tls(endpoint)
        if not other:
            self.answered(endpoint)
        return other


async def _speaks_http(endpoint: Endpoint) -> bool:
    return await _answer(endpoint, f"OPTIONS * HTTP/1.0\r\nHost: {endpoint.host_port}\r\n\r\n".encode()) == _HTTP


async def _speaks_tls(endpoint: Endpoint) -> bool:
    return _is_record(await _answer(endpoint, _hello()))


async def _answer(endpoint: Endpoint, question: bytes) -> bytes:
    """The beginning of the answer, empty where there is none in time."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await _asked(endpoint, question)
    except (OSError, EOFError):
        return b""


async def _asked(endpoint: Endpoint, question: bytes) -> bytes:
    address = urlsplit(f"//{endpoint.host_port}")
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(question)
        return await reader.readexactly(len(_HTTP))
    finally:
        writer.transport.abort()


def _hello() -> bytes:
    """A ClientHello; nothing is checked, for nothing more is said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):  # the handshake waits for the server's answer
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def _is_record(beginning: bytes) -> bool:
    return len(beginning) == len(_HTTP) and beginning[0] in _RECORD_TYPES and beginning[1] == _MAJOR
