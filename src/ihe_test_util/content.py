"""The bytes of a document: in memory while small, in a file when large, never copied."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Self

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Content:
    """Byte-exact content with its size in bytes and its SHA-1, as XDS metadata state them.

    Exactly one of ``data`` and ``path`` is set. Equal contents have equal size and hash, wherever
    their bytes lie. SHA-1 is what ITI TF-3: 4.2.3.2.10 (DocumentEntry.hash) prescribes; it is no
    protection against an attacker here and is not used as one.
    """

    size: int
    data: bytes | None = field(default=None, repr=False, compare=False)
    path: Path | None = field(default=None, compare=False)
    known_sha1: str | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Content held in memory."""
        return cls(size=len(data), data=data)

    @classmethod
    def of_file(cls, path: Path, *, size: int | None = None, sha1: str | None = None) -> Self:
        """Content of a file that will not change; ``size`` and ``sha1`` where they are known already.

        Raises:
            OSError: the file cannot be read.
        """
        return cls(size=path.stat().st_size if size is None else size, path=path, known_sha1=sha1)

    @cached_property
    def sha1(self) -> str:
        """SHA-1 of the bytes in lower-case hex."""
        if self.known_sha1 is not None:
            return self.known_sha1
        digest = hashlib.sha1(usedforsecurity=False)
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def open(self) -> BinaryIO:
        """A new binary stream at the first byte."""
        return BytesIO(self.data) if self.data is not None else self._file().open("rb")

    def read(self) -> bytes:
        """All bytes at once; for content that is known to be small."""
        return self.data if self.data is not None else self._file().read_bytes()

    def chunks(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """The bytes in pieces of at most ``size``."""
        if self.data is not None:
            for start in range(0, len(self.data), size):
                yield self.data[start : start + size]
            return
        with self._file().open("rb") as stream:
            while chunk := stream.read(size):
                yield chunk

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.size == other.size and self.sha1 == other.sha1

    def __hash__(self) -> int:
        return hash((self.size, self.sha1))

    def _file(self) -> Path:
        if self.path is None:
            raise ValueError("a Content needs data or a path")
        return self.path


@dataclass(frozen=True, slots=True)
class Attachment:
    """Content that travels beside a message's XML; ``content_id`` is bare, without ``cid:`` and angle brackets."""

    content_id: str
    content_type: str
    content: Content
