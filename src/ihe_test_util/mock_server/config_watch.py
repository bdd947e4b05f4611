"""Hot reload: a change of the configuration file takes effect with the next request, however it was saved."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from ihe_test_util.config_problem import ConfigProblem
from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config_loading import KIND, LoadedConfig
from ihe_test_util.mock_server.config_models import RESTART_FIELDS, MockServerConfig
from ihe_test_util.settings.files import Stamp, read_snapshot
from ihe_test_util.settings.layers import leaves
from ihe_test_util.settings.loading import Inputs, build, gather_inputs

#: A stamp tells two versions apart only when they are further apart than the coarsest clock of a file system (FAT's).
RACY_NS: Final = 2_000_000_000
_NS: Final = 1_000_000_000

_log: Final = logging.getLogger("ihe_test_util.mock_server.config")


class ConfigState(StrEnum):
    """What is known of the file behind the configuration in force."""

    OK = "ok"
    INVALID = "invalid"  # the file is broken; the last good configuration is in force
    MISSING = "missing"  # the file is gone; the last good configuration is in force


@dataclass(frozen=True, slots=True)
class ConfigStatus:
    """The configuration's state as ``/health`` and ``mock status`` show it.

    ``pending_restart`` names the fields whose new value waits for a restart.
    """

    state: ConfigState
    error: str
    loaded_at: datetime
    pending_restart: tuple[str, ...] = ()
    problems: tuple[ConfigProblem, ...] = ()


class ConfigWatcher:
    """Keeps a configuration in step with its file; nothing here raises while requests are served.

    ``config`` is swapped whole; who took it keeps what it took. ``started`` is the configuration of the start: what
    cannot change in a running server (address, ports, TLS, files) is taken from it. Without a path nothing is watched.
    ``clock`` is wall-clock nanoseconds, to be compared with those of the file system.
    """

    def __init__(
        self,
        config_path: Path | None,
        config: MockServerConfig,
        *,
        overrides: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        inputs = gather_inputs(KIND, config_path or KIND.default_path, overrides, environ)
        self._start(config, inputs, clock)
        self._watching = config_path is not None

    @classmethod
    def of(cls, loaded: LoadedConfig, *, clock: Callable[[], int] = time.time_ns) -> Self:
        """A watcher that goes on from what was loaded, with its environment and command line."""
        self = cls.__new__(cls)
        self._start(loaded.config, loaded.inputs, clock)
        self._loaded = loaded
        if loaded.snapshot is not None:
            self._seen, self._existed = loaded.snapshot.data, True
        return self

    def _start(self, config: MockServerConfig, inputs: Inputs, clock: Callable[[], int]) -> None:
        self.started = config
        self._config = config
        self._inputs = inputs
        self._clock = clock
        self._file = os.path.abspath(inputs.path)  # noqa: PTH100 - text, which os.stat takes fastest; links stay links
        self._loaded: LoadedConfig | None = None
        self._stamp: Stamp | None = None
        self._settled = False
        self._seen: bytes | None = None
        self._watching = True
        self._modified = 0.0
        self._existed = False
        try:
            self._modified = os.stat(self._file).st_mtime  # noqa: PTH116 - as above
            self._existed = True
        except (OSError, ValueError) as error:  # the first check says what is wrong, where anything is
            _log.debug("no configuration file yet: %s", error)
        self._status = ConfigStatus(ConfigState.OK, "", self._now())

    @property
    def config(self) -> MockServerConfig:
        """The configuration in force."""
        return self._config

    @property
    def loaded(self) -> LoadedConfig | None:
        """The configuration in force with its sources; None until the first check of a watcher not made by ``of``."""
        return self._loaded

    @property
    def last_modified(self) -> float:
        """Modification time of the file when last looked at, in seconds since the epoch; 0 where there was none."""
        return self._modified

    @property
    def status(self) -> ConfigStatus:
        """The state to show."""
        return self._status

    def check_reload(self) -> bool:
        """Whether the file has changed so that another configuration is in force now; one ``stat`` where it has not."""
        if not self._watching:
            return False
        try:
            stamp = Stamp.of(os.stat(self._file))  # noqa: PTH116 - called for every request, and half as fast by Path
            if stamp == self._stamp and self._settled:
                return False
            return self._look(stamp)
        except (FileNotFoundError, NotADirectoryError):
            self._gone()
        except ConfigError as error:
            self._reject(str(error), problems=error.problems)
        except OSError as error:
            self._stamp = self._seen = None
            self._reject(f"{self._file}: cannot be read: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - a request is answered whatever a reload runs into
            self._reject(f"{self._file}: {error!r}", bug=True)
        return False

    def reload_config(self, path: Path | None = None) -> MockServerConfig:
        """Read the file now, changed or not; or another one, and watch that from now on.

        Raises:
            ConfigError: every problem, one a line; the configuration in force stays.
        """
        if path is None and not self._watching:
            raise ConfigError("this server was started without a configuration file, so there is none to read again")
        inputs = self._inputs if path is None else replace(self._inputs, path=path)
        file = self._file if path is None else os.path.abspath(path)  # noqa: PTH100 - as in _start
        try:
            snapshot = read_snapshot(Path(file))
        except FileNotFoundError:
            raise ConfigError(f"{file}: there is no such configuration file") from None
        loaded = build(KIND, inputs, snapshot)
        self._inputs, self._file, self._watching = inputs, file, True
        self._remember(snapshot.stamp, snapshot.data)
        self._adopt(loaded)
        return self._config

    def _look(self, stamp: Stamp) -> bool:
        """Read the file and take it over where its bytes are others than those last seen."""
        try:
            snapshot = read_snapshot(Path(self._file))
        except ConfigError:
            self._remember(stamp, None)
            raise
        same = snapshot.data == self._seen
        self._remember(snapshot.stamp, snapshot.data)
        if same:
            return False
        return self._adopt(build(KIND, self._inputs, snapshot))

    def _remember(self, stamp: Stamp, data: bytes | None) -> None:
        # As git does with its index: content read while a further write could still leave the same stamp is compared
        # again until it could not. Where ctime is the time of a change, nobody can set it back; on Windows it is not.
        newest = max(stamp.mtime_ns, stamp.ctime_ns) if os.name == "nt" else stamp.ctime_ns
        self._stamp = stamp
        self._settled = self._clock() - newest >= RACY_NS
        self._seen = data
        self._existed = True
        self._modified = stamp.mtime_ns / _NS

    def _adopt(self, loaded: LoadedConfig) -> bool:
        """Put a configuration in force, and say in the log what is other than before."""
        before, self._loaded = self._loaded, loaded
        was_good = self._status.state is ConfigState.OK
        changed = _differences(self._config, loaded.config)
        pending = tuple(name for name in RESTART_FIELDS if getattr(loaded.config, name) != getattr(self.started, name))
        self._config = loaded.config
        self._status = ConfigStatus(ConfigState.OK, "", self._now(), pending)
        if changed:
            _log.info("configuration reloaded from %s, changed: %s", self._file, ", ".join(changed))
        elif before is not None or not was_good:
            _log.info("configuration reloaded from %s, no value changed", self._file)
        if waiting := [name for name in changed if name in pending]:
            _log.warning("takes effect after a restart only: %s", ", ".join(waiting))
        for warning in loaded.warnings:
            if before is None or warning not in before.warnings:
                _log.warning("%s", warning)
        return bool(changed)

    def _gone(self) -> None:
        self._stamp = self._seen = None
        self._modified = 0.0
        if not self._existed or self._status.state is ConfigState.MISSING:
            return
        error = f"{self._file}: the configuration file was removed; the last good configuration stays in force"
        self._status = replace(self._status, state=ConfigState.MISSING, error=error, problems=())
        _log.warning("%s", error)

    def _reject(self, error: str, *, problems: tuple[ConfigProblem, ...] = (), bug: bool = False) -> None:
        if self._status.state is ConfigState.INVALID and self._status.error == error:
            return
        told = problems or (ConfigProblem(self._file, None, None, "", error),)
        self._status = replace(self._status, state=ConfigState.INVALID, error=error, problems=told)
        # Only where the reason is no one's edit does the stack help.
        _log.warning("the configuration is broken, the last good one stays in force:\n%s", error, exc_info=bug)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock() / _NS, UTC)


def _differences(before: MockServerConfig, after: MockServerConfig) -> tuple[str, ...]:
    """The dotted fields whose values differ, in the order of the fields."""
    old, new = dict(leaves(before)), dict(leaves(after))
    return tuple(
        ".".join(path) for path in {**new, **old} if old.get(path, _differences) != new.get(path, _differences)
    )
