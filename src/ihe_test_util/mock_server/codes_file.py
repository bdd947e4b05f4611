"""The file of codes (``codes_path``): JSON with the value sets of the affinity domain, read again when it changes."""

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from ihe_test_util.config_problem import ConfigProblem
from ihe_test_util.domain.xds.codes import AffinityDomain, ValueSet, known_attributes
from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config_models import DEFAULT_CODES_PATH
from ihe_test_util.settings.files import Stamp, read_snapshot
from ihe_test_util.settings.json_text import Document, FieldPath, JsonProblem, is_comment, parse
from ihe_test_util.settings.words import nearest, value

_LOG: Final = logging.getLogger("ihe_test_util.mock_server.config")
_CHECK: Final = "check"
_MIME_TYPE: Final = "mimeType"
_MEMBERS: Final = ("code", "codingScheme", "display")


class CodesFile:
    """The value sets in force; a change of the file takes effect with the next message."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stamp: Stamp | None = None
        self._codes = default_codes()

    def current(self, path: Path) -> AffinityDomain:
        """What the file says now; where it has become unusable, what it said before, with a line in the log."""
        try:
            stamp = Stamp.of(os.stat(path))  # noqa: PTH116 - called for every message, and half as fast by Path
        except (OSError, ValueError) as error:
            stamp = None
            _LOG.debug("no file of codes: %s", error)
        if path == self._path and stamp == self._stamp:
            return self._codes
        self._path, self._stamp = path, stamp
        try:
            self._codes = load_codes(path)
        except ConfigError as error:
            _LOG.warning("the file of codes is broken, the last good codes stay in force:\n%s", error)
        return self._codes


def load_codes(path: Path) -> AffinityDomain:
    """The value sets of a file; the shipped ones where the default file is not there.

    Raises:
        ConfigError: every problem, one a line.
    """
    try:
        data = read_snapshot(path).data
    except FileNotFoundError:
        if path == DEFAULT_CODES_PATH:
            return default_codes()
        raise ConfigError(f"{path.absolute()}: there is no such file of codes") from None
    return codes_of(data, str(path))


def default_codes() -> AffinityDomain:
    """The value sets that are shipped."""
    shipped = resources.files("ihe_test_util.domain.xds") / "codes.json"
    return codes_of(shipped.read_bytes(), "codes.json")


def codes_of(data: bytes, name: str) -> AffinityDomain:
    """The value sets that a JSON text holds.

    Raises:
        ConfigError: every problem, one a line.
    """
    try:
        document = parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: is not UTF-8; save it as UTF-8") from None
    except JsonProblem as error:
        place = f"{name}:{error.position.line}:{error.position.column}"
        raise ConfigError(f"{place}: {error.message}" + (f"\n{error.excerpt}" if error.excerpt else "")) from None
    if not isinstance(document.value, dict):
        raise ConfigError(f"{name}: holds {value(document.value)}; a JSON object is expected")
    problems = list(_problems(document, document.value))
    if problems:
        raise _refusal(name, document, problems)
    return _read(document.value)


@dataclass(frozen=True, slots=True)
class _Problem:
    path: FieldPath
    message: str


def _refusal(name: str, document: Document, problems: list[_Problem]) -> ConfigError:
    told = []
    for one in problems:
        place = document.keys.get(one.path) or document.values.get(one.path)
        told.append(
            ConfigProblem(
                name,
                place.line if place else None,
                place.column if place else None,
                ".".join(one.path),
                one.message,
            )
        )
    lines = (f"{name}{f':{one.line}:{one.column}' if one.line else ''}: {one.field}: {one.message}" for one in told)
    return ConfigError("\n".join(lines), problems=tuple(told))


def _problems(document: Document, members: Mapping[str, object]) -> Iterator[_Problem]:
    for path, first, _ in document.repeated:
        yield _Problem(path, f"the key is there twice, first in line {first.line}")
    known = [*known_attributes(), _CHECK]
    for key, member in members.items():
        if is_comment(key):
            continue
        if key not in known:
            yield _Problem((key,), f"no attribute has this name{nearest(key, known)}")
        elif key == _CHECK:
            if not isinstance(member, bool):
                yield _Problem((key,), f"{value(member)} is neither true nor false")
        elif not isinstance(member, list):
            yield _Problem((key,), f"{value(member)} is no list")
        elif key == _MIME_TYPE:
            yield from _mime_type_problems(member)
        else:
            yield from _code_problems(key, member)


def _mime_type_problems(listed: list[object]) -> Iterator[_Problem]:
    for index, one in enumerate(listed):
        if not isinstance(one, str) or one.count("/") != 1 or not all(one.split("/")):
            yield _Problem((_MIME_TYPE, str(index)), f"{value(one)} is no media type, as text/xml or image/*")


def _code_problems(key: str, listed: list[object]) -> Iterator[_Problem]:
    for index, one in enumerate(listed):
        path = (key, str(index))
        if not isinstance(one, dict):
            yield _Problem(
                path, f'{value(one)} is no code, as {{"code": "N", "codingScheme": "2.16.840.1.113883.5.25"}}'
            )
            continue
        for name, text in one.items():
            if is_comment(name):
                continue
            if name not in _MEMBERS:
                yield _Problem((*path, name), f"a code has no such member{nearest(name, _MEMBERS)}")
            elif not isinstance(text, str) or (not text and name != "display"):
                yield _Problem((*path, name), f"{value(text)} is no text" if text != "" else "is empty")
        if "codingScheme" not in one:
            yield _Problem(path, "has no codingScheme")


def _read(members: Mapping[str, object]) -> AffinityDomain:
    value_sets: dict[str, ValueSet] = {}
    mime_types: frozenset[str] = frozenset()
    for key, listed in members.items():
        if not isinstance(listed, list) or is_comment(key):
            continue
        if key == _MIME_TYPE:
            mime_types = frozenset(str(one).lower() for one in listed)
            continue
        value_sets[key] = ValueSet(
            frozenset((one["code"], one["codingScheme"]) for one in listed if "code" in one),
            frozenset(one["codingScheme"] for one in listed if "code" not in one),
        )
    return AffinityDomain(value_sets, mime_types, check=members.get(_CHECK, True) is True)
