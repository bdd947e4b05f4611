"""Messages of a shape that is known, read without going through their elements.

Most peers send the same message again and again, with other values in attributes and texts. Two texts that differ in
such values alone, plain ones, are both well-formed or neither is, and a reader that takes values as they stand makes
the same of both but for these. So a message is read by its elements once, and others like it by their values.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from ihe_test_util.xml.io import Element, parse

T = TypeVar("T")
Read: TypeAlias = Callable[[Element], T]

#: The text of an element that has no children; what begins with white space is taken for a part of the shape.
_TEXT: Final = re.compile(r">([^<>\s][^<>]*)<")
_DECLARATION: Final = re.compile(
    r"""<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')"""
    r"""(?:\s+encoding\s*=\s*["'][Uu][Tt][Ff]-8["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>"""
)
#: What stands before the value of a namespace declaration, or of another attribute that XML itself reserves.
_RESERVED: Final = re.compile(r"\s[Xx][Mm][Ll][^\s=<>]*\s*=\s*$")
_MARK: Final = "\ue000"
_COMBINATIONS: Final = 512


class Cut:
    """A text in two: the XML without its values, and the values, those of attributes first."""

    __slots__ = ("bare", "count", "values")

    def __init__(self, text: str) -> None:
        pieces = text.split('"')
        between = _TEXT.split('"'.join(pieces[::2]))
        attributes = pieces[1::2]
        self.bare = "\0".join(between[::2])
        self.count = len(attributes)
        self.values = attributes + between[1::2]

    def with_values(self, values: Sequence[str]) -> str:
        """The text with other values."""
        texts = [f">{value}<" for value in values[self.count :]]
        bare = "".join(_alternating(self.bare.split("\0"), texts))
        return "".join(_alternating(bare.split('"'), [f'"{value}"' for value in values[: self.count]]))

    def variable(self) -> list[int]:
        """The values that may be others without making the XML something else."""
        declaration = self.bare.find("?>") if self.bare.startswith("<?") else 0
        found: list[int] = []
        end = 0
        for at, piece in enumerate(self.bare.split('"')[: self.count]):
            end += len(piece) + 1
            if end > declaration and not _RESERVED.search(piece):
                found.append(at)
        found += range(self.count, len(self.values))
        return [at for at in found if are_plain(self.values[at : at + 1])]


def are_plain(values: Sequence[str]) -> bool:
    """Whether values say nothing but themselves: none is empty, padded, or holds markup or controls."""
    joined = '"'.join(("", *values, ""))
    return (
        joined.count('"') == len(values) + 1
        and '""' not in joined
        and '" ' not in joined
        and ' "' not in joined
        and "<" not in joined
        and ">" not in joined
        and "&" not in joined
        and joined.isprintable()
    )


class Shape(Generic[T]):
    """What a reader makes of all texts that differ in some plain values; not to be shared between threads.

    What of the last message is the same in the next one is not made again.
    """

    def __init__(self, sample: Cut, taken: Sequence[int], steps: "Sequence[_Step]", made: Sequence[Any]) -> None:
        """``taken`` are the positions of values that are read as they stand; all others have to be the sample's."""
        self._count = len(sample.values)
        self._taken = taken
        self._fixed = [at for at in range(self._count) if at not in set(taken)]
        self._fixed_values = [sample.values[at] for at in self._fixed]
        self._steps = steps
        self._pool = list(made)
        self._affected: dict[tuple[int, ...], list[_Step]] = {}

    def read(self, cut: Cut) -> T | None:
        """What a text with this shape's ``bare`` says; None where it has to be read by its elements."""
        values = cut.values
        if len(values) != self._count or [values[at] for at in self._fixed] != self._fixed_values:
            return None
        taken = [values[at] for at in self._taken]
        if not are_plain(taken):
            return None
        pool = self._pool
        changed = tuple([at for at, value in enumerate(taken) if value != pool[at]])
        if changed:
            pool[: len(taken)] = taken
            for step in self._affected.get(changed) or self._affected_by(changed):
                pool[step.at] = step.make(*[pool[at] for at in step.parts])
        result: T = pool[-1]
        return result

    def _affected_by(self, changed: tuple[int, ...]) -> "list[_Step]":
        dirty = set(changed)
        affected: list[_Step] = []
        for step in self._steps:
            if not dirty.isdisjoint(step.parts):
                dirty.add(step.at)
                affected.append(step)
        if len(self._affected) >= _COMBINATIONS:
            self._affected.clear()
        self._affected[changed] = affected
        return affected


class _Step:
    """One value made of others: ``pool[at] = make(*parts of the pool)``."""

    __slots__ = ("at", "make", "parts")

    def __init__(self, at: int, make: Callable[..., object], parts: tuple[int, ...]) -> None:
        self.at = at
        self.make = make
        self.parts = parts


def learn(text: str, read: Read[T]) -> Shape[T] | None:
    """The shape of a text that ``read`` accepts; None where it cannot be told.

    ``read`` gives frozen dataclasses, tuples and plain values, and takes values as they stand: what is not found again
    in its result has to be the same in every text of the shape.

    Raises:
        IheTestUtilError: of ``read``.
    """
    cut = Cut(text)
    if not _is_simple(text) or cut.with_values(cut.values) != text:
        return None
    expected = read(parse(text.encode()))
    first = _Walk(_marked(cut, cut.variable(), read))
    # Once more with all other values as they are, for what is made of them.
    walk = _Walk(_marked(cut, first.taken, read)) if first.sound else first
    if not walk.sound or walk.taken != first.taken:
        return None
    steps, made = walk.steps([cut.values[at] for at in walk.taken])
    return Shape(cut, walk.taken, steps, made) if made[-1] == expected else None


def _is_simple(text: str) -> bool:
    """Whether nothing but elements, attributes and texts follows an XML declaration, of UTF-8."""
    declaration = _DECLARATION.match(text)
    rest = text[declaration.end() :] if declaration else text
    return _MARK not in text and "<!" not in rest and "<?" not in rest and rest.lstrip("\t\r\n ").startswith("<")


def _marked(cut: Cut, places: Sequence[int], read: Read[T]) -> T:
    values = list(cut.values)
    for at in places:
        values[at] = f"{_MARK}{at}{_MARK}"
    return read(parse(cut.with_values(values).encode()))


def _alternating(first: Sequence[str], second: Sequence[str]) -> Iterator[str]:
    for at, one in enumerate(first):
        yield one
        if at < len(second):
            yield second[at]


class _Walk:
    """Finds the marks in what was read of a marked text."""

    def __init__(self, root: object) -> None:
        self._root = root
        self.sound = True
        found: set[int] = set()
        self._look(root, found)
        self.taken = sorted(found)

    def steps(self, values: Sequence[str]) -> tuple[list[_Step], list[Any]]:
        """How the same is made of the values that were marked, and what is made of these, the whole last."""
        made: list[Any] = list(values)
        steps: list[_Step] = []
        places = {f"{_MARK}{at}{_MARK}": index for index, at in enumerate(self.taken)}

        def place(node: object) -> int:
            if isinstance(node, str) and node in places:
                return places[node]
            parts = [place(child) for child in _children(node)]
            if not any(part < len(values) or part in changing for part in parts):
                made.append(node)
                return len(made) - 1
            make = _tuple_of if isinstance(node, tuple) else type(node)
            steps.append(_Step(len(made), make, tuple(parts)))
            changing.add(len(made))
            made.append(make(*[made[part] for part in parts]))
            return len(made) - 1

        changing: set[int] = set()
        place(self._root)
        return steps, made

    def _look(self, node: object, found: set[int]) -> None:
        if isinstance(node, str) and not isinstance(node, Enum):
            if _MARK in node:
                number = node.strip(_MARK)
                self.sound = self.sound and node == f"{_MARK}{number}{_MARK}" and number.isdecimal()
                if self.sound:
                    found.add(int(number))
        elif isinstance(node, tuple) or is_dataclass(node):
            for child in _children(node):
                self._look(child, found)
        elif not isinstance(node, bool | int | Enum | None):
            self.sound = False


def _children(node: object) -> list[Any]:
    if type(node) is tuple:
        return list(node)
    if is_dataclass(node) and not isinstance(node, type):
        return [getattr(node, each.name) for each in fields(node) if each.init]
    return []


def _tuple_of(*parts: object) -> tuple[object, ...]:
    return parts
