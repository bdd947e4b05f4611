"""Where the content of a part goes while it arrives: memory, and a file once it is large."""

import hashlib
import os
import tempfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.errors import MessageTooLarge, StorageError

_WRITE_BUFFER_BYTES: Final = 64 * 1024


class Sink:
    """Content of the root part: kept in memory, ``room`` bytes at most."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._only: bytes | None = None  # the usual case: a part that arrived in one piece is not copied again
        self._pieces: BytesIO | None = None
        self.size = 0

    def write(self, piece: bytes | memoryview) -> None:
        """Take the next bytes.

        Raises:
            MessageTooLarge: more than there is room for.
            StorageError: the spool file cannot be written.
        """
        if not piece:
            return
        self.size += len(piece)
        if self.size > self._room:
            self._overflow(piece)
        elif self._pieces is not None:
            self._pieces.write(piece)
        elif self._only is None:
            self._only = bytes(piece)
        else:
            self._pieces = BytesIO()
            self._pieces.write(self._only)
            self._pieces.write(piece)

    def finish(self) -> Content:
        """The content, complete."""
        return Content.of(self._held())

    def discard(self) -> None:
        """Forget the content, on disk too."""

    def _held(self) -> bytes:
        return self._pieces.getvalue() if self._pieces is not None else self._only or b""

    def _overflow(self, piece: bytes | memoryview) -> None:
        del piece
        raise MessageTooLarge(
            "the root part of the package, the SOAP message without its attachments, is too large",
            got=f"more than {self._room:,} bytes",
            expected=f"at most {self._room:,} bytes",
            hint="send documents as MTOM parts, or raise the limit of the receiver",
        )


class SpoolSink(Sink):
    """Content of an attachment: in a file of ``directory``, hashed on the way, from ``room`` bytes on."""

    def __init__(self, room: int, directory: Path) -> None:
        super().__init__(room)
        self._directory = directory
        self._file: _HashedFile | None = None

    def finish(self) -> Content:
        """The content, complete.

        Raises:
            StorageError: the last bytes cannot be written.
        """
        if self._file is None:
            return super().finish()
        try:
            return self._file.finish()
        except OSError as error:
            raise self._not_written(error) from error

    def discard(self) -> None:
        """Close and remove the spool file."""
        if self._file is not None:
            self._file.discard()

    def _overflow(self, piece: bytes | memoryview) -> None:
        try:
            if self._file is None:
                self._file = _HashedFile(self._directory)
                self._file.append(self._held())
                self._only = self._pieces = None
            self._file.append(piece)
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> StorageError:
        return StorageError(
            "an attachment could not be written to the spool directory",
            where=str(self._directory),
            got=error.strerror or str(error),
            hint="make room, or give the server a data directory that it may write to",
        )


class _HashedFile:
    """A new file, and the size and SHA-1 of what was appended to it."""

    def __init__(self, directory: Path) -> None:
        # mkstemp: a random name of ours, created new, readable by nobody else
        descriptor, name = tempfile.mkstemp(prefix="part-", suffix=".spool", dir=directory)
        self._path = Path(name)
        self._file = os.fdopen(descriptor, "wb", _WRITE_BUFFER_BYTES)
        self._digest = hashlib.sha1(usedforsecurity=False)
        self._size = 0

    def append(self, piece: bytes | memoryview) -> None:
        self._file.write(piece)
        self._digest.update(piece)
        self._size += len(piece)

    def finish(self) -> Content:
        self._file.close()
        return Content.of_file(self._path, size=self._size, sha1=self._digest.hexdigest())

    def discard(self) -> None:
        with suppress(OSError):  # closing flushes, and a full disk refuses that; the file goes anyway
            self._file.close()
        self._path.unlink(missing_ok=True)
