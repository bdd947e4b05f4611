"""Memory over many requests: it rises while caches fill, and then no more."""

from typing import Final

from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, mock_server
from benchmarks.throughput import checked_answer, pix_add_kind

_WARM_SHARE: Final = 1 / 4
_BUDGET: Final = 8 * MIB


def measure_memory(bench: Bench) -> list[Row]:
    """How much a server grows after the first quarter of so many PIX Adds."""
    kind, wanted = pix_add_kind(), bench.scale.memory_requests
    with mock_server(bench.directory / "memory") as mock:
        checked_answer(kind, mock)
        samples = [(0, mock.rss)]
        while samples[-1][0] < wanted:
            load = bench.loader.run(kind.template, mock.port, bench.scale.round_s)
            samples.append((samples[-1][0] + max(load.requests, 1), mock.rss))
            bench.say(f"memory after {samples[-1][0]:,} requests: {samples[-1][1] / MIB:.1f} MiB")
    warm = next(sample for sample in samples if sample[0] >= wanted * _WARM_SHARE)
    end = samples[-1]
    growth = end[1] - warm[1]
    return [
        Row(
            "memory",
            f"memory from {warm[0]:,} to {end[0]:,} requests",
            f"{warm[1] / MIB:.1f} → {end[1] / MIB:.1f} MiB",
            f"+{_BUDGET // MIB} MiB at most",
            verdict=Verdict.of(growth <= _BUDGET),
            numbers={"samples": samples},
        )
    ]
