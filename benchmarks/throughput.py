"""Transactions under load, each against the bare handler, round by round in turn."""

from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.load import Among, Load
from benchmarks.messages import AUTHORITY, Template, iti41_template, iti42_template, pix_add_template
from benchmarks.rows import Row, Verdict
from benchmarks.scale import Bench
from benchmarks.servers import MIB, BenchFailedError, Mock, ask, baseline_server, mock_server

_PATIENTS: Final = f"SELECT count(*) FROM patients WHERE root = '{AUTHORITY}'"  # noqa: S608 - our own constant
_SUBMISSIONS: Final = "SELECT count(*) FROM submissions"
_SETS: Final = "SELECT count(*) FROM registry_objects WHERE kind = 'SubmissionSet'"
_SUCCESS: Final = b"ResponseStatusType:Success"


@dataclass(frozen=True, slots=True)
class Kind:
    """A transaction under load: what its acceptance reads, how what it stored is counted, its budget where it has one.

    A transaction that stores nothing counts nothing.
    """

    title: str
    template: Template
    accepted: bytes
    stored: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Setting:
    """How the server runs, and what the rows call that."""

    name: str = ""
    title: str = ""
    workers: int = 1
    store_url: str = ""

    @property
    def config(self) -> dict[str, object]:
        """The configuration."""
        return {"store_url": self.store_url} if self.store_url else {}


ALONE: Final = Setting()


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
    return Kind("ITI-41", iti41_template(), _SUCCESS, _SUBMISSIONS, 0.35)


def iti42_kind() -> Kind:
    """ITI-42: the same metadata without the document."""
    return Kind("ITI-42", iti42_template(), _SUCCESS, _SETS)


def measure_pix_add(bench: Bench) -> list[Row]:
    """The rows of PIX Add."""
    return measure(bench, pix_add_kind(), rounds=bench.scale.rounds)


def measure_iti41(bench: Bench) -> list[Row]:
    """The rows of ITI-41."""
    return measure(bench, iti41_kind(), rounds=bench.scale.rounds)


def measure_iti42(bench: Bench) -> list[Row]:
    """The rows of ITI-42."""
    return measure(bench, iti42_kind(), rounds=bench.scale.side_rounds)


def measure_workers(bench: Bench) -> list[Row]:
    """The rows of PIX Add and ITI-41 with two workers."""
    setting = Setting("workers", ", two workers", workers=2)
    kinds = (pix_add_kind(), iti41_kind())
    return [row for kind in kinds for row in measure(bench, kind, setting, rounds=bench.scale.side_rounds)]


def checked_answer(kind: Kind, mock: Mock) -> bytes:
    """The answer to one request, which has to be an acceptance without any finding.

    Raises:
        BenchFailedError: the message is not what it should be.
    """
    if kind.template.findings:
        raise BenchFailedError(f"{kind.title}: the message breaks rules: {kind.template.findings}")
    answer = ask(kind.template, mock.port)
    if kind.accepted not in answer or b"severity=" in answer:
        raise BenchFailedError(f"{kind.title}: not accepted: {answer[:2000].decode(errors='replace')}")
    return answer


def measure(bench: Bench, kind: Kind, setting: Setting = ALONE, *, rounds: int) -> list[Row]:
    """The rows of a transaction that stores."""
    name = f"{kind.template.name}{'-' if setting.name else ''}{setting.name}"
    options = ["--workers", str(setting.workers)]
    with mock_server(bench.directory / name, setting.config, options=options) as mock:
        greeting = checked_answer(pix_add_kind(), mock)  # the patient of all documents
        checked_answer(kind, mock)
        return measure_at(bench, kind, mock, greeting, rounds=rounds, setting=setting)


def measure_at(
    bench: Bench,
    kind: Kind,
    mock: Mock,
    greeting: bytes,
    *,
    rounds: int,
    setting: Setting = ALONE,
    among: Among | None = None,
) -> list[Row]:
    """The rows of a transaction at a running server; ``greeting`` is what the bare handler answers."""
    scale, loader = bench.scale, bench.loader
    title = kind.title + setting.title
    bare_request = pix_add_template().to_path("/")
    answer = bench.directory / "answer.xml"
    answer.write_bytes(greeting)
    started_rss = mock.rss
    before = mock.stored(kind.stored) if kind.stored else 0
    with baseline_server(answer) as bare_port:
        warmed = loader.run(kind.template, mock.port, scale.warm_up_s, among=among)
        loader.run(bare_request, bare_port, scale.warm_up_s)
        done = []
        for number in range(rounds):
            bare = loader.run(bare_request, bare_port, scale.round_s)
            done.append(Round(bare, loader.run(kind.template, mock.port, scale.round_s, among=among)))
            bench.say(f"{title}, round {number + 1}: {done[-1].ratio:.2f} of {bare.per_second:,.0f}/s")
    case = f"{kind.template.name}{'-' if setting.name else ''}{setting.name}"
    return [
        *_speed_rows(case, title, kind.share if setting is ALONE else 0.0, done),
        _memory_row(case, started_rss, mock.rss, done),
        _truth_row(case, kind, mock, [warmed, *(one.ours for one in done)], before),
    ]


def _speed_rows(case: str, title: str, share: float, rounds: list[Round]) -> list[Row]:
    ratio = median(one.ratio for one in rounds)
    latencies = {
        name: (median(load.p50_ms for load in loads), median(load.p99_ms for load in loads))
        for name, loads in (("bare", [one.bare for one in rounds]), ("ours", [one.ours for one in rounds]))
    }
    bare, ours = (median(load) for load in ([o.bare.per_second for o in rounds], [o.ours.per_second for o in rounds]))
    return [
        Row(case, f"bare aiohttp + lxml, beside {title}", f"{bare:,.0f} req/s", "", 1.0),
        Row(case, "  p50 / p99", "{:.1f} / {:.1f} ms".format(*latencies["bare"])),
        Row(
            case,
            title,
            f"{ours:,.0f} req/s",
            f"≥ {share:.0%} of bare" if share else "",
            ratio,
            Verdict.of(ratio >= share) if share else Verdict.NONE,
            {"ratios": [one.ratio for one in rounds], "bare_per_s": bare, "ours_per_s": ours},
        ),
        Row(case, "  p50 / p99", "{:.1f} / {:.1f} ms".format(*latencies["ours"])),
    ]


def _memory_row(case: str, start: int, end: int, rounds: list[Round]) -> Row:
    count = sum(one.ours.requests for one in rounds)
    return Row(
        case,
        "  memory at start / after",
        f"{start / MIB:.0f} / {end / MIB:.0f} MiB ({count:,} requests)",
        numbers={"start": start, "end": end, "requests": count},
    )


def _truth_row(case: str, kind: Kind, mock: Mock, loads: list[Load], before: int) -> Row:
    """Nothing may have been refused, lost or left out of the journal: else the speed is that of something else."""
    answered = sum(load.requests for load in loads)
    refused = sum(load.refused for load in loads)
    broken = sum(load.broken for load in loads)
    missing = max(0, answered - refused - (mock.stored(kind.stored) - before)) if kind.stored else 0
    dropped = int(mock.health()["journal_dropped"])
    complaints = mock.complaints()
    return Row(
        case,
        "  not 2xx / broken / not stored / not journalled",
        f"{refused} / {broken} / {missing} / {dropped} of {answered:,}",
        "0",
        verdict=Verdict.of(not any((refused, broken, missing, dropped, complaints))),
        numbers={"answered": answered, "refused": refused, "missing": missing, "logged_complaints": complaints},
    )
