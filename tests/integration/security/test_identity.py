"""Certificates and keys from files: every form, and what is said of files that cannot be used."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.certificates import CertificateSet
from ihe_test_util.security.identity import CertificateFormat, Identity, load_certificates, load_identity
from tests.support import forge

PASSWORD = "s3cret"
VARIABLES = {"IHE_TEST_PKCS12_PASSWORD": PASSWORD}
Files = dict[str, Path]


@pytest.fixture(scope="module")
def signer() -> Identity:
    """A certificate below a CA, both with their keys."""
    return forge.identity("Example signer", issuer=forge.identity("Example CA", ca=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, signer: Identity) -> Files:
    """The same certificate and key in every form."""
    directory = tmp_path_factory.mktemp("identity")
    key, ca = forge.rsa_key("Example signer"), forge.identity("Example CA", ca=True).certificate
    sealed = BestAvailableEncryption(PASSWORD.encode())
    cert = signer.certificate
    contents = {
        "cert.pem": cert.public_bytes(Encoding.PEM),
        "cert.der": cert.public_bytes(Encoding.DER),
        "chain.pem": ca.public_bytes(Encoding.PEM) + cert.public_bytes(Encoding.PEM),
        "key.pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "key.der": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        "old-key.pem": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "old-key.der": key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "sealed-key.pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed),
        "sealed-key.der": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, sealed),
        "sealed-old-key.pem": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, sealed),
        "other-key.pem": forge.rsa_key("other").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "sealed.p12": pkcs12.serialize_key_and_certificates(b"x", key, cert, [ca], sealed),
        "open.p12": pkcs12.serialize_key_and_certificates(b"x", key, cert, None, NoEncryption()),
        "no-key.p12": pkcs12.serialize_key_and_certificates(None, None, cert, [ca], sealed),
        "only-key.p12": pkcs12.serialize_key_and_certificates(b"x", key, None, None, sealed),
        "store.jks": b"\xfe\xed\xfe\xed\x00\x00\x00\x02",
        "utf16.pem": cert.public_bytes(Encoding.PEM).decode().encode("utf-16"),
        "empty.pem": b"",
        "page.html": b"<html>not found</html>",
        "request.pem": b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    }
    contents["both.pem"] = contents["key.pem"] + contents["cert.pem"]
    contents["cut.pem"] = contents["cert.pem"][:300]
    contents["damaged.pem"] = contents["cert.pem"][:100] + b"AAAA" + contents["cert.pem"][104:]
    contents["damaged.p12"] = contents["sealed.p12"][:200]
    contents["damaged.der"] = contents["cert.der"][:200]
    paths = {name: directory / name for name in contents}
    for name, data in contents.items():
        paths[name].write_bytes(data)
    return paths


def load(files: Files, cert: str, key: str = "", **more: Any) -> Identity:
    """An identity from two files, at ``forge.NOW``, with the password in the environment."""
    known: dict[str, Any] = {"environ": VARIABLES, "now": forge.NOW} | more
    return load_identity(files[cert], files[key] if key else None, **known)


@pytest.mark.parametrize(
    ("cert", "key"),
    [
        ("cert.pem", "key.pem"),
        ("cert.pem", "old-key.pem"),
        ("cert.pem", "sealed-key.pem"),
        ("cert.pem", "sealed-old-key.pem"),
        ("chain.pem", "key.pem"),
        ("both.pem", ""),
        ("both.pem", "both.pem"),
        ("cert.der", "key.der"),
        ("cert.der", "old-key.der"),
        ("cert.der", "sealed-key.der"),
        ("cert.der", "key.pem"),
        ("cert.pem", "key.der"),
        ("sealed.p12", ""),
        ("open.p12", ""),
    ],
)
def test_every_form_is_read(files: Files, signer: Identity, cert: str, key: str) -> None:
    """Told by its bytes, the two files each for itself; a password that is not needed does no harm."""
    loaded = load(files, cert, key)
    assert loaded.certificate == signer.certificate
    assert loaded.where == str(files[cert])


def test_an_open_store_needs_no_password(files: Files, signer: Identity) -> None:
    """Nor does a plain key."""
    assert load(files, "open.p12", environ={}).certificate == signer.certificate
    assert load(files, "cert.pem", "key.pem", environ={}).certificate == signer.certificate


def test_the_rest_of_the_chain_comes_along(files: Files, signer: Identity) -> None:
    """Whichever certificate the key belongs to is one's own, wherever it stands."""
    for name, key in (("chain.pem", "key.pem"), ("sealed.p12", "")):
        loaded = load(files, name, key)
        assert loaded.certificate == signer.certificate
        assert [each.subject for each in loaded.chain] == [signer.certificate.issuer]


@pytest.mark.parametrize("name", ["pem", "der", "pkcs12"])
def test_a_format_can_be_demanded(files: Files, name: str) -> None:
    """By the words of the configuration."""
    cert, key = {"pem": ("cert.pem", "key.pem"), "der": ("cert.der", "key.der"), "pkcs12": ("sealed.p12", "")}[name]
    assert load(files, cert, key, cert_format=name).where == str(files[cert])


@pytest.mark.parametrize(
    ("cert", "key", "wanted", "words"),
    [
        ("sealed.p12", "", "pem", r"the certificate file is PKCS#12, not PEM; .*--cert-format pkcs12"),
        ("cert.pem", "key.pem", "pkcs12", r"the certificate file is PEM, not PKCS#12; .*--cert-format pem"),
        ("cert.pem", "key.pem", "der", r"the certificate file is PEM, not DER"),
        ("cert.der", "key.der", "pkcs12", r"the certificate file is DER, not PKCS#12; .*--cert-format der"),
        ("cert.pem", "key.der", "pem", r"the private key file is DER, not PEM"),
        ("cert.pem", "key.pem", "p12", r"the format of the certificate is unknown; got: 'p12'; expected: pem, pkcs12"),
        ("sealed.p12", "key.pem", "pkcs12", r"brings its own private key"),
    ],
)
def test_the_wrong_format_is_named_with_the_right_one(
    files: Files, cert: str, key: str, wanted: str, words: str
) -> None:
    """So that the option can be mended."""
    with pytest.raises(CertificateError, match=words):
        load(files, cert, key, cert_format=wanted)


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("key.pem", "key.pem", "the file holds no certificate; .*got: a private key; try: were certificate and key"),
        ("cert.pem", "", "the file holds a certificate, but no private key; .*--key"),
        ("cert.pem", "cert.pem", "but no private key"),
        ("cert.pem", "cert.der", "the file holds no private key; .*got: a certificate"),
        ("cert.pem", "other-key.pem", "the private key does not belong to the certificate; .*CN=Example signer"),
        ("no-key.p12", "", "but no private key"),
        ("only-key.p12", "", "the file holds no certificate"),
        ("store.jks", "", "neither PEM nor DER nor PKCS#12; .*keytool -importkeystore"),
        ("utf16.pem", "", "neither PEM .*UTF-16"),
        ("page.html", "", "neither PEM .*begin with b'<html>"),
        ("empty.pem", "", "the file is empty"),
        ("request.pem", "", "neither a certificate nor a private key; .*got: CERTIFICATE REQUEST"),
        ("cut.pem", "", "neither a certificate nor a private key; .*was the file cut"),
        ("damaged.pem", "", "certificate 1 of the file is damaged"),
        ("damaged.p12", "", "the PKCS#12 file is damaged"),
        ("damaged.der", "", "the file is DER, but neither a certificate nor a private key"),
    ],
)
def test_files_that_cannot_be_used_are_told_apart(files: Files, cert: str, key: str, words: str) -> None:
    """With what they hold, and what to do."""
    with pytest.raises(CertificateError, match=words) as refused:
        load(files, cert, key)
    assert str(files[cert].parent) in refused.value.where


@pytest.mark.parametrize(
    ("cert", "key"), [("sealed.p12", ""), ("cert.pem", "sealed-key.pem"), ("cert.der", "sealed-key.der")]
)
def test_passwords_come_from_the_environment(files: Files, cert: str, key: str) -> None:
    """From the variable named; a wrong one and a missing one are told apart, and none is ever shown."""
    load(files, cert, key, password_variable="OTHER", environ={"OTHER": PASSWORD})
    with pytest.raises(CertificateError, match="OTHER") as missing:
        load(files, cert, key, password_variable="OTHER", environ=VARIABLES)
    with pytest.raises(CertificateError, match="the password does not open the") as wrong:
        load(files, cert, key, environ={"IHE_TEST_PKCS12_PASSWORD": "wr0ng"})
    assert "password" in missing.value.message
    assert "given" in missing.value.message
    assert "IHE_TEST_PKCS12_PASSWORD" in str(wrong.value)
    assert "wr0ng" not in str(wrong.value) + repr(wrong.value)


def test_what_certs_init_makes_is_read(made: CertificateSet) -> None:
    """The client's PEM pair, and its PKCS#12, whose password is told where none is set."""
    paths = made.paths
    pair = load_identity(paths.client_cert, paths.client_key, environ={})
    store = load_identity(paths.client_p12, environ={"IHE_TEST_PKCS12_PASSWORD": made.pkcs12_password})
    assert pair.certificate == store.certificate
    with pytest.raises(CertificateError, match="'changeit'"):
        load_identity(paths.client_p12, environ={})


def test_missing_files_are_told_by_their_full_path(tmp_path: Path, files: Files) -> None:
    """Which one, and the command that makes them; a directory is none."""
    missing = tmp_path / "missing.pem"
    for cert, key, what in ((missing, None, "certificate file"), (files["cert.pem"], missing, "private key file")):
        with pytest.raises(CertificateError, match=f"the {what} does not exist") as refused:
            load_identity(cert, key, now=forge.NOW)
        assert refused.value.where == str(missing)
        assert "certs init" in refused.value.hint
    with pytest.raises(CertificateError, match="is a directory"):
        load_identity(tmp_path, now=forge.NOW)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(days=3), r"expired on 2026-02-01 08:15 UTC; .*certs init --force; the clock says 2026-02-03"),
        (-timedelta(days=3), r"valid only from 2026-01-30 08:15 UTC on; .*is this machine's clock right"),
    ],
)
def test_certificates_out_of_time_are_refused_at_once(files: Files, away: timedelta, words: str) -> None:
    """With the date and what to do, before anything is sent."""
    with pytest.raises(CertificateError, match=words):
        load(files, "cert.pem", "key.pem", now=forge.NOW + away)


def test_no_secret_is_shown(files: Files) -> None:
    """Neither key nor password, when an identity is printed."""
    assert "key=" not in repr(load(files, "sealed.p12"))


def test_certificates_alone_are_read(files: Files) -> None:
    """Those of CAs or peers; what else is in the file is passed over."""
    assert len(load_certificates(files["chain.pem"])) == 2
    assert load_certificates(files["cert.der"]) == load_certificates(files["both.pem"])
    with pytest.raises(CertificateError, match="the file holds no certificate"):
        load_certificates(files["key.pem"])


@pytest.mark.parametrize("name", ["cert.pem", "cert.der", "sealed.p12", "both.pem", "sealed-key.der"])
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_in_words(files: Files, tmp_path: Path, name: str, data: st.DataObject) -> None:
    """Whatever happened to the bytes, nothing but CertificateError comes of it."""
    good = files[name].read_bytes()
    at = data.draw(st.integers(0, len(good)))
    damaged = tmp_path / "damaged"
    damaged.write_bytes(good[:at] + data.draw(st.binary(max_size=8)) + good[at + data.draw(st.integers(0, 50)) :])
    key = files["key.pem"] if name.startswith("cert") else None
    with suppress(CertificateError):
        load_identity(damaged, key, environ=VARIABLES, now=forge.NOW)


def test_formats_are_the_words_of_the_configuration() -> None:
    """And nothing else."""
    assert [each.value for each in CertificateFormat] == ["pem", "pkcs12", "der"]
