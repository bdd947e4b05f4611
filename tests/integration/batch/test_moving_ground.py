"""Runs whose file of patients changes under them, and what is known of a document that is sent again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.batch.checkpoint import Checkpoint
from ihe_test_util.batch.job import Job, JobOptions, Watch
from ihe_test_util.batch.results import Status, Stopped
from ihe_test_util.batch.run import RunOptions, Stop
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.xml.ebrim import urns
from tests.support.endpoints import SILENCE, Asked, http, standing_in

HEADER = "first_name,last_name,dob,gender,patient_id_oid,patient_id\n"
ROW = "Given,Family,1980-01-01,F,2.999.1.2,PAT-{}\n"
LONG = HEADER + "".join(ROW.format(number) for number in range(20_000))
CONFIG = ClientConfig.model_validate({"transport": {"max_retries": 0}})


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """A file of patients that is longer than what is read of it at a time."""
    path = tmp_path / "patients.csv"
    path.write_text(LONG)
    return path


def short(path: Path, count: int) -> None:
    """Write a file of so many patients."""
    path.write_text(HEADER + "".join(ROW.format(number) for number in range(count)))


@pytest.fixture
def options(csv: Path, tmp_path: Path) -> Callable[..., JobOptions]:
    """A job for two endpoints at a URL, one patient at a time."""

    def made(url: str, **more: Any) -> JobOptions:
        endpoints = {card.name: Endpoint(url) for card in (pix_add.SPEC, iti41.SPEC)}
        return replace(JobOptions(csv, tmp_path / "out", CONFIG, endpoints, run=RunOptions(concurrency=1)), **more)

    return made


@pytest.mark.parametrize("change", ["grown", "other", "cut"])
async def test_a_file_that_changes_stops_the_run(csv: Path, options: Callable[..., JobOptions], change: str) -> None:
    """Rows of another file than the one that was checked are not sent; what was sent is summed up."""
    text = LONG
    changed = {"grown": text + ROW.format("NEW"), "other": text.replace("Given", "Other"), "cut": text[:300_000]}[
        change
    ]
    async with standing_in(Asked.success) as standin:

        def change_it(_: object) -> None:
            if len(standin.asked) == 2:
                csv.write_text(changed)

        with Job(options(standin.url)) as job:
            summary = await job.run(Stop(), Watch(on_result=change_it))
    assert (summary.stopped, summary.exit_code) == (Stopped.CRITICAL, 3)
    assert summary.reason is not None
    assert "was changed while" in summary.reason.message
    assert summary.succeeded == 1
    assert len(standin.asked) == 2


async def test_a_file_that_was_only_touched_is_the_same(csv: Path, options: Callable[..., JobOptions]) -> None:
    """Other times of the same bytes are no change."""
    short(csv, 2)

    def touch(_: object) -> None:
        csv.write_bytes(csv.read_bytes())

    async with standing_in(Asked.success) as standin:
        with Job(options(standin.url)) as job:
            summary = await job.run(Stop(), Watch(on_result=touch))
    assert (summary.exit_code, summary.succeeded) == (0, 2)


async def test_a_failure_is_forgotten_once_the_document_is_sent_again(
    csv: Path, options: Callable[..., JobOptions], tmp_path: Path
) -> None:
    """What ends in the middle of sending again has an unknown outcome, not the refusal of before."""
    short(csv, 1)
    results = tmp_path / "out/results/results.jsonl"
    stop = Stop()

    def refuse(asked: Asked) -> bytes:
        return asked.success() if asked.card is pix_add.SPEC else http(asked.registered(urns.FAILURE))

    def be_silent(_: Asked) -> bytes:
        stop.ask(Stopped.INTERRUPTED)
        stop.hurry()
        return SILENCE

    async with standing_in(refuse) as standin:
        with Job(options(standin.url)) as job:
            assert (await job.run(Stop(), Watch())).failed == 1
        standin.answer = be_silent
        with Job(options(standin.url, csv=None, resume=results)) as job:
            summary = await job.run(stop, Watch())
    assert (summary.failed, summary.unfinished) == (0, 1)
    with Checkpoint.read(results) as checkpoint:
        assert [one.status for one in checkpoint.results()] == [Status.REGISTERED]
