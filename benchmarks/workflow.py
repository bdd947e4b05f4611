"""The whole workflow: ``submit`` with a file of patients, against the mock; a document, ITI-44 and ITI-41 for each."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.command import watched
from benchmarks.patients import write_patients
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, Memory, Mock, mock_server, run
from ihe_test_util.transactions import iti41, pix_add

_UNSIGNED, _SIGNED = "unsigned", "signed per message"
_BUDGETS: Final = ((_UNSIGNED, 300), (_SIGNED, 100))  # patients a second
_COUNTS: Final = ("SELECT count(*) FROM patients", "SELECT count(*) FROM documents")


@dataclass(frozen=True, slots=True)
class _Submitted:
    """One run: seconds of the whole command, and of its messages alone; memory in bytes; what is missing."""

    seconds: float
    messages_s: float
    client_peak: int
    server_start: int
    server_peak: int
    not_submitted: int
    not_stored: int
    complaints: int


def measure_workflow(bench: Bench) -> list[Row]:
    """The rows of the workflow, without signatures and with one on each message; rounds of both alternate."""
    directory = bench.directory / "workflow"
    directory.mkdir()
    patients = directory / "patients.csv"
    write_patients(patients, bench.scale.patients)
    run(["certs", "init", "--dir", "certs"], directory)
    certificate: list[str | Path] = [
        "--cert",
        directory / "certs" / "client-cert.pem",
        "--key",
        directory / "certs" / "client-key.pem",
    ]
    ways: dict[str, list[str | Path]] = {_UNSIGNED: [], _SIGNED: [*certificate, "--assertion-per", "message"]}
    rounds: dict[str, list[_Submitted]] = {name: [] for name in ways}
    for number in range(bench.scale.workflow_rounds):
        for name, arguments in ways.items():
            rounds[name].append(_submitted(directory / "round", patients, arguments, bench.scale.patients))
            speed = bench.scale.patients / rounds[name][-1].seconds
            bench.say(f"workflow, round {number + 1}, {name}: {speed:.0f} patients/s")
    shutil.rmtree(directory)
    unsigned_s = median(one.seconds for one in rounds[_UNSIGNED])
    return [row for name, budget in _BUDGETS for row in _rows(name, budget, rounds[name], bench, unsigned_s)]


def _submitted(directory: Path, patients: Path, more: Sequence[str | Path], count: int) -> _Submitted:
    with mock_server(directory) as mock:
        base = f"http://127.0.0.1:{mock.port}"
        urls = ("--pix-add-url", base + pix_add.SPEC.path, "--iti41-url", base + iti41.SPEC.path)
        start = mock.rss
        with Memory(mock.pid) as memory:
            ran = watched(["submit", patients, *urls, *more, "--json"], directory)
        summary = json.loads(ran.output)
        return _Submitted(
            ran.seconds,
            float(summary["elapsed_s"]),
            ran.peak,
            start,
            memory.peak,
            count - int(summary["succeeded"]),
            _missing(mock, count),
            mock.complaints(),
        )


def _missing(mock: Mock, count: int) -> int:
    stored = (mock.stored(statement) for statement in _COUNTS)
    return sum(count - found for found in stored)


def _rows(name: str, budget: int, rounds: list[_Submitted], bench: Bench, unsigned_s: float) -> list[Row]:
    seconds = median(one.seconds for one in rounds)
    speed = bench.scale.patients / seconds
    missing = [sum(one.not_submitted for one in rounds), sum(one.not_stored for one in rounds)]
    complaints = sum(one.complaints for one in rounds)
    client, server = (max(peaks) for peaks in ([o.client_peak for o in rounds], [o.server_peak for o in rounds]))
    return [
        Row(
            "workflow",
            f"submit, {bench.scale.patients:,} patients, {name}",
            f"{speed:,.0f} patients/s",
            f"≥ {budget}/s",
            unsigned_s / seconds,
            Verdict.of(speed >= budget),
            {
                "seconds": [one.seconds for one in rounds],
                "messages_s": [one.messages_s for one in rounds],
            },
        ),
        Row(
            "workflow",
            "  memory at most, client / server",
            f"{client / MIB:.0f} / {server / MIB:.0f} MiB",
            numbers={"client": client, "server": server, "server_start": rounds[0].server_start},
        ),
        Row(
            "workflow",
            "  not submitted / not stored / complaints of the server",
            f"{missing[0]} / {missing[1]} / {complaints}",
            "0",
            verdict=Verdict.of(not any((*missing, complaints))),
        ),
    ]
