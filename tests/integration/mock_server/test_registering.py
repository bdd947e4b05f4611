"""ITI-42 and ITI-41 against a running mock: what is registered, what is refused in both modes, and how it is told."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.xds.metadata import slots_by_name
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.store.journal_reader import JournalReader
from ihe_test_util.transactions import iti42
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.hl7v3 import II
from tests.support.messages import Submitted, as_package, submitted
from tests.support.peer import Answer, Enveloped, Peer, Sample, StartMock

REGISTER = "/iti42/register"
PROVIDE = "/iti41/submit"
SOAP12 = "application/soap+xml"
STRICT = {
    "endpoint_behaviors": {"ITI-42": {"validation_mode": "strict"}, "ITI-41": {"validation_mode": "strict"}},
}
TEXT = "Grüße aus dem Labor".encode()


def status(answer: Answer) -> str:
    """The status of a RegistryResponse in a word."""
    return answer.attribute("RegistryResponse", "status").rpartition(":")[2]


def errors(answer: Answer) -> list[tuple[str, str, str]]:
    """Code, place and severity of each error of an answer."""
    found = [each for each in answer.xml.iter() if etree.QName(each).localname == "RegistryError"]
    return [
        (
            str(each.get("errorCode")),
            str(each.get("codeContext")).partition(": ")[0],
            str(each.get("severity")).rpartition(":")[2],
        )
        for each in found
    ]


async def held(mock: Peer, *unique_ids: str) -> list[Entry]:
    """What the registry has under uniqueIds."""
    return await mock.server.store.registry.look(lambda view: view.by_unique_ids(unique_ids))


@pytest.fixture
def register(sample: Sample, enveloped: Enveloped) -> Callable[..., bytes]:
    """The minimal submission of ITI-42 as a message, with texts in it replaced."""

    def make(*changes: tuple[bytes, bytes]) -> bytes:
        message = sample("ITI-42/minimal.xml")
        for old, new in changes:
            assert old in message
            message = message.replace(old, new)
        return enveloped(message, action=iti42.SPEC.action)

    return make


@pytest.fixture
def feed(sample: Sample, enveloped: Enveloped) -> bytes:
    """The message that makes the patient of the samples known."""
    message = sample("ITI-44/minimal.xml")
    identifier = re.search(rb'<id root="[^"]*" extension="P-[^"]*"/>', message)
    assert identifier is not None
    return enveloped(message.replace(identifier[0], b'<id root="2.999.1.3" extension="TEST-4711"/>'))


async def test_a_stranger_becomes_known(start_mock: StartMock, register: Callable[..., bytes], feed: bytes) -> None:
    """XDSUnknownPatientId until the patient was fed; the same message is taken afterwards, and is there whole."""
    mock = await start_mock(STRICT)

    before = await mock.post(REGISTER, register(), SOAP12)
    empty = await mock.server.store.registry.count()
    await mock.post("/pix/add", feed, SOAP12)
    after = await mock.post(REGISTER, register(), SOAP12)

    assert (status(before), errors(before)) == (
        "Failure",
        [("XDSUnknownPatientId", "SubmissionSet01/patientId", "Error")],
    )
    assert empty == {}
    assert (status(after), errors(after)) == ("Success", [])
    kinds = await mock.server.store.registry.count()
    assert kinds == {Kind.DOCUMENT_ENTRY: 1, Kind.SUBMISSION_SET: 1, Kind.ASSOCIATION: 1}


async def test_lenient_mode_tells_what_it_let_pass(mock: Peer, register: Callable[..., bytes]) -> None:
    """A missing attribute and an unknown patient are warnings beside a Success."""
    message = register((b'<rim:Slot name="languageCode">', b'<rim:Slot name="urn:example:tongue">'))

    answer = await mock.post(REGISTER, message, SOAP12)

    assert status(answer) == "Success"
    assert sorted(errors(answer)) == [
        ("XDSRegistryMetadataError", "Document01/languageCode", "Warning"),
        ("XDSUnknownPatientId", "SubmissionSet01/patientId", "Warning"),
    ]
    assert answer.attribute("RegistryErrorList", "highestSeverity") == urns.SEVERITY_WARNING


def two_sets(message: bytes) -> bytes:
    """The message with a second submission set."""
    package = re.search(rb"<rim:RegistryPackage .*?</rim:RegistryPackage>", message, re.DOTALL)
    assert package is not None
    second = (
        package[0]
        .replace(b"SubmissionSet01", b"SubmissionSet02")
        .replace(b'value="2.999.1.6.1"', b'value="2.999.1.6.2"')
    )
    return message.replace(package[0], package[0] + second)


def upper_case(message: bytes) -> bytes:
    """The message with an entryUUID in upper case."""
    return message.replace(b'"Document01"', b'"urn:uuid:0B7A3C1E-9D5F-4B8E-A111-00000000000D"')


def upper_case_urn(message: bytes) -> bytes:
    """The message with an entryUUID whose prefix is in upper case as well."""
    return message.replace(b'"Document01"', b'"URN:UUID:0B7A3C1E-9D5F-4B8E-A111-00000000000D"')


@pytest.mark.parametrize(
    ("changed", "rule", "section"),
    [
        (two_sets, "XDSM-01", "ITI TF-3: 4.1.4"),
        (upper_case, "XDSM-06", "ITI TF-3: 4.2.3.1.5"),
        (upper_case_urn, "XDSM-06", "ITI TF-3: 4.2.3.1.5"),
    ],
)
async def test_lenient_mode_warns_of_what_strict_mode_refuses(
    start_mock: StartMock,
    register: Callable[..., bytes],
    feed: bytes,
    changed: Callable[[bytes], bytes],
    rule: str,
    section: str,
) -> None:
    """A second submission set, an entryUUID in upper case: a warning in answer and journal, or a Failure."""
    strict, lenient = await start_mock(STRICT), await start_mock()
    for mock in (strict, lenient):
        await mock.post("/pix/add", feed, SOAP12)

    refused = await strict.post(REGISTER, changed(register()), SOAP12)
    taken = await lenient.post(REGISTER, changed(register()), SOAP12)

    assert (status(refused), status(taken)) == ("Failure", "Success")
    assert f"[{rule}]" in refused.body.decode()
    assert f"[{rule}]" in taken.body.decode()
    assert {severity for _, _, severity in errors(taken)} == {"Warning"}
    findings = await journalled(lenient)
    assert (rule, section, Severity.WARNING) in {(one.rule, one.section, one.severity) for one in findings}


async def journalled(mock: Peer) -> tuple[Finding, ...]:
    """The findings of the last exchange in the journal."""
    await mock.server.store.journal.flush()
    reader = JournalReader(mock.server.store.data_dir)
    (last,) = await asyncio.to_thread(lambda: reader.tail(1))
    return last.exchange.findings


@pytest.mark.parametrize("mode", ["strict", "lenient"])
async def test_what_contradicts_itself_is_refused(
    start_mock: StartMock, register: Callable[..., bytes], mode: str
) -> None:
    """Two patients in one submission, and an association to nothing: all at once, in both modes; nothing is kept."""
    mock = await start_mock({"endpoint_behaviors": {"ITI-42": {"validation_mode": mode}}})
    entry_patient = b'<rim:ExternalIdentifier id="Document01.i1"[^>]*value="TEST-4711'
    message = register((b'targetObject="Document01"', b'targetObject="Document09"'))
    message, count = re.subn(entry_patient, lambda found: found[0].replace(b"TEST-4711", b"TEST-4712"), message)

    answer = await mock.post(REGISTER, message, SOAP12)

    assert count == 1
    assert status(answer) == "Failure"
    told = {code for code, _, severity in errors(answer) if severity == "Error"}
    assert {"XDSPatientIdDoesNotMatch", "UnresolvedReferenceException"} <= told
    assert await mock.server.store.registry.count() == {}


@pytest.mark.parametrize("mode", ["strict", "lenient"])
async def test_bytes_that_are_not_the_described_ones(start_mock: StartMock, mode: str) -> None:
    """Hash and size that are not the document's are refused by ITI-41 in both modes; no document is kept."""
    mock = await start_mock({"iti41_behavior.validation_mode": mode})
    packed = submitted(("2.999.5.1", TEXT))
    xml, count = re.subn(rb"<rim:Value>[0-9a-f]{40}<", b"<rim:Value>" + b"0" * 40 + b"<", packed.xml)
    message = as_package(xml, packed.attachments)

    answer = await mock.post(PROVIDE, message.body, message.content_type)

    assert count == 1
    assert status(answer) == "Failure"
    assert ("XDSRepositoryMetadataError", "Document01/hash", "Error") in errors(answer)
    assert await mock.server.store.documents.get("2.999.5.1") is None
    assert await mock.server.store.registry.count() == {}


async def test_a_repository_adds_what_it_knows(start_mock: StartMock) -> None:
    """Hash, size and repositoryUniqueId are in the registry, whatever the source said of them."""
    mock = await start_mock(repository_unique_id="2.999.1.77")
    packed = submitted(("2.999.5.1", TEXT))
    xml = re.sub(rb'<rim:Slot name="(hash|size)">.*?</rim:Slot>', b"", packed.xml, flags=re.DOTALL)
    message = as_package(xml, packed.attachments)

    answer = await mock.post(PROVIDE, message.body, message.content_type)

    assert status(answer) == "Success"
    (entry,) = await held(mock, "2.999.5.1")
    slots = slots_by_name(entry.source.slots)
    assert slots["repositoryUniqueId"] == ("2.999.1.77",)
    assert slots["size"] == (str(len(TEXT)),)
    assert len(slots["hash"][0]) == 40


async def test_a_document_is_replaced(mock: Peer) -> None:
    """The registry of ITI-41 and of ITI-42 is one: what replaces is in force, what is replaced is not."""
    first = submitted(("2.999.5.1", TEXT)).packed()
    await mock.post(PROVIDE, first.body, first.content_type)
    (old,) = await held(mock, "2.999.5.1")
    second = _replacing(submitted(("2.999.5.2", b"new"), set_id="2.999.4.2"), old.id)
    message = second.packed()

    answer = await mock.post(PROVIDE, message.body, message.content_type)
    again = _replacing(submitted(("2.999.5.3", b"newer"), set_id="2.999.4.3"), old.id).packed()
    late = await mock.post(PROVIDE, again.body, again.content_type)

    assert status(answer) == "Success"
    old_now, new = await held(mock, "2.999.5.1", "2.999.5.2")
    assert (old_now.approved, new.approved) == (False, True)
    assert [code for code, _, severity in errors(late) if severity == "Error"] == ["XDSRegistryDeprecatedDocumentError"]
    assert await mock.server.store.documents.get("2.999.5.3") is None


async def test_a_folder_is_provided_without_documents(start_mock: StartMock, sample: Sample, feed: bytes) -> None:
    """A submission set with a folder alone is registered; the answer names no document."""
    mock = await start_mock(STRICT)
    await mock.post("/pix/add", feed, SOAP12)
    root = etree.fromstring(sample("ITI-41/full.xml"))
    for one in [*root.iter("{*}ExtrinsicObject", "{*}Association", "{urn:ihe:iti:xds-b:2007}Document")]:
        if one.get("id") != "Member03":
            parent = one.getparent()
            assert parent is not None
            parent.remove(one)
    package = as_package(
        b"<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>%b</e:Body></e:Envelope>"
        % etree.tostring(root)
    )

    answer = await mock.post(PROVIDE, package.body, package.content_type)

    assert status(answer) == "Success", answer.body
    assert await mock.server.store.registry.count() == {Kind.SUBMISSION_SET: 1, Kind.FOLDER: 1, Kind.ASSOCIATION: 1}
    assert b"DocumentUniqueId" not in answer.body


async def test_codes_follow_their_file(
    start_mock: StartMock, register: Callable[..., bytes], feed: bytes, tmp_path: Path
) -> None:
    """A code that the file lacks is refused with the nearest that it has; with checks off the same message is taken."""
    codes = tmp_path / "codes.json"
    codes.write_text('{"classCode": [{"code": "SUMMARY", "codingScheme": "1.3.6.1.4.1.19376.1.2.6.1"}]}', "utf-8")
    mock = await start_mock(STRICT | {"codes_path": str(codes)})
    await mock.post("/pix/add", feed, SOAP12)

    refused = await mock.post(REGISTER, register(), SOAP12)
    codes.write_text('{"check": false}', "utf-8")
    taken = await mock.post(REGISTER, register(), SOAP12)

    assert errors(refused) == [("XDSRegistryMetadataError", "Document01/classCode", "Error")]
    context = refused.attribute("RegistryError", "codeContext")
    for said in ("'SUMMARIES' of scheme '1.3.6.1.4.1.19376.1.2.6.1'", "'SUMMARY'"):
        assert said in context
    assert status(taken) == "Success"


async def test_missing_is_a_fault_and_wrong_is_a_failure(start_mock: StartMock) -> None:
    """ITI-41 in strict mode: a SOAP fault where an attribute is missing, a RegistryResponse where one is wrong."""
    mock = await start_mock(STRICT)
    packed = submitted(("2.999.5.1", TEXT))
    missing = re.sub(rb'<rim:Slot name="languageCode">.*?</rim:Slot>', b"", packed.xml, flags=re.DOTALL)
    wrong = packed.xml.replace(b">en-US<", b">American English<")

    fault = await mock.post(PROVIDE, *_body(missing, packed))
    failure = await mock.post(PROVIDE, *_body(wrong, packed))

    assert fault.fault.startswith("Sender: ")
    assert "languageCode" in fault.fault
    assert failure.status == 200
    assert errors(failure) == [
        ("XDSRepositoryMetadataError", "Document01/languageCode", "Error"),
        ("XDSUnknownPatientId", "SubmissionSet01/patientId", "Error"),
    ]
    locations = [each.get("location") for each in failure.xml.iter() if etree.QName(each).localname == "RegistryError"]
    assert re.fullmatch(r"Document Repository, ITI TF-3: 4\.2\.3\.2\.13, line \d+", str(locations[0]))
    assert locations[1] == "Document Registry, ITI TF-2: 3.42.4.1.3"


def _body(xml: bytes, packed: Submitted) -> tuple[bytes, str]:
    message = as_package(xml, packed.attachments)
    return message.body, message.content_type


def _replacing(packed: Submitted, target: str) -> Submitted:
    """A submission whose document replaces one of the registry."""
    link = (
        f'<rim:Association id="Replace" associationType="{urns.REPLACES}" sourceObject="Document01"'
        f' targetObject="{target}" objectType="{urns.TYPE_ASSOCIATION}"/></rim:RegistryObjectList>'
    )
    return Submitted(packed.xml.replace(b"</rim:RegistryObjectList>", link.encode()), packed.attachments)


@pytest.mark.parametrize("mode", ["strict", "lenient"])
async def test_a_repository_never_has_two_documents_of_one_id(start_mock: StartMock, mode: str) -> None:
    """What was taken from the registry alone is still there, and no other bytes take its place, until it is removed."""
    mock = await start_mock({"iti41_behavior.validation_mode": mode})
    first = submitted(("2.999.5.1", TEXT)).packed()
    await mock.server.store.patients.feed(
        Patient(identifiers=(II("2.999.1.2", "PAT-1"),), names=()), at=datetime(2024, 2, 29, tzinfo=UTC)
    )
    assert status(await mock.post(PROVIDE, first.body, first.content_type)) == "Success"
    await mock.server.store.registry.reset()
    other = submitted(("2.999.5.1", b"others"), set_id="2.999.4.2").packed()

    refused = await mock.post(PROVIDE, other.body, other.content_type)
    kept = await mock.server.store.documents.get("2.999.5.1")
    again = await mock.post(PROVIDE, first.body, first.content_type)
    await mock.server.store.registry.reset()
    await mock.server.store.documents.remove(["2.999.5.1"])
    taken = await mock.post(PROVIDE, other.body, other.content_type)

    assert (status(refused), errors(refused)) == ("Failure", [("XDSNonIdenticalHash", "Document01/hash", "Error")])
    assert kept is not None
    assert kept.content.read() == TEXT
    assert (status(again), status(taken)) == ("Success", "Success")
