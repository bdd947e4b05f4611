"""The journal on a real disk."""

import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import Submission
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.exchange import Exchange, Outcome, PartRecord
from ihe_test_util.store.journal import QUEUE_EXCHANGES, Journal, JournalBounds
from ihe_test_util.store.journal_reader import JournalReader
from ihe_test_util.store.opening import Store

MakeExchange = Callable[..., Exchange]


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """A journal of at most 100 exchanges and a megabyte."""
    opened = Journal(tmp_path / "journal.sqlite", JournalBounds(exchanges=100, bytes=1_000_000))
    yield opened
    opened.close()


@pytest.fixture
def reader(tmp_path: Path) -> JournalReader:
    """Reads the same journal, as another process would."""
    return JournalReader(tmp_path)


def bodies(reader: JournalReader) -> list[bytes]:
    """The request bodies of all exchanges, oldest first."""
    return [reader.get(entry.exchange.id).request.body for entry in reader.tail(1_000_000)]


async def test_what_is_recorded_can_be_read(journal: Journal, reader: JournalReader, exchange: MakeExchange) -> None:
    """An exchange comes back as it was recorded, bodies, headers and all."""
    recorded = exchange()
    journal.record(recorded)
    await journal.flush()
    assert reader.get(recorded.id) == recorded
    (entry,) = reader.tail(10)
    assert (entry.exchange.id, entry.request_bytes) == (recorded.id, len(recorded.request.body))


async def test_the_number_of_exchanges_is_bounded(
    journal: Journal, reader: JournalReader, exchange: MakeExchange
) -> None:
    """The newest are kept, never more than the bound and not many fewer."""
    for number in range(1, 1001):
        journal.record(exchange(str(number).encode()))
        if number % 7 == 0:
            await journal.flush()
            assert min(number, 90) <= len(reader.tail(1000)) <= 100
    await journal.flush()
    found = [int(body) for body in bodies(reader)]
    assert found == list(range(1001 - len(found), 1001))


async def test_the_bytes_are_bounded(
    journal: Journal, reader: JournalReader, exchange: MakeExchange, tmp_path: Path
) -> None:
    """Large exchanges make room for newer ones, and the file does not grow beyond the bound by much."""
    for number in range(200):
        journal.record(exchange(bytes(50_000 + number)))
        await journal.flush()
    kept = bodies(reader)
    assert 15 <= len(kept) <= 20
    assert len(kept[-1]) == 50_199
    assert (tmp_path / "journal.sqlite").stat().st_size < 2_000_000


async def test_an_exchange_too_large_is_kept_without_its_bodies(
    journal: Journal, reader: JournalReader, exchange: MakeExchange
) -> None:
    """One message does not push out all others; the summary says what is missing."""
    journal.record(exchange(b"small"))
    journal.record(exchange(bytes(900_000)))
    await journal.flush()
    small, large = reader.tail(10)
    assert reader.get(small.exchange.id).request.body == b"small"
    assert large.request_bytes == 0
    assert "too large" in large.exchange.summary


async def test_bounds_change_while_it_runs(journal: Journal, reader: JournalReader, exchange: MakeExchange) -> None:
    """A tighter bound holds from the next exchange on."""
    for _ in range(50):
        journal.record(exchange())
    await journal.flush()
    journal.bounds = JournalBounds(exchanges=10, bytes=1_000_000)
    journal.record(exchange())
    await journal.flush()
    assert len(reader.tail(100)) == 10


async def test_purge_empties_the_journal_and_gives_space_back(
    journal: Journal, reader: JournalReader, exchange: MakeExchange, tmp_path: Path
) -> None:
    """Nothing is left of what was recorded, and the next exchange is kept."""
    for _ in range(50):
        journal.record(exchange(bytes(10_000)))
    assert await journal.purge() == 50
    assert reader.tail(10) == []
    assert (tmp_path / "journal.sqlite").stat().st_size < 200_000
    journal.record(exchange(b"after"))
    await journal.flush()
    assert bodies(reader) == [b"after"]


async def test_too_much_at_once_is_dropped_and_counted(
    journal: Journal, exchange: MakeExchange, caplog: pytest.LogCaptureFixture
) -> None:
    """When more waits than memory is set aside for, the rest is refused, counted, and logged once."""
    one = exchange(bytes(100_000))
    with caplog.at_level(logging.WARNING, logger="ihe_test_util.store"):
        for _ in range(2000):
            journal.record(one)
        await journal.flush()
    assert 1000 < journal.dropped < 2000
    assert [record.levelname for record in caplog.records if "dropped" in record.message] == ["WARNING"]


async def test_many_small_exchanges_wait_up_to_a_number(tmp_path: Path, exchange: MakeExchange) -> None:
    """Small exchanges are bounded by their number."""
    journal = Journal(tmp_path / "journal.sqlite")
    one = exchange(b"")
    for _ in range(QUEUE_EXCHANGES + 5000):
        journal.record(one)
    await journal.flush()
    assert journal.dropped + len(JournalReader(tmp_path).tail(100_000)) <= QUEUE_EXCHANGES + 5000
    journal.close()


async def test_text_that_is_no_unicode_is_journalled(
    journal: Journal, reader: JournalReader, exchange: MakeExchange
) -> None:
    """A hostile request line is shown escaped; its neighbours in the batch are untouched."""
    journal.record(exchange(b"before"))
    journal.record(exchange(b"hostile", target="/pix\udcff"))
    journal.record(exchange(b"after"))
    await journal.flush()
    assert bodies(reader) == [b"before", b"hostile", b"after"]
    assert reader.tail(3)[1].exchange.target == "/pix\\udcff"
    assert journal.dropped == 0


async def test_a_closed_journal_takes_nothing_and_raises_nothing(tmp_path: Path, exchange: MakeExchange) -> None:
    """The request path is never disturbed, not even at the end."""
    journal = Journal(tmp_path / "journal.sqlite")
    journal.close()
    journal.record(exchange())
    assert journal.dropped == 1
    with pytest.raises(StorageError):
        await journal.flush()


async def test_closing_writes_what_waits(tmp_path: Path, reader: JournalReader, exchange: MakeExchange) -> None:
    """What was recorded just before the end is there after it, and only the database is left."""
    journal = Journal(tmp_path / "journal.sqlite")
    for _ in range(300):
        journal.record(exchange())
    journal.close()
    assert os.listdir(tmp_path) == ["journal.sqlite"]  # noqa: PTH208 - pathlib's way blocks the loop as well
    assert len(reader.tail(1000)) == 300


async def test_two_processes_share_a_journal(tmp_path: Path, reader: JournalReader, exchange: MakeExchange) -> None:
    """Workers write to one journal: all is there, and the bound is for all together."""
    path = tmp_path / "journal.sqlite"
    both = [Journal(path, JournalBounds(exchanges=100)) for _ in range(2)]
    for number in range(200):
        both[number % 2].record(exchange(str(number).encode()))
        if number % 20 == 19:
            for journal in both:
                await journal.flush()
    for journal in both:
        journal.close()
    found = {int(body) for body in bodies(reader)}
    assert 90 <= len(found) <= 100
    assert found >= set(range(120, 200))


async def test_the_tail_can_be_narrowed(journal: Journal, reader: JournalReader, exchange: MakeExchange) -> None:
    """By outcome and by transaction; the last N of what matches, oldest first."""
    for number in range(20):
        failed = number % 2 == 0
        journal.record(
            exchange(
                str(number).encode(),
                outcome=Outcome.FAULT if failed else Outcome.SUCCESS,
                transaction="ITI-41" if number % 4 == 0 else "ITI-44",
            )
        )
    await journal.flush()

    def of(*, failed_only: bool = False, transaction: str = "") -> list[int]:
        entries = reader.tail(3, failed_only=failed_only, transaction=transaction)
        return [int(reader.get(entry.exchange.id).request.body) for entry in entries]

    assert of(failed_only=True) == [14, 16, 18]
    assert of(transaction="ITI-41") == [8, 12, 16]
    assert of(transaction="iti41") == [8, 12, 16]
    assert of(failed_only=True, transaction="ITI-44") == [10, 14, 18]


async def test_an_exchange_is_found_by_the_beginning_or_end_of_its_id(
    journal: Journal, reader: JournalReader, exchange: MakeExchange
) -> None:
    """As long as nobody else has it; what is ambiguous, unknown or too short is refused with a reason."""
    one, other = exchange(b"1"), exchange(b"2")
    journal.record(one)
    journal.record(other)
    await journal.flush()
    assert reader.get(one.id[-6:]) == one
    assert reader.get(other.id.upper()) == other
    for wanted, reason in (
        (one.id[:5], "more than one"),
        ("zzzzz", "no exchange"),
        ("a", "too short"),
        ("%%%%", "no ex"),
    ):
        with pytest.raises(BadInput, match=reason):
            reader.get(wanted)


async def test_following_shows_what_comes(journal: Journal, reader: JournalReader, exchange: MakeExchange) -> None:
    """Each matching exchange once, in order, also after a purge."""
    journal.record(exchange(b"0"))
    await journal.flush()
    last = reader.tail(1)[0].seq
    coming: Iterator[bytes] = iter([b"1", b"2", b"3"])
    news = reader.follow(after=last, failed_only=True, wait=lambda _: None)
    seen = []
    for body in coming:
        journal.record(exchange(b"success"))
        journal.record(exchange(body, outcome=Outcome.FAULT))
        await journal.flush()
        seen.append(reader.get(next(news).exchange.id).request.body)
        await journal.purge()
    assert seen == [b"1", b"2", b"3"]


def test_a_missing_journal_is_said_with_its_place(tmp_path: Path) -> None:
    """The message gives the absolute path that was looked at."""
    with pytest.raises(BadInput, match=r"there is no journal.*journal\.sqlite"):
        JournalReader(tmp_path / "nowhere").tail(1)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_parts_are_found_wherever_they_were_kept(
    store: Store, submission: Callable[..., Submission], exchange: MakeExchange
) -> None:
    """In the journal, at a path, or among the stored documents, small or large; what is nowhere is said to be so."""
    small, large = Content.of(b"<small/>"), Content.of(bytes(300_000))
    await store.documents.provide(submission(small, large), at=exchange().started)
    path = store.data_dir / "kept.bin"
    path.write_bytes(b"kept apart")
    parts = (
        PartRecord("a", "text/xml", small.size, small.sha1),
        PartRecord("b", "text/xml", large.size, large.sha1),
        PartRecord("c", "text/plain", 10, "ab" * 20, path=path),
        PartRecord("d", "text/plain", 7, "cd" * 20, data=b"refused"),
        PartRecord("e", "text/plain", 5, "ef" * 20),
    )
    recorded = exchange(parts=parts)
    store.journal.record(recorded)
    await store.journal.flush()
    reader = JournalReader(store.data_dir)
    found = reader.get(recorded.id).request.parts
    assert found == parts
    assert [reader.part_content(part).read() for part in found[:4]] == [
        b"<small/>",
        bytes(300_000),
        b"kept apart",
        b"refused",
    ]
    with pytest.raises(BadInput, match="not kept"):
        reader.part_content(found[4])


def test_a_damaged_journal_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    """Neither writer nor reader goes on with a file that is no database."""
    (tmp_path / "journal.sqlite").write_bytes(b"this is no database at all" * 1000)
    for use in (lambda: Journal(tmp_path / "journal.sqlite"), lambda: JournalReader(tmp_path).tail(1)):
        with pytest.raises(StorageError, match=r"damaged.*move the file"):
            use()


async def test_the_journal_is_readable_without_write_permission(journal: Journal, tmp_path: Path) -> None:
    """A file on a read-only disk, its server gone, is read as it lies."""
    journal.close()
    uri = f"{(tmp_path / 'journal.sqlite').as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
