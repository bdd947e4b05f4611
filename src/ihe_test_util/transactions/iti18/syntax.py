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
        literal, rest, problem = _literal(text, "")
        if not problem and rest:
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
    while True:
        literal, text, problem = _literal(text, ",")
        if problem:
            return Values(problem=problem)
        literals.append(literal)
        if not text:
            return Values(tuple(literals), listed=True)
        if not text.startswith(","):
            return Values(problem="a comma between two values")
        text = text[1:].lstrip(_BLANKS)


def _literal(text: str, end: str) -> tuple[Literal, str, str]:
    """The value at the beginning of a text, the rest, and what is wrong; without quotes it goes to ``end``."""
    nothing = Literal("", quoted=False)
    if not text:
        return nothing, "", "a value"
    if not text.startswith(_QUOTE):
        bare, found, rest = text.partition(end) if end else (text, "", "")
        bare = bare.rstrip(_BLANKS)
        if not bare:
            return nothing, "", "a value before the comma"
        if not _BARE.isdisjoint(bare):
            return nothing, "", QUOTES
        return Literal(bare, quoted=False), found + rest, ""
    position = 1
    while True:
        position = text.find(_QUOTE, position)
        if position < 0:
            return nothing, "", "a closing quote; a quote within a text is written twice"
        if text[position + 1 : position + 2] != _QUOTE:
            break
        position += 2
    value = text[1:position].replace(_QUOTE * 2, _QUOTE)
    return Literal(value, quoted=True), text[position + 1 :].lstrip(_BLANKS), ""
