"""What the server says about itself: ``GET /health``, and the count of requests that all workers share."""

import mmap
import struct
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ihe_test_util import __version__
from ihe_test_util.mock_server.config import ConfigWatcher, LoadedConfig
from ihe_test_util.mock_server.instance import Instance
from ihe_test_util.mock_server.routing import Routes
from ihe_test_util.settings.layers import DEFAULT

_SLOT: Final = struct.Struct("=Q")


class RequestCounter:
    """Requests handled by all workers of one server: a slot a worker in a small file that they map."""

    def __init__(self, path: Path | None = None, *, slot: int = 0, slots: int = 1) -> None:
        self._count = 0
        self._offset = slot * _SLOT.size
        self._slots = slots
        self._map: mmap.mmap | None = None
        if path is not None:
            with path.open("r+b") as stream:
                self._map = mmap.mmap(stream.fileno(), slots * _SLOT.size)

    @staticmethod
    def create_file(directory: Path, slots: int) -> Path:
        """A file with a zeroed slot for each worker."""
        with tempfile.NamedTemporaryFile(dir=directory, prefix="requests-", suffix=".count", delete=False) as stream:
            stream.write(bytes(slots * _SLOT.size))
        return Path(stream.name)

    def add(self) -> None:
        """Count one request of this worker."""
        self._count += 1
        if self._map is not None:
            _SLOT.pack_into(self._map, self._offset, self._count)

    @property
    def total(self) -> int:
        """Requests handled by all workers."""
        if self._map is None:
            return self._count
        return sum(_SLOT.unpack_from(self._map, slot * _SLOT.size)[0] for slot in range(self._slots))


def health(
    instance: Instance, watcher: ConfigWatcher, routes: Routes, counter: RequestCounter, dropped: int
) -> dict[str, Any]:
    """The JSON object of ``GET /health``."""
    return {
        "status": "healthy",
        "version": __version__,
        "protocol": instance.protocol,
        "host": instance.host,
        "port": instance.port,
        "endpoints": {route.card.name: route.path for route in routes.all},
        "transactions": [
            {"code": route.card.code, "name": route.card.name, "title": route.card.title, "path": route.path}
            for route in routes.all
        ],
        "uptime_seconds": round(time.monotonic() - instance.started_monotonic, 3),
        "request_count": counter.total,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "instance_id": instance.id,
        "pid": instance.pid,
        "workers": instance.workers,
        "journal_dropped": dropped,
        "config": config_state(watcher),
    }


def config_state(watcher: ConfigWatcher) -> dict[str, Any]:
    """The configuration's state as JSON."""
    status, loaded = watcher.status, watcher.loaded
    return {
        "file": str(loaded.path.absolute()) if loaded is not None and loaded.path is not None else None,
        "state": status.state.value,
        "error": status.error,
        "loaded_at": status.loaded_at.isoformat(timespec="milliseconds"),
        "problems": [asdict(problem) for problem in status.problems],
        "pending_restart": list(status.pending_restart),
        "until_restart": {name: _plain(getattr(watcher.started, name)) for name in status.pending_restart},
        "sources": dict(loaded.sources) if loaded is not None else {},
        "values": _set_values(loaded) if loaded is not None else {},
    }


def _set_values(loaded: LoadedConfig) -> dict[str, Any]:
    """The values that are set somewhere, by dotted field."""
    return {setting.field: setting.value for setting in loaded.effective() if setting.source != str(DEFAULT)}


def _plain(value: object) -> object:
    """A value as JSON has it."""
    return value if isinstance(value, bool | int | float) or value is None else str(value)
