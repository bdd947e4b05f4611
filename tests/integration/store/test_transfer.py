"""A domain written to a file and read into another, on either database."""

import asyncio
import json
import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import Submission
from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.registry.entry import Entry, Kind, in_registry
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.store.opening import Counts, Store
from ihe_test_util.xml.ebrim import ExtrinsicObject
from tests.support.registry_objects import document

LARGE = bytes(range(256)) * 4000
MakePatient = Callable[..., Patient]
MakeSubmission = Callable[..., Submission]


@pytest.fixture
async def filled(store: Store, patient: MakePatient, submission: MakeSubmission, at: datetime) -> Store:
    """A domain with a patient, a small and a large document, and an object of the registry."""
    source = ExtrinsicObject(id="urn:uuid:00000000-0000-4000-8000-000000000001", object_type="x")
    entry = Entry.of(Kind.DOCUMENT_ENTRY, in_registry(source))
    await store.patients.feed(patient(), at=at)
    given = submission(Content.of(b"\x00small\xff"), Content.of(LARGE))
    await store.registry.provide(given, lambda registry: registry.add([entry]), at=at)
    return store


async def test_an_exported_domain_is_the_same_elsewhere(filled: Store, patient: MakePatient, tmp_path: Path) -> None:
    """Patients, documents byte for byte, and registry come back in a new data directory."""
    archive = tmp_path / "domain.zip"

    written = await filled.export(archive)
    other = Store.open(tmp_path / "other")
    read = await other.load(archive)

    assert written == read
    assert await other.counts() == Counts(1, 1, 2)
    assert await other.patients.get("2.999.1.1", "P-1") == patient()
    contents = [await other.documents.get(name) for name in ("2.999.5", "2.999.5.2")]
    assert [one.content.read() for one in contents if one is not None] == [b"\x00small\xff", LARGE]
    ids = ["urn:uuid:00000000-0000-4000-8000-000000000001"]
    assert await other.registry.look(lambda view: view.by_ids(ids)) == await filled.registry.look(
        lambda view: view.by_ids(ids)
    )
    await other.close()


async def test_an_emptied_domain_takes_its_export_back(filled: Store, tmp_path: Path) -> None:
    """Export, reset, import: what was there is there again; without the reset it is refused."""
    archive = tmp_path / "domain.zip"
    await filled.export(archive)

    with pytest.raises(BadInput, match="not empty"):
        await filled.load(archive)
    await filled.reset()
    assert await filled.counts() == Counts(0, 0, 0)
    await filled.load(archive)

    assert await filled.counts() == Counts(1, 1, 2)
    found = await filled.documents.get("2.999.5.2")
    assert found is not None
    assert found.content.read() == LARGE


async def test_nothing_is_overwritten(filled: Store, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    there = tmp_path / "domain.zip"
    there.write_bytes(b"mine")

    with pytest.raises(BadInput, match="there already"):
        await filled.export(there)

    assert there.read_bytes() == b"mine"


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
async def test_an_export_is_for_its_owner(filled: Store, tmp_path: Path) -> None:
    """It holds every patient and every document."""
    await filled.export(tmp_path / "domain.zip")

    assert (tmp_path / "domain.zip").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_failed_export_leaves_no_file(filled: Store, tmp_path: Path) -> None:
    """Half a domain is worth nothing, and would be in the way of the next attempt."""
    (large,) = [path for path in filled.data_dir.glob("content/*/*") if path.is_file()]
    large.unlink()

    with pytest.raises(StorageError):
        await filled.export(tmp_path / "domain.zip")

    assert not (tmp_path / "domain.zip").exists()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_an_export_holds_what_came_to_another_machine(filled: Store, tmp_path: Path) -> None:
    """The bytes of a large document are fetched from the database where this machine has not seen them."""
    (large,) = [path for path in filled.data_dir.glob("content/*/*") if path.is_file()]
    large.unlink()

    await filled.export(tmp_path / "domain.zip")

    with zipfile.ZipFile(tmp_path / "domain.zip") as archive:
        assert archive.read(large.relative_to(filled.data_dir).as_posix()) == LARGE


async def test_a_domain_with_objects_alone_is_not_empty(filled: Store, store_url: str, tmp_path: Path) -> None:
    """What was registered by ITI-42, without documents, is not mixed with what an export brings."""
    archive = tmp_path / "domain.zip"
    await filled.export(archive)
    await filled.reset()
    entry = document(7)
    await filled.registry.change(lambda change: change.add([entry]))

    with pytest.raises(BadInput, match="not empty"):
        await filled.load(archive)

    assert store_url is not None
    assert await filled.counts() == Counts(0, 0, 0)


def damaged(source: Path, target: Path, name: str, data: bytes | None) -> None:
    """A copy of an archive with other bytes under a name; without it where there are none."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        if data is not None:
            new.writestr(name, data)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("manifest.json", b"{}", "no export of a domain"),
        ("manifest.json", None, "no export of a domain"),
        (
            "manifest.json",
            json.dumps({"format": "ihe-test-util domain", "version": 99, "rows": {}}).encode(),
            "another version",
        ),
        ("../evil", b"x", "belongs nowhere"),
        ("content/../../evil", b"x", "belongs nowhere"),
        ("patients.jsonl", b"not json\n", "cannot be read"),
        ("patients.jsonl", b'{"root; DROP TABLE patients": 1}\n', "cannot be read"),
        ("patients.jsonl", None, "no export of a domain"),
        (f"content/ab/ab{'0' * 38}", b"x", "is damaged"),
    ],
)
async def test_a_file_that_is_no_export_leaves_the_domain_empty(
    filled: Store, tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    """Hostile or broken archives are refused as a whole, and nothing is written outside."""
    await filled.export(tmp_path / "domain.zip")
    await asyncio.to_thread(damaged, tmp_path / "domain.zip", tmp_path / "bad.zip", name, data)
    other = Store.open(tmp_path / "deep" / "other")

    with pytest.raises(BadInput, match=said):
        await other.load(tmp_path / "bad.zip")

    assert await other.counts() == Counts(0, 0, 0)
    assert not any(name == "evil" for _, _, names in os.walk(tmp_path) for name in names)
    await other.close()


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"{}", "no export of a domain"),
        (json.dumps({"format": "ihe-test-util domain", "version": 99, "rows": {}}).encode(), "another version"),
    ],
)
async def test_a_wrong_file_is_told_before_a_domain_that_is_not_empty(
    filled: Store, tmp_path: Path, manifest: bytes, said: str
) -> None:
    """Nobody empties a domain for a file that cannot be read."""
    await filled.export(tmp_path / "domain.zip")
    await asyncio.to_thread(damaged, tmp_path / "domain.zip", tmp_path / "bad.zip", "manifest.json", manifest)

    with pytest.raises(BadInput, match=said):
        await filled.load(tmp_path / "bad.zip")

    assert await filled.counts() == Counts(1, 1, 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="an export is held up by a pipe in place of a document")
async def test_queries_are_answered_while_an_export_is_held_up(
    filled: Store, patient: MakePatient, tmp_path: Path
) -> None:
    """It reads on a connection of its own, the domain as it was when it began."""
    (large,) = [path for path in filled.data_dir.glob("content/*/*") if path.is_file()]
    large.unlink()
    os.mkfifo(large)
    archive = tmp_path / "domain.zip"

    export = asyncio.create_task(filled.export(archive))
    with await asyncio.to_thread(large.open, "wb") as pipe:  # opens when the export does
        async with asyncio.timeout(60):
            found = await filled.patients.get("2.999.1.1", "P-1")
        pipe.write(b"the bytes it waits for")
    written = await export

    assert found == patient()
    assert written.rows["patients"] == 1


async def test_what_is_no_archive_is_told(store: Store, tmp_path: Path) -> None:
    """Any other file."""
    (tmp_path / "x.zip").write_bytes(b"PK not")

    with pytest.raises(BadInput, match="no export of a domain"):
        await store.load(tmp_path / "x.zip")
