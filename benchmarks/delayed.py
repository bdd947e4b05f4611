"""Many requests at once, each of which the server answers after a delay: a delay costs a timer, not a thread."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.messages import FIRST, MARKER, pix_add_template
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError, Memory, mock_server

_LATE_S: Final = 0.6
_BUDGET: Final = 120_000_000
_TIMEOUT_S: Final = 180.0


def measure_delayed(bench: Bench) -> list[Row]:
    """When the answers came, and how much memory that took."""
    count, delay_s = bench.scale.delayed, bench.scale.delay_ms / 1000
    config = {"pix_add_behavior": {"response_delay_ms": bench.scale.delay_ms}}
    path = bench.directory / "request-burst"
    path.write_bytes(MARKER.encode().join(pix_add_template().pieces))
    arguments = [str(path), MARKER, str(FIRST)]
    with mock_server(bench.directory / "delayed", config) as mock, Memory(mock.pid) as memory:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("burst.py")), *arguments, str(mock.port), str(count)],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    told: dict[str, float] = json.loads(done.stdout)
    if told["failed"]:
        raise BenchFailedError(f"{told['failed']:.0f} of {count} delayed requests failed")
    kept = told["shortest_s"] >= delay_s and told["whole_s"] <= delay_s + _LATE_S
    return [
        Row(
            "delayed",
            f"{count:,} requests at once, delay {delay_s:.1f} s",
            f"first after {told['shortest_s']:.2f} s, last after {told['whole_s']:.2f} s",
            f"{delay_s:.1f} to {delay_s + _LATE_S:.1f} s",
            verdict=Verdict.of(kept),
            numbers=told,
        ),
        Row(
            "delayed",
            "  memory at start / at most",
            f"{memory.start / MIB:.0f} / {memory.peak / MIB:.0f} MiB",
            "< 120 MB",
            verdict=Verdict.of(memory.peak < _BUDGET),
            numbers={"start": memory.start, "peak": memory.peak},
        ),
    ]
