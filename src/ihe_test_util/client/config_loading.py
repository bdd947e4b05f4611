"""The client's configuration from a file, the environment and the command line."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel

from ihe_test_util.client.config_models import Certificates, ClientConfig
from ihe_test_util.client.urls import ENV_PREFIX
from ihe_test_util.settings.json_text import FieldPath
from ihe_test_util.settings.kind import Kind, by_path
from ihe_test_util.settings.layers import Layers, Origin, Problem
from ihe_test_util.settings.loading import Loaded, load
from ihe_test_util.settings.words import nearest

DEFAULT_CONFIG_PATH: Final = Path("config/config.json")
LoadedClientConfig: TypeAlias = Loaded[ClientConfig]

#: Variables of this program that are no configuration (``IHE_TEST_UTIL_TRACEBACK``).
_NOT_OURS: Final = "UTIL_"
_SECRET: Final = re.compile(r"pass(word|phrase)|(^|_)pwd|secret", re.IGNORECASE)
_NAMING_SUFFIX: Final = "_env_var"


def load_client_config(
    path: Path | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadedClientConfig:
    """The configuration from command line over environment over file over defaults, with the source of every value.

    Without ``path`` the file is ``config/config.json``, which may be missing. ``overrides`` are dotted fields of the
    command line, None where an option was not given; ``environ`` stands in for the process's environment.

    Raises:
        ConfigError: every problem, one a line.
    """
    return load(KIND, path, overrides=overrides, environ=environ)


def variables() -> Mapping[str, str]:
    """The variable of every field, by dotted field: without its section where the name alone is clear."""
    return {".".join(path): ENV_PREFIX + _short(path).upper() for path in _paths(ClientConfig, ())}


def doubts(config: ClientConfig, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What would make a run with a sound configuration fail, or unsafe, on this machine now."""
    given = os.environ if environ is None else environ
    certificates, transport = config.certificates, config.transport
    files = {
        "certificates.cert_path": certificates.cert_path,
        "certificates.key_path": certificates.key_path,
        "transport.ca_path": transport.ca_path,
    }
    found = [f"{field}: there is no file {path}" for field, path in files.items() if path and not path.exists()]
    if certificates.cert_format == "pkcs12" and not given.get(certificates.pkcs12_password_env_var):
        found.append(f"the password's variable {certificates.pkcs12_password_env_var} is not set")
    if not transport.verify_tls:
        found.append("transport.verify_tls is off: a server of HTTPS may be anybody")
    return tuple(found)


def _field_of(bare: str, _text: str, layers: Layers) -> FieldPath | None:
    """The field that a variable names, with or without its section; None for passwords, which are never shown."""
    name = bare.upper()
    if name.startswith(_NOT_OURS) or name.endswith("_PASSWORD") or ENV_PREFIX + name == _password_variable(layers):
        return None
    path = by_path(bare)
    if len(path) > 1 or path[0] in ClientConfig.model_fields:
        return path
    sections = _sections_with(path[0])
    return (sections[0], path[0]) if len(sections) == 1 else path


def _password_variable(layers: Layers) -> str:
    default = Certificates.model_fields["pkcs12_password_env_var"].default
    return str(layers.value(("certificates", "pkcs12_password_env_var"), default)).upper()


def _short(path: FieldPath) -> str:
    return path[1] if len(path) == 2 and len(_sections_with(path[1])) == 1 else "__".join(path)  # noqa: PLR2004 - section and field


def _sections_with(name: str) -> list[str]:
    return [
        section
        for section, field in ClientConfig.model_fields.items()
        if isinstance(field.default, BaseModel) and name in type(field.default).model_fields
    ]


def _paths(model: type[BaseModel], path: FieldPath) -> Iterator[FieldPath]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, (*path, name))
        else:
            yield (*path, name)


def _on_unknown(path: FieldPath, origin: Origin) -> str:
    name = path[-1]
    if _SECRET.search(name) and not name.endswith(_NAMING_SUFFIX):
        return (
            "a password does not belong here: it is read from the environment only, so that no file gives it away; "
            "certificates.pkcs12_password_env_var names the variable"
        )
    if origin.name.startswith("env:") and len(path) == 1:
        return f"no such variable{nearest(origin.name.removeprefix('env:'), variables().values())}"
    return ""


def _check(config: ClientConfig, layers: Layers) -> Iterator[Problem]:
    """Passwords within URLs of a file."""
    for name in type(config.endpoints).model_fields:
        path = ("endpoints", name)
        origin = layers.origin(path)
        if origin.position is not None and urlsplit(getattr(config.endpoints, name)).password is not None:
            message = "a password does not belong in a file; give the whole URL by the variable "
            yield Problem(origin, ".".join(path), message + variables()[".".join(path)])


KIND: Final = Kind(
    model=ClientConfig,
    default_path=DEFAULT_CONFIG_PATH,
    prefix=ENV_PREFIX,
    field_of=_field_of,
    on_unknown=_on_unknown,
    check=_check,
)
