"""Messages of a shape that is known, read without going through their elements.

Most peers send the same message again and again, with other values in attributes and texts. Two messages that differ
in such values alone, plain ones, are both well-formed or neither is, and a reader that takes values as they stand
makes the same of both but for these. So a message is read by its elements once, and others like it by their values.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, make_dataclass
from enum import Enum
from functools import lru_cache
from itertools import compress
from operator import itemgetter, ne
from typing import Any, Final, Generic, TypeAlias, TypeVar

from ihe_test_util.xml.io import Element, parse

T = TypeVar("T")
Read: TypeAlias = Callable[[Element], T]
#: A message between its quotation marks; what stands in an odd place is the value of an attribute.
Pieces: TypeAlias = list[bytes]
#: Where a value stands: the piece, and which text of it.
_Place: TypeAlias = tuple[int, int]

#: The text of an element without children; what begins with white space is taken for a part of the shape.
_TEXT: Final = re.compile(rb">([^<>\s][^<>]*)<")
_DECLARATION: Final = re.compile(
    rb"""<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')"""
    rb"""(?:\s+encoding\s*=\s*["'][Uu][Tt][Ff]-8["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>"""
)
#: What stands before the value of a namespace declaration, or of another attribute that XML itself reserves.
_RESERVED: Final = re.compile(rb"\s[Xx][Mm][Ll][^\s=<>]*\s*=\s*$")
_MARK: Final = "\ue000"
#: How many numbers a shape keeps of what depends on what; peers may change other values in each message.
_REMEMBERED: Final = 16 * 1024


def cut(message: bytes) -> Pieces:
    """A message in the pieces by which a shape knows it."""
    return message.split(b'"')


def bare(pieces: Pieces) -> bytes:
    """What the messages of a shape have in common: everything but values."""
    return b'"'.join([_TEXT.sub(b">\0<", piece) for piece in pieces[::2]])


def are_plain(values: str, count: int) -> bool:
    """Whether values, quotation marks between them, say nothing but themselves: no padding, markup or controls."""
    return (
        values.count('"') == count - 1
        and not values.startswith((" ", '"'))
        and not values.endswith((" ", '"'))
        and '""' not in values
        and '" ' not in values
        and ' "' not in values
        and "<" not in values
        and ">" not in values
        and "&" not in values
        and values != ""
        and values.isprintable()
    )


class Shape(Generic[T]):
    """What a reader makes of all messages that differ in some plain values; for one thread.

    What of the last message is the same in the next one is not made again.
    """

    def __init__(self, sample: Pieces, taken: Sequence[_Place], steps: "Sequence[_Step]", made: Sequence[Any]) -> None:
        """``taken`` are the places of values that are read as they stand; all else has to be as in the sample."""
        self._last = sample
        self._places = range(len(sample))
        self._between = {at: _TEXT.split(piece) for at, piece in enumerate(sample) if not at % 2}
        self._slots = {place: slot for slot, place in enumerate(taken)}
        self._steps = steps
        self._pool = list(made)
        self._affected: dict[tuple[int, ...], list[_Step]] = {}
        self._room = _REMEMBERED

    def read(self, pieces: Pieces) -> T | None:
        """What a message says; None where it is of another shape, or has to be read by its elements."""
        last = self._last
        if len(pieces) != len(last):
            return None
        slots: list[int] = []
        values: list[bytes] = []
        between: dict[int, list[bytes]] = {}
        for at in compress(self._places, map(ne, pieces, last)):
            if at % 2:
                slot = self._slots.get((at, 0))
                if slot is None:
                    return None
                slots.append(slot)
                values.append(pieces[at])
            elif not self._read_texts(at, pieces[at], slots, values, between):
                return None
        if slots:
            try:
                joined = b'"'.join(values).decode()
            except UnicodeDecodeError:
                return None
            if not are_plain(joined, len(slots)):
                return None
            self._renew(tuple(slots), joined.split('"'))
            self._between.update(between)
            self._last = pieces
        result: T = self._pool[-1]
        return result

    def _read_texts(
        self, at: int, piece: bytes, slots: list[int], values: list[bytes], between: dict[int, list[bytes]]
    ) -> bool:
        """Whether a piece differs in nothing but texts that may differ, which go to ``slots`` and ``values``."""
        before, now = self._between[at], _TEXT.split(piece)
        if len(now) != len(before):
            return False
        for index, (one, other) in enumerate(zip(before, now, strict=True)):
            if one != other:
                slot = self._slots.get((at, index // 2)) if index % 2 else None
                if slot is None:
                    return False
                slots.append(slot)
                values.append(other)
        between[at] = now
        return True

    def _renew(self, slots: tuple[int, ...], values: Sequence[str]) -> None:
        pool = self._pool
        for slot, value in zip(slots, values, strict=True):
            pool[slot] = value
        for step in self._affected.get(slots) or self._affected_by(slots):
            step.renew(pool)

    def _affected_by(self, slots: tuple[int, ...]) -> "list[_Step]":
        changed = set(slots)
        affected: list[_Step] = []
        for step in self._steps:
            if not changed.isdisjoint(step.parts):
                changed.add(step.at)
                affected.append(step)
        self._room -= len(slots) + len(affected) + 1
        if self._room < 0:
            self._affected.clear()
            self._room = _REMEMBERED
        self._affected[slots] = affected
        return affected


class _Step:
    """One value in a pool, made of others there: a tuple, or a frozen dataclass."""

    __slots__ = ("_make", "_pick", "_type", "at", "parts")

    def __init__(self, at: int, kind: type, parts: tuple[int, ...]) -> None:
        self.at = at
        self.parts = parts
        self._type = kind
        self._make = None if kind is tuple else _twin(kind)
        # With two parts or more it gives a tuple of them.
        self._pick: Callable[[list[Any]], Any] = itemgetter(*parts) if len(parts) > 1 else _picker(parts)

    def renew(self, pool: list[Any]) -> None:
        """Make the value of what its parts are now."""
        value = self._pick(pool)
        if self._make is not None:
            value = self._make(*value)
            value.__class__ = self._type
        pool[self.at] = value


def _picker(parts: tuple[int, ...]) -> Callable[[list[Any]], tuple[Any, ...]]:
    return lambda pool: tuple([pool[at] for at in parts])


@lru_cache(maxsize=256)
def _twin(kind: type) -> Callable[..., Any]:
    """What makes a dataclass of the same layout that is not frozen, and can be declared one of ``kind`` afterwards.

    A frozen one sets its fields one by one in the way of somebody who may not, which takes three times as long.
    """
    names = [each.name for each in fields(kind)]
    twin = make_dataclass(kind.__name__, names, slots=True, eq=False, repr=False)
    try:
        twin(*names).__class__ = kind
    except TypeError:  # the layout is another one after all
        return kind
    return twin


def learn(message: bytes, read: Read[T]) -> Shape[T] | None:
    """The shape of a message that ``read`` accepts; None where it cannot be told.

    ``read`` gives frozen dataclasses, tuples and plain values, and takes values as they stand: what is not found again
    in its result has to be the same in every message of the shape.

    Raises:
        IheTestUtilError: of ``read``.
    """
    pieces = cut(message)
    if not _is_simple(message):
        return None
    expected = read(parse(message))
    places = [place for place in _places(pieces) if are_plain(_value(pieces, place).decode(), 1)]
    first = _Marked(read(parse(_filled(pieces, places))))
    # Once more with all other values as they are, for what is made of them.
    taken = [places[number] for number in first.found]
    second = _Marked(read(parse(_filled(pieces, taken))))
    if not (first.sound and second.sound) or second.found != list(range(len(taken))):
        return None
    steps, made = second.steps([_value(pieces, place).decode() for place in taken])
    return Shape(pieces, taken, steps, made) if made[-1] == expected else None


def _is_simple(message: bytes) -> bool:
    """Whether nothing but elements, attributes and texts follows an XML declaration, of UTF-8."""
    declaration = _DECLARATION.match(message)
    rest = message[declaration.end() :] if declaration else message
    return (
        _MARK.encode() not in message
        and b"<!" not in rest
        and b"<?" not in rest
        and rest.lstrip(b"\t\r\n ").startswith(b"<")
    )


def _places(pieces: Pieces) -> list[_Place]:
    """Where a message has values that may be others without making the XML something else."""
    first = next(at for at, piece in enumerate(pieces) if b"?>" in piece) if pieces[0].startswith(b"<?") else 0
    places: list[_Place] = []
    for at, piece in enumerate(pieces):
        if at % 2 == 0:
            places += [(at, number) for number in range(len(_TEXT.split(piece)) // 2)]
        elif at > first and not _RESERVED.search(pieces[at - 1]):
            places.append((at, 0))
    return places


def _value(pieces: Pieces, place: _Place) -> bytes:
    at, number = place
    return pieces[at] if at % 2 else bytes(_TEXT.split(pieces[at])[2 * number + 1])


def _filled(pieces: Pieces, places: Sequence[_Place]) -> bytes:
    """The message with the number of each place as its value, between marks."""
    marks: Mapping[_Place, bytes] = {place: f"{_MARK}{at}{_MARK}".encode() for at, place in enumerate(places)}
    filled: Pieces = []
    for at, piece in enumerate(pieces):
        if at % 2:
            filled.append(marks.get((at, 0), piece))
            continue
        between = _TEXT.split(piece)
        for index, one in enumerate(between):
            if index % 2:
                between[index] = b">" + marks.get((at, index // 2), one) + b"<"
        filled.append(b"".join(between))
    return b'"'.join(filled)


class _Marked:
    """What was read of a message with marks in it: where these came out."""

    def __init__(self, root: object) -> None:
        self._root = root
        self.sound = True
        found: set[int] = set()
        self._look(root, found)
        self.found = sorted(found)

    def steps(self, values: Sequence[str]) -> tuple[list[_Step], list[Any]]:
        """How the same is made of values in the place of the marks, and what is made of these, the whole last."""
        made: list[Any] = list(values)
        changing = set(range(len(values)))
        steps: list[_Step] = []

        def place(node: object) -> int:
            if isinstance(node, str) and _MARK in node:
                return int(node.strip(_MARK))
            parts = tuple([place(child) for child in _children(node)])
            at = len(made)
            if changing.isdisjoint(parts):
                made.append(node)
                return at
            step = _Step(at, type(node), parts)
            steps.append(step)
            changing.add(at)
            made.append(None)
            step.renew(made)
            return at

        place(self._root)
        return steps, made

    def _look(self, node: object, found: set[int]) -> None:
        if isinstance(node, str) and not isinstance(node, Enum):
            number = node.strip(_MARK)
            if number == node and _MARK not in node:
                return
            if node == f"{_MARK}{number}{_MARK}" and number.isdecimal():
                found.add(int(number))
            else:
                self.sound = False
        elif type(node) is tuple or (is_dataclass(node) and not hasattr(node, "__post_init__")):
            for child in _children(node):
                self._look(child, found)
        elif not isinstance(node, bool | int | Enum | None):
            self.sound = False


def _children(node: object) -> list[Any]:
    if isinstance(node, tuple):
        return list(node)
    if is_dataclass(node) and not isinstance(node, type):
        return [getattr(node, each.name) for each in fields(node)]
    return []
