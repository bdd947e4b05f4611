"""The mock server's configuration from a file, the environment and the command line."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config_models import DEFAULT_CODES_PATH, MockServerConfig
from ihe_test_util.settings.json_text import FieldPath
from ihe_test_util.settings.kind import Kind, by_path
from ihe_test_util.settings.layers import DEFAULT, Layers, Problem
from ihe_test_util.settings.loading import Loaded, load

DEFAULT_CONFIG_PATH: Final = Path("mocks/config.json")
LoadedConfig: TypeAlias = Loaded[MockServerConfig]

#: What Kubernetes sets in every pod beside a Service named mock-server; ``MOCK_SERVER_PORT`` only as it writes it.
_KUBERNETES: Final = re.compile(
    r"SERVICE_(HOST|PORT(_\w+)?)=.*|PORT=\w+://.*|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=.*", re.DOTALL
)
_TEMPLATE: Final = 2  # steps to a fault template: field and scenario


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
    return load(KIND, path, overrides=overrides, environ=environ)


def _field_of(bare: str, text: str, layers: Layers) -> FieldPath | None:
    """The field that a variable names; upper case and _ stand for any key of endpoint_behaviors."""
    if _KUBERNETES.fullmatch(f"{bare.upper()}={text}"):
        return None
    path = by_path(bare)
    if path[0] != "endpoint_behaviors" or len(path) == 1:
        return path
    # The table of transactions brings lxml, and only such a variable needs it.
    from ihe_test_util.mock_server.config_endpoints import endpoint_keys  # noqa: PLC0415 - explained above

    key = bare.split("__")[1]
    wanted = key.upper().replace("-", "_")
    same = [known for known in (key, *endpoint_keys()) if known.upper().replace("-", "_") == wanted]
    endpoints = layers.data.get("endpoint_behaviors", ())
    return (path[0], next((known for known in same if known in endpoints), same[-1]), *path[2:])


def _as_merged(path: FieldPath, value: object) -> object:
    """A fault template given as text is its reason."""
    if isinstance(value, str) and path[0] == "response_templates" and len(path) == _TEMPLATE:
        return {"reason": value}
    return value


def _problems(config: MockServerConfig, layers: Layers) -> Iterable[Problem]:
    """What is wrong with the file of codes; the shipped codes stand in for the default file where it is not there."""
    if config.codes_path == DEFAULT_CODES_PATH and not config.codes_path.exists():
        return
    # The codes bring lxml, and only such a file needs it.
    from ihe_test_util.mock_server.codes_file import load_codes  # noqa: PLC0415 - explained above

    try:
        load_codes(config.codes_path)
    except ConfigError as error:
        yield Problem(layers.values.get(("codes_path",), DEFAULT), "codes_path", str(error))


def _warnings(_config: MockServerConfig, sources: Mapping[str, str]) -> tuple[str, ...]:
    source = sources["response_delay_ms"]
    if source == str(DEFAULT):
        return ()
    instead = "pix_add_behavior.response_delay_ms and iti41_behavior.response_delay_ms"
    return (f"{source}: response_delay_ms is deprecated and ignored; set {instead} instead",)


KIND: Final = Kind(
    model=MockServerConfig,
    default_path=DEFAULT_CONFIG_PATH,
    prefix="MOCK_SERVER_",
    field_of=_field_of,
    as_merged=_as_merged,
    check=_problems,
    warn=_warnings,
)
