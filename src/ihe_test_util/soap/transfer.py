"""Content-Transfer-Encoding of a part (RFC 2045, 6), undone while the bytes arrive."""

import binascii
import re
from typing import Final, Protocol

from ihe_test_util.errors import MimeMalformed

WHITE_SPACE: Final = b" \t\r\n"
#: Encodings that leave content as it is; absent means 7bit.
IDENTITY: Final = frozenset({"", "binary", "8bit", "7bit"})
_FOREIGN: Final = re.compile(rb"[^A-Za-z0-9+/= \t\r\n]")
_AFTER_PADDING: Final = re.compile(rb"=[ \t\r\n]*([^= \t\r\n])")
_NOT_QUOTED_PRINTABLE: Final = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
_QUANTUM: Final = 4  # characters of base64 that make three bytes


class Decoder(Protocol):
    """Undoes one transfer encoding, piece by piece."""

    def feed(self, piece: bytes | memoryview) -> bytes:
        """What can be decoded so far."""

    def finish(self) -> bytes:
        """What was held back."""


def decoder_for(encoding: str, *, where: str) -> Decoder:
    """The decoder of a Content-Transfer-Encoding (lower case) that changes content.

    Raises:
        MimeMalformed: an encoding that RFC 2045 does not know.
    """
    if encoding == "base64":
        return _Base64(where)
    if encoding == "quoted-printable":
        return _QuotedPrintable(where)
    raise MimeMalformed(
        "a part has a Content-Transfer-Encoding that nobody knows",
        where=where,
        got=repr(encoding[:80]),
        expected="binary, 8bit, 7bit, base64 or quoted-printable (RFC 2045, 6.1)",
        hint="send binary: XOP content needs no encoding",
    )


def base64_flaw(text: bytes) -> tuple[int, str]:
    """Where text stops being base64 (character, 0-based) and why, for text that could not be decoded."""
    foreign = _FOREIGN.search(text)
    after = _AFTER_PADDING.search(text)
    if foreign and (after is None or foreign.start() <= after.start(1)):
        return foreign.start(), f"the character {chr(foreign.group()[0])!r}"
    if after:
        return after.start(1), "data after the padding"
    return len(text.rstrip(WHITE_SPACE)), "an end that is no whole group of four"


class _Base64:
    def __init__(self, where: str) -> None:
        self._where = where
        self._rest = b""
        self._padded = False

    def feed(self, piece: bytes | memoryview) -> bytes:
        text = self._rest + bytes(piece).translate(None, WHITE_SPACE)
        if not text:
            return b""
        if self._padded:
            raise self._malformed(base64_flaw(b"=" + text)[1])
        whole = len(text) - len(text) % _QUANTUM
        self._rest = text[whole:]
        self._padded = text.endswith(b"=", 0, whole)
        return self._decode(text[:whole])

    def finish(self) -> bytes:
        return self._decode(self._rest)

    def _decode(self, text: bytes) -> bytes:
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            raise self._malformed(base64_flaw(text)[1]) from None

    def _malformed(self, got: str) -> MimeMalformed:
        return MimeMalformed(
            "the content of a part is not the base64 that its Content-Transfer-Encoding announces",
            where=self._where,
            got=got,
            expected="A-Z a-z 0-9 + / in groups of four, padded with =",
        )


class _QuotedPrintable:
    def __init__(self, where: str) -> None:
        self._where = where
        self._rest = b""

    def feed(self, piece: bytes | memoryview) -> bytes:
        text = self._rest + bytes(piece)
        # "=" needs the two bytes after it: hexadecimal digits or a line end
        held = text.find(b"=", max(len(text) - 2, 0))
        cut = held if held >= 0 else len(text)
        self._rest = text[cut:]
        return self._decode(text, cut)

    def finish(self) -> bytes:
        # the line end of a soft break may be the one that belongs to the delimiter
        if self._rest in {b"", b"=", b"=\r", b"=\n"}:
            return b""
        return self._decode(self._rest, len(self._rest))

    def _decode(self, text: bytes, end: int) -> bytes:
        flaw = _NOT_QUOTED_PRINTABLE.search(text, 0, end)
        if flaw:
            raise MimeMalformed(
                "the content of a part is not the quoted-printable that its Content-Transfer-Encoding announces",
                where=self._where,
                got=repr(text[flaw.start() : flaw.start() + 3]),
                expected="= followed by two hexadecimal digits or a line end",
            )
        return binascii.a2b_qp(text[:end])
