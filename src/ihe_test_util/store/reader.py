"""Reading beside the writer: connections that only read, used in threads of their own."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ihe_test_util.store.database import open_to_read, translated

T = TypeVar("T")


class ReadPool:
    """Runs queries on one database, off the event loop, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"reader-{path.stem}")

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``query``.

        Raises:
            StorageError: the database cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self.ask, query)

    def ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """As ``run``, in the calling thread, which has to be the pool's."""
        if self._connection is None:
            self._connection = open_to_read(self._path)
        with translated(self._path):
            return query(self._connection)

    def close(self) -> None:
        """Finish the query that runs, and close the connection; blocks meanwhile."""
        self._executor.submit(self._close)
        self._executor.shutdown(wait=True)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
