"""TLS contexts: who may connect, and what is said about files that cannot be used."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.certificates import CertificatePaths, CertificateSet, make_certificates
from ihe_test_util.security.tls import ClientAuth, client_context, server_context
from tests.support.patience import PATIENCE_S

PairMaker = Callable[..., tuple[Path, Path]]


async def _greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str = "localhost") -> tuple[str, str]:
    """Connect over a real socket; the TLS version, and the common name of the client's certificate."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        certificate = writer.get_extra_info("ssl_object").getpeercert() or {}
        seen.extend(value for pairs in certificate.get("subject", ()) for key, value in pairs if key == "commonName")
        writer.write(await reader.readline())
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        try:
            writer.write(b"hello\n")
            if await reader.readline() != b"hello\n":
                raise ConnectionResetError("closed without an answer")
            return writer.get_extra_info("ssl_object").version(), "".join(seen)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "mock.example.org"])
async def test_a_client_that_trusts_the_ca_connects_by_every_name(made: CertificateSet, name: str) -> None:
    """The server's certificate is good for each of its names, with TLS 1.3."""
    paths = made.paths
    version, _ = await _greet(server_context(paths.server_cert, paths.server_key), client_context(ca=paths.ca), name)
    assert version == "TLSv1.3"


async def test_a_client_of_tls_1_2_connects(made: CertificateSet) -> None:
    """TLS 1.2 is spoken with those who know nothing newer."""
    client = client_context(ca=made.paths.ca)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert (await _greet(server_context(made.paths.server_cert, made.paths.server_key), client))[0] == "TLSv1.2"


def test_nothing_below_tls_1_2_is_spoken(made: CertificateSet) -> None:
    """Both contexts refuse TLS 1.0 and 1.1."""
    server = server_context(made.paths.server_cert, made.paths.server_key)
    assert server.minimum_version == client_context().minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_client_that_trusts_others_refuses_the_server(made: CertificateSet) -> None:
    """Without our CA, the system's do not vouch for the mock."""
    with pytest.raises(ssl.SSLCertVerificationError):
        await _greet(server_context(made.paths.server_cert, made.paths.server_key), client_context())


async def test_a_client_refuses_another_name(made: CertificateSet) -> None:
    """A certificate without the name that the client called is refused."""
    server = server_context(made.paths.server_cert, made.paths.server_key)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await _greet(server, client_context(ca=made.paths.ca), "other.example.org")


async def test_a_client_that_does_not_verify_connects_to_anyone(made: CertificateSet) -> None:
    """verify off means: any certificate, any name."""
    server = server_context(made.paths.server_cert, made.paths.server_key)
    assert (await _greet(server, client_context(verify=False), "other.example.org"))[0] == "TLSv1.3"


async def test_a_servers_own_certificate_may_be_trusted_directly(made: CertificateSet) -> None:
    """A certificate pinned instead of its CA is enough for the client."""
    server = server_context(made.paths.server_cert, made.paths.server_key)
    assert await _greet(server, client_context(ca=made.paths.server_cert))


@pytest.mark.parametrize("client_auth", [ClientAuth.OPTIONAL, "required"])
async def test_the_server_learns_who_a_client_is(made: CertificateSet, client_auth: ClientAuth | str) -> None:
    """With client authentication on, the certificate that the client shows is verified and can be read."""
    paths = made.paths
    server = server_context(paths.server_cert, paths.server_key, client_auth=client_auth, ca=paths.ca)
    client = client_context(ca=paths.ca, cert=paths.client_cert, key=paths.client_key)
    assert (await _greet(server, client))[1] == "ihe-test-util client"


async def test_optional_means_a_client_without_certificate_is_served(made: CertificateSet) -> None:
    """A client that shows none connects all the same."""
    paths = made.paths
    server = server_context(paths.server_cert, paths.server_key, client_auth="optional", ca=paths.ca)
    assert (await _greet(server, client_context(ca=paths.ca)))[1] == ""


async def test_required_means_a_client_without_certificate_is_not_served(made: CertificateSet) -> None:
    """A client that shows none gets no answer."""
    paths = made.paths
    server = server_context(paths.server_cert, paths.server_key, client_auth="required", ca=paths.ca)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await _greet(server, client_context(ca=paths.ca))


async def test_a_client_of_another_ca_is_not_served(made: CertificateSet, tmp_path: Path) -> None:
    """Even where a certificate is optional, one that nobody vouches for is refused."""
    stranger = make_certificates(CertificatePaths.in_directory(tmp_path)).paths
    paths = made.paths
    server = server_context(paths.server_cert, paths.server_key, client_auth="optional", ca=paths.ca)
    client = client_context(ca=paths.ca, cert=stranger.client_cert, key=stranger.client_key)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await _greet(server, client)


def test_client_authentication_needs_a_ca(made: CertificateSet) -> None:
    """Certificates that nothing can be checked against are an error at start, not at the first client."""
    with pytest.raises(CertificateError, match="required, but no CA"):
        server_context(made.paths.server_cert, made.paths.server_key, client_auth="required")


def test_a_good_certificate_is_loaded_without_the_cryptography_package(made: CertificateSet) -> None:
    """Starting with HTTPS does not pay for an import that only making certificates needs."""
    program = (
        "import sys; from pathlib import Path\n"
        "import ihe_test_util.security.certificates as c, ihe_test_util.security.tls as t\n"
        "cert, key, ca = map(Path, sys.argv[1:])\n"
        "c.ensure_server_certificate(cert, key); t.server_context(cert, key, client_auth='optional', ca=ca)\n"
        "sys.exit('cryptography' in sys.modules)"
    )
    paths = [str(path) for path in (made.paths.server_cert, made.paths.server_key, made.paths.ca)]
    assert subprocess.run([sys.executable, "-c", program, *paths], check=False, timeout=PATIENCE_S).returncode == 0


def test_missing_files_are_named(made: CertificateSet, tmp_path: Path) -> None:
    """Each of the three files that is not there is named with its absolute path and the way to get one."""
    gone = tmp_path / "gone.pem"
    calls: tuple[Callable[[], ssl.SSLContext], ...] = (
        lambda: server_context(gone, made.paths.server_key),
        lambda: server_context(made.paths.server_cert, gone),
        lambda: client_context(ca=gone),
    )
    for call in calls:
        with pytest.raises(CertificateError, match="does not exist") as caught:
            call()
        assert caught.value.where == str(gone)
        assert "certs init" in caught.value.hint


def test_a_directory_is_not_a_certificate(made: CertificateSet, tmp_path: Path) -> None:
    """A directory where a file is expected is called a directory."""
    with pytest.raises(CertificateError, match="is a directory"):
        server_context(tmp_path, made.paths.server_key)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="no file mode stops this user")
def test_a_key_that_may_not_be_read_is_said_so(made: CertificateSet, tmp_path: Path) -> None:
    """No permission is told apart from no file."""
    key = tmp_path / "key.pem"
    key.write_bytes(made.paths.server_key.read_bytes())
    key.chmod(0)
    with pytest.raises(CertificateError, match="may not be read"):
        server_context(made.paths.server_cert, key)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello", "not PEM"),
        ("-----BEGIN CERTIFICATE-----".encode("utf-16"), "UTF-16"),
        (b"-----BEGIN CERTIFICATE-----\nMIID", "no whole certificate"),
        (b"-----BEGIN CERTIFICATE-----\nMIIDa\n-----END CERTIFICATE-----\n", "damaged"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
    ],
)
def test_what_is_no_certificate_is_diagnosed(made: CertificateSet, tmp_path: Path, content: bytes, says: str) -> None:
    """Empty, not PEM, wrongly encoded, cut, damaged: each has its own words, as server's certificate and as CA."""
    path = tmp_path / "broken.pem"
    path.write_bytes(content)
    with pytest.raises(CertificateError, match=says):
        server_context(path, made.paths.server_key)
    with pytest.raises(CertificateError):
        client_context(ca=path)


def test_der_and_pkcs12_come_with_the_command_that_converts_them(made: CertificateSet, tmp_path: Path) -> None:
    """Binary formats are recognised, and the error says how to make PEM of them."""
    der = tmp_path / "cert.der"
    der.write_bytes(ssl.PEM_cert_to_DER_cert(made.paths.server_cert.read_text()))
    for path in (der, made.paths.client_p12):
        with pytest.raises(CertificateError, match="not PEM") as caught:
            server_context(path, made.paths.server_key)
        assert f"openssl pkcs12 -in {path}" in caught.value.hint


def test_certificate_and_key_in_each_others_place_are_noticed(made: CertificateSet) -> None:
    """Swapped paths are the most likely reason for a key where a certificate belongs."""
    with pytest.raises(CertificateError, match="taken for each other"):
        server_context(made.paths.server_key, made.paths.server_cert)
    with pytest.raises(CertificateError, match="holds no private key"):
        server_context(made.paths.server_cert, made.paths.server_cert)


@pytest.mark.parametrize("kind", ["same type", "other type"])
def test_a_key_of_another_certificate_is_said_so(made: CertificateSet, self_signed: PairMaker, kind: str) -> None:
    """A key that does not belong to the certificate is told apart from a damaged one; both files are named."""
    key = made.paths.client_key if kind == "same type" else self_signed()[1]
    with pytest.raises(CertificateError, match="does not belong") as caught:
        server_context(made.paths.server_cert, key)
    assert str(key) in caught.value.where
    assert str(made.paths.server_cert) in caught.value.where


def test_a_damaged_key_is_said_so(made: CertificateSet, tmp_path: Path) -> None:
    """A key whose base64 was cut is damaged, not mismatched."""
    key = tmp_path / "key.pem"
    lines = made.paths.server_key.read_text().splitlines()
    key.write_text("\n".join([*lines[:5], lines[-1], ""]))
    with pytest.raises(CertificateError, match="private key is damaged"):
        server_context(made.paths.server_cert, key)


def test_an_encrypted_key_needs_its_password(self_signed: PairMaker) -> None:
    """Without a password the error says that one is needed, with a wrong one that it is wrong; nothing is asked."""
    cert, key = self_signed(password="s3cret")
    with pytest.raises(CertificateError, match="encrypted and no password"):
        server_context(cert, key)
    with pytest.raises(CertificateError, match="password does not open"):
        server_context(cert, key, password="wrong")
    server_context(cert, key, password="s3cret")


def test_certificate_and_key_may_share_one_file(self_signed: PairMaker, tmp_path: Path) -> None:
    """One PEM file that holds both serves as both, as with stunnel and HAProxy."""
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(path.read_bytes() for path in reversed(self_signed())))
    server_context(both, both)
    client_context(cert=both)


def test_an_expired_certificate_is_refused_with_its_date(self_signed: PairMaker) -> None:
    """The day it expired and what to do stand in the error, for the server's, the client's and the CA's."""
    cert, key = self_signed(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 2, 3, 4, 5, tzinfo=UTC))
    calls: tuple[Callable[[], ssl.SSLContext], ...] = (
        lambda: server_context(cert, key),
        lambda: client_context(cert=cert, key=key),
        lambda: client_context(ca=cert),
    )
    for call in calls:
        with pytest.raises(CertificateError, match="expired on 2021-02-03 04:05 UTC") as caught:
            call()
        assert "certs init --force" in caught.value.hint


def test_a_bundle_with_one_valid_ca_is_used(made: CertificateSet, self_signed: PairMaker, tmp_path: Path) -> None:
    """An expired CA beside a valid one is no reason to refuse the file."""
    expired, _ = self_signed(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC))
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(expired.read_bytes() + made.paths.ca.read_bytes())
    assert len(client_context(ca=bundle).get_ca_certs()) >= 1


_EARLIEST = datetime(1950, 1, 1)  # noqa: DTZ001 - hypothesis adds the time zone
_LATEST = datetime(9999, 1, 1)  # noqa: DTZ001 - hypothesis adds the time zone
_MOMENTS = st.datetimes(_EARLIEST, _LATEST, timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_MOMENTS, second=_MOMENTS, now=_MOMENTS)
@example(
    first=datetime(1999, 1, 1, tzinfo=UTC),
    second=datetime(2049, 12, 31, tzinfo=UTC),
    now=datetime(2050, 1, 1, tzinfo=UTC),
)
def test_a_certificate_is_accepted_exactly_while_it_is_valid(
    self_signed: PairMaker, first: datetime, second: datetime, now: datetime
) -> None:
    """In every century, with both of X.509's forms of time: accepted from its first second to its last."""
    begin, end = min(first, second), max(first, second) + timedelta(seconds=1)
    cert, key = self_signed(begin, end)
    for moment in (begin, end, now):
        if begin <= moment <= end:
            server_context(cert, key, now=moment)
        else:
            with pytest.raises(CertificateError, match="expired on" if moment > end else "valid only from"):
                server_context(cert, key, now=moment)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_no_content_makes_anything_but_a_certificate_error(made: CertificateSet, tmp_path: Path, data: bytes) -> None:
    """Whatever the file holds, bare or dressed as PEM, the answer is a CertificateError."""
    path = tmp_path / "fuzz.pem"
    dressed = ssl.DER_cert_to_PEM_cert(data).encode()
    for content in (data, dressed):
        path.write_bytes(content)
        with pytest.raises(CertificateError):
            server_context(path, made.paths.server_key)
        with pytest.raises(CertificateError):
            client_context(ca=path)
