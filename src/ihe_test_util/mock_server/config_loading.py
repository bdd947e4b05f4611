"""From a file, the environment and the command line to one checked configuration, with the source of every value."""

import difflib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config_json import JsonProblem, parse
from ihe_test_util.mock_server.config_layers import (
    DEFAULT,
    ENV_PREFIX,
    Layers,
    Origin,
    Problem,
    add_environment,
    add_overrides,
    leaves,
)
from ihe_test_util.mock_server.config_models import MockServerConfig
from ihe_test_util.mock_server.config_problems import problems_of, refuse
from ihe_test_util.mock_server.config_words import value as as_json

DEFAULT_CONFIG_PATH: Final = Path("mocks/config.json")
MAX_FILE_BYTES: Final = 4 * 1024 * 1024

_NOTHING: Final[Mapping[str, object]] = {}


class Stamp(NamedTuple):
    """What the file system says of a file's version; two equal stamps far enough apart mean equal content."""

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        """The stamp in a result of stat."""
        return cls(status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns, status.st_dev)


class Snapshot(NamedTuple):
    """The bytes of a configuration file, and its stamp just before they were read."""

    data: bytes
    stamp: Stamp


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
class LoadedConfig:
    """A configuration with the source of every value: ``default``, ``FILE:LINE``, ``env:NAME`` or ``command line``.

    ``path`` is the file that was read, None where there was none; ``warnings`` are for the user's eyes.
    """

    config: MockServerConfig
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


def load_config(
    path: Path | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> MockServerConfig:
    """The configuration from command line over environment over file over defaults.

    Without ``path`` the file is ``mocks/config.json``, which may be missing. ``overrides`` are dotted fields of the
    command line, None where an option was not given; ``environ`` stands in for the process's environment.

    Raises:
        ConfigError: every problem, one a line.
    """
    return load_config_with_sources(path, overrides=overrides, environ=environ).config


def reload_config(path: Path) -> MockServerConfig:
    """The configuration as the file has it now, under the process's environment.

    Raises:
        ConfigError: every problem, one a line.
    """
    return load_config(path)


def load_config_with_sources(
    path: Path | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadedConfig:
    """As ``load_config``, with the source of every value.

    Raises:
        ConfigError: every problem, one a line.
    """
    inputs = gather_inputs(path or DEFAULT_CONFIG_PATH, overrides, environ)
    try:
        snapshot = read_snapshot(inputs.path)
    except FileNotFoundError:
        if path is not None:
            raise _missing(path) from None
        snapshot = None
    return build(inputs, snapshot)


def gather_inputs(path: Path, overrides: Mapping[str, object] | None, environ: Mapping[str, str] | None) -> Inputs:
    """The places to load from, with the variables of this server as they are now."""
    given = os.environ if environ is None else environ
    ours = {name: text for name, text in given.items() if name.upper().startswith(ENV_PREFIX)}
    return Inputs(path, dict(overrides or _NOTHING), ours)


def read_snapshot(path: Path) -> Snapshot:
    """Read a configuration file.

    Raises:
        FileNotFoundError: there is none.
        ConfigError: it cannot be read, or is no file.
    """
    # Without O_NONBLOCK a FIFO would hold up the server until somebody writes to it.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(path, "is a directory" if stat.S_ISDIR(status.st_mode) else "is not a regular file")
            data = _read(descriptor, MAX_FILE_BYTES + 1)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(str(path)) from None
    except ValueError as error:  # a NUL in the path
        raise _unusable(path, f"cannot be read: {error}") from None
    except OSError as error:  # Windows does not open a directory at all
        why = "is a directory" if path.is_dir() else f"cannot be read: {error.strerror or error}"
        raise _unusable(path, why) from error
    if len(data) > MAX_FILE_BYTES:
        raise _unusable(path, f"has more than {MAX_FILE_BYTES:,} bytes; is it a configuration?")
    return Snapshot(data, Stamp.of(status))


def _read(descriptor: int, most: int) -> bytes:
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, min(most, 1 << 20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def build(inputs: Inputs, snapshot: Snapshot | None) -> LoadedConfig:
    """Lay the layers over each other and check what comes of it, once.

    Raises:
        ConfigError: every problem, one a line.
    """
    layers = Layers()
    problems = _add_file(layers, snapshot.data, str(inputs.path)) if snapshot is not None else []
    broken = not layers.data and bool(problems)
    problems += add_environment(layers, inputs.environ)
    add_overrides(layers, inputs.overrides)
    try:
        config = MockServerConfig.model_validate(layers.data)
    except ValidationError as error:
        raise refuse([*problems, *problems_of(error, layers, certain=not broken)]) from None
    if problems:
        raise refuse(problems)
    sources = {".".join(path): str(layers.values.get(path, DEFAULT)) for path, _ in leaves(config)}
    path = inputs.path if snapshot is not None else None
    return LoadedConfig(config, sources, _warnings(sources), path, inputs, snapshot)


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


def _warnings(sources: Mapping[str, str]) -> tuple[str, ...]:
    source = sources["response_delay_ms"]
    if source == str(DEFAULT):
        return ()
    instead = "pix_add_behavior.response_delay_ms and iti41_behavior.response_delay_ms"
    return (f"{source}: response_delay_ms is deprecated and ignored; set {instead} instead",)


def _missing(path: Path) -> ConfigError:
    try:
        beside = [other.name for other in path.parent.iterdir() if other.suffix == ".json"]
    except OSError:  # no such directory, or one we may not list: there is nothing to suggest
        beside = []
    near = difflib.get_close_matches(path.name, beside, n=1)
    hint = f"; did you mean {path.absolute().with_name(near[0])}?" if near else ""
    return ConfigError(f"{path.absolute()}: there is no such configuration file{hint}")


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path.absolute()}: {why}")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path | StrEnum) else value
