"""What the models refuse, said for people: place, field, value, range, and the known name that is nearest."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config_json import FieldPath, Position
from ihe_test_util.mock_server.config_layers import DEFAULT, Layers, Problem
from ihe_test_util.mock_server.config_models import CROSS_FIELD
from ihe_test_util.mock_server.config_schema import Schema, alternatives, names_below, node_at, resolved
from ihe_test_util.mock_server.config_words import nearest, printable, value

_MOST_SHOWN: Final = 50
_NOWHERE: Final = Position(0, 0)
_KINDS: Final = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "object": "an object",
}
_FORMATS: Final = {"path": "a path", "url-path": "a URL path"}


def problems_of(error: ValidationError, layers: Layers, *, certain: bool) -> list[Problem]:
    """Every problem of a validation; not ``certain`` while a layer is missing, so that fields cannot be compared."""
    return [
        _problem(details, layers)
        for details in error.errors(include_url=False)
        if certain or details["type"] != CROSS_FIELD
    ]


def refuse(problems: Iterable[Problem]) -> ConfigError:
    """One error for all problems, one a line: those of the file by line, then the others."""
    ordered = sorted(
        problems, key=lambda problem: (problem.origin.position is None, problem.origin.position or _NOWHERE)
    )
    lines = [printable(str(problem)) for problem in ordered[:_MOST_SHOWN]]
    if len(ordered) > _MOST_SHOWN:
        lines.append(f"… and {len(ordered) - _MOST_SHOWN} more")
    return ConfigError("\n".join(lines))


def wanted(path: FieldPath) -> str:
    """What a field may be, in words, such as ``a whole number in 1-65535``."""
    branches = alternatives(node_at(path) or {})
    if choices := [choice for branch in branches for choice in _choices(branch)]:
        return f"one of {', '.join(choices)}"
    return " or ".join(_wanted(branch) for branch in branches) or "a known value"


def _problem(details: ErrorDetails, layers: Layers) -> Problem:
    path = tuple(str(step) for step in details["loc"])
    context = details.get("ctx", {})
    if details["type"] == "extra_forbidden":
        message = f'unknown field "{path[-1]}"{nearest(path[-1], names_below(path[:-1]))}'
        return Problem(layers.origin(path, of_key=True), ".".join(path), message)
    if details["type"] == "enum" and path[-1] == "[key]":  # how pydantic says that the key itself is wrong
        path = path[:-1]
        known = _choices(_keys_of(path[:-1]))
        message = f'unknown name "{path[-1]}"{nearest(path[-1], known)}'
        return Problem(layers.origin(path, of_key=True), ".".join(path), message)
    if details["type"] == "refused":
        return Problem(layers.origin(path), ".".join(path), context["message"])
    if details["type"] == CROSS_FIELD:
        origin, other = layers.origin(path, of_key=True), context["other"]
        if other and origin == DEFAULT:
            path, origin = (other,), layers.origin((other,))
        return Problem(origin, ".".join(path), context["message"])
    return Problem(layers.origin(path), ".".join(path), _wrong_value(layers.value(path, details["input"]), path))


def _wrong_value(got: object, path: FieldPath) -> str:
    branches = alternatives(node_at(path) or {})
    if len(branches) == 1 and (limits := _limits(branches[0])) and _is_of(branches[0], got):
        return f"{value(got)} is not {limits}"
    choices = [choice for branch in branches for choice in _choices(branch)]
    near = nearest(got, choices) if isinstance(got, str) and choices else ""
    return f"{value(got)} is not {wanted(path)}{near if near.startswith('; did') else ''}"


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


def _keys_of(path: FieldPath) -> Schema:
    node = node_at(path) or {}
    names: Schema = node.get("propertyNames", {})
    return resolved(names)
