"""How long the command line takes: to help, and to start a server that answers."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Final

from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import environment, free_port, run

_HELP_S: Final = 0.25
_START_S: Final = 1.0


def measure_startup(bench: Bench) -> list[Row]:
    """The rows of start-up."""
    directory = bench.directory / "startup"
    directory.mkdir()

    def bare() -> None:
        subprocess.run([sys.executable, "-c", "pass"], env=environment(), check=True)

    def help_() -> None:
        run(["--help"], directory)

    def start() -> float:
        place = directory / "start"
        place.mkdir()
        port = free_port()
        took = _timed(lambda: run(["mock", "start", "-b", "--host", "127.0.0.1", "--port", str(port)], place))
        run(["mock", "stop"], place)
        shutil.rmtree(place)
        return took

    start()  # once, so that Python has compiled every module
    bare_s, help_s = _in_turn(bench.scale.helps, bare, help_)
    starts = [start() for _ in range(bench.scale.starts)]
    shutil.rmtree(directory)
    return [
        Row("startup", "python -c pass", f"{bare_s:.3f} s", ratio=1.0),
        _row("ihe-test-util --help", help_s, _HELP_S, bare_s, []),
        _row("ihe-test-util mock start -b, to ready", median(starts), _START_S, bare_s, starts),
    ]


def _row(what: str, took: float, budget: float, bare: float, samples: list[float]) -> Row:
    return Row(
        "startup",
        what,
        f"{took:.3f} s",
        f"< {budget:g} s",
        took / bare,
        Verdict.of(took < budget),
        {"median_s": took, "samples": samples},
    )


def _in_turn(times: int, one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    pairs = [(_timed(one), _timed(other)) for _ in range(times)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
