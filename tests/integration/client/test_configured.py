"""What a configuration makes of endpoints, TLS, identity, retries and log, proven against real peers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from ihe_test_util.client.client import Client
from ihe_test_util.client.config import ClientConfig, Logging
from ihe_test_util.client.configured import endpoint_for, identity_of, retry_policy
from ihe_test_util.client.endpoint import Tls
from ihe_test_util.client.log import set_up_client_logging
from ihe_test_util.errors import CertificateError, ConfigError
from ihe_test_util.runtime.log_setup import close_logging
from ihe_test_util.security.certificates import CertificateSet
from ihe_test_util.security.tls import server_context
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest

Shown = Callable[[str], tuple[dict[str, Any], dict[str, str]]]


@pytest.fixture
def shown(certificates: CertificateSet, tmp_path: Path) -> Shown:
    """The section ``certificates`` for the client's certificate in some form, and the environment it needs."""
    paths = certificates.paths
    cert = load_pem_x509_certificate(paths.client_cert.read_bytes())
    key = load_pem_private_key(paths.client_key.read_bytes(), None)

    def written(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    def build(form: str) -> tuple[dict[str, Any], dict[str, str]]:
        password = {"OUR_WORD": "open sesame"}
        if form == "pem":
            return {"cert_path": str(paths.client_cert), "key_path": str(paths.client_key)}, {}
        if form == "one pem":
            both = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return {"cert_path": written("both.pem", both + cert.public_bytes(Encoding.PEM))}, {}
        if form == "sealed pem":
            sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
            section = {"cert_path": str(paths.client_cert), "key_path": written("sealed.pem", sealed)}
            return section | {"pkcs12_password_env_var": "OUR_WORD"}, password
        if form == "der":
            raw = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            der = written("cert.der", cert.public_bytes(Encoding.DER))
            return {"cert_path": der, "key_path": written("key.der", raw), "cert_format": "der"}, {}
        section = {"cert_path": str(paths.client_p12), "cert_format": "pkcs12", "pkcs12_password_env_var": "OUR_WORD"}
        return section, {"OUR_WORD": certificates.pkcs12_password}

    return build


@pytest.mark.parametrize("form", ["pem", "one pem", "sealed pem", "der", "pkcs12"])
async def test_a_certificate_of_any_form_is_shown(
    client: Client,
    start_peer: Any,
    http: Any,
    acknowledge: Any,
    pix_request: PixAddRequest,
    certificates: CertificateSet,
    shown: Shown,
    form: str,
) -> None:
    """A server that demands a client certificate is satisfied; passwords come from the environment."""
    paths = certificates.paths
    tls = server_context(paths.server_cert, paths.server_key, client_auth="required", ca=paths.ca)
    peer = await start_peer(http(acknowledge()), tls=tls)
    section, environ = shown(form)
    config = ClientConfig.model_validate(
        {
            "endpoints": {"pix_add_url": peer.url()},
            "certificates": section,
            "transport": {"ca_path": str(paths.ca)},
        }
    )

    endpoint = endpoint_for(config, pix_add.SPEC, environ=environ)

    assert (await client.call(pix_add.SPEC, pix_request, endpoint)).verdict.accepted
    identity = identity_of(config, environ)
    assert identity is not None
    assert identity.certificate == load_pem_x509_certificate(paths.client_cert.read_bytes())


async def test_a_wrong_password_stops_before_anything_is_sent(
    client: Client, pix_request: PixAddRequest, shown: Shown
) -> None:
    """Nothing is connected; the variable is named."""
    section, _ = shown("pkcs12")
    config = ClientConfig.model_validate(
        {"endpoints": {"pix_add_url": "https://127.0.0.1:9/"}, "certificates": section}
    )

    with pytest.raises(CertificateError) as caught:
        await client.call(
            pix_add.SPEC, pix_request, endpoint_for(config, pix_add.SPEC, environ={"OUR_WORD": "knock knock"})
        )

    assert "OUR_WORD" in str(caught.value)


def test_an_endpoint_has_what_is_configured() -> None:
    """URL, SOAP version, addressing, CA, trust and patience; 60 s for documents unless a limit is given for all."""
    config = ClientConfig.model_validate(
        {
            "endpoints": {"iti41_url": "https://xds.example.org/repository"},
            "transport": {"verify_tls": False, "ca_path": "ca.pem", "timeout_connect": 3},
        }
    )
    endpoint = endpoint_for(config, iti41.SPEC, soap=SoapVersion.V11, addressing=False, environ={})

    assert endpoint.url == "https://xds.example.org/repository"
    assert (endpoint.soap, endpoint.addressing) == (SoapVersion.V11, False)
    assert endpoint.tls == Tls(ca=Path("ca.pem"), verify=False)
    assert (endpoint.timeout_connect_s, endpoint.timeout_read_s) == (3.0, None)
    patient = ClientConfig.model_validate({"transport": {"timeout_read": 30}})
    assert endpoint_for(patient, iti41.SPEC).timeout_read_s == 30.0


def test_retries_are_as_configured() -> None:
    """Number and factor."""
    config = ClientConfig.model_validate({"transport": {"max_retries": 2, "backoff_factor": 0.5}})
    policy = retry_policy(config)

    assert (policy.max_retries, policy.backoff_factor) == (2, 0.5)


def test_without_a_certificate_nothing_is_signed() -> None:
    """There is no identity to sign with."""
    assert identity_of(ClientConfig()) is None


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """A log file of its own, with logging put back afterwards."""
    yield tmp_path / "logs" / "client.log"
    close_logging()


def lines_of(path: Path) -> list[str]:
    """What a log file holds."""
    return path.read_text("utf-8").splitlines()


async def test_the_log_file_is_as_configured(
    client: Client, start_peer: Any, http: Any, acknowledge: Any, pix_request: PixAddRequest, log_file: Path
) -> None:
    """A line an exchange, without a patient."""
    peer = await start_peer(http(acknowledge()))
    config = ClientConfig.model_validate({"endpoints": {"pix_add_url": peer.url()}})
    set_up_client_logging(Logging.model_validate({"log_file": str(log_file), "level": "info"}))

    await client.call(pix_add.SPEC, pix_request, endpoint_for(config, pix_add.SPEC))
    close_logging()

    (line,) = lines_of(log_file)
    assert "INFO     ihe_test_util.client: " in line
    assert f"ITI-44 to 127.0.0.1:{peer.port}: success, HTTP 200" in line


def test_a_log_file_that_cannot_be_written_is_told_with_its_field(tmp_path: Path) -> None:
    """Before anything is done."""
    with pytest.raises(ConfigError) as caught:
        set_up_client_logging(Logging(log_file=tmp_path))

    assert "logging.log_file (IHE_TEST_LOG_FILE)" in caught.value.hint
