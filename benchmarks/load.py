"""Load on a server: wrk where it is installed, else a Python process."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.messages import FIRST, MARKER, Template

_HERE: Final = Path(__file__).parent
_GRACE_S: Final = 60.0
#: Between the first numbers of two runs, so that no two requests have the same.
_STRIDE: Final = 10_000_000

NO_WRK: Final = "wrk is not installed (Debian: apt-get install wrk)"


@dataclass(frozen=True, slots=True)
class Among:
    """The numbers that requests may have: so many from ``first``."""

    first: int
    span: int


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one run: ``refused`` answers were not 2xx, ``broken`` requests got none.

    ``first`` is the number that stood before that of its first request.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int
    first: int

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0


class Loader:
    """Runs load, each request with a number that no other request of this loader had."""

    def __init__(self, directory: Path, connections: int, *, wrk: str | None) -> None:
        self.connections = connections
        self._directory = directory
        self._wrk = wrk
        self._runs = 0

    def run(
        self, template: Template, port: int, seconds: float, *, among: Among | None = None, connections: int = 0
    ) -> Load:
        """Load a server on this machine for so many seconds; with numbers of old where ``among`` names them.

        Raises:
            subprocess.SubprocessError: the load generator failed.
        """
        self._runs += 1
        path = self._directory / f"request-{template.name}"
        path.write_bytes(MARKER.encode().join(template.pieces))
        numbers = among or Among(FIRST + self._runs * _STRIDE, 0)
        request = [str(path), MARKER, str(numbers.first), str(numbers.span)]
        at_once = str(connections or self.connections)
        if self._wrk is None:
            command = [sys.executable, str(_HERE / "asyncio_load.py"), *request]
            command += [str(port), at_once, str(seconds)]
        else:
            command = [self._wrk, "-t", "1", "-c", at_once, "-d", f"{max(1, round(seconds))}s"]
            command += [
                "--timeout",
                "30s",
                "--latency",
                "-s",
                str(_HERE / "load.lua"),
                f"http://127.0.0.1:{port}",
                "--",
                *request,
            ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + _GRACE_S, check=True)
        return Load(**json.loads(done.stdout.splitlines()[-1]), first=numbers.first)
