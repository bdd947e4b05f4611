"""``--resume`` alone goes on as the run began; what is chosen otherwise is said, or refused."""

import asyncio
import json
from typing import Any

import pytest

from ihe_test_util.batch.checkpoint import header_of
from ihe_test_util.store.journal_reader import JournalReader

RESUME = ("submit", "--resume", "output/results/results.jsonl")
#: Patient 1 fails for good, so that something is left to be done.
FAILING = {"iti41_behavior.failing_patients": {"PAT-1": {"code": "Sender", "reason": "locked"}}}
OTHERWISE = "from now on"


async def last_request(bench: Any) -> Any:
    """The last message that the mock got."""
    journal = JournalReader(bench.data_dir)
    (entry,) = await asyncio.to_thread(lambda: journal.tail(1))
    return (await asyncio.to_thread(journal.get, entry.exchange.id)).request


async def test_rows_that_are_left_out_stay_left_out(start_bench: Any) -> None:
    """--skip-invalid need not be said again."""
    bench = await start_bench(FAILING)
    text = bench.path(bench.patients(3)).read_text()
    bench.path("patients.csv").write_text(f"{text}C,D,2980-01-01,X,2.999.1.2,BAD,Basel\n")
    first = await bench.run("submit", "patients.csv", "--skip-invalid")
    done = await bench.run(*RESUME)
    assert (first.returncode, done.returncode) == (2, 2)
    assert bench.summary()["by_status"] == {"submitted": 2, "failed": 1, "invalid": 1}
    assert done.stderr.count(OTHERWISE) == 0


async def test_messages_stay_what_they_were(start_bench: Any) -> None:
    """SOAP version, addressing, certificate, assertion: as at the beginning, without a word on the command line."""
    bench = await start_bench(FAILING)
    bench.patients(2)
    assert (await bench.run("certs", "init")).returncode == 0
    how = ("--soap", "1.1", "--no-addressing", "--cert", "mocks/client-cert.pem", "--key", "mocks/client-key.pem")
    await bench.run("submit", "patients.csv", *how, "--assertion-per", "run")
    assert (await bench.run(*RESUME)).returncode == 2
    message = await last_request(bench)
    assert b"http://schemas.xmlsoap.org/soap/envelope/" in message.body
    assert b"http://www.w3.org/2005/08/addressing" not in message.body
    assert b"Assertion " in message.body


async def test_what_is_chosen_otherwise_is_said(start_bench: Any) -> None:
    """It holds for this part and those after it."""
    bench = await start_bench(FAILING)
    bench.patients(2)
    await bench.run("submit", "patients.csv", "--soap", "1.1")
    second = await bench.run(*RESUME, "--soap", "1.2")
    third = await bench.run(*RESUME)
    assert "--soap is 1.2 from now on; it was 1.1" in second.stderr
    assert third.stderr.count(OTHERWISE) == 0
    assert b"http://www.w3.org/2003/05/soap-envelope" in (await last_request(bench)).body


async def test_urls_are_those_of_the_beginning(bench: Any) -> None:
    """Given by hand at first, they are used again; a mended one stays, also for the run after the next."""
    bench.patients(2)
    nowhere = "http://127.0.0.1:1/nobody"
    variables = {"IHE_TEST_PIX_ADD_URL": nowhere, "IHE_TEST_ITI41_URL": nowhere}
    pix, iti = ("--pix-add-url", f"{bench.peer.url}/pix/add"), ("--iti41-url", f"{bench.peer.url}/iti41/submit")
    first = await bench.run("submit", "patients.csv", *pix, "--iti41-url", nowhere, **variables)
    assert first.returncode == 3
    mended = await bench.run(*RESUME, *iti, "--fail-fast", **variables)
    assert (mended.returncode, "--iti41-url is" in mended.stderr) == (0, True)
    assert (await bench.run(*RESUME, **variables)).returncode == 0
    assert header_of(bench.path("output/results/results.jsonl")).iti41_url == iti[1]
    assert len(bench.saved()) == 2


async def test_the_configuration_is_that_of_the_beginning(start_bench: Any) -> None:
    """Also from another directory, and where it was found by itself."""
    bench = await start_bench(FAILING)
    bench.patients(2)
    bench.path("config").mkdir()
    bench.path("config", "config.json").write_text(json.dumps({"metadata": {"title": "Letter"}}))
    await bench.run("submit", "patients.csv")
    bench.path("elsewhere").mkdir()
    resumed = ("submit", "--resume", str(bench.path("output/results/results.jsonl")))
    done = await bench.run(*resumed, cwd="elsewhere")
    assert (done.returncode, bench.summary()["handled_now"]) == (2, 1), done.stderr


async def test_a_dry_run_stays_one(bench: Any) -> None:
    """Nothing is sent by --resume of a run that was to send nothing."""
    bench.patients(2)
    await bench.run("submit", "patients.csv", "--dry-run")
    assert (await bench.run(*RESUME)).returncode == 0
    assert (await bench.peer.server.store.counts()).patients == 0


@pytest.mark.parametrize("directory", ["other", "output/results"])
async def test_a_run_stays_in_its_directory(start_bench: Any, directory: str) -> None:
    """Another --output-dir would leave reports there that lead to documents here."""
    bench = await start_bench(FAILING)
    bench.patients(2)
    await bench.run("submit", "patients.csv")
    refused = await bench.run(*RESUME, "--output-dir", directory)
    assert refused.returncode == 1
    assert "leave --output-dir out" in refused.stderr
    assert not bench.path("other").exists()
    assert (await bench.run(*RESUME, "--output-dir", "./output/")).returncode == 2
