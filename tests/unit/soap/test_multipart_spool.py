"""Where the parts of a package lie while it is read: in memory, or in files that go when they should."""

import hashlib
import os
import stat
import sys
from pathlib import Path

import pytest

from ihe_test_util.errors import MessageTooLarge, StorageError
from ihe_test_util.soap.multipart import MultipartLimits, MultipartReader, read_package
from tests.support.packages import TYPE, body, part, read_in_pieces


def test_a_large_attachment_goes_to_a_file_of_ours(tmp_path: Path) -> None:
    """Over spool_over bytes: a file with a name of our own, for our eyes only, with size and hash known."""
    content = os.urandom(100_000)
    data = body(part(b"<a/>", "root"), part(content, "../../etc/passwd", 'Content-Disposition: x; name="../evil"'))
    package = read_in_pieces([data[at : at + 777] for at in range(0, len(data), 777)], tmp_path, spool_over=1000)
    spooled = package.parts[0].content
    assert spooled.path is not None
    assert spooled.path.parent == tmp_path
    assert "passwd" not in spooled.path.name
    assert "evil" not in spooled.path.name
    assert spooled.size == len(content)
    assert spooled.known_sha1 == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert spooled.path.read_bytes() == content
    if sys.platform != "win32":
        assert stat.S_IMODE(spooled.path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    package.discard()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("size", "spooled"), [(1000, False), (1001, True)])
def test_the_threshold_is_exact(size: int, spooled: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a test's parameter
    """Content of spool_over bytes stays in memory, one byte more does not."""
    data = body(part(b"<a/>", "root"), part(b"x" * size, "d"))
    for chunks in ([data], [data[:700], data[700:]]):
        package = read_in_pieces(chunks, tmp_path, spool_over=1000)
        assert (package.parts[0].content.path is not None) == spooled


def test_the_root_part_stays_in_memory(tmp_path: Path) -> None:
    """However large, as long as the limit allows it."""
    data = body(part(b"x" * 5000, "root"))
    assert read_in_pieces([data[:100], data[100:]], tmp_path).root.content.data == b"x" * 5000


def test_many_attachments_below_the_threshold_do_not_fill_the_memory(tmp_path: Path) -> None:
    """What is held in memory is bounded for the package, not only for each part."""
    small = b"x" * 250_000
    data = body(part(b"<a/>", "root"), *(part(small, f"d{number}") for number in range(80)))
    package = read_in_pieces([data], tmp_path, spool_over=256 * 1024)
    held = sum(each.content.size for each in package.parts if each.content.data is not None)
    assert held <= 16 * 1024 * 1024
    assert all(each.content.read() == small for each in package.parts)
    package.discard()


def test_read_package_keeps_everything_in_memory_without_a_directory() -> None:
    """A body that is in memory already is not written to disk."""
    content = os.urandom(400_000)
    package = read_package(body(part(b"<a/>", "root"), part(content, "d")), TYPE)
    assert package.parts[0].content.data == content


def test_abort_removes_spool_files(tmp_path: Path) -> None:
    """Finished and unfinished ones, and a second abort does nothing."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=10)
    reader.feed(part(b"<a/>", "root") + part(b"x" * 100, "d") + part(b"y" * 100, "e")[:-20])
    assert len(list(tmp_path.iterdir())) == 2
    reader.abort()
    reader.abort()
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError):
        reader.feed(b"more")
    with pytest.raises(RuntimeError):
        reader.close()


def test_abort_after_close_leaves_the_package_alone(tmp_path: Path) -> None:
    """What was handed out belongs to the caller."""
    reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=10)
    reader.feed(body(part(b"<a/>", "root"), part(b"x" * 100, "d")))
    package = reader.close()
    reader.abort()
    assert package.parts[0].content.read() == b"x" * 100


def test_discard_passes_over_a_file_that_was_moved_away(tmp_path: Path) -> None:
    """A store may take the spool file over by renaming it."""
    package = read_in_pieces([body(part(b"<a/>", "root"), part(b"x" * 100, "d"))], tmp_path)
    spooled = package.parts[0].content.path
    assert spooled is not None
    kept = spooled.rename(tmp_path / "kept")
    package.discard()
    assert kept.read_bytes() == b"x" * 100


def test_a_spool_directory_that_cannot_be_written_is_our_fault(tmp_path: Path) -> None:
    """StorageError with its cause, not an error of the peer."""
    with pytest.raises(StorageError) as caught:
        read_in_pieces([body(part(b"<a/>", "root"), part(b"x" * 100, "d"))], tmp_path / "absent")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert caught.value.where == str(tmp_path / "absent")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the disk that is always full")
def test_a_full_disk_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """StorageError when the write fails, and when only the last flush does."""
    fake = tmp_path / "fake"
    monkeypatch.setattr(
        "tempfile.mkstemp",
        lambda **_: (os.open("/dev/full", os.O_WRONLY), str(fake)),  # a disk cannot be filled here
    )
    for size in (1_000_000, 100):
        with pytest.raises(StorageError, match="could not be written") as caught:
            read_in_pieces([body(part(b"<a/>", "root"), part(b"x" * size, "d"))], tmp_path)
        assert "space" in caught.value.got


def test_limits_in_bytes_are_told_as_such(tmp_path: Path) -> None:
    """A root part or a package over its limit is too large, not malformed."""
    data = body(part(b"x" * 5000, "root"), part(b"y" * 5000, "d"))
    for limits, words in (
        (MultipartLimits(max_root_bytes=4999), "the root part"),
        (MultipartLimits(max_total_bytes=len(data) - 1), "the package is too large"),
    ):
        reader = MultipartReader(TYPE, spool_dir=tmp_path, spool_over=10, limits=limits)
        with pytest.raises(MessageTooLarge, match=words):
            reader.feed(data)
    assert not list(tmp_path.iterdir())
    exact = MultipartLimits(max_root_bytes=5000, max_total_bytes=len(data))
    assert read_package(data, TYPE, limits=exact).parts[0].content.size == 5000
