"""The mock server as a process: what happens between the command and the first request, and after the last one."""

import errno
import gc
import logging
import os
import shlex
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ihe_test_util import __version__
from ihe_test_util.errors import AlreadyRunning, BadInput, CertificateError, IheTestUtilError, StartFailed
from ihe_test_util.mock_server.ephemeral import ephemeral_place
from ihe_test_util.mock_server.handover import Begun, Started, StartRequest, address_of, lock_path
from ihe_test_util.mock_server.pid_file import PidRecord, read_record, remove_record, write_record
from ihe_test_util.mock_server.probe import read_health
from ihe_test_util.mock_server.processes import Holder, holder_of, start_time_of
from ihe_test_util.mock_server.serving import Protocol, Ready, ServeSettings
from ihe_test_util.mock_server.start_lock import StartLock
from ihe_test_util.private_files import private_files
from ihe_test_util.runtime.log_setup import close_logging, set_up_logging

if TYPE_CHECKING:
    from ihe_test_util.mock_server.config import LoadedConfig
    from ihe_test_util.security.certificates import CertificatePaths

_PROBE_TIMEOUT_S: Final = 1.0
#: Who waits for another start gives up before the parent does, and can say why.
_LOCK_SHARE: Final = 0.8
_log: Final = logging.getLogger(__name__)


def run_server(
    request: StartRequest,
    *,
    on_begun: Callable[[Begun], None],
    on_ready: Callable[[Started], None],
    console: bool,
) -> None:
    """Be the mock server until a signal ends it.

    ``on_begun`` is called when the files are known and again when the log is open, ``on_ready`` when requests are
    answered; with ``console`` the log goes to stderr as well.

    Raises:
        ConfigError: the configuration, the log file or the certificate cannot be used.
        AlreadyRunning: a server of this PID file runs, or something else has the port.
        StartFailed: the address cannot be listened on.
    """
    with ExitStack() as stack:
        gc.disable()  # imports make many objects and no garbage: a sixth of the time to start
        stack.callback(gc.enable)
        if request.ephemeral:
            request = replace(request, data_dir=stack.enter_context(ephemeral_place()))
        loaded = _configuration(request)
        config = loaded.config
        if request.ephemeral and config.store_url is not None:
            raise BadInput(
                "--ephemeral keeps everything in memory, and the configuration names a database",
                where=f"store_url ({loaded.sources['store_url']})",
                hint="leave out one of the two",
            )
        pid_file = config.pid_file.absolute()
        port = config.https_port if request.protocol == "https" else config.http_port
        log_path = config.log_path.absolute()
        on_begun(Begun(pid_file, log_path))
        lock = stack.enter_context(StartLock(lock_path(pid_file), timeout_s=request.timeout_s * _LOCK_SHARE))
        stale = _refuse_second(pid_file)
        _refuse_taken_port(config.host, port)
        notes = (*loaded.warnings, *_certificates(request.protocol, loaded))
        stack.enter_context(private_files())  # from here on; lock, PID file and certificates are for others too
        handler = set_up_logging(log_path, config.log_level, console=console)
        handler.at_once = True
        stack.callback(close_logging)
        on_begun(Begun(pid_file, log_path, log_path.stat().st_size))
        _log.info("mock server %s starts as pid %d, %s:%d", __version__, os.getpid(), config.host, port)
        for note in (*((stale,) if stale else ()), *loaded.warnings):
            _log.warning("%s", note)
        record = _record(request, loaded, port)
        stack.callback(remove_record, pid_file, record)

        def announce(ready: Ready) -> None:
            gc.freeze()
            gc.enable()
            write_record(record, pid_file)
            lock.release()
            _log.info("mock server is ready at %s", address_of(record).url)
            handler.at_once = False
            on_ready(Started(record, ready, pid_file, notes, _ca_file(request.protocol, loaded)))

        _serve(_settings(request, loaded, port, pid_file, announce))
        _log.info("mock server has stopped")


def _configuration(request: StartRequest) -> "LoadedConfig":
    from ihe_test_util.mock_server.config import load_config_with_sources  # noqa: PLC0415 - heavy

    return load_config_with_sources(request.config_path, overrides=request.overrides)


def _serve(settings: ServeSettings) -> None:
    # Heavy, and not needed where the start is refused.
    from ihe_test_util.mock_server.serve import serve  # noqa: PLC0415
    from ihe_test_util.runtime.event_loop import run  # noqa: PLC0415

    try:
        run(serve(settings))
    except OSError as error:
        problem = _bind_problem(error, settings.host, settings.port)
        if problem is None:
            _log.critical("mock server failed", exc_info=True)
            raise
        _log.error("%s", problem)
        raise problem from error
    except IheTestUtilError as error:
        _log.error("%s", error)
        raise
    except Exception:
        _log.critical("mock server failed", exc_info=True)
        raise


def _settings(
    request: StartRequest, loaded: "LoadedConfig", port: int, pid_file: Path, announce: Callable[[Ready], None]
) -> ServeSettings:
    return ServeSettings(
        protocol=request.protocol,
        host=loaded.config.host,
        port=port,
        config_path=request.config_path,
        overrides=request.overrides,
        instance_id=request.instance_id,
        workers=request.workers,
        debug=request.debug,
        pid_file=pid_file,
        announce=announce,
        loaded=loaded,
    )


def _record(request: StartRequest, loaded: "LoadedConfig", port: int) -> PidRecord:
    config = loaded.config
    demanded = request.protocol == "https" and config.tls_client_auth == "required"
    paths = _paths(loaded) if demanded else None
    shown = paths if paths is not None and paths.client_cert.exists() and paths.client_key.exists() else None
    return PidRecord(
        pid=os.getpid(),
        port=port,
        protocol=request.protocol,
        host=config.host,
        start_time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        config_file=str(loaded.path.absolute()) if loaded.path else None,
        os_start_time=start_time_of(os.getpid()),
        instance_id=request.instance_id,
        log_file=str(config.log_path.absolute()),
        tls_client_auth="required" if demanded else "none",
        client_cert=str(shown.client_cert) if shown else None,
        client_key=str(shown.client_key) if shown else None,
        data_dir=str(config.data_dir.absolute()),
    )


def _paths(loaded: "LoadedConfig") -> "CertificatePaths":
    """Where a set of certificates lies that ``certs init`` made together with the server's."""
    from ihe_test_util.security.certificates import CertificatePaths  # noqa: PLC0415 - only HTTPS needs it

    return CertificatePaths.beside(loaded.config.cert_path.absolute(), loaded.config.key_path.absolute())


def _ca_file(protocol: Protocol, loaded: "LoadedConfig") -> str | None:
    ca = _paths(loaded).ca if protocol == "https" else None
    return str(ca) if ca is not None and ca.exists() else None


def _certificates(protocol: Protocol, loaded: "LoadedConfig") -> tuple[str, ...]:
    """Make the server's certificate where HTTPS has none; what the user has to know of it."""
    if protocol != "https":
        return ()
    config = loaded.config
    fields = type(config).model_fields
    missing = [name for name in ("cert_path", "key_path") if not getattr(config, name).exists()]
    if not missing:
        return ()
    if any(getattr(config, name) != fields[name].default for name in ("cert_path", "key_path")):
        raise _no_such_certificate(loaded, missing[0])
    from ihe_test_util.security.certificates import ensure_server_certificate  # noqa: PLC0415 - only HTTPS needs it

    hosts = () if config.host in {"0.0.0.0", "::"} else (config.host,)
    made = ensure_server_certificate(config.cert_path, config.key_path, hosts=hosts)
    if made is None:
        return ()
    return (f"a CA and a server certificate were made; clients have to trust {made.paths.ca.absolute()}",)


def _no_such_certificate(loaded: "LoadedConfig", field: str) -> CertificateError:
    """The error for a file that was named: at another name than the default one a typo is more likely than a wish."""
    path = getattr(loaded.config, field)
    return CertificateError(
        f"The server's {'certificate' if field == 'cert_path' else 'private key'} does not exist",
        where=str(path.absolute()),
        got=f"{field} = {path} ({loaded.sources[field]})",
        hint=f"correct the name, or make one: ihe-test-util certs init --dir {path.parent}"
        f" makes {path.parent / 'cert.pem'} and {path.parent / 'key.pem'}",
    )


def _refuse_second(pid_file: Path) -> str:
    """Refuse where the server of this PID file runs; else say what is wrong with a file that is left over, if any."""
    record = read_record(pid_file)
    if record is None:
        return f"the PID file {pid_file} was not readable as one and is replaced" if pid_file.exists() else ""
    try:
        answers = read_health(address_of(record), timeout_s=_PROBE_TIMEOUT_S).instance_id == record.instance_id
    except IheTestUtilError:
        answers = False
    if answers or record.is_alive:
        raise AlreadyRunning(
            "The mock server is already running" + ("" if answers else ", but does not answer"),
            where=address_of(record).url,
            got=f"pid {record.pid}, started {record.start_time}, PID file {pid_file}",
            hint="ihe-test-util mock status, or mock stop; for a second server set MOCK_SERVER_PID_FILE and --port",
        )
    return f"the PID file {pid_file} of a server that is gone (pid {record.pid}) is replaced"


def _refuse_taken_port(host: str, port: int) -> None:
    """Try the port before anything heavy is done; the server itself binds it again."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, number) as sock:
            if sys.platform == "win32":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
    except OSError as error:
        problem = _bind_problem(error, host, port)
        if problem is None:
            raise
        raise problem from error


def _how_to_free(holder: Holder | None) -> str:
    if holder is None or not holder.is_mock_server:
        return "stop it, or choose another port with --port"
    there = f"cd {shlex.quote(holder.directory)} && " if holder.directory else ""
    return f"{there}ihe-test-util mock stop; or choose another port with --port"


def _bind_problem(error: OSError, host: str, port: int) -> IheTestUtilError | None:
    """What keeps us from listening, in words; None where the error is about something else."""
    where = f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return BadInput("The host to listen on is not known", where=where, got=error.strerror or str(error))
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        return AlreadyRunning(
            f"Port {port} is already in use",
            where=where,
            got=f"held by {holder}" if holder else "held by a process that this user may not see",
            hint=_how_to_free(holder),
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return BadInput(
            "The host to listen on is not an address of this machine",
            where=where,
            hint="--host 127.0.0.1 for this machine only, --host 0.0.0.0 for all its interfaces",
        )
    if error.errno == errno.EACCES:
        return StartFailed(
            f"Port {port} may not be listened on by this user", where=where, hint="choose a port from 1024 on"
        )
    return None
