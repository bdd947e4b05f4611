"""The mock server itself: the domain, the edge and a listening socket; several may live in one process."""

import asyncio
import ipaddress
import logging
import os
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web

from ihe_test_util.domain.patients import CrossReferencing
from ihe_test_util.domain.world import World
from ihe_test_util.errors import StartFailed
from ihe_test_util.mock_server.codes_file import CodesFile
from ihe_test_util.mock_server.config import ConfigWatcher, MockServerConfig
from ihe_test_util.mock_server.config_identities import CrossReference, CrossReferenceRule
from ihe_test_util.mock_server.connection import Farewell, Listener
from ihe_test_util.mock_server.edge import Edge
from ihe_test_util.mock_server.guide import guide
from ihe_test_util.mock_server.health import RequestCounter, config_state, health
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.mock_server.probe import RELOAD_PATH, STOP_PATH
from ihe_test_util.mock_server.receive import looks_like_soap
from ihe_test_util.mock_server.routing import Route, Routes, routes
from ihe_test_util.runtime.log_setup import set_level
from ihe_test_util.soap.wsdl import Operation, wsdl
from ihe_test_util.store.journal import JournalBounds
from ihe_test_util.store.opening import Store
from ihe_test_util.xml.hl7v3 import II

_LOG: Final = logging.getLogger("ihe_test_util.mock_server")
#: An idle connection is closed after this long; longer than clients keep theirs, so that they close first.
KEEPALIVE_S: Final = 75.0
_READ_BUFFER_BYTES: Final = 512 * 1024
_BACKLOG: Final = 1024
_OWN_PATHS: Final = frozenset({"/health", RELOAD_PATH, STOP_PATH})
_RANDOM_BITS: Final = ~((0xF << 76) | (0x3 << 62))
_VERSION_4: Final = (0x4 << 76) | (0x2 << 62)
_GRACE_S: Final = 60.0


class MockServer:
    """A mock IHE domain behind one socket.

    ``start`` opens the store and the socket, ``stop`` lets requests in flight finish and closes both.
    ``on_stop_request`` is called when ``POST /-/stop`` asks the process to end.
    """

    def __init__(
        self,
        watcher: ConfigWatcher,
        instance: Instance,
        *,
        counter: RequestCounter | None = None,
        on_stop_request: Callable[[], None] | None = None,
    ) -> None:
        self.instance = instance
        self.watcher = watcher
        self._on_stop_request = on_stop_request
        self._new_uuid = uuid_source()
        self._counter = counter or RequestCounter()
        self._store: Store | None = None
        self._edge: Edge | None = None
        self._runner: web.ServerRunner | None = None
        self._routes: tuple[MockServerConfig, Routes] | None = None
        self._worlds: tuple[MockServerConfig, World, World] | None = None
        self._codes = CodesFile()
        self._farewell = Farewell()
        self._looked = False  # at the configuration file, in this round of the event loop

    @property
    def url(self) -> str:
        """Where clients on this machine reach it."""
        return self.instance.url

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Open the store and answer on a bound socket.

        Raises:
            StorageError: the data directory cannot be used.
        """
        config = self.watcher.config
        url = config.store_url.get_secret_value() if config.store_url is not None else ""
        self._store = await asyncio.to_thread(Store.open, config.data_dir, url=url, bounds=_bounds(config))
        self._edge = Edge(world=self._world_for, record=self._store.journal.record, spool_dir=self._store.spool_dir)
        listener = Listener(
            self._handle,
            config=lambda: self.watcher.config,
            access_log=None,
            keepalive_timeout=KEEPALIVE_S,
            read_bufsize=_READ_BUFFER_BYTES,
            auto_decompress=False,  # done while reading, where limits hold
            lingering_time=0,  # see Farewell
        )
        self._runner = web.ServerRunner(listener, shutdown_timeout=_GRACE_S)
        await self._runner.setup()
        await web.SockSite(self._runner, sock, ssl_context=tls, backlog=_BACKLOG).start()

    async def stop(self) -> None:
        """Take no new request, let those in flight finish, store what is journalled, close."""
        self._farewell.hurry()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._store is not None:
            await self._store.close()
            self._store = None

    async def abort(self) -> None:
        """Drop requests in flight and close; what was acknowledged or journalled is kept."""
        if self._store is not None:
            await self._store.close()
            self._store = None

    @property
    def store(self) -> Store:
        """The store of a started server."""
        if self._store is None:
            raise StartFailed("the mock server is not started")
        return self._store

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self._looked:
            # Once for all requests that are here already: nobody can tell when between them it was.
            self._looked = True
            asyncio.get_running_loop().call_soon(self._look_again)
            if self.watcher.check_reload():
                set_level(self.watcher.config.log_level)
        config = self.watcher.config
        mounted = self._routes_for(config)
        if self._edge is not None and self._is_message(request, mounted):
            self._counter.add()
            response = await self._edge.answer(request, config, mounted)
        else:
            started = _now()
            response = self._other(request, mounted)
            if self._edge is not None and request.path not in _OWN_PATHS:
                self._edge.record_plain(request, response, started)
        if not request.content.is_eof():
            await self._farewell.send(request, response)
        return response

    def _look_again(self) -> None:
        self._looked = False

    @staticmethod
    def _is_message(request: web.BaseRequest, mounted: Routes) -> bool:
        """Whether to answer as SOAP: a POST to an endpoint, or of something like SOAP to a path that is none."""
        if request.method != "POST" or request.path in {RELOAD_PATH, STOP_PATH}:
            return False
        return request.path in mounted or looks_like_soap(request.headers.get("Content-Type", ""))

    def _other(self, request: web.BaseRequest, mounted: Routes) -> web.StreamResponse:
        path, method = request.path, request.method
        if path == "/health" and method in {"GET", "HEAD"}:
            return web.json_response(self._health(mounted))
        if path in {RELOAD_PATH, STOP_PATH} and method == "POST":
            return self._control(request)
        self._counter.add()
        endpoint = mounted.get(path)
        if endpoint is not None and method == "GET" and "wsdl" in {key.lower() for key in request.query}:
            operations = [_operation(route) for route in endpoint.routes]
            return web.Response(
                body=wsdl(operations, str(request.url.with_query(None))),
                content_type="text/xml",
                charset="utf-8",
            )
        return guide(request, mounted)

    def _control(self, request: web.BaseRequest) -> web.Response:
        """What ``mock reload`` asks, and ``mock stop`` where no signal reaches the process; from this machine only."""
        if not is_loopback(request.remote or ""):
            return web.Response(status=403, text="This is answered to requests from the server's own machine only.\n")
        if request.path == STOP_PATH and self._on_stop_request is not None:
            self._on_stop_request()
        return web.json_response(config_state(self.watcher))

    def _health(self, mounted: Routes) -> dict[str, object]:
        return health(self.instance, self.watcher, mounted, self._counter, self.store.journal.dropped)

    def _routes_for(self, config: MockServerConfig) -> Routes:
        if self._routes is None or self._routes[0] is not config:
            self._routes = (config, routes(config))
        return self._routes[1]

    def _world_for(self, config: MockServerConfig, strict: bool) -> World:  # noqa: FBT001 - the edge's form
        if self._worlds is None or self._worlds[0] is not config:
            store = self.store
            store.journal.bounds = _bounds(config)
            world = World(
                patients=store.patients,
                documents=store.documents,
                registry=store.saving_registry if config.save_submitted_documents else store.registry,
                now=_now,
                new_uuid=self._new_uuid,
                identity_domains={one.oid: one.name or "" for one in config.assigning_authorities},
                cross_reference=_cross_referencing(config.cross_reference),
                home_community=config.home_community_oid,
                query_max_results=config.query_max_results,
                pdq_max_results=config.pdq_max_results,
                repository_unique_id=config.repository_unique_id,
            )
            self._worlds = (config, world, replace(world, strict=True))
        _, lenient_world, strict_world = self._worlds
        if not strict:
            return lenient_world
        codes = self._codes.current(config.codes_path)
        if codes is not strict_world.affinity_domain:
            strict_world = replace(strict_world, affinity_domain=codes)
            self._worlds = (config, lenient_world, strict_world)
        return strict_world


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address, not yet listening; port 0 picks a free one.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)  # noqa: FBT003 - positional only
    return sock


def create_app(
    config: MockServerConfig, *, protocol: str = "http", config_path: Path | None = None, port: int = 0
) -> MockServer:
    """A mock server for a configuration, not yet started; for tests that run it in their own process."""
    return MockServer(ConfigWatcher(config_path, config), Instance(protocol, config.host, port))


def is_loopback(address: str) -> bool:
    """Whether an IP address is one of this machine to itself."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _cross_referencing(given: CrossReference) -> CrossReferencing:
    links = (tuple(one for cx in link if (one := II.from_cx(cx)) is not None) for link in given.links)
    return CrossReferencing(given.rule is CrossReferenceRule.DEMOGRAPHICS, tuple(links))


def _bounds(config: MockServerConfig) -> JournalBounds:
    return JournalBounds(config.journal_max_exchanges, config.journal_max_bytes)


def _operation(route: Route) -> Operation:
    card = route.card
    return Operation(
        name=card.name.replace("-", "_"),
        documentation=f"{card.code} {card.title} ({card.section})",
        action=card.action,
        response_action=card.response_action,
        request_root=card.request_root,
        response_root=card.response_root,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def uuid_source() -> Callable[[], str]:
    """A source of version 4 UUIDs that asks the system for randomness once, not for each."""
    bits = random.Random(os.urandom(32)).getrandbits  # noqa: S311 - ids, not secrets

    def new_uuid() -> str:
        # RFC 9562, 5.4: four bits of version, two of variant, the rest random.
        digits = f"{bits(128) & _RANDOM_BITS | _VERSION_4:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    return new_uuid
