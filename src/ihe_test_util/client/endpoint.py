"""Where a transaction is called, and how: address, SOAP version, addressing, TLS, patience."""

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ihe_test_util.errors import BadInput
from ihe_test_util.security.certificates import PASSWORD_VARIABLE
from ihe_test_util.soap.version import SoapVersion

_PORTS: Final = {"http": 80, "https": 443}
_EXPECTED: Final = "http://host:port/path or https://host:port/path"


@dataclass(frozen=True, slots=True)
class Tls:
    """How an HTTPS endpoint is recognised, and what we show of ourselves.

    ``ca`` replaces the system's CAs; without ``verify`` anybody is believed. ``key`` may lie in the file ``cert``;
    ``cert_format``, of both, is pem, pkcs12 or der. ``password_variable`` is where the password is from, for messages.
    """

    ca: Path | None = None
    verify: bool = True
    cert: Path | None = None
    key: Path | None = None
    password: str | None = field(default=None, repr=False)
    cert_format: str = "pem"
    password_variable: str = PASSWORD_VARIABLE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A transaction's address at a peer, and the ways of that peer.

    ``timeout_read_s`` is how long the peer may be silent, or not read; None leaves it to the client: 30 s, and 60 s
    for a transaction that carries documents.

    Raises:
        BadInput: the URL is not one of HTTP.
    """

    url: str
    soap: SoapVersion = SoapVersion.V12
    addressing: bool = True
    tls: Tls = field(default_factory=Tls)
    timeout_connect_s: float = 10.0
    timeout_read_s: float | None = None

    def __post_init__(self) -> None:
        check_url(self.url)

    @property
    def https(self) -> bool:
        """Whether the connection is one of TLS."""
        return _split(self.url).scheme == "https"

    @property
    def host_port(self) -> str:
        """Whom we talk to, for messages."""
        return _host_port(self.url)

    @property
    def local(self) -> bool:
        """Whether the host is this very machine, by its name or address alone (RFC 6761, 6.3)."""
        host = (_split(self.url).hostname or "").rstrip(".")
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """The URL without user name, password and fragment: as it may be shown, and sent as wsa:To."""
        return _address(self.url)

    @property
    def target(self) -> str:
        """The request target: path and query."""
        split = _split(self.url)
        return urlunsplit(("", "", split.path or "/", split.query, ""))


# A run asks for the same few with every message.
@lru_cache(maxsize=64)
def _split(url: str) -> SplitResult:
    return urlsplit(url.strip())


@lru_cache(maxsize=64)
def _host_port(url: str) -> str:
    split = _split(url)
    host = split.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{split.port or _PORTS[split.scheme]}"


@lru_cache(maxsize=64)
def _address(url: str) -> str:
    split = _split(url)
    return urlunsplit((split.scheme, split.netloc.rpartition("@")[2], split.path or "/", split.query, ""))


def check_url(url: str) -> None:
    """Refuse what is no URL of HTTP.

    Raises:
        BadInput: another scheme, no host, or no URL at all.
    """
    try:
        split = urlsplit(url.strip())
        port = split.port
    except ValueError as error:
        raise BadInput("the URL cannot be read", got=f"{url!r}: {error}", expected=_EXPECTED) from None
    if split.scheme not in _PORTS:
        bare = "://" not in url
        raise BadInput(
            "the URL does not begin with http:// or https://",
            got=repr(url),
            expected=_EXPECTED,
            hint=f"http://{url.strip()}" if bare else "",
        )
    if not split.hostname or any(character.isspace() for character in url.strip()):
        raise BadInput("the URL names no host", got=repr(url), expected=_EXPECTED)
    if port == 0:
        raise BadInput("nothing listens at port 0", got=repr(url), expected="a port from 1 to 65535")
