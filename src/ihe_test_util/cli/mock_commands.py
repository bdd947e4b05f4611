"""``ihe-test-util mock``: the mock server's process and log."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ihe_test_util.cli.lazy import LazyCommand, LazyGroup
from ihe_test_util.errors import BadInput, ConfigError
from ihe_test_util.mock_server.handover import StartRequest
from ihe_test_util.mock_server.lifecycle import (
    MockServerProcess,
    is_process_running,
    read_pid_file,
    remove_pid_file,
    write_pid_file,
)

__all__ = [
    "MockServerProcess",
    "is_process_running",
    "mock_group",
    "read_pid_file",
    "remove_pid_file",
    "write_pid_file",
]

_COMMANDS: Final = {
    "data": LazyCommand("ihe_test_util.cli.mock_data", "data_group", "Count, export, import, empty the domain."),
    "logs": LazyCommand("ihe_test_util.cli.mock_logs", "logs", "Show and follow the server's log."),
    "requests": LazyCommand("ihe_test_util.cli.mock_requests", "requests_group", "Show the exchanges in the journal."),
}
_MAX_PORT: Final = 65535
_F = TypeVar("_F", bound=Callable[..., object])


class PortType(click.ParamType[int]):
    """A TCP port."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401, ARG002 - click's signature
        """The port as a number.

        Raises:
            BadInput: it is none.
        """
        text = str(value)
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MAX_PORT):
            raise BadInput(f"Invalid port {text}", where="--port", expected=f"a whole number from 1 to {_MAX_PORT}")
        return int(text)


class SecondsType(click.ParamType[float]):
    """A time in seconds."""

    name = "seconds"

    def __init__(self, *, zero: bool) -> None:
        """``zero`` allows none at all."""
        self._zero = zero

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """The seconds as a number; what is none is a usage error."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not (seconds > 0 or (self._zero and seconds == 0)) or math.isinf(seconds):
            limit = "from 0 on" if self._zero else "greater than 0"
            self.fail(f"{value!r} is not a number of seconds {limit}", param, ctx)
        return seconds


def config_option(command: _F) -> _F:
    """The option that names the configuration of the server meant."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The server's configuration, which names its PID file and log.  [default: mocks/config.json]",
    )(command)


@click.group("mock", cls=LazyGroup, table=_COMMANDS, no_args_is_help=True)
def mock_group() -> None:
    """Start, stop and watch a mock IHE domain, and keep its data.

    It is a PIX manager, a patient demographics supplier, a responding gateway for patients (XCPD), a document registry
    and a repository; mock status lists every transaction with its URL.

    \b
    HTTP in the background, and what it is doing:
      ihe-test-util mock start -b
      ihe-test-util mock status
      ihe-test-util mock logs -f
      ihe-test-util mock requests --failed
      ihe-test-util mock stop

    \b
    HTTPS, with a certificate that is made where there is none:
      ihe-test-util mock start --https -b
      curl --cacert mocks/ca.pem https://localhost:8443/health

    \b
    What was fed and submitted, counted, kept, forgotten:
      ihe-test-util mock data stats
      ihe-test-util mock data export before.zip
      ihe-test-util mock data reset --yes
      ihe-test-util mock data import before.zip

    \b
    A domain in memory for one test run; more processes for more load:
      ihe-test-util mock start --ephemeral
      ihe-test-util mock start -b --workers 4

    \b
    Another behaviour, from the next request on:
      edit mocks/config.json               (see docs/mock-server-configuration.md)
      ihe-test-util mock reload

    One server belongs to one PID file, mocks/.mock-server.pid in the working directory unless the configuration
    (pid_file) or MOCK_SERVER_PID_FILE says otherwise.
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@mock_group.command("start", short_help="Start the server, in the foreground or with -b in the background.")
@click.option("--http/--https", "http", default=True, show_default=True, help="The protocol to serve.")
@click.option("--port", type=PortType(), metavar="N", help="TCP port.  [default: 8080 for HTTP, 8443 for HTTPS]")
@click.option("--host", metavar="H", help="Address to listen on.  [default: 0.0.0.0, every interface]")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration.  [default: mocks/config.json]",
)
@click.option("--background", "-b", is_flag=True, help="Detach: the server outlives this shell.")
@click.option("--debug", is_flag=True, help="Log headers and bodies (level DEBUG). They hold patient data.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that serve.")
@click.option("--ephemeral", is_flag=True, help="Keep domain and journal in memory; they go when the server ends.")
@click.option(
    "--timeout",
    "timeout_s",
    type=SecondsType(zero=False),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until it is ready.",
)
def start(*, http: bool, background: bool, timeout_s: float, **options: Any) -> None:  # noqa: ANN401 - as click gives them
    """Start the mock server.

    It is started when it has answered on its own port as the very instance just started; only then is the exit
    code 0. In the background it writes to its log file only; in the foreground Ctrl-C stops it.

    \b
    Examples:
      ihe-test-util mock start                              in the foreground, HTTP on port 8080
      ihe-test-util mock start -b --port 9090               in the background
      ihe-test-util mock start --https -b                   HTTPS on port 8443
      ihe-test-util mock start --host 127.0.0.1             reachable from this machine only
      ihe-test-util mock start -b --ephemeral               begins empty, leaves nothing behind
      ihe-test-util mock start --config mocks/config-examples/config-unreliable.json

    \b
    Errors to expect:
      Invalid port 70000                     ports are 1 to 65535
      Port 8080 is already in use            names who holds it; stop it, or take --port
      The mock server is already running     one server a PID file; mock stop, or set MOCK_SERVER_PID_FILE
      mocks/config.json:3:5: …               the configuration; mock reload --check shows all of it
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.cli import mock_output  # noqa: PLC0415 - the child is on its way before we need it

    request = StartRequest("http" if http else "https", os.urandom(16).hex(), timeout_s=timeout_s, **options)
    if background:
        mock_output.show_started(MockServerProcess().start(request), background=True)
    else:
        from ihe_test_util.mock_server.server_process import run_server  # noqa: PLC0415 - heavy

        run_server(
            request,
            on_begun=lambda _: None,
            on_ready=lambda started: mock_output.show_started(started, background=False),
            console=True,
        )


@mock_group.command("stop", short_help="Stop the server.")
@click.option("--force", "-f", is_flag=True, help="Do not wait for requests in flight.")
@click.option(
    "--timeout",
    "timeout_s",
    type=SecondsType(zero=True),
    default=10.0,
    show_default=True,
    metavar="N",
    help="Seconds to wait for requests in flight, before the process is killed.",
)
@config_option
def stop(*, force: bool, timeout_s: float, config_path: Path | None) -> None:
    """Stop the mock server: it takes no new request, finishes those in flight, and ends.

    What does not end in time is killed, and the output says so. Nothing running, or only a PID file that a server
    left behind, is no error: exit code 0. A process that is not our server is never signalled.

    \b
    Examples:
      ihe-test-util mock stop
      ihe-test-util mock stop --timeout 60      there are long requests in flight
      ihe-test-util mock stop --force           drop them
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.cli import mock_output  # noqa: PLC0415 - not for --help
    from ihe_test_util.cli.mock_files import pid_file_of  # noqa: PLC0415

    server = MockServerProcess(pid_file_of(config_path))
    mock_output.show_stopped(server.stop(timeout_s=timeout_s, force=force, on_wait=mock_output.show_stopping))


@mock_group.command("status", short_help="Say whether the server runs, and what it serves.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@config_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool, config_path: Path | None) -> None:
    """Say whether the mock server runs, as it answers itself, and what it serves.

    Exit code 0 when it runs, 1 when it is stopped or does not answer.

    \b
    Examples:
      ihe-test-util mock status
      ihe-test-util mock status --json | jq .config.sources
      until ihe-test-util mock status >/dev/null; do sleep 1; done
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.cli import mock_output  # noqa: PLC0415 - not for --help
    from ihe_test_util.cli.mock_files import pid_file_of  # noqa: PLC0415

    found = MockServerProcess(pid_file_of(config_path)).status()
    if as_json:
        click.echo(json.dumps(mock_output.status_as_json(found), indent=2))
    else:
        mock_output.show_status(found)
    ctx.exit(0 if found.state == "running" else 1)


@mock_group.command("reload", short_help="Make the server read its configuration now, or check the file.")
@click.option("--check", is_flag=True, help="Only check the file, and show every value and where it is set.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@config_option
@click.pass_context
def reload(ctx: click.Context, *, check: bool, as_json: bool, config_path: Path | None) -> None:
    """Make a running server read its configuration now, and say what came of it.

    A server sees an edit with the next request by itself; this shows at once whether the edit is sound. A broken
    file changes nothing: the server goes on with what it had. Exit code 0 when the file is in force, 1 when not.

    \b
    Examples:
      ihe-test-util mock reload
      ihe-test-util mock reload --check                               no server needed
      ihe-test-util mock reload --check --config new-config.json      before it goes into place
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.cli import mock_output  # noqa: PLC0415 - not for --help
    from ihe_test_util.cli.mock_files import pid_file_of  # noqa: PLC0415

    if check:
        from ihe_test_util.cli.config_output import show_configuration, show_refused  # noqa: PLC0415 - not for --help
        from ihe_test_util.mock_server.config import load_config_with_sources  # noqa: PLC0415 - heavy

        try:
            loaded = load_config_with_sources(config_path)
        except ConfigError as error:
            if not as_json:
                raise
            show_refused(error)
            ctx.exit(error.exit_code)
        show_configuration(loaded, as_json=as_json)
        return
    state = MockServerProcess(pid_file_of(config_path)).reload()
    mock_output.show_reloaded(state, as_json=as_json)
    ctx.exit(0 if state.get("state") == "ok" else 1)
