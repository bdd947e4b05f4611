"""What the ``mock`` commands print about the server's process and configuration."""

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from ihe_test_util.cli.output import show_warning
from ihe_test_util.mock_server.handover import Started, address_of
from ihe_test_util.mock_server.lifecycle import ELSEWHERE, ServerState, ServerStatus, StopOutcome, Stopped
from ihe_test_util.mock_server.pid_file import PidRecord
from ihe_test_util.mock_server.probe import Address, Health
from ihe_test_util.mock_server.serving import Endpoint

_COLOURS = {
    ServerState.RUNNING: "green",
    ServerState.UNRESPONSIVE: "red",
    ServerState.STALE: "yellow",
    ServerState.STOPPED: "yellow",
}

_LABEL: Final = 15  # columns before a value
_NO_FILE: Final = "no file (mocks/config.json is read as soon as it is there)"


def show_started(started: Started, *, background: bool) -> None:
    """Write what was started, where, and what to try next."""
    record, address = started.record, started.address
    for note in started.notes:
        show_warning(note)
    click.echo(f"{click.style('The mock server is running', fg='green')}{_where_listening(record)}")
    _rows(
        ("Protocol", record.protocol.upper()),
        ("URL", address.url),
        *_endpoint_rows(address, started.ready.endpoints),
        ("PID", str(record.pid)),
        ("Config", record.config_file or _NO_FILE),
        ("Log", str(record.log_file)),
        ("PID file", str(started.pid_file)),
    )
    click.echo("Next:")
    for command in (
        "ihe-test-util mock status",
        "ihe-test-util mock logs -f",
        _curl(started),
        "ihe-test-util mock stop" if background else "Ctrl-C stops it",
    ):
        click.echo(f"  {command}")


def show_stopping(record: PidRecord) -> None:
    """Write that the server was told to stop."""
    click.echo(f"Stopping the mock server (pid {record.pid}) …")


def show_stopped(stopped: Stopped) -> None:
    """Write how it ended."""
    outcome, found = stopped.outcome, stopped.found
    if outcome is StopOutcome.NOT_RUNNING:
        click.echo(f"The mock server is not running: there is no PID file {found.pid_file}")
        click.echo(f"({ELSEWHERE})")
    elif outcome is StopOutcome.STALE:
        click.echo(f"The mock server is not running: {found.problem}")
        click.echo(f"The stale PID file {found.pid_file} was removed; no process was signalled")
    elif outcome is StopOutcome.KILLED:
        show_warning(f"it did not end within {stopped.waited_s:g} s and was killed; requests in flight were lost")
        click.echo("The mock server was killed")
    else:
        click.echo("The mock server has stopped")


def show_status(found: ServerStatus) -> None:
    """Write a server's state for people."""
    colour = _COLOURS[found.state]
    if found.record is None:
        state = "stopped" if found.state is ServerState.STOPPED else "stopped, with a stale PID file"
        click.echo(f"Mock server: {click.style(state, fg=colour)}")
        _rows(("PID file", f"{found.pid_file}: {found.problem or 'there is none'}"))
        if found.state is ServerState.STOPPED:
            click.echo(f"({ELSEWHERE})")
        click.echo("Next:\n  ihe-test-util mock start -b")
        return
    words = {
        ServerState.UNRESPONSIVE: "running, but not answering",
        ServerState.STALE: "stopped, with a stale PID file",
    }
    click.echo(f"Mock server: {click.style(words.get(found.state, 'running'), fg=colour)}")
    if found.problem:
        _rows(("Problem", found.problem))
    if found.state is ServerState.STALE:
        _rows(("PID file", str(found.pid_file)))
        click.echo("Next:\n  ihe-test-util mock start -b      replaces the stale file")
        return
    _show_details(found, found.record)


def _show_details(found: ServerStatus, record: PidRecord) -> None:
    address, health = address_of(record), found.health
    _rows(
        ("PID", str(record.pid)),
        ("Protocol", record.protocol.upper()),
        ("URL", address.url),
        ("Listens on", f"{record.host} port {record.port}"),
        ("Started", record.start_time),
    )
    if health is not None:
        _rows(
            ("Uptime", _duration(health.uptime_s)),
            ("Requests", str(health.request_count)),
            *_endpoint_rows(address, health.endpoints),
        )
    _rows(
        ("Config", _config_file(record, health) or _no_file(health.config if health else {})),
        *(_config_rows(health.config) if health is not None else ()),
        ("Log", record.log_file or "unknown"),
        ("PID file", str(found.pid_file)),
    )


def status_as_json(found: ServerStatus) -> dict[str, Any]:
    """A server's state for programs; the keys are always the same."""
    record, health = found.record, found.health
    running = found.state in {ServerState.RUNNING, ServerState.UNRESPONSIVE}
    return {
        "status": found.state.value,
        "running": found.state is ServerState.RUNNING,
        "pid": record.pid if record and running else None,
        "protocol": record.protocol if record and running else None,
        "url": address_of(record).url if record and running else None,
        "host": record.host if record and running else None,
        "port": record.port if record and running else None,
        "start_time": record.start_time if record and running else None,
        "uptime_seconds": health.uptime_s if health else None,
        "request_count": health.request_count if health else None,
        "endpoints": health.document.get("endpoints") if health else None,
        "transactions": health.document.get("transactions") if health else None,
        "version": health.document.get("version") if health else None,
        "instance_id": record.instance_id if record and running else None,
        "config_file": _config_file(record, health) if record and running else None,
        "config": dict(health.config) if health else None,
        "log_file": record.log_file if record and running else None,
        "pid_file": str(found.pid_file),
        "problem": found.problem,
    }


def show_reloaded(state: Mapping[str, Any], *, as_json: bool) -> None:
    """Write the state of a running server's configuration after a reload."""
    good = state.get("state") == "ok"
    if as_json:
        click.echo(json.dumps({"valid": good, **state}, indent=2))
        return
    click.echo(
        click.style("The configuration is in force" + _except(state), fg="green")
        if good
        else click.style("The last good configuration stays in force", fg="red")
    )
    _rows(("File", str(state.get("file") or _no_file(state))), *_config_rows(state))


def _config_file(record: PidRecord, health: Health | None) -> str | None:
    """The file in force as the server says, which may be younger than its start."""
    if health is None or "file" not in health.config:
        return record.config_file
    return health.config["file"] and str(health.config["file"])


def _no_file(state: Mapping[str, Any]) -> str:
    return _NO_FILE if state.get("state", "ok") == "ok" else "none in force yet (the file is broken)"


def _config_rows(state: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    rows = [("State", str(state.get("state", "unknown")))]
    if state.get("error"):
        rows.append(("Problem", str(state["error"])))
    sources = state.get("sources")
    if isinstance(sources, Mapping):
        values = _mapping(state.get("values"))
        rows += [
            ("Set", f"{_assigned(str(field), values)} ({source})")
            for field, source in sources.items()
            if source != "default"
        ]
    rows += [("Restart for", waiting) for waiting in _waiting(state)]
    return tuple(rows)


def _except(state: Mapping[str, Any]) -> str:
    waiting = _waiting(state)
    return f", except {'; '.join(waiting)}" if waiting else ""


def _waiting(state: Mapping[str, Any]) -> list[str]:
    """What waits for a restart, with the value until then."""
    values, now = _mapping(state.get("values")), _mapping(state.get("until_restart"))
    fields = state.get("pending_restart")
    return [
        f"{field}: {_as_json(values[field]) if field in values else 'the default'} waits for a restart"
        + (f" (now {_as_json(now[field])})" if field in now else "")
        for field in map(str, fields if isinstance(fields, list) else ())
    ]


def _assigned(field: str, values: Mapping[str, Any]) -> str:
    return f"{field} = {_as_json(values[field])}" if field in values else field


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _endpoint_rows(address: Address, endpoints: tuple[Endpoint, ...]) -> tuple[tuple[str, str], ...]:
    columns = shutil.get_terminal_size().columns - _LABEL if sys.stdout.isatty() else sys.maxsize
    codes = max((len(each.code) for each in endpoints), default=0)
    paths = max((len(address.url + each.path) for each in endpoints), default=0)
    rows = []
    for each in endpoints:
        brief = f"{each.code:<{codes}}  {address.url + each.path}"
        full = f"{each.code:<{codes}}  {address.url + each.path:<{paths}}  {each.title}".rstrip()
        rows.append(("Endpoint", full if len(full) <= columns else brief))
    return tuple(rows)


def _rows(*rows: tuple[str, str]) -> None:
    for label, value in rows:
        first, *others = value.splitlines() or [""]
        click.echo(f"  {label + ':':<13}{first}")
        for line in others:
            click.echo(f"  {'':<13}{line}")


def _curl(started: Started) -> str:
    """How to ask for the server's health from a shell."""
    words = ["curl"]
    if started.record.protocol == "https":
        words += ["--cacert", shlex.quote(started.ca_file)] if started.ca_file else ["--insecure"]
    if started.record.client_cert and started.record.client_key:
        words += ["--cert", shlex.quote(started.record.client_cert), "--key", shlex.quote(started.record.client_key)]
    return " ".join([*words, f"{_named(started.address)}/health"])


def _where_listening(record: PidRecord) -> str:
    return " on every interface" if record.host in {"0.0.0.0", "::"} else ""


def _named(address: Address) -> str:
    """The URL with a name that the certificate has, where there is one."""
    named = address.protocol == "https" and address.connect_host in {"127.0.0.1", "::1"}
    return f"https://localhost:{address.port}" if named else address.url


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or f"{seconds:.1f} s"
