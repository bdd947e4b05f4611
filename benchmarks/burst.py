"""Sends many requests at once, each on a connection of its own, and tells when their answers came.

Arguments: request file, marker, number of the first request, port, count. Prints one JSON object: seconds from the
sending of each request to its whole answer, and from the very beginning to the last answer.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

_TIMEOUT_S = 120.0


async def one(request: bytes, port: int) -> float:
    """Send a request; seconds until its answer is whole.

    Raises:
        RuntimeError: the answer is no success.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head.decode(errors="replace"))
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))
    took = time.perf_counter() - sent
    writer.close()
    return took


async def run(pieces: list[bytes], first: int, port: int, count: int) -> dict[str, float]:
    """Send ``count`` requests at once."""
    requests = [str(first + number).encode().join(pieces) for number in range(count)]
    begun = time.perf_counter()
    async with asyncio.timeout(_TIMEOUT_S):
        results = await asyncio.gather(*(one(request, port) for request in requests), return_exceptions=True)
    whole = time.perf_counter() - begun
    took = [result for result in results if isinstance(result, float)]
    failed = [repr(result) for result in results if isinstance(result, BaseException)]
    return {"shortest_s": min(took, default=0.0), "longest_s": max(took, default=0.0), "whole_s": whole} | {
        "failed": len(failed)
    }


def main(arguments: list[str]) -> None:
    """Run as the command line says."""
    path, marker, first, port, count = arguments
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pieces = Path(path).read_bytes().split(marker.encode())
    print(json.dumps(asyncio.run(run(pieces, int(first), int(port), int(count)))))


if __name__ == "__main__":
    main(sys.argv[1:])
