"""JSON as people write it by hand: the value, and the line and column of every key and value.

The standard library's decoder says neither where a value stands nor that a key came twice. What PyPI has for the
first (json-source-map) has rested since 2020 and is silent about the second.
"""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, TypeAlias

#: Names of nested fields from the outside in; array members by their index.
FieldPath: TypeAlias = tuple[str, ...]

_WORD: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_NOT_JSON: Final = frozenset({"NaN", "Infinity", "-Infinity"})
_MAX_DEPTH: Final = 32
_LONGEST_INTEGER: Final = 40
_EXCERPT_BEFORE: Final = 60
_EXCERPT_AFTER: Final = 20


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Line and column in characters, both from 1."""

    line: int
    column: int


class JsonProblem(ValueError):
    """Text that is not JSON, with the place and a line to show it."""

    def __init__(self, message: str, position: Position, excerpt: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.excerpt = excerpt


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON text: its value, where each key and value begins, and the keys that came twice."""

    value: object
    keys: dict[FieldPath, Position] = field(default_factory=dict)
    values: dict[FieldPath, Position] = field(default_factory=dict)
    repeated: list[tuple[FieldPath, Position, Position]] = field(default_factory=list)  # path, first, again


def is_comment(key: str) -> bool:
    """Whether a key is for people and editors only."""
    return key == "$schema" or key.startswith("_comment")


def parse(text: str) -> Document:
    """Read a JSON text.

    Raises:
        JsonProblem: it is not JSON (RFC 8259), or nested deeper than a configuration can be.
    """
    try:
        value = json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise _diagnosis(error) from None
    except RecursionError:
        raise JsonProblem(f"nested deeper than {_MAX_DEPTH} levels", Position(1, 1)) from None
    document = Document(value)
    _Locator(text, document).run()
    return document


def _integer(digits: str) -> int | float:
    """An integer, or infinity for one so long that only a mistake can explain it."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float("inf")


class _Locator:
    """Walks the words of a text that is known to be JSON and notes where keys and values begin."""

    def __init__(self, text: str, document: Document) -> None:
        self._text = text
        self._document = document
        self._path: list[str] = []  # to the value that comes next; an array's member by its index
        self._open: list[str] = []  # brackets
        self._key_next = False

    def run(self) -> None:
        starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        for match in _WORD.finditer(self._text):
            word, offset = match[0], match.start()
            if word == ":":
                continue
            if word == ",":
                self._go_on()
            elif word in "}]":
                self._close()
            else:
                line = bisect_right(starts, offset)
                self._begin(word, offset, Position(line, offset - starts[line - 1] + 1))

    def _begin(self, word: str, offset: int, here: Position) -> None:
        # RFC 8259, 8.2: half a surrogate pair is grammatical, and no encoding can carry it.
        if "\\u" in word and not json.loads(word).isascii() and _HALF_PAIR.search(json.loads(word)):
            raise _problem("an escape of half a surrogate pair", self._text, offset)
        if self._key_next:
            self._path.append(json.loads(word))
            self._key_next = False
            _note_key(self._document, tuple(self._path), here)
            return
        self._document.values.setdefault(tuple(self._path), here)
        if word in _NOT_JSON:
            raise _problem(f"{word} is not JSON", self._text, offset)
        if word in "{[":
            self._open.append(word)
            if len(self._open) > _MAX_DEPTH:
                raise _problem(f"nested deeper than {_MAX_DEPTH} levels", self._text, offset)
            self._key_next = word == "{"
            if not self._key_next:
                self._path.append("0")

    def _go_on(self) -> None:
        before = self._path.pop()
        self._key_next = self._open[-1] == "{"
        if not self._key_next:
            self._path.append(str(int(before) + 1))

    def _close(self) -> None:
        # In an empty object no key is on the path; an array always has its index there.
        if not self._key_next:
            self._path.pop()
        self._open.pop()
        self._key_next = False


def _note_key(document: Document, path: FieldPath, here: Position) -> None:
    first = document.keys.setdefault(path, here)
    if first is here:
        return
    if not is_comment(path[-1]):
        document.repeated.append((path, first, here))
    document.keys[path] = here  # the later one counts, as in every JSON reader
    for known in [known for known in document.values if known[: len(path)] == path]:
        del document.values[known]


def _diagnosis(error: json.JSONDecodeError) -> JsonProblem:
    """What a person most likely did, where that can be seen; else what the decoder says."""
    text, at = error.doc, min(error.pos, len(error.doc.rstrip()))
    here = text[at : at + 2]
    # Python 3.13 points at the comma, earlier versions at the bracket behind it.
    comma = at if here[:1] == "," else len(text[:at].rstrip()) - 1 if here[:1] in ("}", "]") else -1
    if comma >= 0 and text[comma] == "," and text[comma + 1 :].lstrip()[:1] in ("}", "]"):
        return _problem("not JSON: no comma may stand before the closing bracket", text, comma)
    likely = (
        (here[:1] == "#" or here in ("//", "/*"), 'no comments; put the text under a key that begins with "_comment"'),
        (here[:1] == "'", "text and keys stand in double quotes"),
        (at >= len(text.rstrip()), "the text ends in the middle"),
        (error.msg.startswith("Unterminated string"), "this text has no closing double quote"),
        (error.msg.startswith("Invalid control"), "a line end or a tab within text; write \\n or \\t"),
        (error.msg.startswith("Invalid \\"), "a backslash in text is written twice"),
        (error.msg.startswith("Expecting ',' delimiter"), "a comma is missing before this"),
        (error.msg.startswith("Expecting ':' delimiter"), "a colon is missing between key and value"),
    )
    found = next((reason for applies, reason in likely if applies), f"{error.msg[:1].lower()}{error.msg[1:]}")
    return _problem(f"not JSON: {found}", text, at)


def _problem(message: str, text: str, offset: int) -> JsonProblem:
    """The message with line, column, and the line with a caret under the place."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)].rstrip("\r")
    column = offset - start
    cut = max(0, column - _EXCERPT_BEFORE)
    shown = "".join(c if c.isprintable() else " " for c in line[cut : column + _EXCERPT_AFTER])
    excerpt = f"    {shown}\n    {' ' * (column - cut)}^"
    return JsonProblem(message, Position(text.count("\n", 0, start) + 1, column + 1), excerpt)
