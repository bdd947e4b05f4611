"""Files of certificates and keys: reading one, and whether a certificate's time has come or gone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ihe_test_util.errors import CertificateError

#: The command that makes certificates for tests, as hints name it.
MAKE: Final = "ihe-test-util certs init"


def read_file(path: Path, what: str) -> bytes:
    """The bytes of a file; ``what`` says in errors what it should be.

    Raises:
        CertificateError: missing, a directory, or not readable.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problem, hint = f"the {what} does not exist", f"{MAKE} makes certificates for tests"
    except IsADirectoryError:
        problem, hint = f"the {what} is a directory", "name the file in it"
    except PermissionError:
        problem, hint = f"the {what} may not be read by this user", "change its owner or mode"
        if path.is_dir():  # how Windows says it
            problem, hint = f"the {what} is a directory", "name the file in it"
    except OSError as error:
        problem, hint = f"the {what} cannot be read: {error.strerror}", ""
    raise CertificateError(problem, where=str(path.absolute()), hint=hint)


def require_valid(begin: datetime, end: datetime, where: str, now: datetime) -> None:
    """Refuse a certificate outside its validity (RFC 5280, 4.1.2.5).

    Raises:
        CertificateError: expired, or not yet valid.
    """
    if now > end:
        raise CertificateError(
            f"the certificate expired on {end:%Y-%m-%d %H:%M} UTC",
            where=where,
            hint=f"put a new one there, or {MAKE} --force; the clock says {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        )
    if now < begin:
        raise CertificateError(
            f"the certificate is valid only from {begin:%Y-%m-%d %H:%M} UTC on",
            where=where,
            hint=f"is this machine's clock right? it says {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        )
