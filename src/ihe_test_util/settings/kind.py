"""What sets one configuration apart from another: its model, its default file, its variables, its own sentences."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel

from ihe_test_util.settings.json_text import FieldPath
from ihe_test_util.settings.layers import Layers, Origin, Problem
from ihe_test_util.settings.schema import ModelSchema

M = TypeVar("M", bound=BaseModel)

#: The field that a variable's name (without prefix) and text stand for, None where the variable is not one of ours.
FieldOf: TypeAlias = Callable[[str, str, Layers], FieldPath | None]


def _as_it_is(_path: FieldPath, value: object) -> object:
    return value


def _nothing_to_say(_path: FieldPath, _origin: Origin) -> str:
    return ""


def _no_problems(_config: object, _layers: Layers) -> Iterable[Problem]:
    return ()


def _no_warnings(_config: object, _sources: Mapping[str, str]) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """A kind of configuration.

    ``prefix`` is that of its environment variables. ``as_merged`` turns a short form of a value into the object that it
    is merged as, ``on_unknown`` has the message for an unknown field where it is a known mistake. ``check`` finds what
    is wrong with valid values because of where they came from; ``warn`` tells what is doubtful about sound ones.
    """

    model: type[M]
    default_path: Path
    prefix: str
    field_of: FieldOf
    as_merged: Callable[[FieldPath, object], object] = _as_it_is
    on_unknown: Callable[[FieldPath, Origin], str] = _nothing_to_say
    check: Callable[[M, Layers], Iterable[Problem]] = _no_problems
    warn: Callable[[M, Mapping[str, str]], tuple[str, ...]] = _no_warnings

    @property
    def schema(self) -> ModelSchema:
        """What its fields are bound by."""
        return ModelSchema(self.model)


AnyKind: TypeAlias = Kind[Any]


def by_path(bare: str) -> FieldPath:
    """The field of a variable's name: lower case, ``__`` leads into an object."""
    return tuple(part.lower() for part in bare.split("__"))
