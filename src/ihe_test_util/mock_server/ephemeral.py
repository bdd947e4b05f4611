"""A place for a server that keeps nothing: in memory where the system has such a place, gone when the server ends."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ihe_test_util.mock_server.processes import is_same_process, start_time_of

_PREFIX: Final = "ihe-test-util-mock-"
_OWNER: Final = "owner.json"
#: A file system in memory, on Linux.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - what is made there is made by mkdtemp


@contextmanager
def ephemeral_place() -> Iterator[Path]:
    """A new directory for this process alone; whatever killed processes of this user left is removed first."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    _remove_left_over(parent)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        owner = {"pid": os.getpid(), "os_start_time": start_time_of(os.getpid())}
        (place / _OWNER).write_text(json.dumps(owner), encoding="utf-8")
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _remove_left_over(parent: Path) -> None:
    for place in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError, ValueError, KeyError, TypeError):  # another user's, or one that is just being made
            owner = json.loads((place / _OWNER).read_text(encoding="utf-8"))
            if not is_same_process(owner["pid"], owner["os_start_time"]):
                shutil.rmtree(place)
