"""Reading beside the writer: connections that only read, used in threads of their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ihe_test_util.errors import StorageError
from ihe_test_util.store.engine import Connection, Engine

T = TypeVar("T")


class ReadPool:
    """Runs queries on one database, off the event loop, one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")

    async def run(self, query: Callable[[Any], T]) -> T:
        """The result of ``query``.

        Raises:
            StorageError: the database cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self.ask, query)

    def ask(self, query: Callable[[Any], T]) -> T:
        """As ``run``, in the calling thread, which has to be the pool's."""
        try:
            with self._engine.translated():
                return self._asked(query)
        except StorageError as error:
            if not isinstance(error.__cause__, Exception) or not self._engine.is_lost(error.__cause__):
                raise
        self._connection = None
        with self._engine.translated():
            return self._asked(query)

    def _asked(self, query: Callable[[Any], T]) -> T:
        if self._connection is None:
            self._connection = self._engine.open_to_read()
        with self._engine.reading(self._connection):
            return query(self._connection)

    def close(self) -> None:
        """Finish the query that runs, and close the connection; blocks meanwhile."""
        self._executor.submit(self._close)
        self._executor.shutdown(wait=True)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
