"""Starting, stopping and asking for the mock server as a process of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ihe_test_util
from ihe_test_util.errors import IheTestUtilError, PeerError, ServerError, StartFailed, Unreachable
from ihe_test_util.mock_server import handover
from ihe_test_util.mock_server.handover import Begun, Started, StartRequest, address_of, lock_path
from ihe_test_util.mock_server.pid_file import (
    PID_FILE_VARIABLE,
    PidRecord,
    default_path,
    read_pid_file,
    read_record,
    remove_pid_file,
    remove_record,
    write_pid_file,
)
from ihe_test_util.mock_server.probe import RELOAD_PATH, STOP_PATH, Health, ask, read_health
from ihe_test_util.mock_server.processes import is_process_running, listens_on
from ihe_test_util.mock_server.start_lock import StartLock

if TYPE_CHECKING:
    import psutil

__all__ = [
    "ELSEWHERE",
    "MockServerProcess",
    "ServerState",
    "ServerStatus",
    "StopOutcome",
    "Stopped",
    "is_process_running",
    "read_pid_file",
    "remove_pid_file",
    "write_pid_file",
]

_STEP_S: Final = 0.02
_PROBE_TIMEOUT_S: Final = 5.0
_KILL_WAIT_S: Final = 5.0
#: A server that is told twice to stop drops the requests in flight; the first word must have arrived before.
_SECOND_WORD_S: Final = 0.2
_FORCED_S: Final = 3.0
_INDENT: Final = "    "
_LOG_LINES: Final = 10
_LOG_BYTES: Final = 64 * 1024
#: Runs the child without ``-m``, which would look for modules in the user's working directory first. One line, and
#: followed by words that a person who looks for the process searches for.
_CHILD: Final = (
    "import gc, sys; gc.disable(); sys.path.append(sys.argv[2]); "
    "from ihe_test_util.mock_server.child import main; main(sys.argv[3])"
)
_CALLED: Final = "ihe-test-util mock start"

#: How to reach a server from another directory than its own.
ELSEWHERE: Final = f"a server started elsewhere has its own PID file: cd there, or set {PID_FILE_VARIABLE} to that file"


class ServerState(StrEnum):
    """What is known of the server of a PID file."""

    RUNNING = "running"
    UNRESPONSIVE = "unresponsive"  # its process is alive, and it does not answer
    STALE = "stale"  # a PID file, and no server
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server's state: what its PID file says, and what it said itself where it answered."""

    state: ServerState
    pid_file: Path
    record: PidRecord | None = None
    health: Health | None = None
    problem: str = ""


class StopOutcome(StrEnum):
    """How a stop ended; in each case nothing runs afterwards."""

    NOT_RUNNING = "not running"
    STALE = "stale"
    STOPPED = "stopped"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stop ended, the state it found, and for how long it was ready to wait, in seconds."""

    outcome: StopOutcome
    found: ServerStatus
    waited_s: float = 0.0


class MockServerProcess:
    """The mock server that a PID file stands for, by default that of the working directory."""

    def __init__(self, pid_file: Path | None = None) -> None:
        self.pid_file = pid_file.absolute() if pid_file else default_path()

    def start(self, request: StartRequest) -> Started:
        """Start it detached, and return when it answered over its socket as the instance just started.

        The PID file is the one of the request's configuration. On any failure nothing is left running or lying about.

        Raises:
            IheTestUtilError: what kept it from starting, with the last log lines as notes.
        """
        directory = Path(tempfile.mkdtemp(prefix="ihe-test-util-start-"))
        try:
            handover.write(directory / handover.REQUEST, handover.request_as_json(request))
            process = _spawn(directory)
            try:
                started = _wait_until_ready(process, directory, request)
            except BaseException:
                _kill(process)
                _clean_up(directory, request)
                raise
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        process.returncode = 0  # it is on its own now: nobody waits for it, which Popen would warn of
        self.pid_file = started.pid_file
        return started

    def status(self, *, timeout_s: float = _PROBE_TIMEOUT_S) -> ServerStatus:
        """Whether it runs, asked over its socket."""
        record = read_record(self.pid_file)
        if record is None:
            if self.pid_file.exists():
                return ServerStatus(ServerState.STALE, self.pid_file, problem="the file is not readable as a PID file")
            return ServerStatus(ServerState.STOPPED, self.pid_file)
        health, problem = _ask_instance(record, timeout_s)
        if health is not None or not problem:
            unknown = "" if health else "it demands a client certificate and none is at hand: its details are not known"
            return ServerStatus(ServerState.RUNNING, self.pid_file, record, health, unknown)
        if record.is_alive:
            return ServerStatus(ServerState.UNRESPONSIVE, self.pid_file, record, problem=problem)
        gone = f"process {record.pid} is gone, or is another program by now"
        return ServerStatus(ServerState.STALE, self.pid_file, record, problem=gone)

    def stop(
        self, *, timeout_s: float = 10.0, force: bool = False, on_wait: Callable[[PidRecord], None] | None = None
    ) -> Stopped:
        """Let it finish the requests in flight and end, for at most ``timeout_s``; then kill it.

        With ``force`` it does not wait for requests. A stale PID file is removed, and its process never signalled.
        ``on_wait`` is called when the server was told.

        Raises:
            ServerError: it is running and may not be signalled.
        """
        found = self.status()
        record = found.record
        if found.state is ServerState.STOPPED:
            return Stopped(StopOutcome.NOT_RUNNING, found)
        if found.state is ServerState.STALE or record is None:
            remove_record(self.pid_file, record)
            return Stopped(StopOutcome.STALE, found)
        if not is_process_running(record.pid):
            raise ServerError(
                "The mock server answers, but its process is not to be seen from here",
                where=address_of(record).url,
                got=f"pid {record.pid}, perhaps in a container",
                hint="stop it where it was started",
            )
        wait_s = min(timeout_s, _FORCED_S) if force else timeout_s
        outcome = _end(record, wait_s, force=force, on_wait=on_wait)
        remove_record(self.pid_file, record)
        return Stopped(outcome, found, wait_s)

    def reload(self, *, timeout_s: float = _PROBE_TIMEOUT_S) -> Mapping[str, Any]:
        """Make it read its configuration now; gives the state of its configuration afterwards.

        Raises:
            ServerError: it is not running.
            Unreachable: it does not answer.
        """
        found = self.status(timeout_s=timeout_s)
        if found.state is not ServerState.RUNNING or found.record is None:
            raise not_running(found)
        return ask(address_of(found.record), "POST", RELOAD_PATH, timeout_s=timeout_s)


def not_running(found: ServerStatus) -> ServerError:
    """The error of a command that needs a running server."""
    if found.state is ServerState.STOPPED:
        return ServerError(
            "The mock server is not running",
            where=str(found.pid_file),
            got="no PID file there",
            hint=f"ihe-test-util mock start -b; {ELSEWHERE}",
        )
    hangs = found.state is ServerState.UNRESPONSIVE
    return ServerError(
        f"The mock server {'runs, but does not answer' if hangs else 'is not running'}",
        where=str(found.pid_file),
        got=found.problem,
        hint="ihe-test-util mock stop" if hangs else "ihe-test-util mock start -b, which replaces the stale file",
    )


def _spawn(directory: Path) -> "subprocess.Popen[bytes]":
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    package = str(Path(ihe_test_util.__file__).parents[1])
    with (directory / handover.OUTPUT).open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-c", _CHILD, _CALLED, package, str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            creationflags=flags,
        )


def _wait_until_ready(process: "subprocess.Popen[bytes]", directory: Path, request: StartRequest) -> Started:
    """Wait for the child's word, then for the answer of its socket.

    Raises:
        IheTestUtilError: the child's own error, or that it died or took too long.
    """
    deadline = time.monotonic() + request.timeout_s
    started: Started | None = None
    problem = "it did not get as far as listening"
    while time.monotonic() < deadline:
        ended = process.poll()
        if ended is not None:
            raise _with_last_lines(_death(directory, ended), directory)
        if started is None and (document := handover.read(directory / handover.STARTED)) is not None:
            started = handover.started_from(document)
        if started is not None:
            left = max(deadline - time.monotonic(), _STEP_S)
            _, problem = _ask_instance(started.record, min(left, _PROBE_TIMEOUT_S))
            if not problem:
                return started
        time.sleep(_STEP_S)
    raise _with_last_lines(
        StartFailed(
            f"The mock server was not ready within {request.timeout_s:g} s, and was ended",
            got=problem,
            hint="mock start --timeout SECONDS waits longer",
        ),
        directory,
    )


def _ask_instance(record: PidRecord, timeout_s: float) -> tuple[Health | None, str]:
    """What the very instance of a PID file says of itself, or what is wrong.

    Neither is there for a server that demands a client certificate which we do not have: then the operating system
    vouches for it that it is this process that listens.
    """
    try:
        health = read_health(address_of(record), timeout_s=timeout_s)
    except Unreachable as error:
        refused = record.tls_client_auth == "required" and record.client_cert is None
        if refused and record.is_alive and listens_on(record.pid, record.port):
            return None, ""
        return None, str(error)
    except PeerError as error:
        return None, str(error)
    if health.instance_id != record.instance_id:
        return None, f"another server answers at {address_of(record).url}"
    return health, ""


def _death(directory: Path, exit_code: int) -> IheTestUtilError:
    document = handover.read(directory / handover.ERROR)
    if document is not None:
        return handover.error_from(document)
    how = f"with exit code {exit_code}" if exit_code >= 0 else f"by signal {-exit_code}"
    error = StartFailed(f"The mock server ended {how} before it was ready")
    output = (directory / handover.OUTPUT).read_text(encoding="utf-8", errors="replace").splitlines()
    if output:
        error.add_note("\n".join(["Its last words:", *(_INDENT + line for line in output[-_LOG_LINES:])]))
    return error


def _with_last_lines(error: IheTestUtilError, directory: Path) -> IheTestUtilError:
    begun = _begun(directory)
    if begun is not None and begun.log_offset is not None and begun.log_path.exists():
        with begun.log_path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(min(begun.log_offset, size), size - _LOG_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()[-_LOG_LINES:]
        if lines:
            error.add_note("\n".join([f"The last lines of {begun.log_path}:", *(_INDENT + line for line in lines)]))
    return error


def _begun(directory: Path) -> Begun | None:
    document = handover.read(directory / handover.BEGUN)
    return None if document is None else handover.begun_from(document)


def _clean_up(directory: Path, request: StartRequest) -> None:
    """Remove what a child that was killed could not remove itself."""
    begun = _begun(directory)
    if begun is None:
        return
    lock = lock_path(begun.pid_file)
    # What cannot be removed, or belongs to another start by now, must not hide why this start failed.
    with contextlib.suppress(IheTestUtilError):
        record = read_record(begun.pid_file)
        if record is not None and record.instance_id == request.instance_id:
            remove_record(begun.pid_file, record)
        if lock.exists():
            with StartLock(lock, timeout_s=0):
                pass  # letting go of it removes it


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait(_KILL_WAIT_S)


def _end(
    record: PidRecord, timeout_s: float, *, force: bool, on_wait: Callable[[PidRecord], None] | None
) -> StopOutcome:
    import psutil  # noqa: PLC0415 - heavy

    try:
        process = psutil.Process(record.pid)
        _tell_to_stop(process, record)
        if on_wait is not None:
            on_wait(record)
        if force and not _has_ended(process, min(timeout_s, _SECOND_WORD_S)):
            _tell_to_stop(process, record)
        if _has_ended(process, timeout_s):
            return StopOutcome.STOPPED
        process.kill()
        if _has_ended(process, _KILL_WAIT_S):
            return StopOutcome.KILLED
    except psutil.NoSuchProcess:
        return StopOutcome.STOPPED
    except psutil.AccessDenied as error:
        raise ServerError(
            "The mock server may not be stopped by this user",
            where=f"pid {record.pid}",
            hint="stop it as the user who started it",
        ) from error
    raise ServerError("The mock server could not be killed", where=f"pid {record.pid}")


def _tell_to_stop(process: "psutil.Process", record: PidRecord) -> None:
    """SIGTERM; on Windows, where no signal reaches another console, a request to the server itself."""
    if sys.platform == "win32":
        try:
            ask(address_of(record), "POST", STOP_PATH, timeout_s=_PROBE_TIMEOUT_S)
        except (Unreachable, PeerError):
            process.terminate()
    else:
        process.terminate()


def _has_ended(process: "psutil.Process", timeout_s: float) -> bool:
    import psutil  # noqa: PLC0415 - heavy

    deadline = time.monotonic() + timeout_s
    while True:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_STEP_S)
