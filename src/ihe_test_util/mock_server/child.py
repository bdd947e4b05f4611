"""The detached server's side of a start: it reads what is asked of it, and writes how far it got.

The parent gives a directory of its own with ``request.json``. There the child writes ``begun.json`` when its log file
is open, and then ``started.json`` or ``error.json``; what it prints meanwhile goes to ``output.txt``. Files are used
because every platform can wait for them. Afterwards the parent removes the directory.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ihe_test_util import errors
from ihe_test_util.errors import IheTestUtilError, StartFailed
from ihe_test_util.mock_server.pid_file import PidRecord
from ihe_test_util.mock_server.server_process import Begun, Started, StartRequest, run_server
from ihe_test_util.mock_server.serving import Endpoint, Ready

REQUEST: Final = "request.json"
BEGUN: Final = "begun.json"
STARTED: Final = "started.json"
ERROR: Final = "error.json"
OUTPUT: Final = "output.txt"


def main(directory: str) -> None:
    """Be the detached mock server."""
    place = Path(directory)
    log_path: list[Path] = []

    def on_begun(begun: Begun) -> None:
        log_path.append(begun.log_path)
        write(place / BEGUN, {**asdict(begun), "log_path": str(begun.log_path), "pid_file": str(begun.pid_file)})

    def on_ready(started: Started) -> None:
        write(place / STARTED, {**asdict(started), "pid_file": str(started.pid_file)})
        _detach_output(log_path[-1])

    try:
        run_server(request_from(read(place / REQUEST) or {}), on_begun=on_begun, on_ready=on_ready, console=False)
    except IheTestUtilError as error:
        if place.is_dir():
            write(place / ERROR, error_as_json(error))
        sys.exit(error.exit_code)


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
    return {**asdict(request), "config_path": str(request.config_path) if request.config_path else None}


def request_from(document: Mapping[str, Any]) -> StartRequest:
    """The request from ``request.json``."""
    path = document["config_path"]
    return StartRequest(**{**document, "config_path": Path(path) if path else None})


def begun_from(document: Mapping[str, Any]) -> Begun:
    """What ``begun.json`` says."""
    return Begun(Path(document["log_path"]), document["log_offset"], Path(document["pid_file"]))


def started_from(document: Mapping[str, Any]) -> Started:
    """What ``started.json`` says."""
    ready = document["ready"]
    endpoints = tuple(Endpoint(**row) for row in ready["endpoints"])
    return Started(
        PidRecord(**document["record"]),
        Ready(**{**ready, "endpoints": endpoints}),
        Path(document["pid_file"]),
        tuple(document["notes"]),
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


def _detach_output(log_path: Path) -> None:
    """Send what the interpreter itself prints from now on to the log, where a later crash can be read."""
    target = os.devnull if sys.platform == "win32" else log_path  # Windows renames no open file
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
