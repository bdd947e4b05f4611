"""What the models refuse, said for people: place, field, value, range, and the known name that is nearest."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ihe_test_util.config_problem import ConfigProblem
from ihe_test_util.errors import ConfigError
from ihe_test_util.settings.fields import CROSS_FIELD, REFUSED
from ihe_test_util.settings.json_text import FieldPath, Position
from ihe_test_util.settings.kind import AnyKind
from ihe_test_util.settings.layers import Layers, Problem
from ihe_test_util.settings.schema import ModelSchema, Schema
from ihe_test_util.settings.words import nearest, printable, value

_MOST_SHOWN: Final = 50
_TOO_SHORT: Final = frozenset({"too_short", "string_too_short"})
_NOWHERE: Final = Position(0, 0)
_KINDS: Final = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "object": "an object",
    "array": "a list",
}
_FORMATS: Final = {
    "path": "a path",
    "url-path": "a URL path",
    "url": "a URL",
    "oid": "an OID",
    "language": "a language tag",
    "media-type": "a media type",
    "variable": "a name of a variable",
    "coded-value": "a coded value",
    "home-community": "a home community",
}


def problems_of(error: ValidationError, kind: AnyKind, layers: Layers, *, certain: bool) -> list[Problem]:
    """Every problem of a validation; not ``certain`` while a layer is missing, so that fields cannot be compared."""
    return [
        _problem(details, kind, layers)
        for details in error.errors(include_url=False)
        if (certain or details["type"] != CROSS_FIELD) and not _follows(details)
    ]


def refuse(problems: Iterable[Problem]) -> ConfigError:
    """One error for all problems, one a line: those of the file by line, then the others."""
    ordered = sorted(
        problems, key=lambda problem: (problem.origin.position is None, problem.origin.position or _NOWHERE)
    )
    lines = [printable(str(problem)) for problem in ordered[:_MOST_SHOWN]]
    if len(ordered) > _MOST_SHOWN:
        lines.append(f"… and {len(ordered) - _MOST_SHOWN} more")
    return ConfigError("\n".join(lines), problems=tuple(map(_in_parts, ordered)))


def _in_parts(problem: Problem) -> ConfigProblem:
    place = problem.origin.position
    return ConfigProblem(
        problem.origin.name,
        place.line if place else None,
        place.column if place else None,
        printable(problem.field),
        printable(problem.message),
        printable(problem.got),
        printable(problem.expected),
        printable(problem.hint),
    )


def wanted(schema: ModelSchema, path: FieldPath) -> str:
    """What a field may be, in words, such as ``a whole number in 1-65535``."""
    branches = schema.ways_at(path)
    if choices := [choice for branch in branches for choice in _choices(branch)]:
        return f"one of {', '.join(choices)}"
    return " or ".join(_wanted(branch) for branch in branches) or "a known value"


def _follows(details: ErrorDetails) -> bool:
    """Whether a list is called too short only because its members were refused."""
    return details["type"] == "too_short" and bool(details["input"])


def _problem(details: ErrorDetails, kind: AnyKind, layers: Layers) -> Problem:
    path = tuple(str(step) for step in details["loc"])
    context = details.get("ctx", {})
    if details["type"] == "extra_forbidden":
        origin = layers.origin(path, of_key=True)
        near, special = nearest(path[-1], kind.schema.names_below(path[:-1])), kind.on_unknown(path, origin)
        message, hint = (special, "") if special else (f'unknown field "{path[-1]}"{near}', _bare(near))
        return Problem(origin, ".".join(path), message, got=value(path[-1]), hint=hint)
    if details["type"] == "enum" and path[-1] == "[key]":  # how pydantic says that the key itself is wrong
        path = path[:-1]
        known = _choices(kind.schema.keys_of(path[:-1]))
        near = nearest(path[-1], known)
        message = f'unknown name "{path[-1]}"{near}'
        origin = layers.origin(path, of_key=True)
        return Problem(origin, ".".join(path), message, value(path[-1]), f"one of {', '.join(known)}", _bare(near))
    if details["type"] == CROSS_FIELD:
        origin, other = layers.origin(path, of_key=True), context["other"]
        if other and path not in layers.keys:
            path = tuple(other.split("."))
            origin = layers.origin(path)
        return Problem(origin, ".".join(path), context["message"])
    said = _said(details, kind, layers, path)
    return Problem(layers.origin(path), ".".join(path), said.message, said.got, said.expected, said.hint)


class _Said(NamedTuple):
    """What is wrong with a value, whole and in parts."""

    message: str
    got: str = ""
    expected: str = ""
    hint: str = ""


def _said(details: ErrorDetails, kind: AnyKind, layers: Layers, path: FieldPath) -> _Said:
    if details["type"] == REFUSED:
        return _Said(*(str(details["ctx"].get(part, "")) for part in _Said._fields))
    if details["type"] in _TOO_SHORT:
        return _Said("is empty; leave it out for the default", hint="leave it out for the default")
    expected = wanted(kind.schema, path)
    if details["type"] == "missing":
        return _Said(f"is missing; {expected} is expected", expected=expected)
    return _wrong_value(layers.value(path, details["input"]), kind.schema, path)


def _wrong_value(got: object, schema: ModelSchema, path: FieldPath) -> _Said:
    branches, shown = schema.ways_at(path), value(got)
    if len(branches) == 1 and (limits := _limits(branches[0])) and _is_of(branches[0], got):
        return _Said(f"{shown} is not {limits}", shown, wanted(schema, path))
    choices = [choice for branch in branches for choice in _choices(branch)]
    near = nearest(got, choices) if isinstance(got, str) and choices else ""
    near = near if near.startswith("; did") else ""
    expected = wanted(schema, path)
    return _Said(f"{shown} is not {expected}{near}", shown, expected, _bare(near))


def _bare(near: str) -> str:
    return near.removeprefix("; ")


def _wanted(node: Schema) -> str:
    kind = _FORMATS.get(str(node.get("format"))) or _KINDS.get(str(node.get("type")), "a value")
    limits = _limits(node)
    return f"{kind}{' ' if limits.startswith('in') else ', '}{limits}" if limits else kind


def _limits(node: Schema) -> str:
    """The range of a number in words, such as ``in 0.0-1.0``."""
    low, high, above = node.get("minimum"), node.get("maximum"), node.get("exclusiveMinimum")
    if above is not None:
        return f"greater than {above}" + (f" and at most {high}" if high is not None else "")
    if low is not None:
        return f"in {low}-{high}" if high is not None else f"at least {low}"
    return ""


def _is_of(node: Schema, got: object) -> bool:
    kinds = {"integer": (int,), "number": (int, float)}.get(str(node.get("type")), ())
    return isinstance(got, kinds) and not isinstance(got, bool)


def _choices(node: Schema) -> list[str]:
    found: list[Any] = list(node.get("enum", ()))
    for branch in node.get("anyOf", ()):
        found.extend(branch.get("enum", ()))
    return [str(choice) for choice in found]
