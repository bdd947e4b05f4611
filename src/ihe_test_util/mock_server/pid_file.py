"""The PID file: which process is the mock server of this directory. Never trusted alone."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ihe_test_util.errors import StorageError
from ihe_test_util.mock_server.processes import is_same_process, start_time_of

DEFAULT_PID_FILE: Final = Path("mocks/.mock-server.pid")
PID_FILE_VARIABLE: Final = "MOCK_SERVER_PID_FILE"

_READABLE_BY_ALL: Final = 0o644
_MAX_BYTES: Final = 64 * 1024
_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class PidRecord:
    """A server as its PID file describes it.

    ``start_time`` is ISO 8601 in UTC. ``os_start_time`` (seconds since the epoch, as the operating system says) and
    ``instance_id`` tell it from another process that got the same number later. ``tls_client_auth`` says whether it
    demands a client certificate, ``client_cert`` and ``client_key`` are what a probe can show it.
    """

    pid: int
    port: int
    protocol: str
    host: str
    start_time: str
    config_file: str | None = None
    os_start_time: float | None = None
    instance_id: str = ""
    log_file: str | None = None
    tls_client_auth: str = "none"
    client_cert: str | None = None
    client_key: str | None = None
    data_dir: str | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its very process is alive; otherwise the file is stale."""
        return is_same_process(self.pid, self.os_start_time)


def default_path() -> Path:
    """The PID file of this working directory, or the one that the environment names."""
    return Path(os.environ.get(PID_FILE_VARIABLE) or DEFAULT_PID_FILE).absolute()


def write_pid_file(pid: int, config: Mapping[str, Any], *, path: Path | None = None) -> Path:
    """Write the PID file of a server, whole or not at all, readable by all; gives its path.

    ``config`` has ``port``, ``protocol`` and ``host``, and where known ``config_file``, ``instance_id``, ``log_file``,
    ``data_dir``.

    Raises:
        StorageError: it cannot be written.
    """
    given = {name: config[name] for name in PidRecord.__dataclass_fields__ if name in config}
    given.setdefault("start_time", datetime.now(UTC).isoformat(timespec="milliseconds"))
    given.setdefault("os_start_time", start_time_of(pid))
    if given.get("config_file") is not None:
        given["config_file"] = str(given["config_file"])
    return write_record(PidRecord(**{**given, "pid": pid}), path or default_path())


def write_record(record: PidRecord, path: Path) -> Path:
    """Write a PID file, whole or not at all, readable by all; gives its path.

    Raises:
        StorageError: it cannot be written.
    """
    text = json.dumps(asdict(record), indent=2) + "\n"
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name + ".", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(text)
        temporary.chmod(_READABLE_BY_ALL)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            "The PID file cannot be written",
            where=str(path.absolute()),
            got=error.strerror or str(error),
            hint=f"set pid_file ({PID_FILE_VARIABLE}) to a place that can be written",
        ) from error
    return path


def read_pid_file(path: Path | None = None) -> dict[str, Any] | None:
    """The PID file as it stands; None where there is none, or none that can be read."""
    record = read_record(path or default_path())
    return None if record is None else asdict(record)


def read_record(path: Path) -> PidRecord | None:
    """The server that a PID file describes; None where there is none, or it is no PID file of ours.

    Raises:
        StorageError: the file is there and may not be read.
    """
    try:
        with path.open("rb") as stream:
            document = json.loads(stream.read(_MAX_BYTES))
        fields = {name: document[name] for name in PidRecord.__dataclass_fields__ if name in document}
        record = PidRecord(**fields)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(
            "The PID file cannot be read", where=str(path.absolute()), got=error.strerror or str(error)
        ) from error
    except (ValueError, TypeError, RecursionError):
        return None
    return record if _is_sound(record) else None


def remove_pid_file(path: Path | None = None) -> None:
    """Remove the PID file, if there is one.

    Raises:
        StorageError: it cannot be removed.
    """
    place = path or default_path()
    try:
        place.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            "The PID file cannot be removed", where=str(place.absolute()), got=error.strerror or str(error)
        ) from error


def remove_record(path: Path, record: PidRecord | None) -> None:
    """Remove a PID file unless it describes another server by now; None stands for one that says nothing."""
    if read_record(path) == record:
        remove_pid_file(path)


def _is_sound(record: PidRecord) -> bool:
    texts = (record.protocol, record.host, record.start_time, record.instance_id, record.tls_client_auth)
    optional = (record.config_file, record.log_file, record.client_cert, record.client_key, record.data_dir)
    return (
        type(record.pid) is int
        and record.pid > 0
        and type(record.port) is int
        and 0 < record.port <= _MAX_PORT
        and record.protocol in {"http", "https"}
        and all(isinstance(text, str) for text in texts)
        and all(text is None or isinstance(text, str) for text in optional)
        and (record.os_start_time is None or isinstance(record.os_start_time, int | float))
    )
