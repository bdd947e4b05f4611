"""Identifiers and names that are hostile, or merely human: intact where they are data, escaped where they are shown."""

import ast
import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha1
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from lxml import etree

from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import pix_add
from tests.support.faults import assert_fault
from tests.support.messages import as_package, submission, submitted
from tests.support.patience import PATIENCE_S
from tests.support.peer import Enveloped, Peer, Sample, StartMock
from tests.support.wire import ITI41_PATH, PIX_PATH, SOAP12

Unharmed = Callable[[Peer], Awaitable[None]]

TEXTS = {
    "markup": "<script>alert('x')</script> & \"co\" ]]> <!--",
    "emoji": "👩‍⚕️🩺 \U0001f9ec",
    "right to left": "שלום \u202eevil\u202c محمد\u200f",
    "other scripts": "Жданов 김민수 Nguyễn e\u0301 é",
    "SQL": "'; DROP TABLE patients; --",
    "formats": "%s %n {0} ${jndi:ldap://x} \\x41 \\",
    "line ends and tabs": "a\nb\tc",
    "what XML allows at its edges": "\x7f\x80\x9f\u2028\ufffd\U0010ffff",
    "separators of HL7": "A^B~C|D\\E",
}
#: Document uniqueIds; the file names made of them must be good on every system.
DOCUMENT_IDS = {
    **TEXTS,
    "a way out": "../../../etc/passwd",
    "a way out, for Windows": "..\\..\\windows\\system32\\x.dll",
    "an absolute path": "/etc/passwd",
    "a drive": "C:\\autoexec.bat",
    "dots": "..",
    "a dot": ".",
    "a device": "CON",
    "a device with an extension": "nul.txt",
    "a hidden file": ".bashrc",
    "the index": "index.jsonl",
    "an option": "-rf *",
    "slashes and quotes": "a/b\"c'd`e",
    "a URL": "http://example.org/a?b=c#d",
    "trailing dots and blanks": "name. . .",
    "10,000 characters": "1234567890" * 1000,
    "10,000 characters of four bytes": "🩺" * 10_000,
    "an OID": "2.999.5.1",
    "a case": "Doc-A",
    "the same case-insensitively": "doc-a",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_patient_ids_and_names_come_through_intact(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped, unharmed: Unharmed, name: str
) -> None:
    """What was fed stands in the acknowledgement and in the store, character for character."""
    mock = await start_mock()
    text = TEXTS[name]
    message = _feed(sample("ITI-44/minimal.xml"), text)

    answer = await mock.post(PIX_PATH, enveloped(message), SOAP12)

    assert answer.acknowledgement == "CA"
    assert answer.text("text") == f"{text}^^^&2.999.2.3&ISO"
    patient = await mock.server.store.patients.get("2.999.2.3", text)
    assert patient is not None
    assert patient.identifiers[0].extension == text
    assert [part.text for part in patient.names[0].parts if part.kind == "family"] == [text]
    await unharmed(mock)


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("name", TEXTS)
async def test_texts_are_escaped_in_faults(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped, unharmed: Unharmed, version: SoapVersion, name: str
) -> None:
    """A fault repeats what was wrong as text, in its reason and in its detail, and never as markup."""
    mock = await start_mock({"pix_add_behavior.validation_mode": "strict"})
    text = TEXTS[name]
    message = sample("ITI-44/minimal.xml").replace(
        b'<processingCode code="P"/>', f"<processingCode code={_attribute(text)}/>".encode()
    )

    answer = await mock.post(PIX_PATH, enveloped(message, version, pix_add.SPEC.action), version.media_type)

    assert_fault(answer, "Sender", "processingCode", version=version)
    assert b"<script" not in answer.body
    findings = [each for each in answer.xml.iter() if etree.QName(each).localname == "Finding"]
    assert len(findings) == 1
    assert ast.literal_eval(str(findings[0].get("got"))) == text
    await unharmed(mock)


@pytest.mark.parametrize("name", TEXTS)
async def test_addressing_comes_back_intact(
    mock: Peer, sample: Sample, enveloped: Enveloped, unharmed: Unharmed, name: str
) -> None:
    """RelatesTo repeats a MessageID whatever is in it; an unknown action stands in the fault as text."""
    text = TEXTS[name].replace("\n", " ").replace("\t", " ")
    envelope = enveloped(sample("ITI-44/minimal.xml"), SoapVersion.V12, pix_add.SPEC.action)
    with_id = envelope.replace(b"urn:uuid:6f1c2a3e-0000-4000-8000-000000000001", escape(text).encode())
    with_action = envelope.replace(pix_add.SPEC.action.encode(), escape(text).encode())

    answer = await mock.post(PIX_PATH, with_id, SOAP12)
    refused = await mock.post(PIX_PATH, with_action, SOAP12)

    assert answer.acknowledgement == "CA"
    assert answer.text("RelatesTo") == text
    assert_fault(refused, "ActionNotSupported", "the action is not one that this server knows", status=400)
    assert b"<script" not in refused.body
    await unharmed(mock)


async def test_a_path_is_shown_as_text(mock: Peer, sample: Sample, enveloped: Enveloped, unharmed: Unharmed) -> None:
    """A wrong path comes back as text that no browser takes for HTML, or escaped in a fault."""
    page = await mock.get("/%3Cscript%3Ealert(1)%3C/script%3E")
    answer = await mock.post("/%3Cscript%3E%00%FF", enveloped(sample("ITI-44/minimal.xml")), SOAP12)

    assert (page.status, page.content_type) == (404, "text/plain; charset=utf-8")
    assert_fault(answer, "DestinationUnreachable", "send it to /pix/add", status=400)
    assert b"<script" not in answer.body
    await unharmed(mock)


async def test_documents_are_saved_under_safe_names(start_mock: StartMock, unharmed: Unharmed) -> None:
    """Whatever a uniqueId says, the file lies in the directory of documents, and the index leads to it.

    No document replaces another, however alike their names become.
    """
    mock = await start_mock({"save_submitted_documents": True})
    sent: list[tuple[str, bytes]] = []
    for number, unique_id in enumerate(DOCUMENT_IDS.values()):
        data = f"<d>{number}</d>".encode() + b" " * (100 if number % 2 else 300_000)
        package = submission((unique_id, data), set_id=f"2.999.4.{number}")
        answer = await mock.post(ITI41_PATH, package.body, package.content_type)
        assert answer.status == 200, answer.body
        assert answer.attribute("RegistryResponse", "status").endswith(":Success")
        sent.append((unique_id, data))

    saved = await asyncio.to_thread(_saved, mock.server.store.data_dir)

    assert [(line["unique_id"], line["sha1"]) for line in saved] == [
        (unique_id, sha1(data, usedforsecurity=False).hexdigest()) for unique_id, data in sent
    ]
    assert [line["bytes"] for line in saved] == [data for _, data in sent]
    names = [line["file"] for line in saved]
    assert len({name.lower() for name in names}) == len(names), "names must differ where case does not count"
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}", name)] == []
    for unique_id, data in sent:
        stored = await mock.server.store.documents.get(unique_id)
        assert stored is not None
        assert stored.content.read() == data
    await unharmed(mock)


async def test_a_document_id_with_nul_is_no_xml(start_mock: StartMock, unharmed: Unharmed) -> None:
    """XML cannot carry NUL, not even as a reference: the message is refused before anything is made of the id."""
    mock = await start_mock({"save_submitted_documents": True})
    message = submitted(("2.999.5.1", b"<d/>"))
    for nul in (b"&#0;", b"&#x0;", b"\0"):
        package = as_package(message.xml.replace(b"2.999.5.1", b"2.999" + nul + b".5.1"), message.attachments)

        answer = await mock.post(ITI41_PATH, package.body, package.content_type)

        assert_fault(answer, "Sender", "not well-formed")
    assert (await mock.server.store.counts()).submissions == 0
    await unharmed(mock)


@pytest.mark.parametrize(
    "object_id", [*TEXTS.values(), "/a/b[c]/d", "/Envelope/Body[x]", "a/b", "/", "[", "x" * 10_000]
)
async def test_object_ids_do_no_harm_to_a_diagnosis(start_mock: StartMock, unharmed: Unharmed, object_id: str) -> None:
    """Findings name objects by ids that the sender chose; in strict mode the Failure lists them all the same."""
    mock = await start_mock({"iti41_behavior.validation_mode": "strict"})
    message = submitted(("not an OID", b"<d/>"))
    package = as_package(message.xml.replace(b'"Document01"', _attribute(object_id).encode()), message.attachments)

    answer = await mock.post(ITI41_PATH, package.body, package.content_type)

    assert answer.attribute("RegistryResponse", "status").endswith(":Failure")
    errors = [each for each in answer.xml.iter() if etree.QName(each).localname == "RegistryError"]
    found = [each for each in errors if each.get("errorCode") == "XDSRepositoryMetadataError"]
    assert any("/uniqueId: " in each.get("codeContext", "") for each in found)
    assert all(", line " in each.get("location", "") for each in found)
    await mock.server.store.documents.reset()
    lenient = await start_mock()
    await unharmed(lenient)


@pytest.mark.parametrize("inner", ["<rim:ExtrinsicObject/>", '<rim:Association id="a"/>', "<rim:RegistryPackage/>"])
async def test_a_message_that_is_wrong_thousands_of_times(
    start_mock: StartMock, unharmed: Unharmed, inner: str
) -> None:
    """It is refused in time that grows with its size and no faster, and others are answered meanwhile."""
    mock = await start_mock({"iti41_behavior.validation_mode": "strict"})
    message = submitted(("2.999.5.1", b"<d/>"))
    end = b"</rim:RegistryObjectList>"
    package = as_package(message.xml.replace(end, inner.encode() * 10_000 + end), message.attachments)

    async with asyncio.timeout(PATIENCE_S):
        waiting = asyncio.ensure_future(mock.post(ITI41_PATH, package.body, package.content_type))
        healthy = 0
        while not waiting.done():
            await mock.health()
            healthy += 1
        answer = await waiting

    assert_fault(answer, "Sender", "the first 1,000 are in the fault's detail")
    assert healthy > 1
    await unharmed(await start_mock())


def _feed(message: bytes, text: str) -> bytes:
    replaced = message.replace(b'"P-1000001"', _attribute(text).encode())
    return replaced.replace(b"<family>Testfall<", f"<family>{escape(text)}<".encode())


def _attribute(text: str) -> str:
    return quoteattr(text, {"\x85": "&#x85;", "\u2028": "&#x2028;"})


def _saved(data_dir: Path) -> list[dict[str, Any]]:
    """The lines of the index with the bytes they lead to; there is no file beside them."""
    directory = data_dir / "documents"
    lines = [json.loads(line) for line in (directory / "index.jsonl").read_text().splitlines()]
    assert {path.name for path in directory.iterdir()} == {"index.jsonl", *(line["file"] for line in lines)}
    return [line | {"bytes": (directory / line["file"]).read_bytes()} for line in lines]
