"""From the client's configuration to what the client works with: endpoints, TLS, identity, retries."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ihe_test_util.client.config_models import ClientConfig
from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.client.retry import RetryPolicy
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction

if TYPE_CHECKING:
    from ihe_test_util.security.identity import Identity  # loads cryptography, 0.2 s


def endpoint_for(
    config: ClientConfig,
    card: AnyTransaction,
    *,
    soap: SoapVersion = SoapVersion.V12,
    addressing: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Endpoint:
    """Where and how a transaction is sent; passwords come from ``environ``, the process's by default."""
    transport, certificates = config.transport, config.certificates
    given = os.environ if environ is None else environ
    tls = Tls(
        ca=transport.ca_path,
        verify=transport.verify_tls,
        cert=certificates.cert_path,
        key=certificates.key_path,
        password=given.get(certificates.pkcs12_password_env_var),
        cert_format=certificates.cert_format,
        password_variable=certificates.pkcs12_password_env_var,
    )
    return Endpoint(
        config.endpoints.url_of(card),
        soap,
        addressing,
        tls,
        timeout_connect_s=transport.timeout_connect,
        timeout_read_s=transport.timeout_read_s,
    )


def retry_policy(config: ClientConfig) -> RetryPolicy:
    """How often, and after how long, a message is sent again."""
    return RetryPolicy(config.transport.max_retries, config.transport.backoff_factor)


def identity_of(config: ClientConfig, environ: Mapping[str, str] | None = None) -> "Identity | None":
    """Our certificate and key; None where none is configured, so that nothing is signed.

    Raises:
        CertificateError: they cannot be used: missing, damaged, expired, sealed with another password.
    """
    certificates = config.certificates
    if certificates.cert_path is None:
        return None
    from ihe_test_util.security.identity import load_identity  # noqa: PLC0415 - loads cryptography, 0.2 s

    return load_identity(
        certificates.cert_path,
        certificates.key_path,
        cert_format=certificates.cert_format,
        password_variable=certificates.pkcs12_password_env_var,
        environ=environ,
    )
