"""Asking a server how it is, over its real socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ihe_test_util.errors import PeerMalformed, Unreachable
from ihe_test_util.mock_server.serving import Endpoint

if TYPE_CHECKING:
    import http.client

HEALTH_PATH: Final = "/health"
RELOAD_PATH: Final = "/-/reload"
STOP_PATH: Final = "/-/stop"

_MAX_BYTES: Final = 4 * 1024 * 1024
_OK: Final = 200
#: A server bound to every interface is reached by loopback; Windows cannot connect to 0.0.0.0.
_LOOPBACK: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and the certificate that it may demand of its clients."""

    protocol: str
    host: str
    port: int
    client_cert: Path | None = None
    client_key: Path | None = None

    @property
    def connect_host(self) -> str:
        """The host that a client on this machine connects to."""
        return _LOOPBACK.get(self.host, self.host)

    @property
    def url(self) -> str:
        """The base URL for a client on this machine."""
        host = f"[{self.connect_host}]" if ":" in self.connect_host else self.connect_host
        return f"{self.protocol}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Health:
    """What ``GET /health`` said; ``document`` is the whole JSON object."""

    document: Mapping[str, Any]

    @property
    def instance_id(self) -> str:
        """The id made at the start of the server that answered."""
        return str(self.document.get("instance_id", ""))

    @property
    def uptime_s(self) -> float:
        """Seconds since its start."""
        value = self.document.get("uptime_seconds", 0)
        return float(value) if isinstance(value, int | float) else 0.0

    @property
    def request_count(self) -> int:
        """Requests handled since its start."""
        value = self.document.get("request_count", 0)
        return value if isinstance(value, int) else 0

    @property
    def config(self) -> Mapping[str, Any]:
        """The state of its configuration."""
        value = self.document.get("config")
        return value if isinstance(value, dict) else {}

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """What it serves."""
        rows = self.document.get("transactions")
        return tuple(
            Endpoint(str(row.get("code", "")), str(row.get("title", "")), str(row.get("path", "")))
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict)
        )


def read_health(address: Address, *, timeout_s: float) -> Health:
    """What the server says of itself.

    Raises:
        Unreachable: no answer in time.
        PeerMalformed: something answers that is not a mock server.
    """
    return Health(ask(address, "GET", HEALTH_PATH, timeout_s=timeout_s))


def ask(address: Address, method: str, path: str, *, timeout_s: float) -> Mapping[str, Any]:
    """The JSON object that a server answers with. Its certificate is not checked: this tells who answers, no secret.

    Raises:
        Unreachable: no answer in time.
        PeerMalformed: the answer is not one of a mock server.
    """
    import http.client  # noqa: PLC0415 - heavy, and a start asks only after the child is on its way

    where = address.url + path
    connection = _connection(address, timeout_s)
    try:
        connection.request(method, path, headers={"Connection": "close", "Accept": "application/json"})
        response = connection.getresponse()
        body = response.read(_MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable("No answer", where=where, got=_reason(error)) from error
    finally:
        connection.close()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PeerMalformed(
            "Something else than a mock server answers", where=where, got=f"HTTP {response.status}, not JSON"
        ) from error
    if response.status != _OK or not isinstance(document, dict):
        raise PeerMalformed("Something else than a mock server answers", where=where, got=f"HTTP {response.status}")
    return document


def _connection(address: Address, timeout_s: float) -> "http.client.HTTPConnection":
    import http.client  # noqa: PLC0415 - as above
    import ssl  # noqa: PLC0415 - as above

    if address.protocol != "https":
        return http.client.HTTPConnection(address.connect_host, address.port, timeout=timeout_s)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if address.client_cert is not None:
        try:
            context.load_cert_chain(address.client_cert, address.client_key)
        except OSError as error:
            raise Unreachable(
                "No certificate to show to the server", where=str(address.client_cert), got=_reason(error)
            ) from error
    return http.client.HTTPSConnection(address.connect_host, address.port, timeout=timeout_s, context=context)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
