"""How much is measured: in full, in a few seconds, or for hours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.load import Loader
from benchmarks.rows import Row

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scale:
    """Rounds, seconds, requests and bytes; ``delay_ms`` is the configured delay of the delayed requests.

    ``entries`` are the sizes of the registry that is asked, ``postgres_entries`` that on PostgreSQL.
    """

    rounds: int = 5
    side_rounds: int = 2
    round_s: float = 4.0
    warm_up_s: float = 2.0
    connections: int = 64
    memory_requests: int = 60_000
    delayed: int = 1_000
    delay_ms: int = 5_000
    document_bytes: int = 1024 * _MIB
    document_rounds: int = 3
    starts: int = 5
    helps: int = 10
    patients: int = 2_000
    workflow_rounds: int = 3
    csv_rows: int = 1_000_000
    csv_rounds: int = 3
    entries: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    postgres_entries: int = 20_000


FULL = Scale()
QUICK = Scale(
    rounds=1,
    side_rounds=1,
    round_s=0.5,
    warm_up_s=0.2,
    connections=8,
    memory_requests=500,
    delayed=50,
    delay_ms=300,
    document_bytes=8 * _MIB,
    document_rounds=1,
    starts=1,
    helps=1,
    patients=20,
    workflow_rounds=1,
    csv_rows=1_000,
    csv_rounds=1,
    entries=(100, 1_000),
    postgres_entries=100,
)
SOAK_REQUESTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Bench:
    """What a case works with: ``directory`` lies on the disk that is measured, and goes afterwards."""

    directory: Path
    loader: Loader
    scale: Scale
    say: Callable[[str], None]


Case: TypeAlias = Callable[[Bench], list[Row]]
Cases: TypeAlias = Mapping[str, Case]
