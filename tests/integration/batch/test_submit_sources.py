"""Where ``submit`` takes its patients from: standard input, pipes, files of odd names."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest


async def test_patients_come_from_standard_input(bench: Any) -> None:
    """They are kept, so that the run can go on later."""
    bench.patients(2)
    data = bench.path("patients.csv").read_text()
    done = await bench.run_with(data, "submit", "-")
    assert done.returncode == 0, done.stderr
    assert bench.path("output", "results", "input.csv").read_text() == data
    assert (await bench.run("submit", "--resume", "output/results/results.jsonl")).returncode == 0
    assert len(bench.saved()) == 2


async def test_standard_input_of_another_run_is_not_written_over(bench: Any) -> None:
    """What was kept for one run stays for it; the same patients are kept once."""
    bench.patients(2)
    data = bench.path("patients.csv").read_text()
    for text in (data, data.replace("PAT-", "OTHER-"), data):
        assert (await bench.run_with(text, "submit", "-")).returncode == 0
    results = bench.path("output", "results")
    assert sorted(one.name for one in results.glob("input*")) == ["input-1.csv", "input.csv"]
    resumed = await bench.run("submit", "--resume", "output/results/results-1.jsonl")
    assert resumed.returncode == 0, resumed.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
async def test_patients_come_from_a_pipe(bench: Any) -> None:
    """A pipe gives its bytes once (<(…) of a shell); they are kept as those of standard input are."""
    bench.patients(2)
    os.mkfifo(bench.path("pipe"))
    data = bench.path("patients.csv").read_bytes()
    writing = asyncio.create_task(asyncio.to_thread(bench.path("pipe").write_bytes, data))
    done = await bench.run("submit", "pipe")
    await writing
    assert done.returncode == 0, done.stderr
    assert bench.path("output", "results", "input.csv").read_bytes() == data


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no such device")
async def test_a_device_is_no_file_of_patients(bench: Any) -> None:
    """One that never ends would be read for ever."""
    done = await bench.run("submit", "/dev/zero")
    assert done.returncode == 1
    assert "this is a device" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems demand names that are Unicode")
async def test_names_of_files_may_be_no_utf8(bench: Any) -> None:
    """Directory and file are found again, the results are JSON, and nothing is lost at the end."""
    bench.patients(2, "p\udcff.csv")
    done = await bench.run("submit", "p\udcff.csv", "--output-dir", "o\udcff", PYTHONUTF8="1")
    assert done.returncode == 0, done.stderr
    assert bench.summary("o\udcff/results/summary.json")["csv"].endswith("p\udcff.csv")
    again = await bench.run("submit", "--resume", "o\udcff/results/results.jsonl", PYTHONUTF8="1")
    assert again.returncode == 0, again.stderr
    assert len(bench.saved()) == 2
