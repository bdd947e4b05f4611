"""A certificate of any form for TLS: ``ssl`` itself reads PEM files only. Loads cryptography, 0.2 s."""

import os
import secrets
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from ihe_test_util.errors import CertificateError
from ihe_test_util.security.identity import Identity


def show_identity(context: ssl.SSLContext, identity: Identity) -> None:
    """Have the context show the certificate and its chain; the key passes the disk encrypted, and only for a moment.

    Raises:
        CertificateError: OpenSSL cannot use them.
    """
    password = secrets.token_urlsafe()
    key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    certificates = b"".join(each.public_bytes(Encoding.PEM) for each in (identity.certificate, *identity.chain))
    descriptor, name = tempfile.mkstemp(prefix="ihe-test-util-", suffix=".pem")  # readable by us alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key + certificates)
        context.load_cert_chain(name, password=password)
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower()
        raise CertificateError("the certificate cannot be used for TLS", where=identity.where, got=reason) from None
    finally:
        Path(name).unlink()
