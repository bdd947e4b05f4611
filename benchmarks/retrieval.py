"""ITI-43: small documents under load."""

from typing import Final

from benchmarks.load import Among
from benchmarks.messages import iti41_template, iti43_template
from benchmarks.rows import Row
from benchmarks.scale import Bench
from benchmarks.servers import mock_server
from benchmarks.throughput import Kind, checked_answer, iti41_kind, measure_at, pix_add_kind

_ACCEPTED: Final = b"ResponseStatusType:Success"
#: The first numbers of a run may not have been sent, and the last ones of each connection not answered.
_UNSURE: Final = 2


def measure_iti43(bench: Bench) -> list[Row]:
    """The rows of the retrieval of documents of 15 KB, each request of another one."""
    with mock_server(bench.directory / "iti-43") as mock:
        greeting = checked_answer(pix_add_kind(), mock)
        checked_answer(iti41_kind(), mock)
        kind = Kind("ITI-43, 15 KB", iti43_template(), _ACCEPTED)
        checked_answer(kind, mock)
        load = bench.loader.run(iti41_template(), mock.port, bench.scale.warm_up_s)
        unsure = _UNSURE * bench.loader.connections
        among = Among(load.first + unsure, max(1, load.requests - 2 * unsure))
        return measure_at(bench, kind, mock, greeting, rounds=bench.scale.side_rounds, among=among)
