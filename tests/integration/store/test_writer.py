"""Operations that share a commit: each is done or not done by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ihe_test_util.errors import StorageError
from ihe_test_util.store.database import Schema
from ihe_test_util.store.engine import Connection, Engine, SqliteEngine
from ihe_test_util.store.writer import GroupWriter, Insert

SCHEMA = Schema(
    "test", (("CREATE TABLE t (a TEXT PRIMARY KEY)", "CREATE TABLE u (a TEXT PRIMARY KEY)"),), 4096, "OFF", 2**20
)
ADD = "INSERT INTO t (a) VALUES (?)"
ROW = Insert("u", ("a",))


class Refusal(Exception):
    """What an operation has against its own doing."""


@pytest.fixture
async def writer(engine: Engine) -> AsyncIterator[GroupWriter]:
    """A writer to an empty database."""
    one = GroupWriter(engine)
    yield one
    await asyncio.to_thread(one.close)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return SqliteEngine(tmp_path / "t.sqlite", SCHEMA)
    from ihe_test_util.store.postgres import PostgresEngine  # noqa: PLC0415 - only where the fixture finds a server
    from tests.support.postgres import own_schema  # noqa: PLC0415 - likewise

    return PostgresEngine(
        own_schema(request.getfixturevalue("postgres"), f"t{tmp_path.name}".replace("-", "_")), SCHEMA
    )


def adding(*keys: str, error: Exception | None = None, runs: list[str] | None = None) -> Callable[[Connection], str]:
    """An operation that adds keys and then fails, where it is to."""

    def operation(connection: Connection) -> str:
        if runs is not None:
            runs.append("".join(keys))
        for key in keys:
            connection.execute(ADD, (key,))
        if error is not None:
            raise error
        return "".join(keys)

    return operation


async def kept(writer: GroupWriter, table: str = "t") -> list[str]:
    """What is in a table."""
    sql = f"SELECT a FROM {table} ORDER BY a"  # noqa: S608 - our own names
    found: list[str] = await writer.run(lambda connection: [str(row[0]) for row in connection.execute(sql)])
    return found


async def test_one_that_fails_half_way_leaves_nothing_and_harms_nobody(writer: GroupWriter) -> None:
    """Of three at once the one in the middle fails after it has written; the others and their results stay."""
    results = await asyncio.gather(
        writer.run(adding("a")),
        writer.run(adding("b", "c", error=Refusal()), (ROW, [("b",)])),
        writer.run(adding("d"), (ROW, [("d",)])),
        return_exceptions=True,
    )

    assert [results[0], type(results[1]), results[2]] == ["a", Refusal, "d"]
    assert await kept(writer) == ["a", "d"]
    assert await kept(writer, "u") == ["d"]


async def test_one_that_refuses_before_it_writes_is_asked_once(writer: GroupWriter) -> None:
    """Refusing is an answer like another: nobody is run again for it."""
    runs: list[str] = []
    operations = [adding("a", runs=runs), adding(error=Refusal(), runs=runs), adding("b", runs=runs)]

    await asyncio.gather(*(writer.run(one) for one in operations), return_exceptions=True)

    assert runs == ["a", "", "b"]
    assert await kept(writer) == ["a", "b"]


async def test_one_that_the_database_refuses_harms_nobody(writer: GroupWriter) -> None:
    """A duplicate key fails alone, whether an operation or its rows bear it."""
    results = await asyncio.gather(
        writer.run(adding("a"), (ROW, [("x",)])),
        writer.run(adding("a")),
        writer.run(adding("b"), (ROW, [("x",)])),
        writer.run(adding("c"), (ROW, [("y",)])),
        return_exceptions=True,
    )

    assert [type(result) for result in results] == [str, StorageError, StorageError, str]
    assert await kept(writer) == ["a", "c"]
    assert await kept(writer, "u") == ["x", "y"]


async def test_an_operation_sees_what_was_written_before_it(writer: GroupWriter) -> None:
    """Rows and operations before it, in the same commit or not."""
    _, _, seen = await asyncio.gather(
        writer.insert((ROW, [("a",)])),
        writer.run(adding("b"), (ROW, [("b",)])),
        writer.run(lambda connection: connection.execute("SELECT count(*) FROM u").fetchone()[0]),
    )

    assert seen == 2
