"""A client that sends exactly the bytes it is given, and what it got."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import aiohttp
from lxml import etree

from ihe_test_util.mock_server.app import MockServer
from ihe_test_util.xml.io import Element, parse
from tests.support.schemas import problems_of_payload

#: aiohttp warns of bytes that are larger.
_SENT_IN_ONE_BYTES: Final = 1024 * 1024

OK = 200
Sample = Callable[[str], bytes]
Enveloped = Callable[..., bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: HTTP status, content type, bytes, and the XML of it where there is one."""

    status: int
    content_type: str
    body: bytes

    @property
    def xml(self) -> Element:
        """The root element of the SOAP message, of the first part where it is a package."""
        data = self.body
        if self.content_type.startswith("multipart/"):
            delimiter = b"\r\n" + data.lstrip(b"\r\n").split(b"\r\n", 1)[0]
            data = data.split(b"\r\n\r\n", 1)[1].split(delimiter, 1)[0]
        return parse(data)

    def text(self, local_name: str) -> str:
        """The text of the first element with this local name; empty where there is none."""
        found = [each for each in self.xml.iter() if etree.QName(each).localname == local_name]
        return "".join(str(piece) for piece in found[0].itertext()).strip() if found else ""

    def attribute(self, local_name: str, attribute: str) -> str:
        """An attribute of the first element with this local name."""
        found = [each for each in self.xml.iter() if etree.QName(each).localname == local_name]
        return str(found[0].get(attribute)) if found else ""

    @property
    def fault(self) -> str:
        """Code and reason of the fault; empty where the answer is none."""
        code = self.text("faultcode") or self.text("Code")
        return f"{code.rpartition(':')[2]}: {self.text('faultstring') or self.text('Reason')}" if code else ""

    @property
    def acknowledgement(self) -> str:
        """The code of the HL7 V3 acknowledgement."""
        acknowledgement = next(e for e in self.xml.iter() if etree.QName(e).localname == "acknowledgement")
        return str(acknowledgement[0].get("code"))


class Peer:
    """A client of one mock server that sends exactly the bytes it is given."""

    def __init__(self, server: MockServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.server.url

    async def post(self, path: str, body: Any, content_type: str, **headers: str) -> Answer:
        """POST bytes with a content type."""
        if isinstance(body, bytes) and len(body) > _SENT_IN_ONE_BYTES:
            body = BytesIO(body)
        sent = {"Content-Type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.url + path, data=body, headers=sent) as response:
            answer = Answer(response.status, response.headers.get("Content-Type", ""), await response.read())
        if answer.status == OK:
            # Whatever a test is about, no answer may break the standards' schemas.
            assert problems_of_payload(answer.xml) == ()
        return answer

    async def get(self, path: str) -> Answer:
        """GET a path."""
        async with self.session.get(self.url + path) as response:
            return Answer(response.status, response.headers.get("Content-Type", ""), await response.read())

    async def health(self) -> Any:
        """What ``/health`` says."""
        async with self.session.get(self.url + "/health") as response:
            return await response.json()


StartMock = Callable[..., Awaitable[Peer]]
