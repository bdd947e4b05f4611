"""Environment variables as a layer of configuration."""

import json
from collections.abc import Mapping
from typing import Final

from ihe_test_util.settings.json_text import FieldPath, JsonProblem, parse
from ihe_test_util.settings.kind import AnyKind
from ihe_test_util.settings.layers import Layers, Origin, Problem
from ihe_test_util.settings.schema import ModelSchema
from ihe_test_util.settings.words import printable

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


def variables_of(kind: AnyKind, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that begin with the prefix, whether they turn out to be ours or not."""
    return {name: text for name, text in environ.items() if name.upper().startswith(kind.prefix)}


def add_environment(kind: AnyKind, layers: Layers, environ: Mapping[str, str]) -> list[Problem]:
    """Lay every variable over what is there; ``__`` leads into an object, and JSON may be one.

    An empty variable counts as not set. Unknown names are laid down too: the models refuse them.
    """
    problems: list[Problem] = []
    found = {name: text for name, text in variables_of(kind, environ).items() if text}
    for name in sorted(found, key=lambda name: (name.count("__"), name)):
        path = kind.field_of(printable(name[len(kind.prefix) :]), found[name], layers)
        if path is None:
            continue
        origin = Origin(f"env:{name}")
        try:
            value, repeated = _typed(kind.schema, path, found[name])
        except JsonProblem as error:
            where = f"line {error.position.line}, column {error.position.column}"
            problems.append(Problem(origin, ".".join(path), f"{error.message} ({where})\n{error.excerpt}"))
            continue
        problems.extend(Problem(origin, ".".join((*path, *key)), "the key is there twice") for key in repeated)
        layers.add(path, value, origin)
    return problems


def _typed(schema: ModelSchema, path: FieldPath, text: str) -> tuple[object, list[FieldPath]]:
    """The text of a variable as the type of its field, or as it is where it is none; and keys that came twice."""
    kinds = {way.get("type") for way in schema.ways_at(path)}
    bracket = {"object": "{", "array": "["}
    if any(kinds == {kind} or (kind in kinds and text.lstrip().startswith(bracket[kind])) for kind in bracket):
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
