"""The least that any server does for a request: a bare aiohttp handler that parses the body and answers a constant.

Prints its port when it listens, and ends with its standard input.
"""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web
from lxml import etree


async def serve(answer: bytes) -> None:
    """Answer every POST with ``answer``, on a free port, until standard input ends."""

    async def handle(request: web.Request) -> web.Response:
        etree.fromstring(await request.read())
        return web.Response(body=answer, headers={"Content-Type": "application/soap+xml; charset=UTF-8"})

    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(serve(Path(sys.argv[1]).read_bytes()))
