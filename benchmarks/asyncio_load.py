"""What stands in for wrk where there is none: the same load from one Python process, which takes more of the machine.

Arguments: request file, marker, number of the first request, how many numbers there are (0: any), port, connections,
seconds. Prints one JSON object.
"""

import asyncio
import itertools
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


class Tally:
    """What the connections of one run have seen, and how they get their requests."""

    def __init__(self, request: Callable[[], bytes]) -> None:
        self.request = request
        self.latencies_s: list[float] = []
        self.refused = 0
        self.broken = 0
        self.ended = False


class Connection(asyncio.Protocol):
    """Sends a request, waits for the answer, sends the next."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport
            self._send()

    def data_received(self, data: bytes) -> None:
        """Go on when the answer is whole."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        length = _LENGTH.search(self._buffer, 0, end + 2) if end >= 0 else None
        if length is None or len(self._buffer) < end + 4 + int(length[1]):
            return
        tally = self._tally
        if not tally.ended:
            tally.latencies_s.append(time.perf_counter() - self._sent)
            tally.refused += not self._buffer.startswith(b"HTTP/1.1 2")
            self._buffer = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it, unless the run is over."""
        del exc
        self._tally.broken += not self._tally.ended

    def _send(self) -> None:
        if self._transport is not None:
            self._sent = time.perf_counter()
            self._transport.write(self._tally.request())


async def run(request: Callable[[], bytes], port: int, connections: int, seconds: float) -> dict[str, float]:
    """Load a server for so many seconds."""
    tally = Tally(request)
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    opened = await asyncio.gather(
        *(loop.create_connection(lambda: Connection(tally), "127.0.0.1", port) for _ in range(connections))
    )
    await asyncio.sleep(seconds)
    tally.ended = True
    took = time.perf_counter() - begun
    for transport, _ in opened:
        transport.abort()
    cuts = statistics.quantiles(tally.latencies_s, n=100) if len(tally.latencies_s) > 1 else [0.0] * 99
    return {
        "requests": len(tally.latencies_s),
        "seconds": took,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "refused": tally.refused,
        "broken": tally.broken,
    }


def _requests(path: Path, marker: bytes, first: int, span: int) -> Callable[[], bytes]:
    pieces = path.read_bytes().split(marker)
    counted = itertools.count(1)
    # Among few numbers, up and down: what comes next is not what lies beside.
    numbers = (first + (count * 7919 % span if span else count) for count in counted)
    return lambda: str(next(numbers)).encode().join(pieces)


def main(arguments: list[str]) -> None:
    """Run as the command line says."""
    path, marker, first, span, port, connections, seconds = arguments
    loop_factory = None
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - there is none for Windows

        loop_factory = uvloop.new_event_loop
    requests = _requests(Path(path), marker.encode(), int(first), int(span))
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        print(json.dumps(runner.run(run(requests, int(port), int(connections), float(seconds)))))


if __name__ == "__main__":
    main(sys.argv[1:])
