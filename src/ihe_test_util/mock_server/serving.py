"""What passes between the process that starts a server and the server: the settings, and the word that it is ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ihe_test_util.mock_server.config import LoadedConfig

Protocol = Literal["http", "https"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A transaction and the path where it is served; ``code`` as ITI-44."""

    code: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A server that answers: where it listens and what it serves."""

    protocol: Protocol
    host: str
    port: int
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything ``app.serve`` needs.

    ``config_path`` is None for the default file, which may be missing; ``overrides`` are dotted configuration fields
    from the command line, host and port among them. ``loaded`` is the same configuration, read already.
    ``announce`` is called once, when requests are answered.
    """

    protocol: Protocol
    host: str
    port: int
    config_path: Path | None
    overrides: Mapping[str, object]
    instance_id: str
    workers: int
    debug: bool
    pid_file: Path | None
    announce: Callable[[Ready], None] | None
    loaded: "LoadedConfig | None" = None
