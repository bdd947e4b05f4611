"""Layers of configuration, one over the other, and for each value the place that it came from.

Defaults are below, then the file, then the environment, then the command line. Objects are merged field by field,
anything else replaces what is below it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from ihe_test_util.settings.json_text import Document, FieldPath, Position, is_comment


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was set: ``default``, ``FILE:LINE``, ``env:NAME`` or ``command line``."""

    name: str
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.name}:{self.position.line}" if self.position else self.name

    @property
    def place(self) -> str:
        """The same with the column, where there is one."""
        return f"{self}:{self.position.column}" if self.position else self.name


DEFAULT: Final = Origin("default")
COMMAND_LINE: Final = Origin("command line")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration; ``field`` is its dotted path, empty for the whole.

    ``message`` says all of it; ``got``, ``expected`` and ``hint`` are its parts for programs, empty where it has none.
    """

    origin: Origin
    field: str
    message: str
    got: str = ""
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.origin.place, self.field, self.message) if part)


@dataclass(frozen=True, slots=True)
class Layers:
    """What all layers say together, with the origin of each value and each key.

    ``as_merged`` turns a value at a path into what it is merged as.
    """

    as_merged: Callable[[FieldPath, object], object]
    data: dict[str, Any] = field(default_factory=dict)
    values: dict[FieldPath, Origin] = field(default_factory=dict)
    keys: dict[FieldPath, Origin] = field(default_factory=dict)

    def origin(self, path: FieldPath, *, of_key: bool = False) -> Origin:
        """Where the value (or the key) at a path was set, or the nearest object around it."""
        places = self.keys if of_key else self.values
        return next((places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places), DEFAULT)

    def value(self, path: FieldPath, default: object) -> object:
        """What the layers say at a path, before any model has changed it; ``default`` where that is nothing."""
        here: object = self.data
        for name in path:
            if not isinstance(here, dict) or name not in here:
                return default
            here = here[name]
        return here

    def add_document(self, document: Document, name: str) -> None:
        """Lay the members of a JSON object over what is there, without its comments."""
        if isinstance(document.value, dict):
            self._add(document.value, (), name, document)

    def add(self, path: FieldPath, value: object, origin: Origin) -> None:
        """Lay one value over what is there; objects are merged."""
        wrapped: object = value
        for name in reversed(path):
            wrapped = {name: wrapped}
        if isinstance(wrapped, Mapping):
            self._add(wrapped, (), origin.name, None)

    def _add(self, given: Mapping[str, object], path: FieldPath, name: str, document: Document | None) -> None:
        target = self.data
        for step in path:
            target = target[step]
        for key, got in given.items():
            if is_comment(key):
                continue
            here = (*path, key)
            value = self.as_merged(here, got.model_dump(exclude_unset=True) if isinstance(got, BaseModel) else got)
            self.keys[here] = Origin(name, _nearest(document.keys, here) if document else None)
            self.values[here] = Origin(name, _nearest(document.values, here) if document else None)
            if isinstance(value, Mapping):
                if not isinstance(target.get(key), dict):
                    target[key] = {}
                self._add(value, here, name, document)
            else:
                self._forget_below(here)
                self._note_members(here, value, name, document)
                target[key] = _without_comments(value)

    def _note_members(self, path: FieldPath, value: object, name: str, document: Document | None) -> None:
        """Note where what is in a list came from, member by member; the list itself is replaced whole."""
        for key, member in _members(value):
            here = (*path, key)
            self.values[here] = Origin(name, _nearest(document.values, here) if document else None)
            self.keys[here] = Origin(name, _nearest(document.keys, here) if document else None)
            self._note_members(here, member, name, document)

    def _forget_below(self, path: FieldPath) -> None:
        for places in (self.values, self.keys):
            for known in [known for known in places if len(known) > len(path) and known[: len(path)] == path]:
                del places[known]


def add_overrides(layers: Layers, overrides: Mapping[str, object]) -> None:
    """Lay the options of the command line over what is there, by dotted field; None is an option not given."""
    for name, value in overrides.items():
        if value is not None:
            layers.add(tuple(name.split(".")), value, COMMAND_LINE)


def leaves(value: object, path: FieldPath = ()) -> Iterator[tuple[FieldPath, object]]:
    """Every single value of a configuration with its path; of free-form objects only what is set."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from leaves(getattr(value, name), (*path, name))
    elif isinstance(value, tuple) and any(isinstance(member, BaseModel) for member in value):
        for number, member in enumerate(value):
            yield from leaves(member, (*path, str(number)))
    elif isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from ((here, leaf) for here, leaf in leaves(member, (*path, str(key))) if leaf is not None)
    else:
        yield path, value


def _members(value: object) -> Iterable[tuple[str, object]]:
    if isinstance(value, list):
        return ((str(number), member) for number, member in enumerate(value))
    return value.items() if isinstance(value, Mapping) else ()


def _without_comments(value: object) -> object:
    """What is in a list, without the comments in its objects."""
    if isinstance(value, list):
        return [_without_comments(member) for member in value]
    if isinstance(value, Mapping):
        return {key: _without_comments(member) for key, member in value.items() if not is_comment(key)}
    return value


def _nearest(places: Mapping[FieldPath, Position], path: FieldPath) -> Position | None:
    return next((places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places), None)
