"""ITI-41 against a running mock: what a document source sends, what it gets, what is stored."""

import re
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path

import pytest

from ihe_test_util.domain.patients import Patient
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.hl7v3 import II
from tests.support.messages import as_package, submitted
from tests.support.peer import Peer, StartMock

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATH = "/iti41/submit"
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
CAPTURES = Path(__file__).parents[2] / "data" / "mtom"
TEXT = "Grüße aus dem Labor\r\n--not-a-boundary\r\n".encode()
BINARY = bytes(range(256)) * 3 + b"\r\n"


def slots(answer_xml: bytes) -> dict[str, list[str]]:
    """The slots of a RegistryResponse by name."""
    found = re.findall(rb'<rim:Slot[^>]*name="([^"]+)"[^>]*>(.*?)</rim:Slot>', answer_xml, re.DOTALL)
    return {name.decode(): [v.decode() for v in re.findall(rb"<rim:Value>([^<]*)", values)] for name, values in found}


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("mode", ["strict", "lenient"])
async def test_documents_are_stored_byte_for_byte(start_mock: StartMock, version: SoapVersion, mode: str) -> None:
    """Success with the ids in the ResponseSlotList; the bytes are those that were sent."""
    mock = await start_mock({"iti41_behavior.validation_mode": mode})
    await mock.server.store.patients.feed(Patient((II("2.999.1.2", "PAT-1"),)), at=NOW)
    message = submitted(("2.999.4.1.1", TEXT), ("2.999.4.1.2", BINARY), version=version).packed()

    answer = await mock.post(PATH, message.body, message.content_type)

    assert answer.status == 200, answer.fault
    assert answer.content_type.startswith("multipart/related; ")
    assert answer.attribute("RegistryResponse", "status") == SUCCESS
    assert slots(answer.body) == {
        "SubmissionSetUniqueId": ["2.999.4.1"],
        "DocumentUniqueId": ["2.999.4.1.1", "2.999.4.1.2"],
    }
    for unique_id, data in (("2.999.4.1.1", TEXT), ("2.999.4.1.2", BINARY)):
        stored = await mock.server.store.documents.get(unique_id)
        assert stored is not None
        assert stored.content.read() == data


@pytest.mark.parametrize("size", [256 * 1024, 256 * 1024 + 1, 5_000_000])
async def test_large_documents_are_files_and_small_ones_are_not(mock: Peer, size: int) -> None:
    """Over 256 KiB a document goes to disk while it arrives; no copy stays in the spool."""
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    message = submitted(("2.999.4.2.1", data)).packed()

    answer = await mock.post(PATH, message.body, message.content_type)

    assert answer.status == 200, answer.fault
    stored = await mock.server.store.documents.get("2.999.4.2.1")
    assert stored is not None
    assert (stored.content.size, stored.content.sha1) == (size, sha1(data, usedforsecurity=False).hexdigest())
    assert stored.content.read() == data
    spool = mock.server.store.spool_dir
    assert [each.name for each in spool.iterdir() if each.name != "lock"] == []


async def test_configured_ids_are_in_the_response(start_mock: StartMock) -> None:
    """custom_submission_set_id and custom_document_id stand in place of the request's."""
    mock = await start_mock(
        {"iti41_behavior.custom_submission_set_id": "2.999.90", "iti41_behavior.custom_document_id": "2.999.91"}
    )
    message = submitted(("2.999.4.3.1", TEXT)).packed()

    answer = await mock.post(PATH, message.body, message.content_type)

    assert slots(answer.body) == {"SubmissionSetUniqueId": ["2.999.90"], "DocumentUniqueId": ["2.999.91"]}


@pytest.mark.parametrize("mode", ["strict", "lenient"])
async def test_plain_soap_is_told_to_use_mtom(start_mock: StartMock, mode: str) -> None:
    """A request without MTOM gets a Sender fault, plain as the request was, that says what to switch on."""
    mock = await start_mock({"iti41_behavior.validation_mode": mode})
    message = submitted(("2.999.4.4.1", TEXT))

    answer = await mock.post(PATH, message.xml, "application/soap+xml")

    assert (answer.status, answer.content_type) == (400, "application/soap+xml; charset=UTF-8")
    assert "Sender: " in answer.fault
    for said in ("MTOM", "multipart/related", "plain SOAP"):
        assert said in answer.fault


async def test_strict_mode_names_every_missing_attribute(start_mock: StartMock) -> None:
    """All that is missing, with object and attribute, in one fault."""
    mock = await start_mock({"iti41_behavior.validation_mode": "strict"})
    packed = submitted(("2.999.4.5.1", TEXT))
    xml = packed.xml
    for scheme in ("41a5887f-8865-4c09-adf7-e362475b143a", "f0306f51-975f-434e-a61c-c59651d33983"):
        pattern = rb"<rim:Classification [^>]*" + scheme.encode() + rb".*?</rim:Classification>"
        xml, count = re.subn(pattern, b"", xml, flags=re.DOTALL)
        assert count == 1
    xml = re.sub(rb'<rim:Slot name="languageCode">.*?</rim:Slot>', b"", xml, flags=re.DOTALL)
    message = as_package(xml, packed.attachments)

    answer = await mock.post(PATH, message.body, message.content_type)

    assert answer.status == 400
    for said in ("classCode", "typeCode", "languageCode", "ITI TF-3", "lenient"):
        assert said in answer.fault
    assert answer.fault.count("; see: ITI TF-3") == 3


async def test_inline_base64_in_a_package_is_accepted(mock: Peer) -> None:
    """A stack that wraps the message in MTOM but leaves the document inline is understood (metriport #2094)."""
    packed = submitted(("2.999.4.6.1", "Grüße".encode()))
    inline = re.sub(rb"<xop:Include[^>]*/>", b"R3LDvMOfZQ==", packed.xml)
    assert inline != packed.xml
    message = as_package(inline)

    answer = await mock.post(PATH, message.body, message.content_type)

    assert answer.status == 200, answer.fault
    stored = await mock.server.store.documents.get("2.999.4.6.1")
    assert stored is not None
    assert stored.content.read() == "Grüße".encode()


async def test_a_client_may_read_the_description(mock: Peer) -> None:
    """GET with ?wsdl gives a WSDL with this server's address."""
    answer = await mock.get(PATH + "?wsdl")

    assert answer.status == 200
    address = next(answer.xml.iter(f"{{{ns.WSDL_SOAP12}}}address"))
    assert address.get("location") == mock.url + PATH
