"""multipart/related packages (RFC 2046, 5.1; RFC 2387), read as a stream, byte-exact.

A delimiter is a line of its own: line end, ``--boundary``, blanks, line end. Boundary text anywhere else is content.
The first delimiter line tells how lines end: with CRLF, as RFC 2046 demands, or with bare LF, and from then on only
that line end, followed by the boundary, delimits; so a package of bare LF can be read and no byte of content is lost.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from ihe_test_util.content import Content
from ihe_test_util.soap import package_faults as faults
from ihe_test_util.soap.mime import ContentType, PartHead, bare_id, read_part_head
from ihe_test_util.soap.package import (
    DEFAULT_LIMITS,
    MultipartLimits,
    Package,
    Part,
    boundary_of,
    remove_spooled,
)
from ihe_test_util.soap.spool import Sink, SpoolSink
from ihe_test_util.soap.transfer import IDENTITY, Decoder, decoder_for

__all__ = ["DEFAULT_LIMITS", "MultipartLimits", "MultipartReader", "Package", "Part", "read_package"]

SPOOL_OVER_BYTES: Final = 256 * 1024

#: Attachments of one package held in memory, in all; further ones are spooled however small they are.
_MEMORY_BYTES: Final = 16 * 1024 * 1024
_MAX_PREAMBLE_BYTES: Final = 16 * 1024
_MAX_PADDING_BYTES: Final = 256
_LF: Final = 0x0A
_NOWHERE: Final = Path()
_NO_HEAD: Final = PartHead((), "", "", "")

_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
# What may follow the boundary: "--" closes the package, blanks and a line end begin a part.
_DELIMITER_REST: Final = re.compile(rb"(--)(?=[ \t\r\n])|[ \t]{0,%d}+(\r?\n)" % _MAX_PADDING_BYTES)
_DELIMITER_REST_OPEN: Final = re.compile(rb"-{0,2}\Z|[ \t]{0,%d}+\r?\Z" % _MAX_PADDING_BYTES)


#: One state of the reader: consumes what it can and says whether the next state may go on with the same data.
_Step: TypeAlias = Callable[[bytes], bool]


class MultipartReader:
    """Reads a package from chunks that may end anywhere; does no I/O but to write its spool files.

    ``feed`` and ``close`` raise, after removing every spool file:
    MimeMalformed, MessageTooLarge for a limit in bytes, StorageError when a spool file cannot be written.
    """

    def __init__(
        self,
        content_type: ContentType,
        *,
        spool_dir: Path,
        spool_over: int = SPOOL_OVER_BYTES,
        limits: MultipartLimits = DEFAULT_LIMITS,
    ) -> None:
        self._content_type = content_type
        self._limits = limits
        self._spool_dir = spool_dir
        self._spool_over = spool_over
        self._memory_left = max(_MEMORY_BYTES, spool_over)
        self._marker = b"--" + boundary_of(content_type)
        self._delimiter = b"\r\n" + self._marker
        self._start = bare_id(content_type.param("start") or "")

        self._step: _Step = self._in_preamble
        self._open = True
        self._pending = bytearray()  # not consumed yet; small but while headers or preamble are incomplete
        self._at = 0  # first byte of the data at hand that is not consumed
        self._offset = 0  # where the data at hand begins in the package
        self._scanned = 0  # bytes after _at that were searched already
        self._received = 0
        self._header_bytes = 0

        self._number = 0
        self._ids: dict[str, int] = {}
        self._head = _NO_HEAD
        self._is_root = False
        self._room = 0  # bytes of the part that may stay in memory
        self._sink: Sink | None = None
        self._decoder: Decoder | None = None
        self._lead = 0  # bytes of the blank line still ahead: they may already belong to a delimiter
        self._root: Part | None = None
        self._parts: list[Part] = []

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the package."""
        if not self._open:
            raise RuntimeError("this reader was closed or aborted")
        try:
            self._consume(data)
        except BaseException:
            self.abort()
            raise

    def close(self) -> Package:
        """The package, when all its bytes were fed."""
        if not self._open:
            raise RuntimeError("this reader was closed or aborted")
        try:
            self._finish()
            package = self._package()
        except BaseException:
            self.abort()
            raise
        self._open = False
        return package

    def abort(self) -> None:
        """Give up: remove every spool file. Does nothing after ``close``."""
        if not self._open:
            return
        self._open = False
        if self._sink is not None:
            self._sink.discard()
        remove_spooled(self._parts)

    def _consume(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._limits.max_total_bytes:
            raise faults.too_large(self._limits.max_total_bytes)
        if self._pending:
            self._pending += data
            if self._step == self._in_headers and not self._headers_complete():
                return
            data = bytes(self._pending)
            self._pending.clear()
        self._at = 0
        while self._step(data):
            pass
        self._pending += memoryview(data)[self._at :]
        self._offset += self._at

    def _headers_complete(self) -> bool:
        """Whether looking at the headers again can lead anywhere; keeps many tiny chunks from costing a copy each."""
        if _BLANK_LINE.search(self._pending, self._scanned) or len(self._pending) > self._limits.max_header_bytes:
            return True
        self._scanned = max(0, len(self._pending) - 3)
        return False

    def _in_preamble(self, data: bytes) -> bool:
        found = data.find(self._marker, self._scanned)
        while 0 <= found <= _MAX_PREAMBLE_BYTES:
            if found == 0 or data[found - 1] == _LF:
                rest = _DELIMITER_REST.match(data, found + len(self._marker))
                if rest is None and _DELIMITER_REST_OPEN.match(data, found + len(self._marker)):
                    self._scanned = found
                    return False
                if rest is not None:
                    if rest.group(1):
                        raise faults.no_parts(self._offset + found)
                    if rest.group(2) == b"\n":
                        self._delimiter = b"\n" + self._marker
                    self._expect_headers(rest.start(2))
                    return True
            found = data.find(self._marker, found + 1)
        if found > _MAX_PREAMBLE_BYTES or len(data) - len(self._marker) > _MAX_PREAMBLE_BYTES:
            raise faults.boundary_not_found(self._marker, data[:_MAX_PREAMBLE_BYTES])
        self._scanned = max(0, len(data) - len(self._marker) + 1)
        return False

    def _expect_headers(self, line_end: int) -> None:
        """A delimiter was read up to its line end, which may be the first half of a blank line."""
        self._number += 1
        if self._number > self._limits.max_parts:
            raise faults.too_many_parts(self._limits.max_parts, self._offset + line_end)
        self._at = line_end
        self._scanned = 0
        self._step = self._in_headers

    def _in_headers(self, data: bytes) -> bool:
        begin = self._at
        blank = _BLANK_LINE.search(data, begin + self._scanned)
        size = (blank.start() if blank else len(data) - 3) - begin
        if size > self._limits.max_header_bytes:
            raise faults.headers_too_large(self._number, self._offset + begin, self._limits.max_header_bytes)
        if blank is None:
            self._scanned = max(0, size)
            return False
        self._header_bytes += size
        if self._header_bytes > self._limits.max_all_header_bytes:
            raise faults.headers_too_large(self._number, self._offset + begin, self._limits.max_all_header_bytes)
        self._begin_part(data[begin : blank.start() + 1], self._offset + begin)
        # RFC 2046, 5.1.1: the line end before a delimiter belongs to it, be it the one that ends the headers
        self._lead = len(self._delimiter) - len(self._marker)
        self._at = blank.end() - self._lead
        self._step = self._in_body
        return True

    def _begin_part(self, block: bytes, offset: int) -> None:
        self._head = head = read_part_head(block, part=self._number, offset=offset)
        if head.content_id and self._ids.setdefault(head.content_id, self._number) != self._number:
            raise faults.same_id(head.content_id, self._ids[head.content_id], self._number, offset)
        self._is_root = head.content_id == self._start if self._start else self._number == 1
        self._room = self._limits.max_root_bytes if self._is_root else min(self._spool_over, self._memory_left)
        self._decoder = None
        if head.transfer_encoding not in IDENTITY:
            where = faults.place(self._number, head.content_id, offset)
            self._decoder = decoder_for(head.transfer_encoding, where=where)

    def _in_body(self, data: bytes) -> bool:
        found = data.find(self._delimiter, self._at)
        while found >= 0:
            after = found + len(self._delimiter)
            rest = _DELIMITER_REST.match(data, after)
            if rest is not None:
                self._end_part(self._last_piece(data, found))
                if rest.group(1):
                    self._at = len(data)
                    self._step = self._in_epilogue
                else:
                    self._expect_headers(rest.start(2))
                return True
            if _DELIMITER_REST_OPEN.match(data, after):
                self._take(data, found)
                return False
            found = data.find(self._delimiter, after)
        # Only the last line end can be the beginning of a delimiter: a boundary holds none.
        last = data.rfind(self._delimiter[:1], max(self._at, len(data) - len(self._delimiter) + 1))
        self._take(data, last if last >= 0 and self._delimiter.startswith(data[last:]) else len(data))
        return False

    def _last_piece(self, data: bytes, end: int) -> Content:
        begin = self._at + self._lead
        if self._sink is None and self._decoder is None and end - begin <= self._room:
            return Content.of(data[begin:end] if begin < end else b"")  # the whole part was at hand: no detour
        self._take(data, end)
        return self._finish_sink()

    def _take(self, data: bytes, end: int) -> None:
        """Hand the content up to ``end`` to the sink, without the line end that was only kept for a delimiter."""
        skipped = min(self._lead, end - self._at)
        self._lead -= skipped
        begin = self._at + skipped
        self._at = end
        if begin < end:
            piece = data if end - begin == len(data) else memoryview(data)[begin:end]
            self._write(piece if self._decoder is None else self._decoder.feed(piece))

    def _write(self, piece: bytes | memoryview) -> None:
        if self._sink is None:
            self._sink = Sink(self._room) if self._is_root else SpoolSink(self._room, self._spool_dir)
        self._sink.write(piece)

    def _finish_sink(self) -> Content:
        self._write(self._decoder.finish() if self._decoder is not None else b"")
        if self._sink is None:
            return Content.of(b"")
        content = self._sink.finish()
        self._sink = None
        return content

    def _end_part(self, content: Content) -> None:
        head = self._head
        part = Part(head.content_id, head.content_type, head.headers, content, self._number)
        if self._is_root:
            self._root = part
            return
        self._parts.append(part)
        if content.data is not None:
            self._memory_left -= content.size

    def _in_epilogue(self, data: bytes) -> bool:
        self._at = len(data)
        return False

    def _finish(self) -> None:
        """Everything was fed; the closing delimiter may still wait for a byte after it."""
        if self._step == self._in_epilogue:
            return
        if self._step == self._in_preamble:
            if self._pending.endswith(self._marker + b"--"):
                raise faults.no_parts(self._received)
            raise faults.boundary_not_found(self._marker, bytes(self._pending[:_MAX_PREAMBLE_BYTES]))
        if self._step == self._in_body and self._pending == self._delimiter + b"--":
            self._end_part(self._finish_sink())
            return
        raise faults.cut(
            self._number,
            self._head.content_id,
            self._received,
            in_headers=self._step == self._in_headers,
            rest=bytes(self._pending),
            marker=self._marker,
        )

    def _package(self) -> Package:
        if self._root is None:
            raise faults.root_missing(self._content_type, self._ids, self._number)
        return Package(self._root, tuple(self._parts), self._content_type)


def read_package(
    body: bytes,
    content_type: ContentType,
    *,
    spool_dir: Path | None = None,
    spool_over: int = SPOOL_OVER_BYTES,
    limits: MultipartLimits = DEFAULT_LIMITS,
) -> Package:
    """Read a package whose bytes are in memory already; without a ``spool_dir`` its parts all stay there.

    Raises:
        MimeMalformed: a package that contradicts itself.
        MessageTooLarge: one beyond a limit in bytes.
        StorageError: a spool file cannot be written.
    """
    if spool_dir is None:
        spool_dir, spool_over = _NOWHERE, len(body)
    package = _read_plain(body, content_type, spool_over, limits)
    if package is not None:
        return package
    reader = MultipartReader(content_type, spool_dir=spool_dir, spool_over=spool_over, limits=limits)
    reader.feed(body)
    return reader.close()


def _read_plain(body: bytes, content_type: ContentType, spool_over: int, limits: MultipartLimits) -> Package | None:
    """The package, if nothing about it is unusual; else None, and the reader has to look at it.

    Most messages are read here, in half the time that the reader takes.
    """
    delimiter = b"\r\n--" + boundary_of(content_type)
    at = len(delimiter) - (0 if body.startswith(b"\r\n") else 2)
    if not body.startswith((delimiter, delimiter[2:])) or len(body) > min(
        limits.max_total_bytes, limits.max_all_header_bytes
    ):
        return None
    parts: dict[str, Part] = {}
    while body.startswith(b"\r\n", at) and len(parts) < limits.max_parts:
        blank = body.find(b"\r\n\r\n", at)
        end = body.find(delimiter, blank + 2)
        block = body[at : blank + 2]
        if blank < 0 or end < 0 or len(block) > limits.max_header_bytes or block.count(b"\n") != block.count(b"\r\n"):
            return None
        number = len(parts) + 1
        head = read_part_head(block, part=number, offset=at)
        if not head.content_id or head.content_id in parts or head.transfer_encoding not in IDENTITY:
            return None
        content = Content.of(body[blank + 4 : end])
        parts[head.content_id] = Part(head.content_id, head.content_type, head.headers, content, number)
        at = end + len(delimiter)
    start = bare_id(content_type.param("start") or "") or next(iter(parts), "")
    root = parts.pop(start, None)
    if root is None or body[at : at + 3] not in {b"--", b"--\r", b"--\n"}:
        return None
    if root.content.size > limits.max_root_bytes or any(part.content.size > spool_over for part in parts.values()):
        return None
    return Package(root, tuple(parts.values()), content_type)
