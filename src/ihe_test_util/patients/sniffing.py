"""What a file is that should be CSV in UTF-8 and is not, and what to do about it."""

import shlex
from typing import Final

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.model import visible

_SAVE_AS: Final = 'save it as "CSV UTF-8 (Comma delimited)" in the spreadsheet program'
_SIGNATURES: Final = (
    (b"PK\x03\x04", "it is an Excel or OpenDocument workbook (or another ZIP file)"),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "it is compressed with gzip"),
    (b"%PDF", "it is a PDF"),
)
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SNIFFED_BYTES: Final = 512
_CONTEXT_BYTES: Final = 12


def refuse_other_formats(beginning: bytes, name: str) -> None:
    """Look at the first bytes of a file.

    Raises:
        BadInput: it is a workbook, compressed, or UTF-16.
    """
    for signature, what in _SIGNATURES:
        if beginning.startswith(signature):
            hint = f"gunzip -c {_quoted(name)} | ihe-test-util csv validate -" if "gzip" in what else _SAVE_AS
            raise BadInput(f"the file is no CSV: {what}", where=name, expected="CSV in UTF-8", hint=hint)
    if beginning.startswith(_UTF16_MARKS) or _looks_like_utf16(beginning[:_SNIFFED_BYTES]):
        mark = "it begins with the mark of UTF-16" if beginning.startswith(_UTF16_MARKS) else "every other byte is NUL"
        raise BadInput(
            "the file is not UTF-8 but UTF-16",
            where=f"{name}, byte 0, line 1",
            got=f"{beginning[:4].hex(' ')} …: {mark}",
            expected="UTF-8, with or without a byte order mark",
            hint=_convert("UTF-16" if beginning.startswith(_UTF16_MARKS) else _utf16_order(beginning), name),
        )


def not_utf8(data: bytes, at: int, *, offset: int, line: int, name: str) -> BadInput:
    """The error for bytes that are not UTF-8: ``at`` is where in ``data``, ``offset`` where that begins in the file."""
    byte = data[at]
    # Windows-1252 is what "Latin-1" files really are; its five holes fall back to Latin-1 itself.
    around = data[max(0, at - _CONTEXT_BYTES) : at + _CONTEXT_BYTES]
    encoding = "latin-1" if byte in b"\x81\x8d\x8f\x90\x9d" else "cp1252"
    text = visible(around.decode(encoding, "replace"))
    letter = bytes((byte,)).decode(encoding)
    return BadInput(
        "the file is not UTF-8",
        where=f"{name}, byte {offset + at:,}, line {line:,}",
        got=f"byte 0x{byte:02X}, which would be {letter!r} in Windows-1252 (Latin-1): …{text}…",
        expected="UTF-8, with or without a byte order mark",
        hint=_convert("WINDOWS-1252", name),
    )


def _looks_like_utf16(beginning: bytes) -> bool:
    whole = beginning[: len(beginning) & ~1]
    return bool(whole) and (not any(whole[1::2]) or not any(whole[::2])) and any(whole)


def _utf16_order(beginning: bytes) -> str:
    return "UTF-16LE" if beginning[1:2] == b"\0" else "UTF-16BE"


def _convert(encoding: str, name: str) -> str:
    source = "" if name == "standard input" else f" {_quoted(name)}"
    return f"iconv -f {encoding} -t UTF-8{source} > patients-utf8.csv; or {_SAVE_AS}"


def _quoted(name: str) -> str:
    return shlex.quote(name)
