"""What the journal keeps of requests, so that somebody can find out what was wrong with theirs."""

import asyncio
import logging
import socket
import ssl
from pathlib import Path

import pytest

from ihe_test_util.exchange import Exchange, Outcome, Severity
from ihe_test_util.mock_server.app import MockServer, bind
from ihe_test_util.mock_server.config import ConfigWatcher, load_config
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.security.certificates import CertificatePaths, make_certificates
from ihe_test_util.security.tls import server_context
from ihe_test_util.store.journal_reader import JournalReader
from tests.support.peer import Enveloped, Peer, Sample, StartMock

SOAP12 = "application/soap+xml"


async def last_exchange(mock: Peer) -> Exchange:
    """The newest exchange of the journal, read as the command line reads it."""
    await mock.server.store.journal.flush()
    data_dir = mock.server.store.data_dir

    def newest() -> Exchange:
        reader = JournalReader(data_dir)
        return reader.get(reader.tail(1)[0].exchange.id)

    return await asyncio.to_thread(newest)


async def test_the_answer_names_its_exchange(mock: Peer, sample: Sample, enveloped: Enveloped) -> None:
    """A header of the answer leads to the entry of the journal."""
    body = enveloped(sample("ITI-44/minimal.xml"))
    async with mock.session.post(mock.url + "/pix/add", data=body, headers={"Content-Type": SOAP12}) as response:
        named = response.headers["X-Mock-Exchange"]

    assert (await last_exchange(mock)).id == named


async def test_lenient_findings_are_warnings_and_say_so(mock: Peer, sample: Sample, enveloped: Enveloped) -> None:
    """What lenient mode lets pass is no error; what it refuses for is one, and the fault says how many passed."""
    lax = enveloped(sample("ITI-44/minimal.xml")).replace(b'<processingModeCode code="T"/>', b"")

    await mock.post("/pix/add", lax, SOAP12)
    passed = await last_exchange(mock)
    refused_answer = await mock.post("/pix/add", enveloped(b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>'), SOAP12)
    refused = await last_exchange(mock)

    assert passed.outcome is Outcome.SUCCESS
    assert {finding.severity for finding in passed.findings} == {Severity.WARNING}
    assert [finding.rule for finding in refused.findings if finding.severity is Severity.ERROR] == ["PIXF-22"]
    assert "refused for PIXF-22" in refused.summary
    assert f"logged {len(refused.findings) - 1} more" in refused_answer.fault


async def test_the_beginning_of_a_package_that_cannot_be_read_is_kept(mock: Peer) -> None:
    """Just the message that nobody could read is the one that somebody has to look at."""
    body = b"--other\r\nContent-Type: text/plain\r\n\r\nhello\r\n--other--"

    answer = await mock.post("/iti41/submit", body, "multipart/related; boundary=mine")

    kept = await last_exchange(mock)
    assert answer.status == 400
    assert kept.request.body == body
    assert kept.summary.startswith("Sender fault, malformed_mime: ")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PUT", "/pix/add", 405), ("GET", "/nix", 404), ("GET", "/pix/add?wsdl", 200)]
)
async def test_requests_that_are_no_messages_are_recorded_too(
    mock: Peer, method: str, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A client with a wrong verb or path is seen in journal and log."""
    with caplog.at_level(logging.INFO, "ihe_test_util.mock_server.requests"):
        async with mock.session.request(method, mock.url + path) as response:
            assert response.status == status

    kept = await last_exchange(mock)
    assert (kept.method, kept.target, kept.http_status) == (method, path, status)
    assert any(f"{method} {path}" in record.getMessage() for record in caplog.records)


async def test_a_package_labelled_as_xml_is_recognised(mock: Peer) -> None:
    """A curl script that forgets the multipart Content-Type is told so."""
    answer = await mock.post("/iti41/submit", b"--uuid:1\r\nContent-Type: text/xml\r\n\r\n<a/>", SOAP12)

    assert "multipart/related" in answer.fault


async def test_a_simulated_failure_tells_its_message(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped
) -> None:
    """The journal's summary holds the configured words."""
    mock = await start_mock({"pix_add_behavior.failure_rate": 1.0, "pix_add_behavior.custom_fault_message": "PIX down"})

    await mock.post("/pix/add", enveloped(sample("ITI-44/minimal.xml")), SOAP12)

    assert (await last_exchange(mock)).summary == "Receiver fault, simulated_failure: PIX down"


async def test_a_failed_handshake_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A client without the certificate that is demanded, and one that does not trust ours, are told apart."""
    paths = CertificatePaths.in_directory(tmp_path)
    make_certificates(paths)
    config = load_config(None, overrides={"data_dir": str(tmp_path / "data")}, environ={})
    sock = bind("127.0.0.1", 0)
    port = sock.getsockname()[1]
    server = MockServer(ConfigWatcher(None, config), Instance("https", "127.0.0.1", port))
    await server.start(sock, server_context(paths.server_cert, paths.server_key, client_auth="required", ca=paths.ca))
    trusting = ssl.create_default_context(cafile=paths.ca)

    def connect(context: ssl.SSLContext) -> None:
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            secure.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            if not secure.recv(1):
                raise ConnectionResetError

    with caplog.at_level(logging.WARNING):
        for context in (trusting, ssl.create_default_context()):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.to_thread(connect, context)
    await server.stop()

    said = [record.getMessage() for record in caplog.records if "TLS handshake failed" in record.getMessage()]
    assert any("shows no certificate" in line for line in said)
    assert any("does not trust the CA" in line or "rejects this server's certificate" in line for line in said)
