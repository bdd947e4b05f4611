"""From a file, the environment and the command line to one checked configuration, with the source of every value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, NamedTuple

from pydantic import Secret, ValidationError

from ihe_test_util.settings.environment import add_environment, variables_of
from ihe_test_util.settings.files import Snapshot, missing, read_snapshot
from ihe_test_util.settings.json_text import JsonProblem, parse
from ihe_test_util.settings.kind import AnyKind, Kind, M
from ihe_test_util.settings.layers import DEFAULT, Layers, Origin, Problem, add_overrides, leaves
from ihe_test_util.settings.problems import problems_of, refuse
from ihe_test_util.settings.words import value as as_json
from ihe_test_util.settings.words import without_password

_NOTHING: Final[Mapping[str, object]] = {}


class Setting(NamedTuple):
    """One value of the configuration in force: dotted field, value as JSON has it, where it was set."""

    field: str
    value: object
    source: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where a configuration comes from, kept so that a reload asks the same places."""

    path: Path
    overrides: Mapping[str, object] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M]):
    """A configuration with the source of every value: ``default``, ``FILE:LINE``, ``env:NAME`` or ``command line``.

    ``path`` is the file that was read, None where there was none; ``warnings`` are for the user's eyes.
    """

    config: M
    sources: Mapping[str, str]
    warnings: tuple[str, ...]
    path: Path | None
    inputs: Inputs
    snapshot: Snapshot | None = field(default=None, repr=False)

    def effective(self) -> tuple[Setting, ...]:
        """Every value that is in force, in the order of the fields."""
        return tuple(
            Setting(name, _plain(value), self.sources[name])
            for name, value in ((".".join(path), value) for path, value in leaves(self.config))
        )


def load(
    kind: Kind[M],
    path: Path | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded[M]:
    """The configuration from command line over environment over file over defaults.

    Without ``path`` the file is the kind's own, which may be missing. ``overrides`` are dotted fields of the command
    line, None where an option was not given; ``environ`` stands in for the process's environment.

    Raises:
        ConfigError: every problem, one a line.
    """
    inputs = gather_inputs(kind, path or kind.default_path, overrides, environ)
    try:
        snapshot = read_snapshot(inputs.path)
    except FileNotFoundError:
        if path is not None:
            raise missing(path) from None
        snapshot = None
    return build(kind, inputs, snapshot)


def gather_inputs(
    kind: AnyKind, path: Path, overrides: Mapping[str, object] | None, environ: Mapping[str, str] | None
) -> Inputs:
    """The places to load from, with the variables of this kind as they are now."""
    return Inputs(path, dict(overrides or _NOTHING), variables_of(kind, os.environ if environ is None else environ))


def build(kind: Kind[M], inputs: Inputs, snapshot: Snapshot | None) -> Loaded[M]:
    """Lay the layers over each other and check what comes of it, once.

    Raises:
        ConfigError: every problem, one a line.
    """
    layers = Layers(kind.as_merged)
    problems = _add_file(layers, snapshot.data, str(inputs.path)) if snapshot is not None else []
    broken = not layers.data and bool(problems)
    problems += add_environment(kind, layers, inputs.environ)
    add_overrides(layers, inputs.overrides)
    try:
        config = kind.model.model_validate(layers.data)
    except ValidationError as error:
        raise refuse([*problems, *problems_of(error, kind, layers, certain=not broken)]) from None
    problems += kind.check(config, layers)
    if problems:
        raise refuse(problems)
    sources = {".".join(path): str(layers.values.get(path, DEFAULT)) for path, _ in leaves(config)}
    path = inputs.path if snapshot is not None else None
    return Loaded(config, sources, kind.warn(config, sources), path, inputs, snapshot)


def _add_file(layers: Layers, data: bytes, name: str) -> list[Problem]:
    """Lay a file's members over what is there; what keeps it from being read, or keys that came twice."""
    here = Origin(name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
        line = data.count(b"\n", 0, error.start) + 1
        found = "it looks like UTF-16" if wide else f"byte 0x{data[error.start]:02x} in line {line}"
        return [Problem(here, "", f"is not UTF-8 ({found}); save it as UTF-8")]
    if not text.strip():
        return [Problem(here, "", "is empty; write {} for the defaults")]
    try:
        document = parse(text)
    except JsonProblem as error:
        excerpt = f"\n{error.excerpt}" if error.excerpt else ""
        return [Problem(Origin(name, error.position), "", error.message + excerpt)]
    if not isinstance(document.value, dict):
        return [Problem(here, "", f"holds {as_json(document.value)}; a JSON object is expected, as in {{}}")]
    layers.add_document(document, name)
    return [
        Problem(Origin(name, again), ".".join(path), f"the key is there twice, first in line {first.line}")
        for path, first, again in document.repeated
    ]


def _plain(value: object) -> object:
    if isinstance(value, Path | StrEnum | Secret):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return without_password(value) if isinstance(value, str) else value
