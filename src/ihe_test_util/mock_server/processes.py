"""What the operating system says about processes: is it alive, is it the one we mean, who holds a port."""

import contextlib
import re
from dataclasses import dataclass
from typing import Final

#: Start times come from a clock that may be adjusted between two looks; a process number is not used again so soon.
_TOLERANCE_S: Final = 2.0
_MAX_PID: Final = 2**31 - 1
_COMMAND_CHARACTERS: Final = 80
#: What the command line of every server of ours has, however it was started.
_OURS: Final = re.compile(r"ihe[-_]test[-_]util\b.*\bmock start\b", re.DOTALL)

_WORKER: Final = "ihe_test_util.mock_server.worker"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that listens on a port; parts that the platform does not tell are empty.

    ``directory`` is the working directory, ``is_mock_server`` whether it is a server of ours.
    """

    pid: int
    name: str = ""
    command: str = ""
    directory: str = ""
    is_mock_server: bool = False

    def __str__(self) -> str:
        if self.is_mock_server:
            directory = f", working directory {self.directory}" if self.directory else ""
            return f"another ihe-test-util mock server (pid {self.pid}{directory})"
        shown = f"pid {self.pid}"
        if self.name:
            shown = f"{self.name} ({shown})"
        return f"{shown}: {self.command}" if self.command else shown


def is_process_running(pid: int) -> bool:
    """Whether there is a process of this number; one that ended and waits for its parent is none."""
    import psutil  # noqa: PLC0415 - heavy, and most commands do not need it

    if not 0 < pid <= _MAX_PID:
        return False
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def start_time_of(pid: int) -> float | None:
    """When the process started, in seconds since the epoch; None where there is none or we may not know."""
    import psutil  # noqa: PLC0415 - heavy, and most commands do not need it

    if not 0 < pid <= _MAX_PID:
        return None
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def is_same_process(pid: int, os_start_time: float | None) -> bool:
    """Whether the process of this number is alive and the one that started then.

    Without a start time (a PID file that something else wrote) its command must be ours.
    """
    if not is_process_running(pid):
        return False
    if os_start_time is None:
        return "ihe_test_util" in command_of(pid) or "ihe-test-util" in command_of(pid)
    now = start_time_of(pid)
    return now is not None and abs(now - os_start_time) <= _TOLERANCE_S


def command_of(pid: int) -> str:
    """The command line of a process, empty where we may not know."""
    import psutil  # noqa: PLC0415 - heavy, and most commands do not need it

    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def holder_of(port: int) -> Holder | None:
    """Who listens on a TCP port; None where nobody does or the platform does not tell."""
    import psutil  # noqa: PLC0415 - heavy, and most commands do not need it

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):  # macOS tells only root
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,):
            if connection.pid is None:
                continue
            return _holder(connection.pid)
    return None


def listens_on(pid: int, port: int) -> bool:
    """Whether the process listens on a TCP port."""
    import psutil  # noqa: PLC0415 - heavy, and most commands do not need it

    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr[1:2] == (port,) for each in connections)


def _holder(pid: int) -> Holder:
    import psutil  # noqa: PLC0415 - heavy, and most commands do not need it

    name = directory = ""
    ours = pid if _OURS.search(command_of(pid)) else None
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        name = process.name()
        if _WORKER in command_of(pid):  # its server is the one to stop
            ours = process.ppid()
        directory = process.cwd()
    return Holder(ours or pid, name, _shortened(command_of(pid)), directory, is_mock_server=ours is not None)


def _shortened(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= _COMMAND_CHARACTERS else line[: _COMMAND_CHARACTERS - 1] + "…"
