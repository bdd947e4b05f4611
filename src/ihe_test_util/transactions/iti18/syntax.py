"""How the values of query parameters are written: quotes, lists, codes (ITI TF-2: 3.18.4.1.2.3.4, 3.18.4.1.2.3.5)."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ihe_test_util.domain.registry.queries.parameters import Form
from ihe_test_util.domain.xds.metadata import Code

#: ebRIM ends the value of a slot here.
MAX_VALUE: Final = 256
#: What should stand there in place of a text without quotes.
QUOTES: Final = "single quotes around each text"
_QUOTE: Final = "'"
#: What no value without quotes holds.
_BARE: Final = frozenset("'\"()")
_BLANKS: Final = " \t\r\n"
_CODE_PARTS: Final = 3


class Literal(NamedTuple):
    """One value, and whether it stood in quotes."""

    text: str
    quoted: bool


class Values(NamedTuple):
    """What one Value element holds; ``problem`` says what should stand there instead, where it cannot be read."""

    literals: tuple[Literal, ...] = ()
    listed: bool = False
    problem: str = ""


def read_values(text: str) -> Values:
    """Read a Value: one value, or several in parentheses."""
    text = text.strip(_BLANKS)
    if not text:
        return Values(problem="a value")
    if not text.startswith("("):
        literal, rest, problem = _literal(text, 0, "")
        if not problem and rest < len(text):
            problem = "one value, or several in parentheses"
        return Values(problem=problem) if problem else Values((literal,))
    if not text.endswith(")"):
        return Values(problem="a closing parenthesis at the end")
    return _list(text[1:-1].strip(_BLANKS))


def read_code(text: str) -> Code | None:
    """A code as ``code^^scheme``; a text between the two is taken as its display name. None for anything else."""
    parts = text.split("^")
    if len(parts) != _CODE_PARTS or not parts[0].strip() or not parts[2].strip():
        return None
    return Code(parts[0], parts[2], parts[1])


def written(form: Form, values: Iterable[str]) -> tuple[str, ...]:
    """The Value elements that hold values of a form; a list is split before it grows longer than a Value may."""
    if form in (Form.TIME, Form.NUMBER):
        return tuple(values)
    quoted = [f"'{value.replace(_QUOTE, _QUOTE * 2)}'" for value in values]
    return tuple(quoted) if form is Form.TEXT else tuple(_lists(quoted))


def _lists(quoted: Iterable[str]) -> Iterator[str]:
    pending: list[str] = []
    length = 2
    for value in quoted:
        if pending and length + len(value) + 1 > MAX_VALUE:
            yield f"({','.join(pending)})"
            pending, length = [], 2
        pending.append(value)
        length += len(value) + 1
    if pending:
        yield f"({','.join(pending)})"


def _list(text: str) -> Values:
    literals = []
    at = 0
    while True:
        literal, at, problem = _literal(text, at, ",")
        if problem:
            return Values(problem=problem)
        literals.append(literal)
        if at == len(text):
            return Values(tuple(literals), listed=True)
        if text[at] != ",":
            return Values(problem="a comma between two values")
        at = _after_blanks(text, at + 1)


def _literal(text: str, at: int, end: str) -> tuple[Literal, int, str]:
    """The value at a place of a text, where the rest begins, and what is wrong; without quotes it goes to ``end``.

    Nothing is cut off the text, which may be long, and have many values.
    """
    nothing = Literal("", quoted=False)
    if at == len(text):
        return nothing, at, "a value"
    if text[at] != _QUOTE:
        stop = text.find(end, at) if end else -1
        stop = stop if stop >= 0 else len(text)
        bare = text[at:stop].rstrip(_BLANKS)
        if not bare:
            return nothing, stop, "a value before the comma"
        if not _BARE.isdisjoint(bare):
            return nothing, stop, QUOTES
        return Literal(bare, quoted=False), stop, ""
    position = at + 1
    while True:
        position = text.find(_QUOTE, position)
        if position < 0:
            return nothing, at, "a closing quote; a quote within a text is written twice"
        if text[position + 1 : position + 2] != _QUOTE:
            break
        position += 2
    value = text[at + 1 : position].replace(_QUOTE * 2, _QUOTE)
    return Literal(value, quoted=True), _after_blanks(text, position + 1), ""


def _after_blanks(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANKS:
        at += 1
    return at
