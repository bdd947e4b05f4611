"""What the client makes of answers that can be read, in every form that peers give them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.content import Content
from ihe_test_util.errors import FaultCode, MessageMalformed, MimeMalformed, OtherMessage, PeerFault, PeerMalformed
from ihe_test_util.exchange import Exchange, Outcome
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.fault import Fault, build_fault
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.mtom import XopAttachments, write_package
from ihe_test_util.soap.multipart import read_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import parse

Bytes = Callable[..., bytes]
MESSAGE_ID = "0b7a3c1e-9d5f-4b8e-a111-000000000001"


async def test_an_accepted_registration_comes_back_with_its_identifier(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """call returns the response, its verdict and the record of the exchange."""
    peer = await start_peer(http(acknowledge()))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert called.verdict.accepted
    assert called.verdict.identifiers == (("Patient ID", "PAT-1^^^&2.999.1.2&ISO"),)
    assert called.response.type_code == "CA"
    assert called.exchange.outcome is Outcome.SUCCESS
    assert called.exchange.findings == ()


async def test_a_request_says_what_it_is(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """SOAP 1.2: the action in the content type and in wsa:Action, a message id, the address, an exact length."""
    peer = await start_peer(http(acknowledge()))
    await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    headers, body = peer.requests[0]
    envelope = read_envelope(parse(body), announced=SoapVersion.V12)
    assert headers["Content-Type"] == f'application/soap+xml; charset=UTF-8; action="{pix_add.SPEC.action}"'
    assert headers["User-Agent"].startswith("ihe-test-util/")
    assert envelope.addressing.action == pix_add.SPEC.action
    assert envelope.addressing.message_id == "urn:uuid:0b7a3c1e-9d5f-4b8e-a111-000000000002"
    assert envelope.addressing.to == peer.url()
    assert envelope.payload is not None
    assert envelope.payload.tag == pix_add.SPEC.request_root


async def test_soap_1_1_without_addressing_says_the_action_in_its_header(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """SOAP 1.1, 6.1.1: SOAPAction in quotes; text/xml; no header block where addressing is off."""
    peer = await start_peer(http(acknowledge(version=SoapVersion.V11, relates_to=None), "text/xml"))
    endpoint = Endpoint(peer.url(), SoapVersion.V11, addressing=False)
    called = await client.call(pix_add.SPEC, pix_request, endpoint)
    headers, body = peer.requests[0]
    assert called.verdict.accepted
    assert headers["SOAPAction"] == f'"{pix_add.SPEC.action}"'
    assert headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert not read_envelope(parse(body), announced=SoapVersion.V11).addressing.present


async def test_the_message_of_a_file_is_sent_as_it_stands(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """With a payload, nothing of it is built anew: what the model does not know arrives too."""
    payload = pix_add.SPEC.build_request(pix_request)
    payload.element[0].set("displayable", "true")
    peer = await start_peer(http(acknowledge()))
    await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()), payload=payload)
    assert b'displayable="true"' in peer.requests[0][1]


async def test_a_submission_goes_out_as_mtom_byte_for_byte(
    client: Client, start_peer: Any, http: Bytes, registry_success: bytes, submission: Any, tmp_path: Any
) -> None:
    """The document, from a file, is a part of a package whose length was announced exactly."""
    document = bytes(range(256)) * 4096
    (tmp_path / "document.bin").write_bytes(document)
    request = submission(Content.of_file(tmp_path / "document.bin"))
    peer = await start_peer(http(registry_success))
    called = await client.call(iti41.SPEC, request, Endpoint(peer.url("/iti41/submit")))
    headers, body = peer.requests[0]
    package = read_package(body, ContentType.parse(headers["Content-Type"]))
    payload = read_envelope(parse(package.root.content.read())).payload
    assert payload is not None
    received = iti41.SPEC.parse_request(payload, XopAttachments(package))
    assert called.verdict.accepted
    assert received.documents[0].content.read() == document
    assert called.exchange.request.parts[0].size == len(document)


@pytest.mark.parametrize("type_code", ["AE", "AR", "CE", "CR"])
async def test_a_refusal_is_no_error_but_not_accepted(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest, type_code: str
) -> None:
    """AE, AR, CE and CR come back as verdicts with the peer's reasons."""
    peer = await start_peer(http(acknowledge(type_code, detail="unknown domain", detail_type="E")))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert not called.verdict.accepted
    assert "unknown domain" in called.verdict.details[0]
    assert called.exchange.outcome is Outcome.REJECTED


async def test_an_acknowledgement_of_another_message_is_never_a_success(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """targetMessage/id decides, not the code alone."""
    peer = await start_peer(http(acknowledge(target="0b7a3c1e-9d5f-4b8e-a111-00000000ffff")))
    with pytest.raises(OtherMessage, match="acknowledges another message") as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert "00000000ffff" in caught.value.got
    assert MESSAGE_ID in caught.value.expected


async def test_an_answer_that_relates_to_another_message_is_refused(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """wsa:RelatesTo names our message or the answer is not ours."""
    peer = await start_peer(http(acknowledge(relates_to="urn:uuid:somebody-elses")))
    with pytest.raises(PeerMalformed, match="answer to another message") as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert caught.value.got == "urn:uuid:somebody-elses"
    assert caught.value.expected.endswith("000000000002")


async def test_an_answer_that_relates_to_nothing_is_taken_with_a_finding(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """Many peers leave addressing out of their answers."""
    peer = await start_peer(http(acknowledge(relates_to=None)))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert called.verdict.accepted
    assert [finding.rule for finding in called.exchange.findings] == ["WSA-05"]


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/xml", 'application/soap+xml;charset="utf-8";action="x"', "", "text/plain", "nonsense"],
)
async def test_soap_is_recognised_whatever_the_content_type_says(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest, content_type: str
) -> None:
    """An envelope is an envelope; a wrong label is a finding."""
    peer = await start_peer(http(acknowledge(), content_type))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    labelled = content_type.startswith("application/soap+xml")
    assert called.verdict.accepted
    assert [finding.rule for finding in called.exchange.findings] == ([] if labelled else ["HTTP-01"])


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("iso-8859-1", False, "iso-8859-1"),
        ("windows-1252", False, "Windows-1252"),
        ("utf-8", True, "iso-8859-1"),
        ("utf-16", False, "utf-16"),
        ("utf-16-le", False, "utf-16le"),
        ("utf-8-sig", False, "utf-8"),
        ("iso-8859-15", True, ""),
    ],
)
async def test_answers_come_in_any_charset(
    client: Client,
    start_peer: Any,
    http: Bytes,
    acknowledge: Bytes,
    pix_request: PixAddRequest,
    encoding: str,
    declared: bool,  # noqa: FBT001 - a column of the table
    charset: str,
) -> None:
    """Byte order mark, XML declaration, charset parameter: whoever says it, umlauts arrive."""
    text = acknowledge("AE", detail="Müller gibt es schon", detail_type="E").decode().partition("?>")[2]
    if declared:
        text = f'<?xml version="1.0" encoding="{encoding}"?>{text}'
    label = "application/soap+xml" + (f"; charset={charset}" if charset else "")
    peer = await start_peer(http(text.encode(encoding), label))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert "Müller gibt es schon" in called.verdict.details[0]


async def test_a_charset_that_does_not_fit_is_named(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """A charset nobody knows is the peer's mistake, said as such."""
    text = acknowledge().partition(b"?>")[2]
    peer = await start_peer(http(text, "text/xml; charset=klingon"))
    with pytest.raises(PeerMalformed, match="charset") as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert "klingon" in caught.value.got


@pytest.mark.parametrize(
    ("content_type", "boundary", "head"),
    [
        (
            'multipart/related; type="application/xop+xml"; boundary=b1; start="<a@b>"; start-info="text/xml"',
            "b1",
            'Content-Type: application/xop+xml; type="application/soap+xml"\r\nContent-Id: <a@b>\r\n',
        ),
        (
            'multipart/related;start="<rootpart*1@x>";type="application/xop+xml";boundary="uuid:1";start-info="a/b;c=\\"d\\""',
            "uuid:1",
            "Content-Id: <rootpart*1@x>\r\nContent-Type: application/xop+xml;charset=utf-8\r\n",
        ),
        ("Multipart/Related; boundary=b1", "b1", ""),
    ],
)
async def test_mtom_answers_to_plain_requests_are_read(
    client: Client,
    start_peer: Any,
    http: Bytes,
    acknowledge: Bytes,
    pix_request: PixAddRequest,
    content_type: str,
    boundary: str,
    head: str,
) -> None:
    """Packages of one part, as CXF and Metro send them even where nothing is attached (interop.md, 1 and 5)."""
    body = f"--{boundary}\r\n{head}\r\n".encode() + acknowledge() + f"\r\n--{boundary}--".encode()
    peer = await start_peer(http(body, content_type))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert called.verdict.accepted
    assert called.exchange.response.body == acknowledge()


async def test_parts_of_an_answer_that_nobody_asked_for_are_recorded_and_removed(
    start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest, tmp_path: Any
) -> None:
    """A large part that nothing points to is told as a finding and leaves no file."""
    spool = tmp_path / "spool"
    spool.mkdir()
    body = b"--b\r\n\r\n" + acknowledge() + b"\r\n--b\r\nContent-ID: <x>\r\n\r\n" + b"x" * 600_000 + b"\r\n--b--"
    peer = await start_peer(http(body, 'multipart/related; boundary=b; type="application/xop+xml"'))
    recorded: list[Exchange] = []
    async with Client(record=recorded.append, spool_dir=spool) as other:
        called = await other.call(pix_add.SPEC, pix_request, Endpoint(peer.url(), addressing=False))
    assert called.verdict.accepted
    assert "MIME-02" in {finding.rule for finding in called.exchange.findings}
    assert called.exchange.response.parts[0].size == 600_000
    assert list(spool.iterdir()) == []


async def test_a_package_from_our_own_writer_is_read(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """What write_package writes, the client reads."""
    package = write_package(
        acknowledge(), (), soap_version=SoapVersion.V12, action="urn:x", boundary="uuid:1", root_id="root@x"
    )
    peer = await start_peer(http(b"".join(package.chunks()), package.content_type))
    called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert called.verdict.accepted
    assert called.exchange.findings == ()


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error", "401 Unauthorized"])
@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("code", [FaultCode.SENDER, FaultCode.RECEIVER])
async def test_a_fault_is_a_fault_in_either_version_at_any_status(
    client: Client,
    start_peer: Any,
    http: Bytes,
    pix_request: PixAddRequest,
    exchanges: list[Exchange],
    status: str,
    version: SoapVersion,
    code: FaultCode,
) -> None:
    """Code, reason and detail come along; the exchange is recorded as a fault."""
    fault = build_fault(Fault(code, "patient unknown", detail="domain 2.999.7"), version)
    peer = await start_peer(http(write_envelope(fault, version=version), version.media_type, status))
    with pytest.raises(PeerFault, match="patient unknown") as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    error = caught.value
    assert (error.code, error.reason, error.status) == (code, "patient unknown", int(status[:3]))
    assert "domain 2.999.7" in error.detail
    assert [exchange.outcome for exchange in exchanges] == [Outcome.FAULT]
    assert exchanges[0].http_status == int(status[:3])
    assert b"patient unknown" in exchanges[0].response.body


async def test_the_answer_of_another_transaction_is_refused(
    client: Client, start_peer: Any, http: Bytes, registry_success: bytes, pix_request: PixAddRequest
) -> None:
    """A RegistryResponse is no acknowledgement; the message names both."""
    peer = await start_peer(http(registry_success))
    with pytest.raises(MessageMalformed, match="not one to ITI-44") as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert "RegistryResponse" in caught.value.got
    assert "MCCI_IN000002UV01" in caught.value.expected


async def test_an_echo_is_recognised(client: Client, start_peer: Any, http: Bytes, pix_request: PixAddRequest) -> None:
    """A server that sends the request back is no success."""
    message = write_envelope(pix_add.SPEC.build_request(pix_request).element, version=SoapVersion.V12)
    peer = await start_peer(http(message))
    with pytest.raises(MessageMalformed) as caught:
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert "echo" in caught.value.hint


async def test_success_in_the_message_and_failure_in_http_is_no_success(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """An answer that contradicts itself is not believed."""
    peer = await start_peer(http(acknowledge(), status="500 Internal Server Error"))
    with pytest.raises(PeerMalformed, match="contradicts itself"):
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))


@pytest.mark.parametrize("severity", [urns.SEVERITY_ERROR, urns.SEVERITY_WARNING])
async def test_a_success_that_names_errors_is_no_success(
    client: Client, start_peer: Any, http: Bytes, submission: Any, severity: str
) -> None:
    """Warnings may go with a success; an error contradicts it (ITI TF-3: 4.2.4.2)."""
    error = iti41.RegistryError("XDSRegistryError", "half of it was stored", severity)
    response = iti41.RegistryResponse(urns.SUCCESS, errors=(error,))
    body = write_envelope(iti41.SPEC.build_response(response).element, version=SoapVersion.V12)
    peer = await start_peer(http(body))
    call = client.call(iti41.SPEC, submission(Content.of(b"x")), Endpoint(peer.url()))
    if severity == urns.SEVERITY_WARNING:
        assert (await call).verdict.accepted
        return
    with pytest.raises(PeerMalformed, match="contradicts itself") as caught:
        await call
    assert "half of it was stored" in caught.value.got


async def test_an_empty_body_is_named(client: Client, start_peer: Any, http: Bytes, pix_request: PixAddRequest) -> None:
    """An envelope without a message is malformed, not accepted."""
    peer = await start_peer(http(write_envelope(None, version=SoapVersion.V12)))
    with pytest.raises(MessageMalformed, match="Body is empty"):
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))


async def test_connections_are_used_again(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest
) -> None:
    """Two calls in turn go over one connection where the peer keeps it open."""
    peers: list[Any] = []

    async def twice(reader: Any, writer: Any) -> None:
        peers.append(writer)
        for number in (2, 3):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            relates_to = f"urn:uuid:0b7a3c1e-9d5f-4b8e-a111-{number:012}"
            writer.write(http(acknowledge(relates_to=relates_to), Connection="keep-alive"))

    peer = await start_peer(twice)
    for _ in range(2):
        called = await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
        assert called.verdict.accepted
    assert len(peers) == 1


async def test_of_a_large_package_that_is_wrong_nothing_more_is_waited_for(
    client: Client, start_peer: Any, pix_request: PixAddRequest
) -> None:
    """What is wrong with it is told while its sender goes on forever, or sends nothing more."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b'HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary="b"\r\nContent-Length: 9999999\r\n\r\n'
        )
        writer.write(b"no delimiter " * 22_000)
        await writer.drain()
        await asyncio.Event().wait()

    peer = await start_peer(endless)

    with pytest.raises(MimeMalformed, match="boundary"):
        await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
