"""One very large document out by ITI-43: it stands in the memory of neither server nor client."""

import filecmp
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.document import by_socket, write_document
from benchmarks.messages import DOCUMENT_ARC, MARKER, head_of, prepared, retrieval
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError, Memory, Mock, command, environment, mock_server
from ihe_test_util.domain.world import MOCK_REPOSITORY_OID
from ihe_test_util.transactions import iti43

_MB: Final = 1_000_000
_SPEED: Final = 250  # MB/s
_GROWTH: Final = 64 * MIB
_TIMEOUT_S: Final = 600.0
#: Under which ``by_socket`` submits.
_UNIQUE_ID: Final = DOCUMENT_ARC + "1" * len(MARKER)


def measure_document_out(bench: Bench) -> list[Row]:
    """The rows of a large document that is retrieved: by a bare socket, and by this project's client."""
    size = bench.scale.document_bytes
    document = bench.directory / "document-out.bin"
    write_document(document, size)
    sockets: list[float] = []
    clients: list[float] = []
    with mock_server(bench.directory / "large-out", {"max_request_bytes": 2 * size + MIB}) as mock:
        by_socket(mock, document)
        with Memory(mock.pid) as memory:
            for number in range(bench.scale.document_rounds):
                sockets.append(_to_socket(mock, size))
                clients.append(_to_client(mock, document))
                speeds = [size / _MB / seconds for seconds in (sockets[-1], clients[-1])]
                bench.say(f"document out, round {number + 1}: socket {speeds[0]:.0f}, {speeds[1]:.0f} MB/s")
        growth = memory.growth
    document.unlink()
    name, speed = f"{size // MIB:,} MiB document", size / _MB / median(sockets)
    return [
        Row(
            "document-out",
            f"{name} by ITI-43, to a bare socket",
            f"{speed:.0f} MB/s",
            f"≥ {_SPEED} MB/s",
            verdict=Verdict.of(speed >= _SPEED),
            numbers={"socket_s": sockets, "client_s": clients},
        ),
        Row("document-out", "  by ihe-test-util retrieve", f"{size / _MB / median(clients):.0f} MB/s"),
        Row(
            "document-out",
            "  growth of the server's memory",
            f"{growth / MIB:.0f} MiB",
            f"< {_GROWTH // MIB} MiB",
            verdict=Verdict.of(growth < _GROWTH),
        ),
    ]


def _to_socket(mock: Mock, size: int) -> float:
    ready = prepared(iti43.SPEC, retrieval(_UNIQUE_ID))
    request = mock.directory / "request"
    request.write_bytes(head_of(ready, iti43.SPEC.path) + b"".join(ready.body.chunks()))
    script = Path(__file__).with_name("fetch.py")
    arguments = [sys.executable, str(script), str(mock.port), str(request)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    answer = json.loads(done.stdout)
    if answer["status"] != 200 or answer["bytes"] < size:
        raise BenchFailedError(f"the document did not come: {answer}")
    return float(answer["seconds"])


def _to_client(mock: Mock, document: Path) -> float:
    target = mock.directory / "retrieved"
    url = f"http://127.0.0.1:{mock.port}{iti43.SPEC.path}"
    options = ["--output", str(target), "--repository", MOCK_REPOSITORY_OID, "--url", url, "--timeout", "300"]
    begun = time.perf_counter()
    done = subprocess.run(
        [command(), "retrieve", _UNIQUE_ID, *options],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    took = time.perf_counter() - begun
    if done.returncode:
        raise BenchFailedError(f"ihe-test-util retrieve failed: {done.stderr or done.stdout}")
    (file,) = target.iterdir()
    if not filecmp.cmp(file, document, shallow=False):
        raise BenchFailedError("the document that came is another one")
    shutil.rmtree(target)
    return took
