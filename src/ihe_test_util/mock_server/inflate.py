"""Content-Encoding of a request (RFC 9110, 8.4), undone piece by piece: a small body cannot fill the memory."""

import zlib
from collections.abc import Iterator
from typing import Final

from ihe_test_util.errors import PeerMalformed, UnsupportedMediaType

_PIECE_BYTES: Final = 256 * 1024
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_ZLIB_METHOD: Final = 8
_HEADER: Final = "HTTP header Content-Encoding"


def inflater_for(encoding: str) -> "Inflater | None":
    """What undoes a Content-Encoding; None where there is nothing to undo.

    Raises:
        UnsupportedMediaType: a coding other than gzip and deflate, or several.
    """
    coding = encoding.strip().lower()
    if coding in {"", "identity"}:
        return None
    if coding in {"gzip", "x-gzip", "deflate"}:
        return Inflater(coding.removeprefix("x-"))
    raise UnsupportedMediaType(
        "the Content-Encoding is one that this server cannot undo",
        where=_HEADER,
        got=encoding[:80],
        expected="gzip, deflate, or none",
        hint="send the body uncompressed",
    )


class Inflater:
    """Undoes gzip (RFC 1952), or deflate (RFC 1950; bare RFC 1951 too, as some peers mean it)."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._stream = zlib.decompressobj(_GZIP_WINDOW)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bytes so far, in pieces of at most 256 KiB.

        Raises:
            PeerMalformed: it is not what the Content-Encoding announces.
        """
        if not self._begun and self._coding == "deflate":
            bare = data[:1] != b"" and data[0] & 0x0F != _ZLIB_METHOD
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
        self._begun = True
        while data:
            if self._stream.eof:
                self._next_member()
            try:
                piece = self._stream.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                raise self._malformed(str(error)) from None
            if piece:
                yield piece
            data = self._stream.unconsumed_tail or self._stream.unused_data

    def finish(self) -> bytes:
        """What a full piece had no room for, when everything was fed.

        Raises:
            PeerMalformed: it ends in the middle.
        """
        rest = self._stream.flush()
        if self._begun and not self._stream.eof:
            raise self._malformed("an end in the middle")
        return rest

    def _next_member(self) -> None:
        if self._coding != "gzip":
            raise self._malformed("bytes after its end")
        self._stream = zlib.decompressobj(_GZIP_WINDOW)  # RFC 1952, 2.2: members follow each other

    def _malformed(self, got: str) -> PeerMalformed:
        return PeerMalformed(
            f"the HTTP body is not the {self._coding} that its Content-Encoding announces",
            where="HTTP body",
            got=got,
            hint="was it compressed twice, not at all, or cut?",
        )
