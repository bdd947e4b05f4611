"""Runs that are ended before their time, and go on."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from ihe_test_util.exchange import Outcome
from ihe_test_util.store.journal_reader import JournalReader
from tests.support.forking import CAN_FORK

RESULTS = "output/results/results.jsonl"
SLOW = {"pix_add_behavior.response_delay_ms": 15, "iti41_behavior.response_delay_ms": 15}


async def grown(path: Path, size: int, ended: Callable[[], bool]) -> None:
    """Wait until a file has grown beyond a size, or the process that writes it has ended."""

    def watch() -> None:
        while not ended() and (not path.exists() or path.stat().st_size <= size):
            time.sleep(0.002)  # nothing tells when another process writes to a file

    await asyncio.to_thread(watch)


def _has_ended(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def acknowledged(path: Path) -> set[str]:
    """The documents that a checkpoint says are acknowledged; a torn last line says nothing."""
    lines = path.read_bytes().split(b"\n")[1:-1]
    found = (json.loads(line) for line in lines)
    return {one["document_id"] for one in found if one["status"] == "submitted"}


@pytest.mark.slow
@pytest.mark.skipif(not CAN_FORK, reason="begins its processes by fork")
@pytest.mark.timeout(400)
async def test_kill_at_any_moment_costs_nothing(start_bench: Any) -> None:
    """Fifty kills -9, each followed by --resume: every patient is registered and submitted once, by the server's files.

    What was acknowledged is never sent again. What was in flight may be sent again, then with the same identifiers and
    the same bytes.
    """
    bench = await start_bench(SLOW)
    bench.patients(150)
    results, chance = bench.path(RESULTS), random.Random(20260301)  # noqa: S311 - moments, not secrets
    safe = Counter[str]()
    forking, environ = bench.forking, bench.command.environ(bench.variables)
    for _ in range(50):
        args = ["submit", "--quiet", "--concurrency", "3", "--checkpoint-interval", "5"]
        args += ["--resume", RESULTS] if results.exists() else ["patients.csv"]
        before = results.stat().st_size if results.exists() else 0
        pid = await asyncio.to_thread(forking.begin, args, cwd=bench.directory, environ=environ)
        await grown(results, before + chance.randrange(1500), partial(_has_ended, pid))
        await asyncio.sleep(chance.random() * 0.01)
        os.kill(pid, signal.SIGKILL)
        assert await asyncio.to_thread(forking.end) == -signal.SIGKILL
        provided = Counter(one["unique_id"] for one in bench.saved())
        for unique_id, count in safe.items():
            assert provided[unique_id] == count, "sent again after it was acknowledged"
        safe = Counter({one: provided[one] for one in (acknowledged(results) if results.exists() else ())})
    done = await bench.run("submit", "--resume", RESULTS)
    assert done.returncode == 0, done.stdout + done.stderr
    await check_all_once(bench, 150)


async def check_all_once(bench: Any, count: int) -> None:
    """Every patient of the run is at the server once, under one identifier and with one content."""
    patients = bench.summary()["patients"]
    assert len(patients) == count
    contents: dict[str, set[tuple[str, str]]] = {}
    for one in bench.saved():
        contents.setdefault(one["unique_id"], set()).add((one["sha1"], one["submission_set_unique_id"]))
    assert {one["document_id"]: {(one["sha1"], one["submission_set_id"])} for one in patients} == contents
    assert (await bench.peer.server.store.counts()).patients == count
    journal = JournalReader(bench.data_dir)
    entries = await asyncio.to_thread(lambda: journal.tail(100_000, transaction="ITI-44"))
    whole = [entry.exchange.id for entry in entries if entry.exchange.outcome is Outcome.SUCCESS]
    messages = [(await asyncio.to_thread(journal.get, one)).request.body for one in whole]
    assert len(set(messages)) == count, "a registration was sent again with other bytes"


async def test_ctrl_c_finishes_what_is_in_flight(start_bench: Any) -> None:
    """Exit code 130, complete results, how to go on; and going on does the rest, once each."""
    bench = await start_bench(SLOW)
    bench.patients(200)
    process = bench.command.begin("submit", "patients.csv", **bench.variables)
    await grown(bench.path(RESULTS), 3000, lambda: process.poll() is not None)
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.to_thread(process.communicate)
    assert process.returncode == 130, out + err
    assert f"--resume {RESULTS}" in out
    found = bench.summary()
    assert found["stopped"] == "interrupted"
    assert set(found["by_status"]) == {"submitted"}, "what was in flight was finished"
    assert found["not_reached"] > 0
    done = await bench.run("submit", "--resume", RESULTS)
    assert done.returncode == 0
    assert len(bench.saved()) == 200
    await check_all_once(bench, 200)


async def test_a_second_ctrl_c_does_not_wait(bench: Any, silent: str) -> None:
    """A server that hangs holds nobody up; what was given up is sent again later with the same ids."""
    bench.patients(20)
    process = bench.command.begin("submit", "patients.csv", "--pix-add-url", silent, **bench.variables)
    await grown(bench.path(RESULTS), 1000, lambda: process.poll() is not None)
    process.send_signal(signal.SIGINT)
    said = [await asyncio.to_thread(process.stderr.readline) for _ in range(3)]
    assert ["plain HTTP" in line for line in said] == [True, True, False]
    assert "Stopping" in said[2]
    process.send_signal(signal.SIGINT)
    await asyncio.to_thread(process.communicate)
    assert process.returncode == 130
    assert set(bench.summary()["by_status"]) == {"sending"}


async def test_one_run_is_the_work_of_one_process(bench: Any, silent: str) -> None:
    """A second --resume of a run that is going on is refused, and so is a new run in its place."""
    bench.patients(20)
    process = bench.command.begin("submit", "patients.csv", "--pix-add-url", silent, **bench.variables)
    await grown(bench.path(RESULTS), 1000, lambda: process.poll() is not None)
    second = await bench.run("submit", "--resume", RESULTS)
    other = await bench.run("submit", "patients.csv")
    psutil.Process(process.pid).kill()
    await asyncio.to_thread(process.communicate)
    assert (second.returncode, other.returncode) == (1, 1)
    assert "another process works on this run" in second.stderr
    assert "a run is going on" in other.stderr
