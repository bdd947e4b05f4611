"""A server that answers each SOAP request as a function of the request says, well or badly."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property

from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import Envelope, read_envelope, write_envelope
from ihe_test_util.soap.fault import Fault, build_fault
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.multipart import read_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.hl7v3 import II
from ihe_test_util.xml.hl7v3.acknowledgement import AcknowledgementDetail, acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import Device
from ihe_test_util.xml.io import Element, parse

#: The id of a message that nobody sent.
STRANGER = "0b7a3c1e-9d5f-4b8e-a111-00000000ffff"
#: In place of an answer: nothing, for as long as the client waits; or the end of the connection.
SILENCE = b"silence"
CLOSE = b"close"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes

    @cached_property
    def envelope(self) -> Envelope:
        """Its SOAP envelope."""
        content_type = ContentType.parse(self.headers["content-type"])
        if content_type.media_type != "multipart/related":
            return read_envelope(parse(self.body))
        return read_envelope(parse(read_package(self.body, content_type).root.content.read()))

    @property
    def card(self) -> AnyTransaction:
        """The transaction that it belongs to."""
        payload = self.envelope.payload
        return pix_add.SPEC if payload is not None and payload.tag == pix_add.SPEC.request_root else iti41.SPEC

    @property
    def message_id(self) -> str:
        """The id of the HL7 V3 message."""
        payload = self.envelope.payload
        assert payload is not None
        return str(payload[0].get("root"))

    def enveloped(self, payload: Element, *, relates_to: str | None = None) -> bytes:
        """An answer's envelope, that relates to this request unless something else is said."""
        addressing = self.envelope.addressing
        related = addressing.message_id if relates_to is None else relates_to
        properties = Addressing(self.card.response_action, "urn:uuid:1", related) if related else NONE
        return write_envelope(payload, version=self.envelope.version, addressing=properties)

    def acknowledged(
        self, code: str = "CA", *, target: str = "", relates_to: str | None = None, said: str = ""
    ) -> bytes:
        """An acknowledgement, of this message unless something else is said."""
        details = (AcknowledgementDetail("E", said),) if said else ()
        answer = acknowledgement(
            code,
            II(target or self.message_id),
            message_id=II("0b7a3c1e-9d5f-4b8e-a111-00000000000a"),
            creation_time="20260102030405+0000",
            sender=Device.of("2.999.1.1"),
            receiver=Device.of("2.999.1.2"),
            details=details,
        )
        return self.enveloped(pix_add.SPEC.build_response(answer).element, relates_to=relates_to)

    def registered(
        self, status: str = urns.SUCCESS, *errors: iti41.RegistryError, relates_to: str | None = None
    ) -> bytes:
        """A repository's answer."""
        response = iti41.RegistryResponse(status, errors=errors)
        return self.enveloped(iti41.SPEC.build_response(response).element, relates_to=relates_to)

    def success(self) -> bytes:
        """What the sender hopes for."""
        return http(self.acknowledged() if self.card is pix_add.SPEC else self.registered())


Answer = Callable[[Asked], bytes]


def http(
    body: bytes = b"", content_type: str = "application/soap+xml; charset=UTF-8", status: str = "200 OK", **more: str
) -> bytes:
    """An HTTP response of exact bytes."""
    headers = {"Content-Length": str(len(body)), "Connection": "close"}
    if content_type:
        headers["Content-Type"] = content_type
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


def faulty(fault: Fault, version: SoapVersion = SoapVersion.V12) -> bytes:
    """A SOAP fault, with the HTTP status that its version demands."""
    status = {400: "400 Bad Request", 500: "500 Internal Server Error"}[fault.status(version)]
    return http(write_envelope(build_fault(fault, version), version=version), version.media_type, status)


@dataclass
class Standin:
    """The server: ``answer`` gives the bytes for a request; ``asked`` are those that came."""

    answer: Answer
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def codes(self) -> list[str]:
        """The transactions that were asked for, in order."""
        return [one.card.code for one in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with contextlib.suppress(
                asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError
            ):
                await self._one(reader, writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = {
            name.lower(): value for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        }
        self.asked.append(Asked(headers, await reader.readexactly(int(headers["content-length"]))))
        answer = self.answer(self.asked[-1])
        if answer == SILENCE:
            await reader.read()
        elif answer != CLOSE:
            writer.write(answer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async def end(self) -> None:
        """End what is being served."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


@asynccontextmanager
async def standing_in(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Standin]:
    """A server of this process at a free port of 127.0.0.1."""
    standin = Standin(answer)
    server = await asyncio.start_server(standin.serve, "127.0.0.1", 0, ssl=tls)
    standin.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/ihe"
    try:
        yield standin
    finally:
        server.close()
        await standin.end()
        await server.wait_closed()
