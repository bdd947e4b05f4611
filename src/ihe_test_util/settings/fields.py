"""Kinds of values that configurations have in common, and what their models are made of."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

#: The type of errors that depend on more than one field; what they say is doubtful while the file is unreadable.
CROSS_FIELD: Final = "cross_field"
#: The type of errors whose message is shown as it stands.
REFUSED: Final = "refused"

#: What XML 1.0 (2.2) cannot carry, and so no message.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_ANY_CASE: Final = "|".join("".join(f"[{c}{c.lower()}]" for c in level) for level in _LEVELS)


_T = TypeVar("_T")


class Model(BaseModel):
    """A group of fields: frozen, and without room for names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def described(default: _T, says: str, example: object) -> _T:
    """A field with what documentation and schema say of it."""
    field: _T = Field(default=default, description=says, examples=[example])
    return field


def text_schema(kind: str) -> WithJsonSchema:
    """The JSON Schema of a text of some kind, which messages call by it."""
    return WithJsonSchema({"type": "string", "minLength": 1, "format": kind})


def refusal(message: str, *, got: str = "", expected: str = "", hint: str = "") -> PydanticCustomError:
    """An error whose message is shown as it stands; the others are its parts, for programs."""
    context = {"message": message, "got": got, "expected": expected, "hint": hint}
    return PydanticCustomError(REFUSED, "{message}", context)


def clash(message: str, other: str = "") -> PydanticCustomError:
    """An error between two fields; ``other``, dotted, is blamed where the first stands at its default."""
    return PydanticCustomError(CROSS_FIELD, "{message}", {"message": message, "other": other})


def again(line: ErrorDetails) -> InitErrorDetails:
    """An error as it was found, to be raised together with others."""
    context = line.get("ctx", {})
    if "message" in context:
        kind = clash(**context) if line["type"] == CROSS_FIELD else refusal(**context)
        return {"type": kind, "loc": line["loc"], "input": line["input"]}
    return {"type": line["type"], "loc": line["loc"], "input": line["input"], "ctx": context}


def _text(value: object) -> object:
    if isinstance(value, str):
        if not value.strip():
            raise refusal("is blank; leave the field out for none")
        if bad := _NOT_XML.search(value):
            raise refusal(f"has U+{ord(bad[0]):04X} at character {bad.start() + 1}, which no XML message can carry")
    return value


def _path(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise refusal("is blank; a path is expected")
    if "\0" in value or not value.isprintable():
        raise refusal("has a character that no path should have")
    return Path(value)


def _level(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class LogLevel(StrEnum):
    """How much is logged; written in any case."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


_LEVEL_SCHEMA: Final = WithJsonSchema(
    {"type": "string", "anyOf": [{"enum": list(_LEVELS)}, {"pattern": f"^({_ANY_CASE})$"}]}
)

Text: TypeAlias = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
FilePath: TypeAlias = Annotated[
    Path, BeforeValidator(_path), PlainSerializer(str, return_type=str), text_schema("path")
]
AnyCaseLevel: TypeAlias = Annotated[LogLevel, BeforeValidator(_level), _LEVEL_SCHEMA]
Seconds: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=3600, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1)]
NotNegative: TypeAlias = Annotated[int, Field(strict=True, ge=0)]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
