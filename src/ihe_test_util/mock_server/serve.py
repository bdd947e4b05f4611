"""One run of the mock server: socket, TLS, workers, signals, orderly end."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ihe_test_util.mock_server.app import MockServer, bind
from ihe_test_util.mock_server.config import ConfigWatcher, LoadedConfig, MockServerConfig, load_config_with_sources
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.mock_server.routing import routes
from ihe_test_util.mock_server.serving import Endpoint, Ready, ServeSettings
from ihe_test_util.runtime.open_files import allow_many_files

_LOG: Final = logging.getLogger("ihe_test_util.mock_server")
_STOP_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
)
StopRequests = asyncio.Queue[int]


async def serve(settings: ServeSettings) -> None:
    """Serve until a signal asks to stop; a second signal drops what is in flight.

    Raises:
        ConfigError: the configuration is not valid.
        CertificateError: HTTPS without a usable certificate.
        OSError: the address cannot be listened on.
        StorageError: the data directory cannot be used.
        StartFailed: a worker did not become ready.
    """
    loaded = settings.loaded or load_config_with_sources(settings.config_path, overrides=settings.overrides)
    config = loaded.config
    tune_process()
    tls = tls_context(config) if settings.protocol == "https" else None
    sock = bind(settings.host, settings.port)
    instance = Instance(
        settings.protocol,
        settings.host,
        sock.getsockname()[1],
        id=settings.instance_id,
        workers=settings.workers,
    )
    async with _stop_requests() as stops, _serving(settings, loaded, instance, sock=sock, tls=tls, stops=stops):
        if settings.announce is not None:
            settings.announce(Ready(settings.protocol, settings.host, instance.port, _endpoints(config)))
        await stops.get()
        _LOG.info("stopping: requests in flight are finished first")


def tune_process() -> None:
    """Settle the interpreter for many connections and small requests; for a process that does nothing but serve."""
    allow_many_files()
    # A request leaves some hundred objects behind and hardly a cycle: look for cycles every hundred requests.
    gc.set_threshold(20_000, 20, 50)
    # What no line of our log shows need not be found out for each record ("Optimization" in Python's Logging HOWTO).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    setattr(logging, "_srcfile", None)  # noqa: B010 - the documented switch, which type stubs do not know
    # A thread that waits for the interpreter gets it after at most this long; a commit would wait 5 ms by default.
    sys.setswitchinterval(0.001)


def tls_context(config: MockServerConfig) -> ssl.SSLContext:
    """The TLS settings of a configuration.

    Raises:
        CertificateError: a certificate or key that cannot be used.
    """
    from ihe_test_util.security.tls import server_context  # noqa: PLC0415 - only for HTTPS

    return server_context(
        config.cert_path, config.key_path, client_auth=config.tls_client_auth.value, ca=config.tls_ca_path
    )


async def stop_gently(server: MockServer, stops: StopRequests) -> None:
    """Let requests in flight finish; a further request to stop ends that."""
    stopping = asyncio.ensure_future(server.stop())
    impatient = asyncio.ensure_future(stops.get())
    await asyncio.wait({stopping, impatient}, return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    if not stopping.done():
        _LOG.warning("stopping at once: requests in flight are dropped")
        stopping.cancel()
        await server.abort()
    with contextlib.suppress(asyncio.CancelledError):
        await stopping


@asynccontextmanager
async def _serving(
    settings: ServeSettings,
    loaded: LoadedConfig,
    instance: Instance,
    *,
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    stops: StopRequests,
) -> AsyncIterator[None]:
    if settings.workers > 1:
        from ihe_test_util.mock_server.workers import supervised  # noqa: PLC0415 - only for several workers

        async with supervised(settings, loaded, instance, sock, stops):
            yield
        return
    server = MockServer(ConfigWatcher.of(loaded), instance, on_stop_request=lambda: stops.put_nowait(0))
    await server.start(sock, tls)
    try:
        yield
    finally:
        await stop_gently(server, stops)


def _endpoints(config: MockServerConfig) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(route.card.code, route.card.title, route.path) for route in routes(config).all)


@asynccontextmanager
async def _stop_requests() -> AsyncIterator[StopRequests]:
    """A queue that gets an item for each signal to stop."""
    queue: StopRequests = asyncio.Queue()
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        for number in _STOP_SIGNALS:
            signal.signal(number, lambda received, _: loop.call_soon_threadsafe(queue.put_nowait, received))
        yield queue
        return
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, queue.put_nowait, int(number))
    try:
        yield queue
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
