"""Files with patient data are for their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_OTHERS: Final = 0o077
_OWNER_ONLY: Final = 0o700


@contextmanager
def private_files() -> Iterator[None]:
    """Files and directories that this process makes in the block, others may neither read nor write.

    It narrows the umask, as the servers of databases do, which is the process's: files and directories of everybody
    are made before, or given their modes by name. What is there already keeps its mode. Without modes, as on Windows,
    the rights of the directory above count.
    """
    before = os.umask(_OTHERS)
    os.umask(before | _OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_private_directory(path: Path) -> None:
    """Make a directory that its owner alone may enter, where it is missing; those above it are made as usual.

    Raises:
        OSError: it cannot be made, or is something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=_OWNER_ONLY, exist_ok=True)
