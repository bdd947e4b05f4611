"""The command of users as a process that is watched: how long it takes, and how much memory."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.servers import BenchFailedError, Memory, command, environment

_TIMEOUT_S: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command: seconds from its start to its end, the most memory in bytes, standard output."""

    seconds: float
    peak: int
    output: str


def watched(arguments: Sequence[str | Path], directory: Path) -> Ran:
    """Run the command of users in a directory to its end.

    Raises:
        BenchFailedError: its exit code is not 0.
    """
    words = [command(), *(str(argument) for argument in arguments)]
    begun = time.perf_counter()
    with subprocess.Popen(
        words, cwd=directory, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            with Memory(process.pid) as memory:
                output, errors = process.communicate(timeout=_TIMEOUT_S)
        finally:
            process.kill()  # does nothing to one that has ended
    if process.returncode:
        raise BenchFailedError(f"ihe-test-util {' '.join(words[1:])}: exit code {process.returncode}: {errors[-2000:]}")
    return Ran(time.perf_counter() - begun, memory.peak, output)
