"""One very large document by ITI-41: it goes through server and client without standing in the memory of either."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.messages import MARKER, head_of, prepared, submission
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError, Memory, Mock, command, environment, mock_server
from ihe_test_util.content import CHUNK_BYTES, Content
from ihe_test_util.transactions import iti41
from ihe_test_util.transactions.iti41 import ProvidedDocument

_MB: Final = 1_000_000
_SPEED: Final = 250  # MB/s
_GROWTH: Final = 64 * MIB
_TIMEOUT_S: Final = 600.0
_PLACE: Final = b"<<<here comes the document>>>"
_SMALL: Final = 15 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """One document in: seconds, growth of the server's memory, peak of the client's, files left behind."""

    seconds: float
    growth: int
    client_peak: int
    left_behind: int


def measure_document(bench: Bench) -> list[Row]:
    """The rows of a large document: by a bare socket, and by this project's client."""
    size = bench.scale.document_bytes
    document = bench.directory / "document.bin"
    write_document(document, size)
    small = bench.directory / "small.bin"
    small.write_bytes(os.urandom(_SMALL))
    copies: list[float] = []
    bare: list[Sent] = []
    clients: list[Sent] = []
    small_peak = _sent(bench, small, _by_client).client_peak
    for number in range(bench.scale.document_rounds):
        copies.append(_copied(document, bench.directory / "copy.bin"))
        bare.append(_sent(bench, document, by_socket))
        clients.append(_sent(bench, document, _by_client))
        speeds = [size / _MB / seconds for seconds in (copies[-1], bare[-1].seconds, clients[-1].seconds)]
        bench.say(f"document, round {number + 1}: copy {speeds[0]:.0f}, socket {speeds[1]:.0f}, {speeds[2]:.0f} MB/s")
    document.unlink()
    return _rows(size, copies, bare, clients, small_peak)


def _rows(size: int, copies: list[float], bare: list[Sent], clients: list[Sent], small_peak: int) -> list[Row]:
    copy_s = median(copies)
    bare_s, client_s = (median(one.seconds for one in sent) for sent in (bare, clients))
    growth = max(one.growth for one in (*bare, *clients))
    client_growth = max(one.client_peak for one in clients) - small_peak
    left_behind = sum(one.left_behind for one in (*bare, *clients))
    name = f"{size // MIB:,} MiB document"
    speed = size / _MB / bare_s
    return [
        Row("document", f"{name}: hashed, written and synced by cp", f"{size / _MB / copy_s:.0f} MB/s", ratio=1.0),
        Row(
            "document",
            f"{name} by ITI-41, from a bare socket",
            f"{speed:.0f} MB/s",
            f"≥ {_SPEED} MB/s",
            copy_s / bare_s,
            Verdict.of(speed >= _SPEED),
            {"copy_s": copies, "bare_s": [one.seconds for one in bare]},
        ),
        Row("document", "  by ihe-test-util send", f"{size / _MB / client_s:.0f} MB/s", ratio=copy_s / client_s),
        _growth_row("  growth of the server's memory", growth),
        _growth_row("  growth of the client's memory", client_growth),
        Row("document", "  files left behind", str(left_behind), "0", verdict=Verdict.of(not left_behind)),
    ]


def _growth_row(what: str, growth: int) -> Row:
    return Row(
        "document", what, f"{growth / MIB:.0f} MiB", f"< {_GROWTH // MIB} MiB", verdict=Verdict.of(growth < _GROWTH)
    )


def _sent(bench: Bench, document: Path, way: Callable[[Mock, Path], tuple[float, int]]) -> Sent:
    """Send a document to a server that never saw it, and look what remains of it there."""
    config = {"max_request_bytes": 2 * bench.scale.document_bytes + MIB}
    with mock_server(bench.directory / "large", config) as mock:
        with Memory(mock.pid) as memory:
            seconds, client_peak = way(mock, document)
        if mock.stored("SELECT count(*) FROM documents") != 1:
            raise BenchFailedError("the document is not stored")
        spooled = [path for path in (mock.data_dir / "spool").rglob("*") if path.is_file() and path.stat().st_size]
        large = [path for path in mock.data_dir.rglob("*") if path.is_file() and path.suffix != ".sqlite"]
        kept = [path for path in large if path.stat().st_size >= document.stat().st_size]
        if document.stat().st_size > 256 * 1024 and len(kept) != 1:
            raise BenchFailedError(f"the document lies in {len(kept)} files")
        return Sent(seconds, memory.growth, client_peak, len(spooled))


def by_socket(mock: Mock, document: Path) -> tuple[float, int]:
    """Send a document by the shortest way; seconds, and no memory to speak of."""
    whole = submission(Content.of_file(document))
    holding_place = replace(whole, documents=(ProvidedDocument("Document01", Content.of(_PLACE)),))
    ready = prepared(iti41.SPEC, holding_place)
    length = ready.body.length - len(_PLACE) + document.stat().st_size
    headers = tuple((name, str(length) if name == "Content-Length" else value) for name, value in ready.headers)
    before, _, after = b"".join(ready.body.chunks()).partition(_PLACE)
    head = head_of(replace(ready, headers=headers), iti41.SPEC.path)
    files = (mock.directory / "before", document, mock.directory / "after")
    files[0].write_bytes((head + before).replace(MARKER.encode(), b"1" * len(MARKER)))
    files[2].write_bytes(after.replace(MARKER.encode(), b"1" * len(MARKER)))
    script = Path(__file__).with_name("stream.py")
    arguments = [sys.executable, str(script), str(mock.port), *(str(file) for file in files)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    answer = json.loads(done.stdout)
    if answer["status"] != 200 or "ResponseStatusType:Success" not in answer["body"]:
        raise BenchFailedError(f"the document was not accepted: {answer}")
    return float(answer["seconds"]), 0


def _by_client(mock: Mock, document: Path) -> tuple[float, int]:
    url = f"http://127.0.0.1:{mock.port}{iti41.SPEC.path}"
    arguments = ["--document", str(document), "--patient-id", "BENCH-1^^^&2.999.4.1&ISO", "--url", url]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [command(), "send", "iti-41", *arguments, "--timeout", "300"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process, Memory(process.pid) as memory:
        output, _ = process.communicate(timeout=_TIMEOUT_S)
    if process.returncode:
        raise BenchFailedError(f"ihe-test-util send failed: {output}")
    return time.perf_counter() - begun, memory.peak


def write_document(path: Path, size: int) -> None:
    """A file of random bytes."""
    block = os.urandom(4 * MIB)
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _copied(source: Path, target: Path) -> float:
    """Seconds that the least work takes which the server cannot do without: read, hash, write, sync."""
    begun = time.perf_counter()
    digest = hashlib.sha1(usedforsecurity=False)
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    took = time.perf_counter() - begun
    with suppress(FileNotFoundError):
        target.unlink()
    return took
