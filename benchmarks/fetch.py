"""Sends one HTTP request and reads the answer without keeping it, and tells how long that took.

Arguments: port, file with the request. Prints one JSON object.
"""

import http.client
import json
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

_TIMEOUT_S = 300.0
_CHUNK_BYTES = 1024 * 1024


def fetch(port: int, request: bytes) -> dict[str, float]:
    """Ask; seconds from connecting to the end of the answer, its status and the bytes of its body."""
    buffer = bytearray(_CHUNK_BYTES)
    count = 0
    begun = time.perf_counter()
    with closing(socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        while got := response.readinto(buffer):
            count += got
    return {"seconds": time.perf_counter() - begun, "status": response.status, "bytes": count}


if __name__ == "__main__":
    print(json.dumps(fetch(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())))
