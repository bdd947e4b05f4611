"""A client without a library: exactly the bytes of the test on a socket, and the answers read one by one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType

from tests.support.patience import PATIENCE_S
from tests.support.peer import Answer

PIX_PATH = "/pix/add"
ITI41_PATH = "/iti41/submit"
SOAP12 = "application/soap+xml; charset=UTF-8"
SOAP11 = "text/xml; charset=UTF-8"


def head(
    path: str = PIX_PATH,
    more: Mapping[str, object] = MappingProxyType({}),
    *,
    method: str = "POST",
    version: str = "1.1",
    **headers: object,
) -> bytes:
    """The head of a request; ``Content_Length=5`` is a header, as is each of ``more``, and None leaves one out."""
    named = {"Host": "mock", "Content_Type": SOAP12} | headers | dict(more)
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/{version}", *lines, "", ""]).encode("latin-1")


class Wire:
    """One connection; ``headers`` are those of the last answer, names in lower case."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.headers: dict[str, str] = {}

    async def send(self, *pieces: bytes) -> None:
        """Write bytes, one piece after the other."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    def end(self) -> None:
        """Say that nothing more comes, and go on reading."""
        self._writer.write_eof()

    def vanish(self) -> None:
        """Drop the connection at once."""
        self._writer.transport.abort()

    async def answer(self, *, body: bool = True, within_s: float = PATIENCE_S) -> Answer:
        """The next answer, interim ones too."""
        async with asyncio.timeout(within_s):
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            length = int(self.headers.get("content-length", "0")) if body else 0
            data = await self._reader.readexactly(length)
        return Answer(int(lines[0].split()[1]), self.headers.get("content-type", ""), data)

    async def is_closed(self, *, within_s: float = PATIENCE_S) -> bool:
        """Whether the server has nothing more to say and closes the connection."""
        async with asyncio.timeout(within_s):
            with suppress(ConnectionError):
                return await self._reader.read(1) == b""
        return True


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    """A connection to a server on this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()
