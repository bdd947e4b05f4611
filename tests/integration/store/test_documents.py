"""Submissions in a real data directory."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import Submission
from ihe_test_util.errors import StorageError
from ihe_test_util.store.documents import SMALL_BYTES
from ihe_test_util.store.opening import Store

MakeSubmission = Callable[..., Submission]
LARGE = SMALL_BYTES + 1


def spooled(store: Store, data: bytes, name: str = "part.spool") -> Content:
    """Content as a reader leaves it: in a file of the spool directory."""
    path = store.spool_dir / name
    path.write_bytes(data)
    return Content.of_file(path, sha1=Content.of(data).sha1)


def files_of(directory: Path) -> list[Path]:
    """Every file under a directory."""
    return [path for path in sorted(directory.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 15_000, SMALL_BYTES, LARGE, 3_000_000])
async def test_a_document_comes_back_byte_for_byte(
    store: Store, submission: MakeSubmission, at: datetime, size: int
) -> None:
    """Whether it was held in memory or in a file, and wherever it is kept."""
    for where in ("memory", "file"):
        data = os.urandom(size)
        content = Content.of(data) if where == "memory" else spooled(store, data)
        await store.documents.provide(submission(content, unique_id=where), at=at)
        found = await store.documents.get(where)
        assert found is not None
        assert found.content.read() == data
        assert (found.content.size, found.entry_id, found.mime_type) == (size, "Document1", "text/xml")


async def test_files_of_the_spool_are_taken_over(store: Store, submission: MakeSubmission, at: datetime) -> None:
    """After a submission nothing of it is left where it was received."""
    small, large = spooled(store, b"small", "a.spool"), spooled(store, bytes(LARGE), "b.spool")
    await store.documents.provide(submission(small, large), at=at)
    assert [path.name for path in files_of(store.spool_dir)] == ["lock"]


async def test_the_same_large_document_is_kept_once(store: Store, submission: MakeSubmission, at: datetime) -> None:
    """Equal bytes share a file, also when they come at the same time."""
    data = os.urandom(LARGE)
    await asyncio.gather(
        *(
            store.documents.provide(submission(spooled(store, data, f"{n}.spool"), unique_id=f"2.999.{n}"), at=at)
            for n in range(8)
        )
    )
    assert len(files_of(store.data_dir / "content")) == 1
    assert await store.documents.count() == (8, 8)


async def test_another_document_with_the_same_hash_is_kept_beside(
    store: Store, submission: MakeSubmission, at: datetime
) -> None:
    """SHA-1 can be made to collide: the second document replaces nothing, and both come back."""
    one, other = bytes(LARGE), b"x" * LARGE
    for name, data in (("2.999.1", one), ("2.999.2", other)):
        (store.spool_dir / name).write_bytes(data)
        content = Content.of_file(store.spool_dir / name, sha1="ab" * 20)
        await store.documents.provide(submission(content, unique_id=name), at=at)
    first, second = await store.documents.get("2.999.1"), await store.documents.get("2.999.2")
    assert first is not None
    assert second is not None
    assert (first.content.read(), second.content.read()) == (one, other)


async def test_the_latest_of_two_with_one_unique_id_is_found(
    store: Store, submission: MakeSubmission, at: datetime
) -> None:
    """A uniqueId submitted twice leads to the newer document."""
    await store.documents.provide(submission(Content.of(b"old")), at=at)
    await store.documents.provide(submission(Content.of(b"new")), at=at)
    found = await store.documents.get("2.999.5")
    assert found is not None
    assert found.content.read() == b"new"


async def test_reset_forgets_documents_and_their_files(store: Store, submission: MakeSubmission, at: datetime) -> None:
    """After a reset neither row nor file is left, and the same document can come again."""
    data = os.urandom(LARGE)
    await store.documents.provide(submission(Content.of(data), Content.of(b"small")), at=at)
    await store.documents.reset()
    assert await store.documents.count() == (0, 0)
    assert files_of(store.data_dir / "content") == []
    await store.documents.provide(submission(Content.of(data)), at=at)
    assert await store.documents.count() == (1, 1)


async def test_a_submission_that_fails_leaves_nothing(store: Store, submission: MakeSubmission, at: datetime) -> None:
    """Of two documents, the second of which is gone, none is stored."""
    gone = Content.of_file(store.spool_dir / "gone.spool", size=LARGE, sha1="ab" * 20)
    with pytest.raises(StorageError):
        await store.documents.provide(submission(Content.of(bytes(LARGE)), gone), at=at)
    assert await store.documents.count() == (0, 0)
    assert files_of(store.data_dir / "content") == []
    assert [path.name for path in files_of(store.spool_dir)] == ["lock"]


async def test_a_submission_whose_row_is_refused_leaves_no_file(
    store: Store, submission: MakeSubmission, at: datetime
) -> None:
    """The files are in place before the row is; without the row they go again."""
    with pytest.raises(StorageError, match="refuses"):
        await store.documents.provide(submission(Content.of(bytes(LARGE)), unique_id="\ud800"), at=at)
    assert files_of(store.data_dir / "content") == []


async def test_copies_for_people_can_be_traced_back(store: Store, submission: MakeSubmission, at: datetime) -> None:
    """Each document becomes a file with its bytes; the index says which uniqueId it belongs to."""
    data = {"2.999.5": b"<small/>", "2.999.5.2": os.urandom(LARGE)}
    await store.saving_registry.documents.provide(submission(*(Content.of(one) for one in data.values())), at=at)
    directory = store.data_dir / "documents"
    lines = [json.loads(line) for line in (directory / "index.jsonl").read_text().splitlines()]
    assert {line["unique_id"]: (directory / line["file"]).read_bytes() for line in lines} == data


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "unique_id", ["../../../etc/passwd", "u" * 10_000, "a\0b", "a/b\\c", "\"quotes'", "CON", "/absolute", "~", ""]
)
async def test_copies_stay_in_their_directory(
    store: Store, submission: MakeSubmission, at: datetime, unique_id: str
) -> None:
    """A hostile uniqueId gives a safe name, and the index gives the uniqueId back."""
    await store.saving_registry.documents.provide(submission(Content.of(b"x"), unique_id=unique_id), at=at)
    directory = store.data_dir / "documents"
    (name,) = [path.name for path in directory.iterdir() if path.name != "index.jsonl"]
    (line,) = (directory / "index.jsonl").read_text().splitlines()
    assert json.loads(line)["unique_id"] == unique_id
    assert json.loads(line)["file"] == name
    assert (directory / name).read_bytes() == b"x"


async def test_copies_overwrite_nothing(store: Store, submission: MakeSubmission, at: datetime) -> None:
    """Other bytes under the same uniqueId become a second file; the same bytes again become none."""
    for data in (b"one", b"two", b"one"):
        await store.saving_registry.documents.provide(submission(Content.of(data)), at=at)
    directory = store.data_dir / "documents"
    found = sorted(path.read_bytes() for path in directory.iterdir() if path.name != "index.jsonl")
    assert found == [b"one", b"two"]
    assert await store.documents.count() == (3, 3)


async def test_without_copies_there_is_no_such_directory(
    store: Store, submission: MakeSubmission, at: datetime
) -> None:
    """By default submitted documents are not written out."""
    await store.documents.provide(submission(Content.of(b"x"), Content.of(bytes(LARGE))), at=at)
    assert not (store.data_dir / "documents").exists()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_another_machine_has_the_same_documents(
    store: Store, store_url: str, submission: MakeSubmission, at: datetime, tmp_path: Path
) -> None:
    """Two servers with directories of their own on one database are one domain, for large documents too."""
    data = bytes(range(256)) * 12_000
    await store.registry.provide(submission(Content.of(b"small"), Content.of(data)), lambda _: None, at=at)

    other = Store.open(tmp_path / "elsewhere", url=store_url)
    found = [await other.documents.get(name) for name in ("2.999.5", "2.999.5.2")]

    assert [one.content.read() for one in found if one is not None] == [b"small", data]
    await other.documents.remove(["2.999.5.2"])
    assert await store.documents.get("2.999.5.2") is None
    await other.close()
