"""The entry point of a worker process: ``python -m ihe_test_util.mock_server.worker``."""

import asyncio
import signal
import sys
import threading
from pathlib import Path

from ihe_test_util.mock_server.app import MockServer
from ihe_test_util.mock_server.config import ConfigWatcher, load_config_with_sources
from ihe_test_util.mock_server.serve import stop_gently, tls_context, tune_process
from ihe_test_util.mock_server.workers import WorkerTask, counter_of, read_task, say_ready, say_stop
from ihe_test_util.runtime.event_loop import run
from ihe_test_util.runtime.log_setup import set_up_logging


async def work(task: WorkerTask) -> None:
    """Answer on the supervisor's socket until it closes our standard input."""
    path = None if task.config_path is None else Path(task.config_path)
    loaded = load_config_with_sources(path, overrides=task.overrides)
    set_up_logging(loaded.config.log_path, loaded.config.log_level)
    tune_process()
    tls = tls_context(loaded.config) if task.protocol == "https" else None
    server = MockServer(ConfigWatcher.of(loaded), task.instance(), counter=counter_of(task), on_stop_request=say_stop)
    await server.start(task.socket(), tls)
    say_ready()
    stops: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def watch_supervisor() -> None:
        sys.stdin.buffer.read()  # returns when the supervisor closes it, or is gone
        loop.call_soon_threadsafe(stops.put_nowait, 0)

    threading.Thread(target=watch_supervisor, name="supervisor-watch", daemon=True).start()
    await stops.get()
    await stop_gently(server, stops)


def main() -> None:
    """Run one worker; signals to stop go to the supervisor, which asks its workers."""
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    run(work(read_task()))


if __name__ == "__main__":
    main()
