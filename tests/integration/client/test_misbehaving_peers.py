"""What the client says of peers that answer something else than SOAP."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.errors import (
    MessageTooLarge,
    MimeMalformed,
    NoSoapAnswer,
    PeerMalformed,
    XmlMalformed,
)
from ihe_test_util.soap.package import MultipartLimits
from ihe_test_util.transactions import pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest

Bytes = Callable[..., bytes]
Call = Callable[..., Any]


@pytest.mark.parametrize(
    ("status", "body", "content_type", "headers", "sentence", "hint"),
    [
        ("200 OK", b"<html><title>Welcome &amp; log in</title></html>", "text/html", {}, "a web page", "path"),
        ("200 OK", b"<!DOCTYPE html>\n<p>hello", "application/soap+xml", {}, "a web page", "path"),
        ("200 OK", b'{"status": "up"}', "application/json", {}, "something else than SOAP", "another kind"),
        ("200 OK", b"MSH|^~\\&|A|B", "text/plain", {}, "something else than SOAP", "another kind"),
        ("200 OK", b"<hello/>", "application/xml", {}, "something else than SOAP", "another kind"),
        ("200 OK", b"", "", {}, "the answer is empty", "asynchronous"),
        ("202 Accepted", b"", "", {}, "the answer is empty", "one-way"),
        ("204 No Content", b"", "", {}, "the answer is empty", "one-way"),
        (
            "301 Moved",
            b"",
            "",
            {"Location": "https://new.example.org/pix"},
            "sends us to https://new",
            "URL: https://new.example.org/pix",
        ),
        ("307 Temporary Redirect", b"<a/>", "text/xml", {"Location": "/x"}, "sends us to http://127.0.0.1:", "/x"),
        ("302 Found", b"", "", {}, "does not say where", "check the URL"),
        ("400 Bad Request", b"<html>plain HTTP to HTTPS port</html>", "text/html", {}, "before it reaches", "HTTPS"),
        ("401 Unauthorized", b"", "", {"WWW_Authenticate": 'Basic realm="x"'}, "who asks", "Basic realm"),
        ("403 Forbidden", b"no", "text/plain", {}, "does not let us in", "operator"),
        ("404 Not Found", b"<html>404</html>", "text/html", {}, "nothing lives at this path", "mock status"),
        ("405 Method Not Allowed", b"", "", {"Allow": "GET"}, "takes no POST", "allows: GET"),
        ("413 Content Too Large", b"", "", {}, "larger than the server", "smaller"),
        ("415 Unsupported Media Type", b"", "", {}, "content type", "--soap 1.1"),
        ("418 I am a teapot", b"short and stout", "text/plain", {}, "an error of its own", "log"),
        ("429 Too Many Requests", b"", "", {"Retry_After": "7"}, "too often, and asks to wait 7 s", "later"),
        ("500 Internal Server Error", b"Traceback", "text/plain", {}, "failed without saying why", "log"),
        ("502 Bad Gateway", b"<html>nginx</html>", "text/html", {}, "gateway", "running"),
        (
            "503 Service Unavailable",
            b"",
            "",
            {"Retry_After": "Fri, 02 Jan 2026 03:05:05 GMT"},
            "not available now, and asks to wait 60 s",
            "later",
        ),
        ("504 Gateway Timeout", b"<broken", "text/xml", {}, "waited too long", "try again"),
    ],
)
async def test_what_is_no_soap_is_told_with_what_to_do(
    start_peer: Any,
    http: Bytes,
    refused: Call,
    status: str,
    body: bytes,
    content_type: str,
    headers: dict[str, str],
    sentence: str,
    hint: str,
) -> None:
    """Status, what came, what it means and what to do, for each kind of answer."""
    peer = await start_peer(http(body, content_type, status, **headers))
    error = await refused(peer.url())
    assert isinstance(error, NoSoapAnswer)
    assert sentence in error.message
    assert hint in error.hint
    assert error.status == int(status[:3])
    assert error.where == f"POST {peer.url()}"


async def test_when_to_ask_again_is_kept(start_peer: Any, http: Bytes, refused: Call) -> None:
    """Retry-After is there in seconds, whether it came as a number or as a date."""
    peer = await start_peer(http(b"", "", "429 Too Many", Retry_After="Fri, 02 Jan 2026 03:04:35 GMT"))
    error = await refused(peer.url())
    assert isinstance(error, NoSoapAnswer)
    assert error.retry_after_s == 30.0


async def test_what_a_page_says_is_shown_in_one_harmless_line(start_peer: Any, http: Bytes, refused: Call) -> None:
    """Tags, scripts, line ends and terminal escapes do not reach the user's terminal."""
    page = "<html><script>x()</script><h1>Fehler\x1b[31m</h1>\n<p>Bitte\u202e anmelden</html>".encode()
    peer = await start_peer(http(page, "text/html; charset=utf-8", "500 Oops"))
    error = await refused(peer.url())
    assert error.got == "text/html; charset=utf-8, saying 'Fehler [31m Bitte anmelden'"


async def test_a_redirect_is_not_followed(start_peer: Any, http: Bytes, refused: Call) -> None:
    """Patient data go where the user sent them and nowhere else."""
    other = await start_peer(http(b"", ""))
    peer = await start_peer(http(b"", "", "308 Permanent Redirect", Location=other.url()))
    await refused(peer.url())
    assert other.requests == []


@pytest.mark.parametrize(
    ("body", "content_type", "kind", "sentence"),
    [
        (b"<soap:Envelope xmlns:soap='x'><soap:Body>", "application/soap+xml", XmlMalformed, "not well-formed"),
        (b"<Envelope xmlns='urn:x'><Body/></Envelope>", "application/soap+xml", PeerMalformed, "no SOAP version"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "text/xml", XmlMalformed, "document type declaration"),
        (b"--x\r\n\r\n<a/>", "multipart/related; boundary=x", MimeMalformed, "cut in the middle"),
        (b"<a/>", "multipart/related", MimeMalformed, "boundary"),
        (b"--x\r\n\r\nhello\r\n--x--", "multipart/related; boundary=x", XmlMalformed, "not well-formed"),
        (b"--x--", "multipart/related; boundary==", MimeMalformed, ""),
    ],
)
async def test_broken_soap_is_diagnosed(
    start_peer: Any,
    http: Bytes,
    refused: Call,
    body: bytes,
    content_type: str,
    kind: type[PeerMalformed],
    sentence: str,
) -> None:
    """XML and MIME that cannot be read are named as what they are."""
    peer = await start_peer(http(body, content_type))
    error = await refused(peer.url())
    assert isinstance(error, kind)
    assert sentence in error.message


async def test_an_answer_beyond_the_limit_is_not_read_to_its_end(
    start_peer: Any, http: Bytes, pix_request: PixAddRequest
) -> None:
    """A peer that answers without end cannot fill our memory."""
    peer = await start_peer(http(b"<a>" + b" " * 100_000))
    async with Client(limits=MultipartLimits(max_root_bytes=10_000)) as client:
        with pytest.raises(MessageTooLarge, match="larger than this client takes"):
            await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))


async def test_a_web_page_of_any_size_is_only_looked_at(
    start_peer: Any, http: Bytes, pix_request: PixAddRequest
) -> None:
    """Of a page no more is read than helps to recognise it."""
    peer = await start_peer(http(b"<html>" + b" " * 1_000_000, "text/html"))
    async with Client(limits=MultipartLimits(max_root_bytes=10_000)) as client:
        with pytest.raises(NoSoapAnswer, match="a web page"):
            await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))


async def test_wrong_compression_is_the_peers_mistake(
    start_peer: Any, http: Bytes, acknowledge: Bytes, refused: Call
) -> None:
    """Content-Encoding gzip over plain bytes."""
    peer = await start_peer(http(acknowledge(), Content_Encoding="gzip"))
    error = await refused(peer.url())
    assert isinstance(error, PeerMalformed)
    assert "decompressed" in error.message


async def test_compressed_answers_are_read(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """gzip is undone."""
    peer = await start_peer(http(gzip.compress(acknowledge()), Content_Encoding="gzip"))
    assert (await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))).verdict.accepted
