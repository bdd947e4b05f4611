"""The interpreter, settled for a process that exchanges many small messages and does nothing else."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: A message leaves some hundred objects behind and hardly a cycle: look for cycles every hundred messages.
_THRESHOLDS: Final = (20_000, 20, 50)
#: What no line of our log shows need not be found out for each record ("Optimization" in Python's Logging HOWTO);
#: type stubs do not know the last one.
_UNSHOWN: Final = {"logThreads": False, "logProcesses": False, "logMultiprocessing": False, "_srcfile": None}


@contextmanager
def tuned() -> Iterator[None]:
    """Settle it for a while."""
    thresholds = gc.get_threshold()
    before = {name: getattr(logging, name) for name in _UNSHOWN}
    try:
        gc.set_threshold(*_THRESHOLDS)
        for name, value in _UNSHOWN.items():
            setattr(logging, name, value)
        yield
    finally:
        gc.set_threshold(*thresholds)
        for name, value in before.items():
            setattr(logging, name, value)
