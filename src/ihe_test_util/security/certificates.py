"""The certificates of a test domain as files: where they lie, how they are made, never overwritten by accident."""

import errno
import ipaddress
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ihe_test_util.errors import BadInput, CertificateError

if TYPE_CHECKING:
    from ihe_test_util.security.issuing import Issued

#: A little under the 825 days beyond which Apple's systems refuse a server, even below a CA of one's own.
DEFAULT_DAYS: Final = 820
MAX_DAYS: Final = 36_500
PASSWORD_VARIABLE: Final = "IHE_TEST_PKCS12_PASSWORD"  # noqa: S105 - the name of the variable, not a password
DEFAULT_PASSWORD: Final = "changeit"  # noqa: S105 - what Java's own stores come with; said in the output
ALWAYS_NAMED: Final = ("localhost", "127.0.0.1", "::1")

_SECRET: Final = 0o600
_PUBLIC: Final = 0o644
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")  # RFC 1123, and the underscore of containers
_MAX_DNS_NAME: Final = 253
_OTHER_PROCESS_S: Final = 1.0
_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """Where the six files of a set lie."""

    ca: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path
    client_p12: Path

    @classmethod
    def beside(cls, cert_path: Path, key_path: Path) -> Self:
        """The server's two files where the configuration says, the others in the directory of its certificate."""
        directory = cert_path.parent
        return cls(
            ca=directory / "ca.pem",
            server_cert=cert_path,
            server_key=key_path,
            client_cert=directory / "client-cert.pem",
            client_key=directory / "client-key.pem",
            client_p12=directory / "client.p12",
        )

    @classmethod
    def in_directory(cls, directory: Path) -> Self:
        """All six in one directory, the server's as ``cert.pem`` and ``key.pem``."""
        return cls.beside(directory / "cert.pem", directory / "key.pem")

    def __iter__(self) -> Iterator[Path]:
        return iter([getattr(self, each.name) for each in fields(self)])


@dataclass(frozen=True, slots=True)
class CertificateSet:
    """A set that was just made. ``ca_fingerprint`` is SHA-256 over the DER form, in upper-case hex with colons."""

    paths: CertificatePaths
    hosts: tuple[str, ...]
    not_after: datetime
    ca_fingerprint: str
    pkcs12_password: str = field(repr=False)
    password_is_default: bool


def make_certificates(
    paths: CertificatePaths,
    *,
    hosts: Iterable[str] = (),
    days: int = DEFAULT_DAYS,
    force: bool = False,
    environ: Mapping[str, str] | None = None,
) -> CertificateSet:
    """Make a CA, a server and a client certificate and write all six files, or none.

    The server is named ``localhost``, ``127.0.0.1``, ``::1``, this machine's host name, and ``hosts``. Keys are
    readable by their owner only. ``environ`` (the process's own by default) may hold the PKCS#12 password.

    Raises:
        BadInput: a host that is neither a DNS name nor an IP address, or ``days`` out of range.
        CertificateError: files exist already and ``force`` is off, or they cannot be written.
    """
    if not 1 <= days <= MAX_DAYS:
        raise BadInput("the days a certificate is valid are out of range", got=str(days), expected=f"1 to {MAX_DAYS}")
    if len(set(paths)) < len(fields(paths)):
        raise CertificateError("certificate and key would be one file", where=str(paths.server_cert.absolute()))
    names = _all_hosts(hosts)
    if not force:
        _refuse_existing(paths)
    password = (os.environ if environ is None else environ).get(PASSWORD_VARIABLE) or DEFAULT_PASSWORD

    from ihe_test_util.security.issuing import issue  # noqa: PLC0415 - loads cryptography, 0.2 s

    issued = issue(names, days=days, now=datetime.now(UTC), pkcs12_password=password)
    _write(paths, issued, force=force)
    return CertificateSet(
        paths=paths,
        hosts=names,
        not_after=issued.not_after,
        ca_fingerprint=issued.ca_fingerprint,
        pkcs12_password=password,
        password_is_default=password == DEFAULT_PASSWORD,
    )


def ensure_server_certificate(
    cert_path: Path,
    key_path: Path,
    *,
    hosts: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
) -> CertificateSet | None:
    """Make a whole set where the server's certificate and key are both missing; None where both exist already.

    Two processes that find nothing at the same moment end with one set: the second waits for the first.

    Raises:
        CertificateError: only one of the two exists, other files of a set are in the way, or nothing can be written.
    """
    if cert_path.exists() and key_path.exists():
        return None
    for there, missing in ((cert_path, key_path), (key_path, cert_path)):
        if there.exists() and not _appears(missing):
            raise CertificateError(
                f"{there} exists, but {missing} does not",
                where=str(missing.absolute()),
                hint=f"put the file that belongs to it there, or move {there} away and a new pair is made",
            )
    if cert_path.exists():
        return None
    paths = CertificatePaths.beside(cert_path, key_path)
    try:
        return make_certificates(paths, hosts=hosts, environ=environ)
    except CertificateError:
        if _appears(cert_path) and _appears(key_path):
            return None
        raise


def _appears(path: Path) -> bool:
    """Whether a file is there, or comes in a moment because another process is just writing the set."""
    deadline = time.monotonic() + _OTHER_PROCESS_S
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _all_hosts(wanted: Iterable[str]) -> tuple[str, ...]:
    own = socket.gethostname().lower()
    names = [*ALWAYS_NAMED, *([own] if _is_dns_name(own) else []), *(_host(each) for each in wanted)]
    return tuple(dict.fromkeys(names))


def _host(text: str) -> str:
    bare = text.strip().removeprefix("[").removesuffix("]").removesuffix(".").lower()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass  # not an address, so it must be a name
    try:
        ascii_name = bare if bare.isascii() else bare.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = ""
    if not _is_dns_name(ascii_name):
        raise BadInput(
            "a certificate names hosts by DNS name or IP address",
            got=repr(text),
            expected="for example mock.example.org, *.example.org, 192.0.2.7 or 2001:db8::7",
            hint="leave out the scheme, the port and the path" if set(":/") & set(text) else "",
        )
    return ascii_name


def _is_dns_name(name: str) -> bool:
    labels = name.removeprefix("*.").split(".")
    return len(name) <= _MAX_DNS_NAME and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _refuse_existing(paths: CertificatePaths) -> None:
    there = [str(path) for path in paths if path.exists()]
    if there:
        directory = paths.server_cert.parent
        raise CertificateError(
            f"{', '.join(there)} exist{'s' if len(there) == 1 else ''} already, nothing was written",
            where=str(directory.absolute()),
            hint=f"ihe-test-util certs init --dir {directory} --force makes a new set in their place;"
            " peers then have to trust the new ca.pem",
        )


def _write(paths: CertificatePaths, issued: "Issued", *, force: bool) -> None:
    # The server's key goes first: of two processes that write at once, whoever places it has won.
    files = (
        (paths.server_key, issued.server_key, _SECRET),
        (paths.server_cert, issued.server_cert, _PUBLIC),
        (paths.ca, issued.ca, _PUBLIC),
        (paths.client_key, issued.client_key, _SECRET),
        (paths.client_cert, issued.client_cert, _PUBLIC),
        (paths.client_p12, issued.client_p12, _SECRET),
    )
    try:
        with ExitStack() as staging, ExitStack() as undo:
            staged = [(staging.enter_context(_staged(path, data, mode)), path) for path, data, mode in files]
            for temporary, path in staged:
                if force:
                    temporary.replace(path)
                else:
                    _place(temporary, path)
                    undo.callback(path.unlink)
            undo.pop_all()
    except FileExistsError:
        _refuse_existing(paths)
        raise CertificateError("another process made certificates at the same moment, nothing was written") from None
    except OSError as error:
        raise CertificateError(
            "the certificates cannot be written",
            where=str(Path(error.filename or paths.server_cert).absolute()),
            got=error.strerror or str(error),
            hint="choose a directory that you may write to, with --dir or cert_path and key_path",
        ) from None


@contextmanager
def _staged(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """The file's bytes, on disk beside their place under another name; removed unless moved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)) from None
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _place(temporary: Path, path: Path) -> None:
    """Give the file its name, or raise FileExistsError: a link never replaces."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: the check and the move are two steps there.
        if path.exists():
            raise FileExistsError(path) from None
        temporary.replace(path)
