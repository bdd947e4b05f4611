"""Making certificates: what is in them, where they go, what is never done to files that exist."""

import os
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import pkcs12

from ihe_test_util.errors import BadInput, CertificateError
from ihe_test_util.security.certificates import (
    CertificatePaths,
    CertificateSet,
    ensure_server_certificate,
    make_certificates,
)
from tests.support.patience import PATIENCE_S

Tree = dict[str, bytes]


def _tree(directory: Path) -> Tree:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_server_is_named_as_clients_on_this_machine_call_it(made: CertificateSet) -> None:
    """localhost in both families of addresses, and every host that was asked for, stand in subjectAltName."""
    names = _load(made.paths.server_cert).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "mock.example.org"} <= set(names.get_values_for_type(x509.DNSName))
    assert {ip_address("127.0.0.1"), ip_address("::1")} == set(names.get_values_for_type(x509.IPAddress))


def test_server_and_client_are_issued_by_the_ca(made: CertificateSet) -> None:
    """Both chains lead to ca.pem, and none of the certificates but the CA's may issue others."""
    ca = _load(made.paths.ca)
    for path in (made.paths.server_cert, made.paths.client_cert):
        leaf = _load(path)
        leaf.verify_directly_issued_by(ca)
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_keys_are_rsa_with_2048_bits(made: CertificateSet) -> None:
    """Every peer, however old, can use the keys."""
    for path in (made.paths.ca, made.paths.server_cert, made.paths.client_cert):
        key = _load(path).public_key()
        assert isinstance(key, RSAPublicKey)
        assert key.key_size == 2048


def test_a_default_certificate_is_within_what_apple_accepts(made: CertificateSet) -> None:
    """From its first to its last day the server's certificate spans at most 825 days, and begins in the past."""
    server = _load(made.paths.server_cert)
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=825)
    assert server.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=23)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_private_keys_are_for_their_owner_only(made: CertificateSet) -> None:
    """Keys and the PKCS#12 store have mode 0600, certificates may be read by all, and no CA key lies about."""
    secret = {made.paths.server_key, made.paths.client_key, made.paths.client_p12}
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in made.paths}
    assert modes == {path: 0o600 if path in secret else 0o644 for path in made.paths}
    assert {path.name for path in made.paths.ca.parent.iterdir()} == {path.name for path in made.paths}


@pytest.mark.parametrize(
    ("environ", "password"), [({}, "changeit"), ({"IHE_TEST_PKCS12_PASSWORD": "s3cret"}, "s3cret")]
)
def test_the_pkcs12_store_opens_with_the_password_of_the_environment(
    tmp_path: Path, environ: dict[str, str], password: str
) -> None:
    """client.p12 holds the client's key and certificate under the variable's password, or the default."""
    made = make_certificates(CertificatePaths.in_directory(tmp_path), environ=environ)
    key, certificate, others = pkcs12.load_key_and_certificates(made.paths.client_p12.read_bytes(), password.encode())
    assert key is not None
    assert certificate == _load(made.paths.client_cert)
    assert others == [_load(made.paths.ca)]


def test_java_reads_the_pkcs12_store(made: CertificateSet) -> None:
    """keytool lists one private key entry."""
    keytool = shutil.which("keytool")
    if keytool is None:
        pytest.skip("no keytool: no Java on this machine")
    command = [keytool, "-list", "-keystore", str(made.paths.client_p12), "-storepass", made.pkcs12_password]
    listed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert listed.returncode == 0, listed.stdout
    assert "PrivateKeyEntry" in listed.stdout


def test_existing_files_are_never_overwritten_unasked(tmp_path: Path) -> None:
    """One file of the set that exists stops the whole; nothing is written, and the error names the file."""
    precious = tmp_path / "client-key.pem"
    precious.write_text("mine")
    with pytest.raises(CertificateError, match=r"client-key\.pem exists already") as caught:
        make_certificates(CertificatePaths.in_directory(tmp_path))
    assert "--force" in caught.value.hint
    assert _tree(tmp_path) == {"client-key.pem": b"mine"}


def test_force_replaces_the_whole_set(tmp_path: Path) -> None:
    """With force every file is new, and no other file appears."""
    paths = CertificatePaths.in_directory(tmp_path)
    make_certificates(paths)
    before = _tree(tmp_path)
    make_certificates(paths, force=True)
    after = _tree(tmp_path)
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


def test_a_directory_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    """A file where the directory should be: one CertificateError with the path, no trace left."""
    (tmp_path / "mocks").write_text("a file")
    with pytest.raises(CertificateError, match="cannot be written") as caught:
        make_certificates(CertificatePaths.in_directory(tmp_path / "mocks"))
    assert str(tmp_path / "mocks") in caught.value.where
    assert _tree(tmp_path) == {"mocks": b"a file"}


def test_a_failure_in_the_middle_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails at the last file, the ones already in place are taken back."""
    real = Path.hardlink_to

    def failing(self: Path, target: Path) -> None:
        if self.name == "client.p12":
            raise OSError(28, "No space left on device", str(self))
        real(self, target)

    def failing_move(_: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "hardlink_to", failing)
    monkeypatch.setattr(Path, "replace", failing_move)
    with pytest.raises(CertificateError, match="cannot be written") as caught:
        make_certificates(CertificatePaths.in_directory(tmp_path))
    assert caught.value.got == "No space left on device"
    assert _tree(tmp_path) == {}


def test_hosts_are_taken_as_people_write_them(tmp_path: Path) -> None:
    """Upper case, a final dot, umlauts, brackets: the certificate bears what TLS clients compare with."""
    given = ["MOCK.Example.org.", "*.example.org", "müller.example", "mock_server", "[2001:db8::7]", "192.0.2.7"]
    named = ("mock.example.org", "*.example.org", "xn--mller-kva.example", "mock_server", "2001:db8::7", "192.0.2.7")
    assert make_certificates(CertificatePaths.in_directory(tmp_path), hosts=given).hosts[-6:] == named


@pytest.mark.parametrize(
    "host", ["https://mock.example.org", "mock.example.org:8443", "", "a b", "256.1.1.1", "x." * 150, "ä" * 80, "-x"]
)
def test_what_is_no_host_is_refused_before_anything_is_written(tmp_path: Path, host: str) -> None:
    """A URL, a port, a blank or an impossible address is bad input, and no file appears."""
    with pytest.raises(BadInput, match="DNS name or IP address"):
        make_certificates(CertificatePaths.in_directory(tmp_path), hosts=[host])
    assert _tree(tmp_path) == {}


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_days_out_of_range_are_refused(tmp_path: Path, days: int) -> None:
    """A certificate is valid for a day at least and a hundred years at most."""
    with pytest.raises(BadInput, match="days"):
        make_certificates(CertificatePaths.in_directory(tmp_path), days=days)


def test_a_server_without_certificate_gets_one(tmp_path: Path) -> None:
    """Missing certificate and key are made where the configuration says, the other files beside the certificate."""
    cert, key = tmp_path / "tls" / "server.crt", tmp_path / "private" / "server.key"
    made = ensure_server_certificate(cert, key)
    assert made is not None
    assert (made.paths.server_cert, made.paths.server_key) == (cert, key)
    assert made.paths.ca == tmp_path / "tls" / "ca.pem"
    assert all(path.is_file() for path in made.paths)


def test_a_server_with_a_certificate_keeps_it(tmp_path: Path) -> None:
    """Where both files exist, nothing is made and nothing changes, whatever is in them."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_text("anything")
    key.write_text("anything")
    assert ensure_server_certificate(cert, key) is None
    assert _tree(tmp_path) == {"cert.pem": b"anything", "key.pem": b"anything"}


@pytest.mark.parametrize(("there", "missing"), [("cert.pem", "key.pem"), ("key.pem", "cert.pem")])
def test_half_a_pair_is_an_error_that_names_both(tmp_path: Path, there: str, missing: str) -> None:
    """A certificate without its key, or the other way round, is never completed by a guess."""
    (tmp_path / there).write_text("half")
    with pytest.raises(CertificateError, match=f"{there} exists, but .*{missing} does not"):
        ensure_server_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    assert _tree(tmp_path) == {there: b"half"}


def test_a_foreign_ca_beside_the_missing_pair_is_left_alone(tmp_path: Path) -> None:
    """A ca.pem that belongs to someone else stops the making, because it would be overwritten."""
    (tmp_path / "ca.pem").write_text("the hospital's own")
    with pytest.raises(CertificateError, match=r"ca\.pem exists already"):
        ensure_server_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    assert _tree(tmp_path) == {"ca.pem": b"the hospital's own"}


def test_certificate_and_key_cannot_be_one_missing_file(tmp_path: Path) -> None:
    """A configuration that names one file for both gets an error instead of half a pair."""
    with pytest.raises(CertificateError, match="one file"):
        ensure_server_certificate(tmp_path / "both.pem", tmp_path / "both.pem")
    assert _tree(tmp_path) == {}


def test_servers_that_start_at_once_end_with_one_set(tmp_path: Path) -> None:
    """Of several that find nothing, one makes the set and the others use it; key and certificate belong together."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def ensure(_: int) -> CertificateSet | None:
        return ensure_server_certificate(cert, key)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(ensure, range(4)))
    makers = [result for result in results if result is not None]
    assert len(makers) == 1
    assert _load(makers[0].paths.client_cert).issuer == _load(cert).issuer
    assert not list(tmp_path.glob("*.tmp"))


def test_without_hard_links_the_set_is_made_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no links (FAT, some container mounts) gets the files by a move."""

    def refused(link: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(target), None, str(link))

    monkeypatch.setattr(Path, "hardlink_to", refused)
    made = make_certificates(CertificatePaths.in_directory(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in made.paths}


def test_nothing_secret_shows_in_a_representation(made: CertificateSet) -> None:
    """A set that lands in a log line does not tell its password."""
    assert made.pkcs12_password not in repr(made)
