"""Which server this is."""

import os
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Instance:
    """One run of the mock server; its workers share it.

    ``id`` is made at the start and never used again; ``pid`` is that of the process that owns the PID file.
    """

    protocol: str
    host: str
    port: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    pid: int = field(default_factory=os.getpid)
    workers: int = 1
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_monotonic: float = field(default_factory=time.monotonic)

    @property
    def url(self) -> str:
        """Where clients on this machine reach it: they cannot connect to 0.0.0.0 everywhere."""
        return f"{self.protocol}://{url_host(self.host)}:{self.port}"


def url_host(host: str) -> str:
    """The host to connect to for a server bound to ``host``, as it stands in a URL."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{reachable}]" if ":" in reachable else reachable
