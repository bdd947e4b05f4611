"""What passes between the process that starts a server and the detached one: the request, and how far it got.

The parent gives a directory of its own with ``request.json``. There the child writes ``begun.json`` when it knows its
files, again when its log is open, and then ``started.json`` or ``error.json``; what it prints meanwhile goes to
``output.txt``. Files are used because every platform can wait for them. Afterwards the parent removes the directory.

Nothing heavy is imported here: a start has to be quick.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ihe_test_util import errors
from ihe_test_util.errors import IheTestUtilError, StartFailed
from ihe_test_util.mock_server.pid_file import PidRecord
from ihe_test_util.mock_server.probe import Address
from ihe_test_util.mock_server.serving import Endpoint, Protocol, Ready

REQUEST: Final = "request.json"
BEGUN: Final = "begun.json"
STARTED: Final = "started.json"
ERROR: Final = "error.json"
OUTPUT: Final = "output.txt"


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What the command line asked for; None where it left the choice to the configuration.

    The process that serves gives an ``ephemeral`` server its ``data_dir``.
    """

    protocol: Protocol
    instance_id: str
    host: str | None = None
    port: int | None = None
    config_path: Path | None = None
    debug: bool = False
    workers: int = 1
    timeout_s: float = 60.0
    ephemeral: bool = False
    data_dir: Path | None = None

    @property
    def overrides(self) -> Mapping[str, object]:
        """The options as fields of the configuration."""
        return {
            "host": self.host,
            f"{self.protocol}_port": self.port,
            "log_level": "DEBUG" if self.debug else None,
            "data_dir": str(self.data_dir) if self.data_dir else None,
        }


@dataclass(frozen=True, slots=True)
class Started:
    """A server that is ready: its PID file's record, what it serves, what it wants its user to know.

    ``ca_file`` is what clients have to trust, where it is known.
    """

    record: PidRecord
    ready: Ready
    pid_file: Path
    notes: tuple[str, ...] = ()
    ca_file: str | None = None

    @property
    def address(self) -> Address:
        """Where it is reached."""
        return address_of(self.record)


@dataclass(frozen=True, slots=True)
class Begun:
    """A start that knows its files: the PID file, and the log with the byte where its own lines begin.

    ``log_offset`` is None while the log is not open.
    """

    pid_file: Path
    log_path: Path
    log_offset: int | None = None


def address_of(record: PidRecord) -> Address:
    """Where a server that a PID file describes is reached."""
    return Address(
        record.protocol,
        record.host,
        record.port,
        Path(record.client_cert) if record.client_cert else None,
        Path(record.client_key) if record.client_key else None,
    )


def lock_path(pid_file: Path) -> Path:
    """The lock file of the starts that write this PID file."""
    return pid_file.with_name(pid_file.name + ".lock")


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(path)


def read(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file that ``write`` wrote; None while there is none."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return document


def request_as_json(request: StartRequest) -> dict[str, Any]:
    """The request as it stands in ``request.json``."""
    document = {**asdict(request), "config_path": str(request.config_path) if request.config_path else None}
    del document["data_dir"]
    return document


def request_from(document: Mapping[str, Any]) -> StartRequest:
    """The request from ``request.json``."""
    path = document["config_path"]
    return StartRequest(**{**document, "config_path": Path(path) if path else None})


def begun_from(document: Mapping[str, Any]) -> Begun:
    """What ``begun.json`` says."""
    return Begun(Path(document["pid_file"]), Path(document["log_path"]), document["log_offset"])


def started_from(document: Mapping[str, Any]) -> Started:
    """What ``started.json`` says."""
    ready = document["ready"]
    endpoints = tuple(Endpoint(**row) for row in ready["endpoints"])
    return Started(
        PidRecord(**document["record"]),
        Ready(**{**ready, "endpoints": endpoints}),
        Path(document["pid_file"]),
        tuple(document["notes"]),
        document["ca_file"],
    )


def error_as_json(error: IheTestUtilError) -> dict[str, str]:
    """An error as it stands in ``error.json``."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "got": error.got,
        "expected": error.expected,
        "hint": error.hint,
    }


def error_from(document: Mapping[str, str]) -> IheTestUtilError:
    """The child's error, to be raised by its parent as if it were its own."""
    parts = dict(document)
    kind = getattr(errors, parts.pop("kind"), StartFailed)
    message = parts.pop("message")
    error: IheTestUtilError = (kind if issubclass(kind, IheTestUtilError) else StartFailed)(message, **parts)
    return error
