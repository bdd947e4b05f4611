from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from ihe_test_util.security.certificates import CertificatePaths, CertificateSet, make_certificates

Pair = tuple[Path, Path]
PairMaker = Callable[..., Pair]

_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> CertificateSet:
    """One set as ``certs init`` makes it; read only."""
    paths = CertificatePaths.in_directory(tmp_path_factory.mktemp("certs"))
    return make_certificates(paths, hosts=["mock.example.org"], environ={})


@pytest.fixture
def self_signed(tmp_path: Path) -> PairMaker:
    """Writes a self-signed certificate and its key, valid from ``begin`` to ``end``, the key with ``password``."""

    def write(begin: datetime | None = None, end: datetime | None = None, password: str = "") -> Pair:
        now = datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=_KEY.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=begin or now - timedelta(days=1),
            not_valid_after=end or now + timedelta(days=1),
        ).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        sealing: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        cert, key = tmp_path / "self-signed.pem", tmp_path / "self-signed-key.pem"
        cert.write_bytes(builder.sign(_KEY, hashes.SHA256()).public_bytes(Encoding.PEM))
        key.write_bytes(_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
        return cert, key

    return write
