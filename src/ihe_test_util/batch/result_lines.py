"""Results as lines of JSON and back: what is empty is left out."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import Any, Final

from ihe_test_util.batch.results import Cause, PatientResult, Status, Step
from ihe_test_util.failures import Category

_FIELDS: Final = tuple((one.name, one.default) for one in fields(PatientResult))
_values_of: Final = attrgetter(*(name for name, _ in _FIELDS))
_TEXTS: Final = frozenset(name for name, default in _FIELDS if type(default) is str)
_DIGITS: Final = 6
#: More rows than a file has that anybody waits for; a checkpoint takes 8 bytes of memory for each.
MAX_ROW: Final = 100_000_000
_SECONDS: Final = (int, float, NoneType)
_KINDS: Final = MappingProxyType[str, tuple[type, ...]](
    {
        **{name: (type(default),) for name, default in _FIELDS},
        **dict.fromkeys(("row", "line"), (int,)),
        **dict.fromkeys(("register_s", "provide_s"), _SECONDS),
        **dict.fromkeys(("status", "cause", "notes"), (object,)),
    }
)


def as_fields(result: PatientResult) -> dict[str, object]:
    """A result as the members of a JSON object."""
    found: dict[str, object] = {}
    for (name, default), value in zip(_FIELDS, _values_of(result), strict=True):
        if value == default:
            continue
        found[name] = (
            round(value, _DIGITS)
            if isinstance(value, float)
            else cause_fields(value)
            if isinstance(value, Cause)
            else value
        )
    return found


def cause_fields(cause: Cause) -> dict[str, str]:
    """A cause as the members of a JSON object."""
    return {
        "step": cause.step,
        "name": cause.name,
        "message": cause.message,
        "category": cause.category,
        "remedy": cause.remedy,
    }


def as_line(result: PatientResult) -> bytes:
    """A result as a line of JSON."""
    return json_bytes(as_fields(result), separators=(",", ":")) + b"\n"


def json_bytes(value: object, *, separators: tuple[str, str] | None = None, indent: int | None = None) -> bytes:
    """JSON in UTF-8; what UTF-8 cannot carry, such as a byte of a file name that is no UTF-8, as JSON's own escape."""
    text = json.dumps(value, ensure_ascii=False, separators=separators, indent=indent)
    return text.encode("utf-8", "backslashreplace")


def result_of(line: bytes) -> PatientResult:
    """The result that a line holds; members that this version does not know are passed over.

    Raises:
        ValueError: the line is no result.
    """
    try:
        found = json.loads(line.decode())
        values: dict[str, Any] = {name: found[name] for name, _ in _FIELDS if name in found}
        for name, value in values.items():
            if type(value) is not str or name not in _TEXTS:
                _check(name, value)
        values["status"] = Status(values["status"])
        if "cause" in values:
            values["cause"] = _cause(values["cause"])
        if "notes" in values:
            values["notes"] = tuple(map(_text, values["notes"]))
        return PatientResult(**values)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no result: {error}") from error


def _check(name: str, value: object) -> None:
    kinds = _KINDS[name]
    # JSON's true is not a number, as Python's is.
    if object not in kinds and type(value) not in kinds:
        raise TypeError(f"{name}: {value!r:.80}")
    if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name}: {value!r:.80}")
    if name == "row" and isinstance(value, int) and not 1 <= value <= MAX_ROW:
        raise ValueError(f"{name}: {value!r:.80}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.80}")
    return value


def _cause(found: Mapping[str, object]) -> Cause:
    return Cause(
        Step(_text(found["step"])),
        _text(found["name"]),
        _text(found["message"]),
        Category(_text(found["category"])),
        _text(found.get("remedy", "")),
    )
