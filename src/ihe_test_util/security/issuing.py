"""Makes the certificates of a test domain: one CA, a server and a client below it. Import it where it is used: 0.2 s.

RSA with 2048 bits and SHA-256, because every peer of the last fifteen years takes it: .NET Framework finds no private
key in a PKCS#12 file that holds an EC key, old gSOAP builds know no curve, and SAML signs with RSA-SHA256 anyway.
PKCS#12 is sealed with 3DES and SHA-1 for the same reason: Java before 8u301 and Windows before 2019 read nothing newer.
"""

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_PUBLIC_EXPONENT: Final = 65537
_KEY_BITS: Final = 2048
_PKCS12_ROUNDS: Final = 100_000
_PKCS12_NAME: Final = b"ihe-test-util client"
#: A peer whose clock runs a little behind must not find the certificate "not yet valid".
_BACKDATED: Final = timedelta(hours=24)
_MAX_COMMON_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Issued:
    """The bytes of every file of one set; certificates and keys are PEM (keys PKCS#8, not encrypted)."""

    ca: bytes
    server_cert: bytes
    server_key: bytes = field(repr=False)
    client_cert: bytes
    client_key: bytes = field(repr=False)
    client_p12: bytes = field(repr=False)
    not_after: datetime
    ca_fingerprint: str


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: RSAPrivateKey = field(repr=False)


def issue(hosts: tuple[str, ...], *, days: int, now: datetime, pkcs12_password: str) -> Issued:
    """A new CA (RFC 5280, 4.2) and a server and a client certificate below it, valid for ``days`` from ``now``.

    ``hosts`` are DNS names in ASCII and IP addresses, the first one names the server. The CA's private key is
    forgotten: whoever trusts the CA trusts these two certificates and nothing that is made later.
    """
    authority = _authority(now, days)
    server_key, client_key = _new_key(), _new_key()
    server = _leaf(authority, server_key, hosts[0], (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH))
    server = server.add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
    client = _leaf(authority, client_key, "ihe-test-util client", (ExtendedKeyUsageOID.CLIENT_AUTH,))
    server_cert = server.sign(authority.key, hashes.SHA256())
    client_cert = client.sign(authority.key, hashes.SHA256())
    sealing = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_PKCS12_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303 - an integrity check by password that old peers can compute
        .build(pkcs12_password.encode())
    )
    return Issued(
        ca=authority.certificate.public_bytes(Encoding.PEM),
        server_cert=server_cert.public_bytes(Encoding.PEM),
        server_key=_pem(server_key),
        client_cert=client_cert.public_bytes(Encoding.PEM),
        client_key=_pem(client_key),
        client_p12=pkcs12.serialize_key_and_certificates(
            _PKCS12_NAME, client_key, client_cert, [authority.certificate], sealing
        ),
        not_after=authority.certificate.not_valid_after_utc,
        ca_fingerprint=authority.certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def _authority(now: datetime, days: int) -> _Authority:
    key = _new_key()
    serial = x509.random_serial_number()
    # Two CAs of one name in one trust store confuse path building, so each bears a piece of its number.
    name = _name(f"ihe-test-util test CA {serial:x}"[:_MAX_COMMON_NAME].rstrip())
    start = now.astimezone(UTC) - _BACKDATED
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=serial)
        .not_valid_before(start)
        .not_valid_after(now.astimezone(UTC) + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _Authority(builder.sign(key, hashes.SHA256()), key)


def _leaf(
    authority: _Authority, key: RSAPrivateKey, common_name: str, purposes: tuple[ObjectIdentifier, ...]
) -> x509.CertificateBuilder:
    ca = authority.certificate
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder(issuer_name=ca.subject, subject_name=_name(common_name), public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ca.not_valid_before_utc)
        .not_valid_after(ca.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> RSAPrivateKey:
    return generate_private_key(_PUBLIC_EXPONENT, _KEY_BITS)


def _pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ihe-test-util, for tests only"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_MAX_COMMON_NAME]),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
