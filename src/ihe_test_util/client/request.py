"""The way out: a message to the HTTP request that carries it, streamed from memory or disk."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import Payload as HttpBody
from aiohttp import SocketTimeoutError
from aiohttp.abc import AbstractStreamWriter

from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.errors import BadInput, IheTestUtilError
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.mtom import write_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction, Mtom, Payload
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

#: Read in one go by a thread while the loop sends what was read before.
_BATCH_BYTES: Final = 1024 * 1024
#: Below this, a body fits the socket's buffer and is written without a timer.
_SMALL_BODY_BYTES: Final = 64 * 1024


class RequestBody(HttpBody):
    """A body of known length that knows how much of it was handed to the network, and reads files in a thread.

    ``failure`` is set when our own side could not go on: the document is gone or has changed; ``stalled`` when the
    peer stopped reading. Both come before what aiohttp then reports of the connection.
    """

    _autoclose = True

    def __init__(self, chunks: Callable[[], Iterator[bytes]], length: int, content_type: str, stall_s: float) -> None:
        super().__init__(None, content_type=content_type)
        self._size = length
        self.chunks = chunks
        self._stall_s = stall_s
        self.handed_over = 0
        self.failure: IheTestUtilError | None = None
        self.stalled: SocketTimeoutError | None = None

    @property
    def whole(self) -> bool:
        """Whether the peer may have all of it."""
        return self.handed_over == self._size

    @property
    def length(self) -> int:
        """Size in bytes."""
        return self._size or 0

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text; for aiohttp's debugging only."""
        return b"".join(self.chunks()).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send everything."""
        if self.length <= _SMALL_BODY_BYTES:
            await self._send(writer, self._read_batch(self.chunks()))
            return
        chunks = self.chunks()
        ahead = asyncio.create_task(asyncio.to_thread(self._read_batch, chunks))
        try:
            while batch := await ahead:
                ahead = asyncio.create_task(asyncio.to_thread(self._read_batch, chunks))
                async with asyncio.timeout(self._stall_s) as timer:
                    await self._send(writer, batch, timer)
        except IheTestUtilError as error:
            self.failure = error
            raise
        except TimeoutError as error:
            self.stalled = SocketTimeoutError("the peer does not read")
            transport = getattr(writer, "transport", None)
            if transport is not None:
                transport.abort()  # a mere close would wait until the peer has read what is buffered
            raise self.stalled from error
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _send(
        self, writer: AbstractStreamWriter, batch: list[bytes], timer: asyncio.Timeout | None = None
    ) -> None:
        for chunk in batch:
            self.handed_over += len(chunk)
            await writer.write(chunk)
            if timer is not None:
                timer.reschedule(asyncio.get_running_loop().time() + self._stall_s)

    def _read_batch(self, chunks: Iterator[bytes]) -> list[bytes]:
        """The next chunks, a batch of them; none at the end."""
        batch: list[bytes] = []
        size = 0
        for chunk in chunks:
            batch.append(chunk)
            size += len(chunk)
            if size >= _BATCH_BYTES:
                break
        return batch


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to go: ``xml`` is its envelope, ``body`` what HTTP carries."""

    xml: bytes
    body: RequestBody
    headers: tuple[tuple[str, str], ...]
    message_id: str
    payload: Payload

    def write_to(self, path: Path) -> None:
        """Write the HTTP body to a file.

        Raises:
            BadInput: it cannot be written.
        """
        try:
            with path.open("wb") as file:
                file.writelines(self.body.chunks())
        except OSError as error:
            raise BadInput("the request cannot be written", where=str(path), got=error.strerror or str(error)) from None


def prepare(
    card: AnyTransaction,
    payload: Payload,
    endpoint: Endpoint,
    *,
    new_uuid: Callable[[], str],
    stall_s: float,
    message_id: str = "",
    header_blocks: Iterable[Element] = (),
) -> Prepared:
    """Wrap a payload as the transaction demands: plain or MTOM, with addressing or without.

    ``message_id`` is a new one where it is empty.

    Raises:
        BadInput: something in it that cannot stand in a header.
    """
    addressing = NONE
    if endpoint.addressing:
        message_id = message_id or f"urn:uuid:{new_uuid()}"
        addressing = Addressing(card.action, message_id, to=endpoint.address, reply_to=ns.WSA_ANONYMOUS)
    message = payload.xml or payload.element
    xml = write_envelope(message, version=endpoint.soap, addressing=addressing, header_blocks=header_blocks)
    if card.mtom is Mtom.REQUIRED or payload.attachments:
        unique = new_uuid()
        package = write_package(
            xml,
            payload.attachments,
            soap_version=endpoint.soap,
            action=card.action,
            boundary=f"uuid:{unique}",
            root_id=f"root.{unique}@ihe-test-util",
        )
        body = RequestBody(package.chunks, package.length, package.content_type, stall_s)
    else:
        body = RequestBody(lambda: iter((xml,)), len(xml), _plain_type(card.action, endpoint.soap), stall_s)
    headers = [("Content-Type", body.content_type), ("Content-Length", str(body.length))]
    if endpoint.soap is SoapVersion.V11:
        headers.append(("SOAPAction", f'"{card.action}"'))
    return Prepared(xml, body, tuple(headers), addressing.message_id, payload)


def _plain_type(action: str, version: SoapVersion) -> str:
    text = f"{version.media_type}; charset=UTF-8"
    return f'{text}; action="{action}"' if version is SoapVersion.V12 else text
