"""XML that nobody should send: each gets a fault that says what is wrong and where, and costs the server nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from tests.support.faults import assert_fault
from tests.support.messages import as_package, submitted
from tests.support.patience import PATIENCE_S
from tests.support.peer import Answer, Enveloped, Peer, Sample
from tests.support.wire import ITI41_PATH, PIX_PATH

Unharmed = Callable[[Peer], Awaitable[None]]
Edit = Callable[[bytes], bytes]
Deliver = Callable[[Edit], Awaitable[list[tuple[Answer, SoapVersion]]]]

DECLARED = b"<?xml version='1.0' encoding='UTF-8'?>"
LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)


def doctype(declaration: bytes, text: bytes = b"Ada") -> Edit:
    """Puts a document type declaration before the envelope, and a text where a name or title was."""
    return lambda xml: xml.replace(DECLARED, DECLARED + declaration).replace(b"Ada", text).replace(b"Summary", text)


def instead(old: bytes, new: bytes) -> Edit:
    """Replaces the first occurrence."""
    return lambda xml: xml.replace(old, new, 1)


def in_body(addition: bytes) -> Edit:
    """Puts something into the envelope that no reader of the message would look at."""
    return instead(
        b"<soap:Body>", b"<soap:Header><x:note xmlns:x='urn:x'>" + addition + b"</x:note></soap:Header><soap:Body>"
    )


def without_header(xml: bytes) -> bytes:
    """The envelope with its Body only."""
    start, end = xml.find(b"<soap:Header>"), xml.find(b"</soap:Header>")
    return xml if start < 0 else xml[:start] + xml[end + len(b"</soap:Header>") :]


BAD: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "nothing": (lambda _: b"", ("empty", "0 bytes")),
    "white space": (lambda _: b" \r\n\t" * 1000, ("white space", "4000 bytes")),
    "not XML": (lambda _: b"Dear mock, please register Ada.", ("not well-formed", "line 1", "Dear mock")),
    "JSON": (lambda _: b'{"patient": "Ada"}', ("not well-formed", "line 1, column 1")),
    "HTML": (lambda _: b"<html><body>Ada<br></body></html>", ("not well-formed", "br", "try: close each element")),
    "binary": (lambda _: bytes(range(256)) * 20, ("not well-formed", "line 1")),
    "truncated": (lambda xml: xml[:-20], ("not well-formed", "was it cut?")),
    "cut in a tag": (lambda xml: xml[: xml.rindex(b"</soap:Body") + 5], ("not well-formed", "line ")),
    "two roots": (lambda xml: xml + b"<more/>", ("not well-formed", "line ")),
    "wrong encoding declared": (in_body(b"\xe4rztlich"), ("not well-formed", "try: declare the encoding", "UTF-8")),
    "unknown encoding": (instead(b"'UTF-8'", b"'klingon'"), ("not well-formed", "try: declare the encoding")),
    "UTF-16 declared, UTF-8 sent": (instead(b"'UTF-8'", b"'UTF-16'"), ("not well-formed",)),
    "50,000 levels deep": (
        in_body(b"<a>" * 50_000 + b"</a>" * 50_000),
        ("not well-formed", "at most 256 elements deep"),
    ),
    "an attribute of 11 MB": (in_body(b"<a b='" + b"x" * 11_000_000 + b"'/>"), ("not well-formed", "10,000,000 bytes")),
    "a text of 11 MB": (in_body(b"x" * 11_000_000), ("not well-formed", "10,000,000 bytes")),
    "3 million elements": (in_body(b"<a/>" * 3_000_000), ("too many tags", "3,000,", "at most 500,000")),
    "a billion laughs": (doctype(LAUGHS, b"&j;"), ("document type declaration", "<!DOCTYPE", "leave the DOCTYPE out")),
    "an entity that refers to itself": (
        doctype(b'<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', b"&a;"),
        ("document type declaration",),
    ),
    "an undeclared entity": (instead(b"<soap:Body>", b"<soap:Body>&nbsp;"), ("not well-formed", "&amp;", "line ")),
    "a bare ampersand": (instead(b"<soap:Body>", b"<soap:Body>Test & Co"), ("not well-formed", "write & as &amp;")),
    "an undeclared prefix": (instead(b"<soap:Body>", b"<soap:Body><x:y/>"), ("not well-formed", "x")),
    "one attribute twice": (instead(b"<soap:Body>", b"<soap:Body a='1' a='2'>"), ("not well-formed", "redefined")),
    "a NUL": (instead(b"<soap:Body>", b"<soap:Body>\0"), ("not well-formed", "line ")),
    "a reference to NUL": (instead(b"<soap:Body>", b"<soap:Body>&#0;"), ("not well-formed", "must be left out")),
    "a control character": (instead(b"<soap:Body>", b"<soap:Body>\x1b[31m"), ("not well-formed", "line ")),
    "a lone surrogate": (instead(b"<soap:Body>", b"<soap:Body>\xed\xa0\x80"), ("not well-formed", "line ")),
}

GOOD: dict[str, Edit] = {
    "as it is": lambda xml: xml,
    "a byte order mark": lambda xml: b"\xef\xbb\xbf" + xml,
    "no declaration": instead(DECLARED, b""),
    "UTF-16, little endian": lambda xml: b"\xff\xfe" + xml.decode().replace("'UTF-8'", "'UTF-16'").encode("utf-16-le"),
    "UTF-16, big endian": lambda xml: b"\xfe\xff" + xml.decode().replace("'UTF-8'", "'UTF-16'").encode("utf-16-be"),
    "Latin-1": lambda xml: xml.decode().replace("'UTF-8'", "'ISO-8859-1'").replace("Ada", "Adä").encode("latin-1"),
    "comments and instructions": in_body(b"<!-- hello --><?php echo 1 ?><![CDATA[<a>&b;]]>"),
    "250 levels deep": in_body(b"<a>" * 250 + b"</a>" * 250),
    "an attribute of 9 MB": in_body(b"<a b='" + b"x" * 9_000_000 + b"'/>"),
}


@pytest.fixture
def deliver(mock: Peer, sample: Sample, enveloped: Enveloped) -> Deliver:
    """Sends a message to each endpoint after an edit of its XML: plain in both versions, and in a package."""

    async def send(edit: Edit) -> list[tuple[Answer, SoapVersion]]:
        answers = []
        for version in SoapVersion:
            xml = edit(enveloped(sample("ITI-44/minimal.xml"), version))
            answers.append((await mock.post(PIX_PATH, xml, version.media_type), version))
        message = submitted(("2.999.5.1", b"<ClinicalDocument/>"))
        package = as_package(edit(without_header(message.xml)), message.attachments)
        answers.append((await mock.post(ITI41_PATH, package.body, package.content_type), SoapVersion.V12))
        return answers

    return send


@pytest.mark.parametrize("name", BAD)
async def test_it_is_refused_with_a_diagnosis(deliver: Deliver, mock: Peer, unharmed: Unharmed, name: str) -> None:
    """Sender, with what is wrong, where, and what to do; nothing is stored."""
    edit, words = BAD[name]

    async with asyncio.timeout(PATIENCE_S):  # a message must not be able to keep the server busy
        answers = await deliver(edit)

    for answer, version in answers:
        assert_fault(answer, "Sender", *words, version=version)
    counts = await mock.server.store.counts()
    assert (counts.patients, counts.submissions) == (0, 0)
    await unharmed(mock)


@pytest.mark.parametrize("name", GOOD)
async def test_unusual_xml_is_read(deliver: Deliver, mock: Peer, unharmed: Unharmed, name: str) -> None:
    """What XML allows is no error, however rare."""
    answers = await deliver(GOOD[name])

    assert [answer.status for answer, _ in answers] == [200, 200, 200]
    await unharmed(mock)


@pytest.mark.parametrize("how", ["general entity", "parameter entity", "external DTD", "XInclude"])
async def test_nothing_outside_the_message_is_read(
    deliver: Deliver,
    mock: Peer,
    unharmed: Unharmed,
    tmp_path_factory: pytest.TempPathFactory,
    how: str,
) -> None:
    """No file is opened and no connection made for an entity, a DTD or an XInclude; none of it comes back."""
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text("top secret")
    visitors: list[object] = []
    listener = await asyncio.start_server(lambda reader, _: visitors.append(reader), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/evil.dtd"

    for place in (secret.as_uri(), Path("/etc/passwd").as_uri(), url):
        for answer, version in await deliver(_reaching_out(how, place.encode())):
            if how == "XInclude":
                assert answer.status == 200
                assert b"top secret" not in answer.body
            else:
                assert_fault(answer, "Sender", "document type declaration", version=version)
    await unharmed(mock)
    listener.close()
    await listener.wait_closed()
    assert visitors == []


def _reaching_out(how: str, place: bytes) -> Edit:
    if how == "general entity":
        return doctype(b'<!DOCTYPE x [<!ENTITY e SYSTEM "' + place + b'">]>', b"&e;")
    if how == "parameter entity":
        return doctype(b'<!DOCTYPE x [<!ENTITY % e SYSTEM "' + place + b'"> %e;]>')
    if how == "external DTD":
        return doctype(b'<!DOCTYPE x SYSTEM "' + place + b'">')
    return in_body(b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" parse="text" href="' + place + b'"/>')


async def test_a_fault_never_carries_what_xml_cannot(mock: Peer, unharmed: Unharmed) -> None:
    """Control characters of a bad message are replaced in the fault about it, which is well-formed."""
    message = f"<Envelope xmlns='{ns.SOAP12}\u0085\ufffe'/>".encode()

    answer = await mock.post(PIX_PATH, message, "application/soap+xml")

    assert_fault(answer, "Sender", "not well-formed")
    await unharmed(mock)
