"""Whom we believe over HTTPS, and what we show of ourselves, as the ssl module wants it."""

import ssl
from collections.abc import Iterable

from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.security.tls import client_context


def check_tls(endpoints: Iterable[Endpoint]) -> None:
    """Refuse files that would make every message to an HTTPS endpoint fail, before anything is sent.

    Raises:
        CertificateError: a certificate, key or CA file that cannot be used.
    """
    for tls in {endpoint.tls for endpoint in endpoints if endpoint.https}:
        context_for(tls)


def context_for(tls: Tls) -> ssl.SSLContext:
    """The settings of TLS for an endpoint, with the files that they name read and checked.

    Raises:
        CertificateError: a certificate, key or CA file that cannot be used.
    """
    if tls.cert is None or tls.cert_format == "pem":
        return client_context(ca=tls.ca, cert=tls.cert, key=tls.key, password=tls.password, verify=tls.verify)
    from ihe_test_util.security.identity import load_identity  # noqa: PLC0415 - loads cryptography, 0.2 s
    from ihe_test_util.security.tls_identity import show_identity  # noqa: PLC0415 - same

    context = client_context(ca=tls.ca, verify=tls.verify)
    passwords = {} if tls.password is None else {tls.password_variable: tls.password}
    identity = load_identity(
        tls.cert,
        tls.key,
        cert_format=tls.cert_format,
        password_variable=tls.password_variable,
        environ=passwords,
    )
    show_identity(context, identity)
    return context
