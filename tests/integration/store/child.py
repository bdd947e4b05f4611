"""A process that writes to a store until it is done or killed; each line on stdout names a write that returned."""

import asyncio
import os
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import StorageError
from ihe_test_util.exchange import Exchange, Message, Outcome, new_exchange_id
from ihe_test_util.store.opening import Store
from ihe_test_util.xml.hl7v3 import II, PN

ROOT = "2.999.1.1"
AT = datetime(2026, 1, 31, tzinfo=UTC)
#: Every so manieth document is large enough to become a file of its own.
LARGE_EVERY = 5


def patient(key: str) -> Patient:
    """The patient that is fed under a key."""
    return Patient((II(ROOT, key),), (PN.of(f"Family {key}", "Given"),), "F", "19800229")


def content(key: str) -> bytes:
    """The bytes of the document that is provided under a key."""
    number = int(key.rpartition("-")[2])
    size = 300_000 + number if number % LARGE_EVERY == 0 else 2_000 + number
    return random.Random(key).randbytes(size)  # noqa: S311 - reproducible bytes, not secrets


def say(line: str) -> None:
    """Write a line at once, whole."""
    os.write(1, f"{line}\n".encode())


async def feed(store: Store, key: str) -> None:
    """Feed one patient."""
    await store.patients.feed(patient(key), at=AT)
    say(f"p {key}")


async def provide(store: Store, key: str) -> None:
    """Provide one document, from a spool file when it is large."""
    data = content(key)
    held = Content.of(data)
    if len(data) > 256 * 1024:
        path = store.spool_dir / f"{key}.spool"
        try:
            path.write_bytes(data)
        except OSError as error:  # as the reader of packages has it
            path.unlink()
            raise StorageError("an attachment could not be written to the spool directory") from error
        held = Content.of_file(path)
    document = StoredDocument("Document1", f"2.999.5.{key}", "text/xml", held)
    await store.documents.provide(Submission(f"2.999.4.{key}", "", "", b"<m/>", (document,)), at=AT)
    say(f"d {key}")


def record(store: Store, key: str) -> None:
    """Record one exchange, its key for a body."""
    body = Message((), key.encode())
    exchange = Exchange(
        new_exchange_id(), AT, 0.1, "127.0.0.1", "POST", "/", "ITI-44", "x", Outcome.SUCCESS, 200, "CA", body
    )
    store.journal.record(exchange)


async def write_many(data_dir: Path, name: str, count: int) -> None:
    """Write ``count`` patients, documents and exchanges, several at a time."""
    store = Store.open(data_dir)
    say("open")
    keys = iter(range(count))

    async def work() -> None:
        for number in keys:
            key = f"{name}-{number}"
            await feed(store, key)
            await provide(store, key)
            record(store, key)

    await asyncio.gather(*(work() for _ in range(8)))
    await store.close()
    say("closed")


async def meet_a_full_disk(data_dir: Path) -> None:
    """Write until files may not grow, then with room again, and say how each write ended."""
    import resource  # noqa: PLC0415 - not on Windows

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = Store.open(data_dir)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for name, limit in (("before", hard), ("full", 64 * 1024), ("after", hard)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        for number in range(200):
            for write in (feed, provide):
                try:
                    await write(store, f"{name}-{number}")
                except StorageError as error:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                    say(f"e {name}-{number} {error.message}")
                    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            record(store, f"{name}-{number}")
        await store.journal.flush()
    await store.close()
    say(f"dropped {store.journal.dropped}")


def meet_read_only(data_dir: Path) -> None:
    """Open a directory as a user who may not write to it."""
    os.setgid(65534)
    os.setuid(65534)
    try:
        Store.open(data_dir)
    except StorageError as error:
        say(str(error))


def main() -> None:
    """Run the scene that the command line names."""
    scene, data_dir = sys.argv[1], Path(sys.argv[2])
    if scene == "write":
        asyncio.run(write_many(data_dir, sys.argv[3], int(sys.argv[4])))
    elif scene == "full":
        asyncio.run(meet_a_full_disk(data_dir))
    else:
        meet_read_only(data_dir)


if __name__ == "__main__":
    main()
