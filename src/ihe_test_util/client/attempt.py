"""One try to reach a peer, and the errors that say whether it may have had an effect there."""

from dataclasses import dataclass

from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.errors import TlsFailed, Unreachable


@dataclass(frozen=True, slots=True)
class Attempt:
    """What we were doing when it went wrong: ``sent`` of ``length`` bytes, ``answering`` once the answer began."""

    endpoint: Endpoint
    timeout_read_s: float
    sent: int = 0
    length: int = 0
    answering: bool = False

    @property
    def whole(self) -> bool:
        """Whether the peer may have the whole request."""
        return self.length > 0 and self.sent >= self.length

    @property
    def peer(self) -> str:
        """Host and port."""
        return self.endpoint.host_port

    def lost(self, message: str, *, got: str = "", hint: str = "") -> Unreachable:
        """The connection was lost after it had been made."""
        if self.whole:
            unknown = "whether the request took effect is unknown: look there before sending it again"
            hint = f"{hint}; {unknown}" if hint else unknown
        return Unreachable(message, sent=self.whole, where=self.peer, got=got, hint=hint)

    def no_tls(self, message: str, *, got: str = "", hint: str = "") -> TlsFailed:
        """There was no TLS that both ends accept, so nothing was received."""
        return TlsFailed(message, sent=False, where=self.peer, got=got, hint=hint)

    def other_scheme(self) -> TlsFailed:
        """The port does not speak what the URL says, so nothing was received that could be read."""
        if self.endpoint.https:
            return self.no_tls(
                "the port does not speak TLS, but plain HTTP",
                hint=f"use http://{self.peer}, or the server's port of HTTPS",
            )
        return self.no_tls("the port speaks HTTPS, the URL says plain HTTP", hint=f"use https://{self.peer}")

    def not_reached(self, message: str, *, got: str = "", expected: str = "", hint: str = "") -> Unreachable:
        """There was no connection, so nothing was sent."""
        return Unreachable(message, sent=False, where=self.peer, got=got, expected=expected, hint=hint)
