import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.forked_server import SERVER_MODULES, ForkedServer
from tests.support.forking import CAN_FORK, Forking
from tests.support.patience import PATIENCE_S
from tests.support.postgres import own_schema
from tests.support.process import Served

MakeServer = Callable[..., Served]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections of a test."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as one:
        yield one


@pytest.fixture
def make_server(tmp_path: Path, session: aiohttp.ClientSession) -> Iterator[MakeServer]:
    """Makes servers that run in processes of their own; ``options`` are of the command, the rest is configuration."""
    made: list[Served] = []

    def make(*options: str, **config: Any) -> Served:
        made.append(Served(tmp_path / f"server{len(made)}", session, config, options=options))
        return made[-1]

    yield make
    for served in made:
        served.kill()


@pytest.fixture(scope="module")
def forking() -> Iterator[Forking]:
    """What servers are forked from."""
    if not CAN_FORK:
        pytest.skip("there is no fork on this system")
    one = Forking(*SERVER_MODULES)
    yield one
    one.close()


@pytest.fixture
def forked_server(tmp_path: Path, session: aiohttp.ClientSession, forking: Forking) -> Iterator[ForkedServer]:
    """A server that starts at once and is killed again and again."""
    served = ForkedServer(tmp_path / "server", session, forking=forking)
    yield served
    served.kill()


@pytest.fixture
def schema(postgres: str) -> str:
    """The URL of an empty database on PostgreSQL."""
    return own_schema(postgres, f"t{secrets.token_hex(8)}")
