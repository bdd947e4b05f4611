"""Results as lines of JSON and back: what is empty is left out."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from ihe_test_util.batch.results import Cause, PatientResult, Status, Step
from ihe_test_util.failures import Category

_FIELDS: Final = tuple((one.name, one.default) for one in fields(PatientResult))
_DIGITS: Final = 6


def as_fields(result: PatientResult) -> dict[str, object]:
    """A result as the members of a JSON object."""
    found: dict[str, object] = {}
    for name, default in _FIELDS:
        value = getattr(result, name)
        if value == default:
            continue
        if isinstance(value, Cause):
            value = cause_fields(value)
        found[name] = round(value, _DIGITS) if isinstance(value, float) else value
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
    return json.dumps(as_fields(result), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def result_of(line: bytes) -> PatientResult:
    """The result that a line holds; members that this version does not know are passed over.

    Raises:
        ValueError: the line is no result.
    """
    try:
        found = json.loads(line)
        values: dict[str, Any] = {name: found[name] for name, _ in _FIELDS if name in found}
        values["status"] = Status(values["status"])
        if "cause" in values:
            values["cause"] = _cause(values["cause"])
        if "notes" in values:
            values["notes"] = tuple(values["notes"])
        return PatientResult(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no result: {error}") from error


def _cause(found: Mapping[str, str]) -> Cause:
    return Cause(
        Step(found["step"]), found["name"], found["message"], Category(found["category"]), found.get("remedy", "")
    )
