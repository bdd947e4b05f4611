"""What was acknowledged is there: after kill -9, beside other processes, around a full disk."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from ihe_test_util.store.journal_reader import JournalReader
from ihe_test_util.store.opening import Store

ROUNDS = 20

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and RLIMIT_FSIZE are POSIX")


async def started(script: Path, *args: str | Path) -> asyncio.subprocess.Process:
    """A child that runs a scene."""
    return await asyncio.create_subprocess_exec(sys.executable, script, *args, stdout=asyncio.subprocess.PIPE)


async def lines(process: asyncio.subprocess.Process) -> AsyncIterator[str]:
    """The whole lines that a process writes until it ends."""
    assert process.stdout is not None
    while (line := await process.stdout.readline()).endswith(b"\n"):
        yield line.decode().strip()


async def missing(store: Store, child: ModuleType, acknowledged: list[str]) -> list[str]:
    """The acknowledged writes that are not there, or not byte for byte."""
    lost = []
    for line in acknowledged:
        kind, _, key = line.partition(" ")
        if kind == "p" and await store.patients.get(child.ROOT, key) != child.patient(key):
            lost.append(line)
        if kind == "d":
            document = await store.documents.get(f"2.999.5.{key}")
            if document is None or document.content.read() != child.content(key):
                lost.append(line)
    return lost


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_by_kill_9(data_dir: Path, child_script: Path, child: ModuleType) -> None:
    """Killed twenty times at any moment, the store opens, holds every acknowledged write, and no leftovers."""
    acknowledged: list[str] = []
    for round_ in range(ROUNDS):
        process = await started(child_script, "write", data_dir, f"r{round_}", "1000000")
        patience = random.choice([0, 1, 2, 5, 10, 30, 60])  # noqa: S311 - any moment will do
        async for line in lines(process):
            if line != "open":
                acknowledged.append(line)
            patience -= 1
            if patience < 0 and process.returncode is None:
                patience = sys.maxsize
                process.kill()
        await process.wait()
    last = await started(child_script, "write", data_dir, "last", "20")
    acknowledged += [line async for line in lines(last) if " " in line]
    assert await last.wait() == 0
    assert len(JournalReader(data_dir).tail(1_000_000)) >= 20
    store = Store.open(data_dir)
    assert await missing(store, child, acknowledged) == []
    assert [path.name for path in (data_dir / "spool").iterdir()] == [store.spool_dir.name]
    counts = await store.counts()
    large = [path for path in (data_dir / "content").glob("*/*") if path.is_file()]
    names = [f"r{round_}" for round_ in range(ROUNDS)] + ["last"]
    known = [f"{name}-{number}" for name in names for number in range(0, 1000, child.LARGE_EVERY)]
    found = [document for key in known if (document := await store.documents.get(f"2.999.5.{key}")) is not None]
    assert sorted(large) == sorted(document.content.path for document in found if document.content.path is not None)
    assert counts.documents >= sum(line.startswith("d") for line in acknowledged)
    await store.close()


@pytest.mark.slow
async def test_processes_write_side_by_side(data_dir: Path, child_script: Path, child: ModuleType) -> None:
    """Three processes on one directory lose nothing of each other's."""
    processes = [await started(child_script, "write", data_dir, name, "150") for name in ("a", "b", "c")]
    told = [[line async for line in lines(process)] for process in processes]
    for process, output in zip(processes, told, strict=True):
        assert await process.wait() == 0
        assert len(output) == 302
    store = Store.open(data_dir)
    acknowledged = [line for output in told for line in output[1:-1]]
    assert await missing(store, child, acknowledged) == []
    assert (await store.counts()).patients == 450
    await store.close()
    written = {entry.exchange.id for entry in JournalReader(data_dir).tail(1000)}
    assert len(written) == 450


async def test_a_full_disk_is_told_and_survived(data_dir: Path, child_script: Path, child: ModuleType) -> None:
    """While files may not grow writes fail as StorageError; what is acknowledged is there, and later writes succeed."""
    process = await started(child_script, "full", data_dir)
    output = [line async for line in lines(process)]
    assert await process.wait() == 0
    failed = {line.split()[1] for line in output if line.startswith("e ")}
    assert len(failed) > 100
    assert all(key.startswith("full") for key in failed)
    acknowledged = [line for line in output if line[:2] in {"p ", "d "}]
    assert sum("after" in line for line in acknowledged) == 400
    store = Store.open(data_dir)
    assert await missing(store, child, acknowledged) == []
    await store.close()
