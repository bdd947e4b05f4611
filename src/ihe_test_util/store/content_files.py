"""Large documents as files named by their SHA-1: placed before their row is committed, removed when it never was."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from ihe_test_util.content import Content
from ihe_test_util.store.database import translated
from ihe_test_util.store.locks import directory_lock

#: Whether a committed row refers to a file: SHA-1 and path relative to the data directory.
IsUsed: TypeAlias = Callable[[str, str], bool]

_DIRECTORY: Final = "content"
_SPOOL: Final = "spool"
# While a document is between its arrival and its commit, a marker in its process's directory says so: whoever finds
# the process dead, or cleans up otherwise, knows from it which files may have no row, and which must not be touched.
_MARKER: Final = re.compile(r"placing-([0-9a-f]{40})-[0-9]+")


@dataclass(frozen=True, slots=True)
class Placed:
    """A document that lies where its row will say: ``path`` is relative to the data directory."""

    path: str
    sha1: str
    marker: Path


class ContentFiles:
    """The directory of large documents, shared by all processes on one data directory. Everything here blocks."""

    def __init__(self, data_dir: Path, own_directory: Path) -> None:
        self._data_dir = data_dir
        self._own_directory = own_directory
        self._numbers = count()

    def place(self, content: Content) -> Placed:
        """Move content to where it stays, durably; a file of ours with the same bytes is used again.

        Raises:
            StorageError: it could not be placed; what there was before is unchanged.
        """
        with translated(self._data_dir):
            marker = self._own_directory / f"placing-{content.sha1}-{next(self._numbers)}"
            with directory_lock(self._data_dir):
                marker.touch()
            spooled = marker.with_suffix(".spool")
            try:
                target = self._move(content.path or _written(content, spooled), content)
            except OSError:
                spooled.unlink(missing_ok=True)
                marker.unlink(missing_ok=True)
                raise
            _sync_directory(target.parent)
            _sync_directory(target.parent.parent)
        return Placed(target.relative_to(self._data_dir).as_posix(), content.sha1, marker)

    def keep(self, placed: Iterable[Placed]) -> None:
        """The rows are committed."""
        with translated(self._data_dir):
            for one in placed:
                one.marker.unlink(missing_ok=True)

    def release(self, placed: Iterable[Placed], is_used: IsUsed) -> None:
        """The rows were not committed: remove the files, unless another submission has the same bytes."""
        with translated(self._data_dir), directory_lock(self._data_dir):
            for one in placed:
                one.marker.unlink(missing_ok=True)
            self._remove_unused({one.sha1 for one in placed}, is_used)

    def recover(self, directory: Path, is_used: IsUsed) -> None:
        """Remove the files that the ended process of ``directory`` placed without committing their rows.

        The caller holds the directory lock, and removes the directory.
        """
        hashes = set()
        for entry in directory.iterdir() if directory.is_dir() else ():
            if match := _MARKER.fullmatch(entry.name):
                hashes.add(match[1])
                entry.unlink()
        self._remove_unused(hashes, is_used)

    def sweep(self, is_used: IsUsed) -> None:
        """Remove every file without a row, after rows were deleted."""
        with translated(self._data_dir), directory_lock(self._data_dir):
            self._remove_unused({path.name[:40] for path in (self._data_dir / _DIRECTORY).glob("??/*")}, is_used)

    def _move(self, source: Path, content: Content) -> Path:
        synced = False
        number = 0
        while True:
            target = self._target(content.sha1, number)
            if target.exists():
                if _same_bytes(source, target):
                    source.unlink()
                    return target
                number += 1  # SHA-1 collisions exist, and must not replace one document by another
                continue
            if not synced:
                _sync_file(source)
                synced = True
            with directory_lock(self._data_dir):
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    source.replace(target)
                    return target

    def _target(self, sha1: str, number: int) -> Path:
        return self._data_dir / _DIRECTORY / sha1[:2] / (f"{sha1}-{number}" if number else sha1)

    def _remove_unused(self, hashes: set[str], is_used: IsUsed) -> None:
        if not hashes:
            return
        underway = {
            match[1]
            for marker in (self._data_dir / _SPOOL).glob("*/placing-*")
            if (match := _MARKER.fullmatch(marker.name))
        }
        for sha1 in hashes - underway:
            for path in (self._data_dir / _DIRECTORY / sha1[:2]).glob(f"{sha1}*"):
                if not is_used(sha1, path.relative_to(self._data_dir).as_posix()):
                    path.unlink(missing_ok=True)


def _written(content: Content, path: Path) -> Path:
    with path.open("xb") as stream:
        for chunk in content.chunks():
            stream.write(chunk)
    return path


def _same_bytes(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    pairs = zip(Content.of_file(one).chunks(), Content.of_file(other).chunks(), strict=True)
    return all(mine == theirs for mine, theirs in pairs)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_directory(path: Path) -> None:
    if os.name == "nt":  # a directory cannot be opened there, and its entries are journalled
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
