"""The detached server: it does what its parent wrote down, and writes how far it got (see ``handover``)."""

import os
import sys
from dataclasses import asdict
from pathlib import Path

from ihe_test_util.errors import IheTestUtilError
from ihe_test_util.mock_server import handover
from ihe_test_util.mock_server.handover import Begun, Started
from ihe_test_util.mock_server.server_process import run_server


def main(directory: str) -> None:
    """Be the detached mock server."""
    place = Path(directory)
    log_path: list[Path] = []

    def on_begun(begun: Begun) -> None:
        log_path.append(begun.log_path)
        handover.write(
            place / handover.BEGUN, {**asdict(begun), "log_path": str(begun.log_path), "pid_file": str(begun.pid_file)}
        )

    def on_ready(started: Started) -> None:
        handover.write(place / handover.STARTED, {**asdict(started), "pid_file": str(started.pid_file)})
        _detach_output(log_path[-1])

    try:
        run_server(
            handover.request_from(handover.read(place / handover.REQUEST) or {}),
            on_begun=on_begun,
            on_ready=on_ready,
            console=False,
        )
    except IheTestUtilError as error:
        if place.is_dir():
            handover.write(place / handover.ERROR, handover.error_as_json(error))
        sys.exit(error.exit_code)


def _detach_output(log_path: Path) -> None:
    """Send what the interpreter itself prints from now on to the log, where a later crash can be read."""
    target = os.devnull if sys.platform == "win32" else log_path  # Windows renames no open file
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
