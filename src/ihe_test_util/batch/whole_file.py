"""Files that are there complete or not at all."""

from collections.abc import Iterable
from pathlib import Path

from ihe_test_util.errors import StorageError


def write_whole(path: Path, pieces: Iterable[bytes], *, what: str) -> None:
    """Write a file piece by piece; under its name it appears once it is complete. ``what`` is for the message.

    Raises:
        StorageError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.writelines(pieces)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"{what} cannot be written", where=str(path), got=error.strerror or str(error)) from error
