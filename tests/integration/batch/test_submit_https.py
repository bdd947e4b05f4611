"""``submit`` over HTTPS, signed, with a certificate of ours; and what stops it when that cannot be used."""

import asyncio
import re
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.submit_commands import submit
from ihe_test_util.mock_server.app import MockServer, bind
from ihe_test_util.mock_server.config import ConfigWatcher, load_config
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.security.certificates import PASSWORD_VARIABLE, CertificateSet, make_certificates
from ihe_test_util.security.certificates import CertificatePaths as Paths
from ihe_test_util.security.issuing import issue
from ihe_test_util.security.tls import server_context
from ihe_test_util.store.journal_reader import JournalReader
from tests.support.command import Command
from tests.support.patience import PATIENCE_S

HEADER = "first_name,last_name,dob,gender,patient_id_oid,patient_id,city\n"
PATIENTS = 3
Completed = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificateSet:
    """A CA, a server for this machine, a client, as ``certs init`` makes them."""
    return make_certificates(Paths.in_directory(tmp_path_factory.mktemp("certificates")), environ={})


@dataclass(frozen=True)
class Secure:
    """A mock server that demands a client certificate, and the command line before it."""

    server: MockServer
    data_dir: Path
    command: Command

    async def submit(self, *args: str, **variables: str) -> Completed:
        """Run ``submit`` to its end, while the mock serves."""
        urls = {
            "IHE_TEST_PIX_ADD_URL": f"{self.server.url}/pix/add",
            "IHE_TEST_ITI41_URL": f"{self.server.url}/iti41/submit",
        }
        line, environ = self.command.line("submit", "patients.csv", *args), self.command.environ(urls | variables)
        return await asyncio.to_thread(
            subprocess.run, line, cwd=self.command.directory, env=environ, capture_output=True, text=True,
            check=False, timeout=PATIENCE_S,
        )  # fmt: skip

    def requests(self) -> list[bytes]:
        """The XML of every message that came."""
        journal = JournalReader(self.data_dir)
        return [journal.get(entry.exchange.id).request.body for entry in journal.tail(100)]


@pytest.fixture
async def secure(tmp_path: Path, certificates: CertificateSet) -> AsyncIterator[Secure]:
    """HTTPS with mutual TLS on a free port, strict."""
    paths = certificates.paths
    fields = {
        "data_dir": str(tmp_path / "data"),
        "pix_add_behavior.validation_mode": "strict",
        "iti41_behavior.validation_mode": "strict",
    }
    (tmp_path / "config.json").write_text("{}")
    config = load_config(tmp_path / "config.json", overrides=fields, environ={})
    sock = bind("127.0.0.1", 0)
    server = MockServer(ConfigWatcher(None, config), Instance("https", "127.0.0.1", sock.getsockname()[1]))
    await server.start(sock, server_context(paths.server_cert, paths.server_key, client_auth="required", ca=paths.ca))
    write_patients(tmp_path)
    yield Secure(server, tmp_path / "data", Command(tmp_path, standin=""))
    await server.stop()


def write_patients(directory: Path) -> None:
    """A file of patients."""
    rows = [f"Given{n},Family{n},1980-01-01,F,2.999.1.2,PAT-{n},Basel\n" for n in range(PATIENTS)]
    (directory / "patients.csv").write_text(HEADER + "".join(rows))


@pytest.mark.parametrize("form", ["pem", "pkcs12"])
async def test_a_signed_run_over_mutual_tls(secure: Secure, certificates: CertificateSet, form: str) -> None:
    """Every patient goes through, without a warning; every message has an assertion that our own judge believes."""
    paths = certificates.paths
    shown = ["--cert", str(paths.client_cert), "--key", str(paths.client_key)]
    if form == "pkcs12":
        shown = ["--cert", str(paths.client_p12)]
    done = await secure.submit("--ca", str(paths.ca), *shown, **{PASSWORD_VARIABLE: certificates.pkcs12_password})
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    messages = await asyncio.to_thread(secure.requests)
    found = [re.search(rb'<(?:\w+:)?Assertion [^>]*ID="([^"]+)"', message) for message in messages]
    assert len({one[1] for one in found if one}) == len(messages) == 2 * PATIENTS
    (secure.command.directory / "message.xml").write_bytes(messages[0])
    judged = await asyncio.to_thread(secure.command, "saml", "verify", "message.xml", "--ca", str(paths.ca))
    assert (judged.returncode, "The assertion is valid" in judged.stdout) == (0, True), judged.stdout + judged.stderr


async def test_without_a_client_certificate_the_run_stops(secure: Secure, certificates: CertificateSet) -> None:
    """A server that demands one; exit code 3, and what to do."""
    done = await secure.submit("--ca", str(certificates.paths.ca), "--concurrency", "1", IHE_TEST_BACKOFF_FACTOR="0")
    assert done.returncode == 3
    assert "--cert" in done.stdout
    assert secure.requests() == []


@dataclass(frozen=True)
class Typed:
    """``submit`` in a directory of its own, to an endpoint that nobody may reach."""

    directory: Path
    endpoint: socket.socket

    def __call__(self, *args: str, scheme: str = "http") -> Result:
        """Run it in this process."""
        url = f"{scheme}://127.0.0.1:{self.endpoint.getsockname()[1]}/ihe"
        return CliRunner().invoke(
            submit, ["patients.csv", *args, "--pix-add-url", url, "--iti41-url", url, "--concurrency", "1"]
        )

    def was_reached(self) -> bool:
        """Whether anybody came."""
        try:
            self.endpoint.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Typed]:
    """In a directory with patients; no password is in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    write_patients(tmp_path)
    with socket.socket() as endpoint:
        endpoint.bind(("127.0.0.1", 0))
        endpoint.listen()
        endpoint.settimeout(0)
        yield Typed(tmp_path, endpoint)


@pytest.fixture(scope="module")
def issued_at() -> Callable[[datetime], tuple[bytes, bytes]]:
    """A client certificate that is valid from a day before some time to a day after it, and its key."""

    def build(now: datetime) -> tuple[bytes, bytes]:
        issued = issue(("localhost",), days=1, now=now, pkcs12_password="x")
        return issued.client_cert, issued.client_key

    return build


@pytest.mark.parametrize("days", [-30, 30])
@pytest.mark.parametrize("per", ["message", "none"])
def test_a_certificate_outside_its_time_stops_the_run(
    typed: Typed, issued_at: Callable[[datetime], tuple[bytes, bytes]], days: int, per: str
) -> None:
    """Before anything is sent or made; exit code 3; the date, the file and what to do are told."""
    now = datetime.now(UTC) + timedelta(days=days)
    for name, data in zip(("cert.pem", "key.pem"), issued_at(now), strict=True):
        (typed.directory / name).write_bytes(data)
    result = typed("--cert", "cert.pem", "--key", "key.pem", "--assertion-per", per)
    limit = now + timedelta(days=1 if days < 0 else -1)
    sentence = "the certificate expired on" if days < 0 else "the certificate is valid only from"
    assert result.exit_code == 3
    assert f"{sentence} {limit:%Y-%m-%d}" in result.stderr
    assert str(typed.directory / "cert.pem") in result.stderr
    assert ("put a new one there" if days < 0 else "clock right") in result.stderr
    assert not typed.was_reached()
    assert not (typed.directory / "output").exists()


def test_a_certificate_that_cannot_be_used_stops_the_run(typed: Typed, certificates: CertificateSet) -> None:
    """Each before anything is sent, with exit code 3, the file and what to do."""
    paths = certificates.paths
    (typed.directory / "broken.pem").write_text("nothing")
    cert, key = ("--cert", str(paths.client_cert)), ("--key", str(paths.client_key))
    cases = (
        ((*cert, "--key", str(paths.server_key)), ("does not belong to the certificate", "both from the same place")),
        (("--cert", str(paths.client_p12)), (PASSWORD_VARIABLE, "client.p12")),
        (cert, ("no private key", "--key")),
        ((*cert, "--key", "none.pem"), ("none.pem", "does not exist")),
        (("--cert", "none.pem", *key), ("none.pem", "does not exist")),
        (("--cert", "broken.pem", *key), ("broken.pem",)),
        (("--cert", str(typed.directory), *key), ("is a directory",)),
    )
    for args, words in cases:
        result = typed(*args)
        assert (result.exit_code, [word for word in words if word not in result.stderr]) == (3, []), result.stderr
    assert not typed.was_reached()
    assert not (typed.directory / "output").exists()


def test_a_wrong_password_stops_the_run(
    typed: Typed, certificates: CertificateSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named, the password is not shown."""
    monkeypatch.setenv(PASSWORD_VARIABLE, "open sesame")
    result = typed("--cert", str(certificates.paths.client_p12))
    assert result.exit_code == 3
    assert PASSWORD_VARIABLE in result.stderr
    assert "open sesame" not in result.output
    assert not typed.was_reached()


@pytest.mark.parametrize("content", [None, "nothing"])
def test_a_ca_file_that_cannot_be_used_stops_the_run(typed: Typed, content: str | None) -> None:
    """What --ca names is read before anything is sent, even before a directory is made."""
    if content is not None:
        (typed.directory / "ca.pem").write_text(content)
    result = typed("--ca", "ca.pem", scheme="https")
    assert result.exit_code == 3
    assert str(typed.directory / "ca.pem") in result.stderr
    assert not typed.was_reached()
    assert not (typed.directory / "output").exists()


def test_a_ca_that_is_of_no_use_is_told(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """--ca with plain HTTP does nothing; --http says that this is meant."""
    monkeypatch.setenv("IHE_TEST_MAX_RETRIES", "0")
    monkeypatch.setenv("IHE_TEST_TIMEOUT_READ", "0.1")
    assert "--ca without use: http://127.0.0.1" in typed("--ca", "ca.pem").stderr
    assert "without use" not in typed("--ca", "ca.pem", "--http").stderr
