"""Sends one HTTP request with a file in its middle, by the shortest way there is, and tells how long it took.

Arguments: port, file with what comes before, file, file with what comes after. Prints one JSON object.
"""

import http.client
import json
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

_TIMEOUT_S = 300.0


def send(port: int, before: bytes, path: Path, after: bytes) -> dict[str, object]:
    """Send it; seconds from connecting to the whole answer, and the answer's status and body."""
    begun = time.perf_counter()
    with closing(socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)) as connection:
        connection.sendall(before)
        with path.open("rb") as file:
            connection.sendfile(file)
        connection.sendall(after)
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        body = response.read()
    took = time.perf_counter() - begun
    return {"seconds": took, "status": response.status, "body": body.decode(errors="replace")}


if __name__ == "__main__":
    files = [Path(argument) for argument in sys.argv[2:]]
    print(json.dumps(send(int(sys.argv[1]), files[0].read_bytes(), files[1], files[2].read_bytes())))
