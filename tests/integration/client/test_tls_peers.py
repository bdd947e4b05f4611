"""What the client says of peers whose TLS, or whose certificate, does not fit ours."""

import asyncio
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.errors import (
    CertificateError,
    TlsFailed,
    Unreachable,
)
from ihe_test_util.exchange import Exchange
from ihe_test_util.security.certificates import CertificatePaths, CertificateSet
from ihe_test_util.security.issuing import issue
from ihe_test_util.security.tls import server_context
from ihe_test_util.transactions import pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest

#: The first byte of a record that holds a ClientHello; a record that holds an alert (RFC 8446: 5.1, 6).
CLIENT_HELLO = b"\x16"
ALERT = bytes.fromhex("15 03 01 0002 0228")

Bytes = Callable[..., bytes]
Call = Callable[..., Any]


async def test_plain_http_to_a_tls_port_is_recognised(
    start_peer: Any, http: Bytes, refused: Call, certificates: CertificateSet
) -> None:
    """A port of HTTPS hangs up without a word; it is asked whether it speaks TLS, and the message says so."""
    paths = certificates.paths
    peer = await start_peer(http(b""), tls=server_context(paths.server_cert, paths.server_key))
    error = await refused(f"http://127.0.0.1:{peer.port}/pix/add")
    assert isinstance(error, TlsFailed)
    assert not error.sent
    assert "the port speaks HTTPS" in error.message
    assert f"use https://127.0.0.1:{peer.port}" in error.hint


async def test_a_tls_port_that_answers_plain_http_with_400_is_recognised(
    start_peer: Any, http: Bytes, refused: Call
) -> None:
    """As web servers do: an HTTP answer to plain HTTP, TLS to everything else."""

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        writer.write(ALERT if first == CLIENT_HELLO else http(b"<html>Bad</html>", status="400 Bad Request"))
        await writer.drain()

    peer = await start_peer(both)
    error = await refused(f"http://127.0.0.1:{peer.port}/pix/add")
    assert isinstance(error, TlsFailed)
    assert not error.sent
    assert "the port speaks HTTPS" in error.message


@pytest.mark.parametrize("words", ["", "400 Bad Request"])
async def test_a_plain_port_is_asked_once_whether_it_speaks_tls(
    start_peer: Any, http: Bytes, refused: Call, exchanges: list[Exchange], words: str
) -> None:
    """Who hangs up, or finds fault, without being a port of TLS is told as before; it is not asked again."""
    begins: list[bytes] = []

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begins.append(await reader.read(1))
        if words:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(http(b"", status=words))
            await writer.drain()

    peer = await start_peer(rude)
    first = await refused(f"http://127.0.0.1:{peer.port}/pix/add")
    exchanges.clear()
    second = await refused(f"http://127.0.0.1:{peer.port}/pix/add")
    assert not isinstance(first, TlsFailed)
    assert not isinstance(second, TlsFailed)
    assert begins.count(CLIENT_HELLO) == 1


async def test_a_plain_port_that_hangs_up_on_tls_is_recognised(start_peer: Any, http: Bytes, refused: Call) -> None:
    """It does not answer a ClientHello; it is asked whether it speaks plain HTTP, and the message says so."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1) != CLIENT_HELLO:
            writer.write(http(b"", status="404 Not Found"))
            await writer.drain()

    peer = await start_peer(silent)
    error = await refused(f"https://127.0.0.1:{peer.port}/pix/add")
    assert isinstance(error, TlsFailed)
    assert "does not speak TLS" in error.message
    assert "use http://" in error.hint


async def test_a_tls_port_that_hung_up_once_and_answers_plain_http_is_no_port_of_http(
    start_peer: Any, http: Bytes, refused: Call
) -> None:
    """Web servers answer plain HTTP on a port of HTTPS, too; what answers a ClientHello in TLS speaks TLS."""
    begins: list[bytes] = []

    async def restarted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begins.append(await reader.read(1))
        if begins[-1] != CLIENT_HELLO:
            writer.write(http(b"<html>Bad</html>", status="400 Bad Request"))
        elif begins.count(CLIENT_HELLO) > 1:
            writer.write(ALERT)
        await writer.drain()

    peer = await start_peer(restarted)
    error = await refused(f"https://127.0.0.1:{peer.port}/pix/add")
    assert isinstance(error, Unreachable)
    assert "does not speak TLS" not in error.message


async def test_a_port_that_hangs_up_on_everybody_is_no_port_of_http(start_peer: Any, refused: Call) -> None:
    """Whether the next try has more luck is not known."""

    async def nobody(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    peer = await start_peer(nobody)
    error = await refused(f"https://127.0.0.1:{peer.port}/pix/add")
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert "does not speak TLS" not in error.message


async def test_tls_to_a_plain_port_is_recognised(start_peer: Any, http: Bytes, refused: Call) -> None:
    """The message says to use http."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(http(b"", status="400 Bad Request"))
        await writer.drain()

    peer = await start_peer(plain)
    error = await refused(f"https://127.0.0.1:{peer.port}/pix/add")
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert "does not speak TLS" in error.message
    assert "http://" in error.hint


async def test_tls_works_with_the_right_ca(
    client: Client,
    start_peer: Any,
    http: Bytes,
    acknowledge: Bytes,
    pix_request: PixAddRequest,
    certificates: CertificateSet,
) -> None:
    """A server below our CA is believed, and one that asks for a client certificate gets it."""
    paths = certificates.paths
    tls = server_context(paths.server_cert, paths.server_key, client_auth="required", ca=paths.ca)
    peer = await start_peer(http(acknowledge()), tls=tls)
    endpoint = Endpoint(peer.url(), tls=Tls(ca=paths.ca, cert=paths.client_cert, key=paths.client_key))
    assert (await client.call(pix_add.SPEC, pix_request, endpoint)).verdict.accepted


async def test_an_unknown_ca_is_named(
    start_peer: Any, http: Bytes, refused: Call, certificates: CertificateSet
) -> None:
    """Without --ca the system's CAs do not vouch for a test server."""
    paths = certificates.paths
    peer = await start_peer(http(b""), tls=server_context(paths.server_cert, paths.server_key))
    error = await refused(peer.url())
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert "CA that is not trusted" in error.message
    assert "--ca" in error.hint


async def test_a_wrong_name_is_named(start_peer: Any, http: Bytes, refused: Call, tmp_path: Path) -> None:
    """A certificate for another host."""
    issued = issue(("pix.example.org",), days=5, now=datetime.now(UTC), pkcs12_password="x")
    paths = _written(tmp_path, issued)
    peer = await start_peer(http(b""), tls=server_context(paths.server_cert, paths.server_key))
    error = await refused(peer.url(), tls=Tls(ca=paths.ca))
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert "for another name" in error.message
    assert "127.0.0.1" in error.got


async def test_an_expired_certificate_is_named(start_peer: Any, http: Bytes, refused: Call, tmp_path: Path) -> None:
    """The server's certificate ran out, its CA's did not."""
    then = datetime.now(UTC) - timedelta(days=50)
    ca, cert, key = _expired(tmp_path, then)
    peer = await start_peer(http(b""), tls=server_context(cert, key, now=then + timedelta(days=1)))
    error = await refused(peer.url(), tls=Tls(ca=ca))
    assert isinstance(error, Unreachable)
    assert not error.sent
    assert error.message == "the server's certificate has expired"
    assert "--insecure" in error.hint


async def test_a_missing_client_certificate_is_named(
    start_peer: Any, http: Bytes, refused: Call, certificates: CertificateSet
) -> None:
    """A server that demands one gets nothing, and we say how to show one, whether its alert reaches us or not."""
    paths = certificates.paths
    tls = server_context(paths.server_cert, paths.server_key, client_auth="required", ca=paths.ca)
    peer = await start_peer(http(b""), tls=tls)
    error = await refused(peer.url(), tls=Tls(ca=paths.ca))
    assert isinstance(error, Unreachable)
    assert "client certificate" in error.message + error.hint
    assert "--cert" in error.hint


async def test_our_own_ca_file_must_exist(refused: Call, tmp_path: Path) -> None:
    """An option of ours that cannot be used is our error, before anything is sent."""
    error = await refused("https://127.0.0.1:9/", tls=Tls(ca=tmp_path / "none.pem"))
    assert isinstance(error, CertificateError)


def _written(directory: Path, issued: Any) -> CertificatePaths:
    paths = CertificatePaths.in_directory(directory)
    paths.ca.write_bytes(issued.ca)
    paths.server_cert.write_bytes(issued.server_cert)
    paths.server_key.write_bytes(issued.server_key)
    return paths


def _expired(directory: Path, begin: datetime) -> tuple[Path, Path, Path]:
    """A CA that is valid, and below it a certificate for 127.0.0.1 that was valid for two days from ``begin``."""
    ca_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))

    def builder(subject: x509.Name, key: ec.EllipticCurvePublicKey, end: datetime) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), begin, end)

    ca = builder(issuer, ca_key.public_key(), begin + timedelta(days=500)).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    leaf = builder(x509.Name([]), leaf_key.public_key(), begin + timedelta(days=2)).add_extension(
        x509.SubjectAlternativeName([address]), critical=True
    )
    paths = directory / "ca.pem", directory / "cert.pem", directory / "key.pem"
    paths[0].write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[1].write_bytes(leaf.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[2].write_bytes(leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
