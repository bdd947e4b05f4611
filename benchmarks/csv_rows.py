"""A long file of patients, validated: rows a second beside Python's own reader of CSV, and memory."""

import csv
import json
import time
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.command import Ran, watched
from benchmarks.patients import write_patients
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError

_SHARE: Final = 10
_GROWTH: Final = 64 * MIB


def measure_csv(bench: Bench) -> list[Row]:
    """The rows of ``csv validate``; its memory is compared with that for a tenth of the file."""
    count = bench.scale.csv_rows
    long, short = bench.directory / "long.csv", bench.directory / "short.csv"
    write_patients(long, count)
    write_patients(short, count // _SHARE)
    small = _validated(short, count // _SHARE)
    bare: list[float] = []
    ours: list[Ran] = []
    for number in range(bench.scale.csv_rounds):
        bare.append(_read(long))
        ours.append(_validated(long, count))
        bench.say(f"csv, round {number + 1}: csv.reader {bare[-1]:.1f} s, validated {ours[-1].seconds:.1f} s")
    size = long.stat().st_size
    long.unlink()
    short.unlink()
    ratio = median(one / other.seconds for one, other in zip(bare, ours, strict=True))
    seconds = median(one.seconds for one in ours)
    growth = max(one.peak for one in ours) - small.peak
    return [
        Row(
            "csv",
            f"csv.reader over {count:,} rows ({size / MIB:.0f} MiB)",
            f"{count / median(bare):,.0f} rows/s",
            "",
            1,
        ),
        Row(
            "csv",
            "ihe-test-util csv validate",
            f"{count / seconds:,.0f} rows/s",
            ratio=ratio,
            numbers={"bare_s": bare, "seconds": [one.seconds for one in ours]},
        ),
        Row(
            "csv",
            f"  memory for {count // _SHARE:,} / {count:,} rows",
            f"{small.peak / MIB:.0f} / {max(one.peak for one in ours) / MIB:.0f} MiB",
            f"+{_GROWTH // MIB} MiB at most",
            verdict=Verdict.of(growth <= _GROWTH),
        ),
    ]


def _validated(path: Path, count: int) -> Ran:
    ran = watched(["csv", "validate", path, "--json"], path.parent)
    summary = json.loads(ran.output)["summary"]
    if summary["valid_rows"] != count or summary["errors"]:
        raise BenchFailedError(f"csv validate does not find {count} good rows: {summary}")
    return ran


def _read(path: Path) -> float:
    """Seconds that the least work takes: every row as a list of texts."""
    begun = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass
    return time.perf_counter() - begun
