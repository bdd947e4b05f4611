"""What the tests of hot reload share: a clock, a file that is watched, and what is in force."""

import time
from pathlib import Path

from ihe_test_util.mock_server.config import ConfigWatcher

LOGGER = "ihe_test_util.mock_server.config"


class Clock:
    """Wall-clock time that a test can move forward."""

    def __init__(self) -> None:
        self.ahead_ns = 0
        self.broken = False

    def __call__(self) -> int:
        """Nanoseconds since the epoch."""
        if self.broken:
            raise RuntimeError("a spring broke")
        return time.time_ns() + self.ahead_ns


def delay(milliseconds: int) -> dict[str, object]:
    """A configuration that shows by its delay that it is in force."""
    return {"pix_add_behavior": {"response_delay_ms": milliseconds}}


def delay_of(watcher: ConfigWatcher) -> int:
    """The delay in force, in milliseconds."""
    return watcher.config.pix_add_behavior.response_delay_ms


def replace_by_rename(path: Path, data: bytes) -> None:
    """Save beside and rename over, as vim, PyCharm and most programs do."""
    beside = path.with_name("config.json.tmp")
    beside.write_bytes(data)
    beside.replace(path)
