"""FindDocuments by patient on registries of growing size: the cost of a query is to stay what it is."""

import shutil
from pathlib import Path
from typing import Final

from benchmarks.filling import ENTRIES_EACH, fill_file
from benchmarks.load import Among, Load
from benchmarks.messages import FIRST, iti18_template
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError, Mock, mock_server
from benchmarks.throughput import Kind, checked_answer

_ACCEPTED: Final = b"ResponseStatusType:Success"
_BUDGET_MS: Final = 20.0
_BUDGET_AT: Final = 1_000_000
#: Latency is that of a query, and not of the queue before it.
_ALONE: Final = 1


def iti18_kind() -> Kind:
    """FindDocuments: ten entries, whole."""
    return Kind("ITI-18 FindDocuments", iti18_template(), _ACCEPTED)


def measure_iti18(bench: Bench) -> list[Row]:
    """The rows of FindDocuments, for each size of the registry."""
    directory = bench.directory / "iti-18"
    data_dir = directory / "mocks" / "data"
    data_dir.mkdir(parents=True)
    rows: list[Row] = []
    already = 0
    for entries in bench.scale.entries:
        bench.say(f"filling the registry with {entries:,} entries …")
        among = fill_file(data_dir, entries, already=already)
        already = entries
        rows += _at_size(bench, directory, entries, among)
    shutil.rmtree(directory)
    return rows


def asked(mock: Mock, entries: int) -> int:
    """The length of an answer, which has to hold what there is.

    Raises:
        BenchFailedError: it does not.
    """
    answer = checked_answer(iti18_kind(), mock)
    found = answer.count(b"<rim:ExtrinsicObject")
    if found != min(ENTRIES_EACH, entries):
        raise BenchFailedError(f"{found} of {ENTRIES_EACH} entries are found")
    return len(answer)


def _at_size(bench: Bench, directory: Path, entries: int, among: Among) -> list[Row]:
    kind, scale = iti18_kind(), bench.scale
    with mock_server(directory, keep=True) as mock:
        length = asked(mock, entries)
        start = mock.rss
        bench.loader.run(kind.template, mock.port, scale.warm_up_s, among=among, connections=_ALONE)
        alone = bench.loader.run(kind.template, mock.port, scale.round_s, among=among, connections=_ALONE)
        many = bench.loader.run(kind.template, mock.port, scale.round_s, among=among)
        memory, dropped, complaints = mock.rss, int(mock.health()["journal_dropped"]), mock.complaints()
    bench.say(f"{kind.title}, {entries:,} entries: p99 {alone.p99_ms:.1f} ms, {many.per_second:,.0f}/s")
    wrong = (alone.refused + many.refused, alone.broken + many.broken, dropped, complaints)
    return [
        _latency_row(entries, alone, length),
        Row("iti-18", f"  by {bench.loader.connections} clients at once", f"{many.per_second:,.0f} req/s"),
        Row("iti-18", "    p50 / p99", f"{many.p50_ms:.1f} / {many.p99_ms:.1f} ms"),
        Row("iti-18", "    memory at start / after", f"{start / MIB:.0f} / {memory / MIB:.0f} MiB"),
        Row(
            "iti-18",
            "    not 2xx / broken / not journalled / complaints",
            f"{' / '.join(map(str, wrong))} of {alone.requests + many.requests:,}",
            "0",
            verdict=Verdict.of(not any(wrong)),
        ),
    ]


def _latency_row(entries: int, alone: Load, length: int) -> Row:
    budgeted = entries >= _BUDGET_AT
    return Row(
        "iti-18",
        f"{iti18_kind().title}, {entries:,} entries, one client: p50 / p99",
        f"{alone.p50_ms:.1f} / {alone.p99_ms:.1f} ms",
        f"p99 < {_BUDGET_MS:.0f} ms" if budgeted else "",
        verdict=Verdict.of(alone.p99_ms < _BUDGET_MS) if budgeted else Verdict.NONE,
        numbers={"requests": alone.requests, "answer_bytes": length, "first_patient": FIRST},
    )
