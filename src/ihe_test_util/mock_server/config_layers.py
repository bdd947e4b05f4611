"""Layers of configuration, one over the other, and for each value the place that it came from.

Defaults are below, then the file, then the environment, then the command line. Objects are merged field by field,
anything else replaces what is below it.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from ihe_test_util.mock_server.config_json import Document, FieldPath, JsonProblem, Position, is_comment, parse
from ihe_test_util.mock_server.config_schema import alternatives, node_at
from ihe_test_util.mock_server.config_words import printable

ENV_PREFIX: Final = "MOCK_SERVER_"
#: What Kubernetes sets in every pod beside a Service named mock-server; ``MOCK_SERVER_PORT`` only as it writes it.
_KUBERNETES: Final = re.compile(
    r"SERVICE_(HOST|PORT(_\w+)?)=.*|PORT=\w+://.*|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=.*", re.DOTALL
)
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


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
    """One thing wrong with the configuration; ``field`` is its dotted path, empty for the whole."""

    origin: Origin
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.origin.place, self.field, self.message) if part)


@dataclass(frozen=True, slots=True)
class Layers:
    """What all layers say together, with the origin of each value and each key."""

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
            value = _as_object(here, got)
            self.keys[here] = Origin(name, _nearest(document.keys, here) if document else None)
            self.values[here] = Origin(name, _nearest(document.values, here) if document else None)
            if isinstance(value, Mapping):
                if not isinstance(target.get(key), dict):
                    target[key] = {}
                self._add(value, here, name, document)
            else:
                self._forget_below(here)
                target[key] = value

    def _forget_below(self, path: FieldPath) -> None:
        for places in (self.values, self.keys):
            for known in [known for known in places if len(known) > len(path) and known[: len(path)] == path]:
                del places[known]


def add_environment(layers: Layers, environ: Mapping[str, str]) -> list[Problem]:
    """Lay every ``MOCK_SERVER_…`` variable over what is there; ``__`` leads into an object, and JSON may be one.

    An empty variable counts as not set. Unknown names are laid down too: the models refuse them.
    """
    problems: list[Problem] = []
    found = {name: text for name, text in environ.items() if name.upper().startswith(ENV_PREFIX) and text}
    for name in sorted(found, key=lambda name: (name.count("__"), name)):
        bare = name[len(ENV_PREFIX) :]
        if _KUBERNETES.fullmatch(f"{bare.upper()}={found[name]}"):
            continue
        origin, path = Origin(f"env:{name}"), _field_of(bare, layers.data.get("endpoint_behaviors", ()))
        try:
            value, repeated = _typed(path, found[name])
        except JsonProblem as error:
            where = f"line {error.position.line}, column {error.position.column}"
            problems.append(Problem(origin, ".".join(path), f"{error.message} ({where})\n{error.excerpt}"))
            continue
        problems.extend(Problem(origin, ".".join((*path, *key)), "the key is there twice") for key in repeated)
        layers.add(path, value, origin)
    return problems


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
    elif isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from ((here, leaf) for here, leaf in leaves(member, (*path, str(key))) if leaf is not None)
    else:
        yield path, value


def _nearest(places: Mapping[FieldPath, Position], path: FieldPath) -> Position | None:
    return next((places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places), None)


def _as_object(path: FieldPath, value: object) -> object:
    """The value as it is merged: a fault template given as text is its reason."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, str) and path[0] == "response_templates" and len(path) == 2:  # noqa: PLR2004 - field and scenario
        return {"reason": value}
    return value


def _field_of(variable: str, endpoints: Collection[str]) -> FieldPath:
    """The field that a variable names, without its prefix; upper case and _ stand for any key of endpoint_behaviors."""
    parts = printable(variable).split("__")
    path = [part.lower() for part in parts]
    if path[0] == "endpoint_behaviors" and len(path) > 1:
        # The table of transactions brings lxml, and only such a variable needs it.
        from ihe_test_util.mock_server.config_endpoints import endpoint_keys  # noqa: PLC0415 - explained above

        wanted = parts[1].upper().replace("-", "_")
        same = [key for key in (parts[1], *endpoint_keys()) if key.upper().replace("-", "_") == wanted]
        path[1] = next((key for key in same if key in endpoints), same[-1])
    return tuple(path)


def _typed(path: FieldPath, text: str) -> tuple[object, list[FieldPath]]:
    """The text of a variable as the type of its field, or as it is where it is none; and keys that came twice."""
    kinds = {branch.get("type") for branch in alternatives(node_at(path) or {})}
    if "object" in kinds and (kinds == {"object"} or text.lstrip().startswith("{")):
        document = parse(text)
        return document.value, [key for key, _, _ in document.repeated]
    if "boolean" in kinds:
        word = text.strip().lower()
        return (True if word in _TRUE else False if word in _FALSE else text), []
    if kinds & {"integer", "number"}:
        try:
            number = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            return text, []
        return (number if number is None or type(number) in {int, float} else text), []
    return text, []
