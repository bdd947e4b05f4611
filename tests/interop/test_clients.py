"""Clients of others against a mock server in a process of its own, over real sockets."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from tests.interop.conftest import Client, Mock, Submission

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
#: Whom messages/feed.xml registers, and whose documents messages/metadata.xml describes.
PATIENT = "INTEROP-1^^^&2.999.7.10&ISO"
#: As configured by default.
REPOSITORY = "2.999.1.2"
#: Bytes: more than the server keeps of a document in memory.
LARGE = 2 * 1024 * 1024


class TestJaxWs:
    """JAX-WS RI 2.3: WS-Addressing with FaultTo, escaped quotes in parameters, ``Content-Id``, a ``*`` in cid."""

    @pytest.mark.parametrize("options", [[], ["--soap11"], ["--no-addressing"]], ids=str)
    def test_it_registers_a_patient(self, java_client: "Client", mock: "Mock", feed: Path, options: list[str]) -> None:
        """ITI-44 is acknowledged with CA, whichever version of SOAP and with or without WS-Addressing."""
        outcome = java_client("register", f"{mock.url}/pix/add", feed, *options)
        assert (outcome.accepted, outcome.output) == (True, "CA")

    @pytest.mark.parametrize("options", [[], ["--soap11"], ["--no-addressing"], ["--chunked"]], ids=str)
    def test_it_submits_a_document(
        self, java_client: "Client", mock: "Mock", submission: "Submission", options: list[str]
    ) -> None:
        """ITI-41 with MTOM succeeds, and the document is stored byte for byte."""
        outcome = java_client("submit", f"{mock.url}/iti41/submit", *submission.operands, *options)
        assert (outcome.accepted, outcome.output) == (True, SUCCESS)
        assert mock.saved(submission.document)

    def test_it_submits_a_large_document(self, java_client: "Client", mock: "Mock", submission: "Submission") -> None:
        """A document beyond what is kept in memory arrives whole, in chunks of unknown total."""
        submission.grow(LARGE)
        outcome = java_client("submit", f"{mock.url}/iti41/submit", *submission.operands, "--chunked")
        assert outcome.accepted, outcome.output
        assert mock.saved(submission.document)

    @pytest.mark.parametrize("options", [[], ["--soap11", "--no-addressing"]], ids=str)
    def test_it_finds_and_retrieves_a_document(
        self, java_client: "Client", mock: "Mock", submission: "Submission", options: list[str]
    ) -> None:
        """ITI-18 names what was submitted, and ITI-43 brings it back byte for byte, as an MTOM part."""
        submission.grow(LARGE)
        _is_found_and_retrieved(java_client, mock, submission, *options)

    def test_it_is_told_that_there_is_no_such_document(
        self, java_client: "Client", mock: "Mock", tmp_path: Path
    ) -> None:
        """ITI-43 answers with a RegistryResponse, without a part."""
        outcome = java_client("retrieve", f"{mock.url}/iti43/retrieve", f"{REPOSITORY}=2.999.404", tmp_path / "nothing")
        assert (outcome.accepted, outcome.output) == (False, FAILURE)

    def test_it_reads_the_diagnosis_of_a_message_that_is_not_mtom(
        self, java_client: "Client", mock: "Mock", submission: "Submission"
    ) -> None:
        """With MTOM off the client gets a fault that it understands, and the fault says what is missing."""
        outcome = java_client("submit", f"{mock.url}/iti41/submit", *submission.operands, "--no-mtom")
        assert not outcome.accepted
        assert "MTOM" in outcome.output

    @pytest.mark.parametrize("options", [[], ["--soap11"]], ids=str)
    def test_it_learns_the_right_path_from_the_wrong_one(
        self, java_client: "Client", mock: "Mock", feed: Path, options: list[str]
    ) -> None:
        """A PIX feed that is posted to the repository gets a fault that names the path of the PIX manager."""
        outcome = java_client("register", f"{mock.url}/iti41/submit", feed, *options)
        assert not outcome.accepted
        assert "/pix/add" in outcome.output

    def test_it_speaks_https_with_a_client_certificate(
        self, java_client: "Client", secure_mock: "Mock", feed: Path, submission: "Submission"
    ) -> None:
        """With ca.pem imported by keytool and client.p12 as its key store, Java registers and submits over TLS."""
        mocks, trust = secure_mock.directory / "mocks", submission.metadata.with_name("truststore.p12")
        keytool = ["keytool", "-importcert", "-noprompt", "-alias", "mock", "-file", str(mocks / "ca.pem")]
        keytool += ["-keystore", str(trust), "-storetype", "PKCS12", "-storepass", "changeit"]
        subprocess.run(keytool, check=True, capture_output=True, timeout=PATIENCE_S)
        stores = {"trustStore": trust, "keyStore": mocks / "client.p12"}
        java = [f"-Djavax.net.ssl.{name}={path}" for name, path in stores.items()]
        java += [f"-Djavax.net.ssl.{name}{what}" for name in stores for what in ("Password=changeit", "Type=PKCS12")]
        fed = java_client("register", f"{secure_mock.url}/pix/add", feed, java=java)
        assert (fed.accepted, fed.output) == (True, "CA")
        sent = java_client("submit", f"{secure_mock.url}/iti41/submit", *submission.operands, java=java)
        assert (sent.accepted, sent.output) == (True, SUCCESS)
        wanted, file = f"{REPOSITORY}={submission.unique_id}", submission.document.with_name("retrieved")
        assert java_client("retrieve", f"{secure_mock.url}/iti43/retrieve", wanted, file, java=java).accepted
        assert file.read_bytes() == submission.document.read_bytes()


class TestGsoap:
    """gSOAP 2.8: no WS-Addressing, ``action`` in the content type, the root part ``<SOAP-ENV:Envelope>``."""

    def test_it_registers_a_patient(self, gsoap_client: "Client", mock: "Mock", feed: Path) -> None:
        """ITI-44 is acknowledged with CA."""
        outcome = gsoap_client("register", f"{mock.url}/pix/add", feed)
        assert (outcome.accepted, outcome.output) == (True, "CA")

    @pytest.mark.parametrize("options", [[], ["--chunked"]], ids=str)
    def test_it_submits_a_document(
        self, gsoap_client: "Client", mock: "Mock", submission: "Submission", options: list[str]
    ) -> None:
        """ITI-41 with MTOM succeeds, and the document is stored byte for byte."""
        outcome = gsoap_client("submit", f"{mock.url}/iti41/submit", *submission.operands, *options)
        assert (outcome.accepted, outcome.output) == (True, SUCCESS)
        assert mock.saved(submission.document)

    def test_it_submits_a_large_document(self, gsoap_client: "Client", mock: "Mock", submission: "Submission") -> None:
        """A document beyond what is kept in memory arrives whole."""
        submission.grow(LARGE)
        outcome = gsoap_client("submit", f"{mock.url}/iti41/submit", *submission.operands)
        assert outcome.accepted, outcome.output
        assert mock.saved(submission.document)

    def test_it_finds_and_retrieves_a_document(
        self, gsoap_client: "Client", mock: "Mock", submission: "Submission"
    ) -> None:
        """ITI-18 names what was submitted, and ITI-43 brings it back byte for byte, as an MTOM part."""
        submission.grow(LARGE)
        _is_found_and_retrieved(gsoap_client, mock, submission)

    def test_it_is_told_that_there_is_no_such_document(
        self, gsoap_client: "Client", mock: "Mock", tmp_path: Path
    ) -> None:
        """ITI-43 answers with a RegistryResponse, without a part."""
        wanted = f"{REPOSITORY}=2.999.404"
        outcome = gsoap_client("retrieve", f"{mock.url}/iti43/retrieve", wanted, tmp_path / "nothing")
        assert (outcome.accepted, outcome.output) == (False, FAILURE)

    def test_it_learns_the_right_path_from_the_wrong_one(
        self, gsoap_client: "Client", mock: "Mock", feed: Path
    ) -> None:
        """A PIX feed that is posted to the repository gets a fault that names the path of the PIX manager."""
        outcome = gsoap_client("register", f"{mock.url}/iti41/submit", feed)
        assert not outcome.accepted
        assert "/pix/add" in outcome.output

    def test_it_speaks_https_with_a_client_certificate(
        self, gsoap_client: "Client", secure_mock: "Mock", feed: Path, submission: "Submission"
    ) -> None:
        """With ca.pem and the client's PEM files a C client registers and submits over TLS."""
        mocks, identity = secure_mock.directory / "mocks", submission.metadata.with_name("client.pem")
        identity.write_bytes((mocks / "client-key.pem").read_bytes() + (mocks / "client-cert.pem").read_bytes())
        tls = [f"--ca={mocks / 'ca.pem'}", f"--cert={identity}"]
        fed = gsoap_client("register", f"{secure_mock.url}/pix/add", feed, *tls)
        assert (fed.accepted, fed.output) == (True, "CA")
        sent = gsoap_client("submit", f"{secure_mock.url}/iti41/submit", *submission.operands, *tls)
        assert (sent.accepted, sent.output) == (True, SUCCESS)


def _is_found_and_retrieved(client: "Client", mock: "Mock", submission: "Submission", *options: str) -> None:
    submitted = client("submit", f"{mock.url}/iti41/submit", *submission.operands, *options)
    assert submitted.accepted, submitted.output
    found = client("find", f"{mock.url}/iti18/query", PATIENT, *options)
    wanted = f"{REPOSITORY}={submission.unique_id}"
    assert found.accepted, found.output
    assert wanted in found.output.splitlines()
    file = submission.document.with_name("retrieved")
    retrieved = client("retrieve", f"{mock.url}/iti43/retrieve", wanted, file, *options)
    assert (retrieved.accepted, retrieved.output) == (True, SUCCESS)
    assert file.read_bytes() == submission.document.read_bytes()
