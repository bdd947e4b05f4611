"""PIX Add and ITI-41 against the bare handler, round by round in turn."""

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.load import Load
from benchmarks.messages import AUTHORITY, Template, iti41_template, pix_add_template
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError, Mock, ask, baseline_server, mock_server

_PATIENTS: Final = f"SELECT count(*) FROM patients WHERE root = '{AUTHORITY}'"  # noqa: S608 - our own constant
_SUBMISSIONS: Final = "SELECT count(*) FROM submissions"


@dataclass(frozen=True, slots=True)
class Kind:
    """A transaction under load: what its acceptance reads, how what it stored is counted, its budget."""

    title: str
    template: Template
    accepted: bytes
    stored: str
    share: float


@dataclass(frozen=True, slots=True)
class Round:
    """The bare handler and ours, one right after the other."""

    bare: Load
    ours: Load

    @property
    def ratio(self) -> float:
        """Ours as a share of the bare handler's requests a second."""
        return self.ours.per_second / self.bare.per_second if self.bare.per_second else 0.0


def pix_add_kind() -> Kind:
    """PIX Add: 60 % of the bare handler."""
    return Kind("PIX Add", pix_add_template(), b'acknowledgement><typeCode code="CA"', _PATIENTS, 0.60)


def iti41_kind() -> Kind:
    """ITI-41 with a 15 KB document: 35 % of the bare handler with the body of a PIX Add."""
    return Kind("ITI-41", iti41_template(), b"ResponseStatusType:Success", _SUBMISSIONS, 0.35)


def measure_pix_add(bench: Bench) -> list[Row]:
    """The rows of PIX Add."""
    return _measure(bench, pix_add_kind())


def measure_iti41(bench: Bench) -> list[Row]:
    """The rows of ITI-41."""
    return _measure(bench, iti41_kind())


def checked_answer(kind: Kind, mock: Mock) -> bytes:
    """The answer to one request, which has to be an acceptance without any finding.

    Raises:
        BenchFailedError: the message is not what it should be.
    """
    if kind.template.findings:
        raise BenchFailedError(f"{kind.title}: the message breaks rules: {kind.template.findings}")
    answer = ask(kind.template, mock.port)
    if kind.accepted not in answer:
        raise BenchFailedError(f"{kind.title}: not accepted: {answer[:2000].decode(errors='replace')}")
    return answer


def _measure(bench: Bench, kind: Kind) -> list[Row]:
    scale, loader = bench.scale, bench.loader
    bare_request = pix_add_template().to_path("/")
    with ExitStack() as stack:
        mock = stack.enter_context(mock_server(bench.directory / kind.template.name))
        answer = bench.directory / "answer.xml"
        answer.write_bytes(checked_answer(pix_add_kind(), mock))
        checked_answer(kind, mock)
        started_rss = mock.rss
        bare_port = stack.enter_context(baseline_server(answer))
        before = mock.stored(kind.stored)
        warmed = loader.run(kind.template, mock.port, scale.warm_up_s)
        loader.run(bare_request, bare_port, scale.warm_up_s)
        rounds = []
        for number in range(scale.rounds):
            bare = loader.run(bare_request, bare_port, scale.round_s)
            rounds.append(Round(bare, loader.run(kind.template, mock.port, scale.round_s)))
            bench.say(f"{kind.title}, round {number + 1}: {rounds[-1].ratio:.2f} of {bare.per_second:,.0f}/s")
        return [
            *_speed_rows(kind, rounds),
            _memory_row(kind, started_rss, mock.rss, rounds),
            _truth_row(kind, mock, [warmed, *(one.ours for one in rounds)], before),
        ]


def _speed_rows(kind: Kind, rounds: list[Round]) -> list[Row]:
    case = kind.template.name
    ratio = median(one.ratio for one in rounds)
    latencies = {
        name: (median(load.p50_ms for load in loads), median(load.p99_ms for load in loads))
        for name, loads in (("bare", [one.bare for one in rounds]), ("ours", [one.ours for one in rounds]))
    }
    bare, ours = (median(load) for load in ([o.bare.per_second for o in rounds], [o.ours.per_second for o in rounds]))
    return [
        Row(case, f"bare aiohttp + lxml, beside {kind.title}", f"{bare:,.0f} req/s", "", 1.0),
        Row(case, "  p50 / p99", "{:.1f} / {:.1f} ms".format(*latencies["bare"])),
        Row(
            case,
            kind.title,
            f"{ours:,.0f} req/s",
            f"≥ {kind.share:.0%} of bare",
            ratio,
            Verdict.of(ratio >= kind.share),
            {"ratios": [one.ratio for one in rounds], "bare_per_s": bare, "ours_per_s": ours},
        ),
        Row(case, "  p50 / p99", "{:.1f} / {:.1f} ms".format(*latencies["ours"])),
    ]


def _memory_row(kind: Kind, start: int, end: int, rounds: list[Round]) -> Row:
    count = sum(one.ours.requests for one in rounds)
    return Row(
        kind.template.name,
        "  memory at start / after",
        f"{start / MIB:.0f} / {end / MIB:.0f} MiB ({count:,} requests)",
        numbers={"start": start, "end": end, "requests": count},
    )


def _truth_row(kind: Kind, mock: Mock, loads: list[Load], before: int) -> Row:
    """Nothing may have been refused, lost or left out of the journal: else the speed is that of something else."""
    answered = sum(load.requests for load in loads)
    refused = sum(load.refused for load in loads)
    broken = sum(load.broken for load in loads)
    missing = max(0, answered - refused - (mock.stored(kind.stored) - before))
    dropped = int(mock.health()["journal_dropped"])
    complaints = mock.complaints()
    return Row(
        kind.template.name,
        "  not 2xx / broken / not stored / not journalled",
        f"{refused} / {broken} / {missing} / {dropped} of {answered:,}",
        "0",
        verdict=Verdict.of(not any((refused, broken, missing, dropped, complaints))),
        numbers={"answered": answered, "refused": refused, "missing": missing, "logged_complaints": complaints},
    )
