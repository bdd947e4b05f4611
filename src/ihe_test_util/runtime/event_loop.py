"""The fastest event loop there is."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end, on uvloop where it is installed."""
    factory = None
    if sys.platform != "win32":
        try:
            import uvloop  # noqa: PLC0415 - not installed everywhere
        except ImportError:
            pass
        else:
            factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
