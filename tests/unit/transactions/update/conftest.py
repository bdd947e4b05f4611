"""A registry with objects in it, and updates of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.world import World
from ihe_test_util.transactions import iti57
from ihe_test_util.transactions.iti57 import UpdateRequest
from ihe_test_util.transactions.xds.response import RegistryResponse
from tests.support.registry_objects import OTHER_PATIENT, PATIENT
from tests.support.updates import Held, Refused, Registered, Updated
from tests.support.worlds import MemoryRegistry, uuids

NOW = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)


@pytest.fixture
def store() -> Iterator[MemoryRegistry]:
    """An empty registry that knows two patients."""
    kept = MemoryRegistry()
    kept.feed(PATIENT)
    kept.feed(OTHER_PATIENT)
    yield kept
    kept.close()


@pytest.fixture
def registered(store: MemoryRegistry) -> Registered:
    """Puts objects into the registry."""

    async def add(*entries: Entry) -> None:
        await store.change(lambda change: change.add(entries))

    return add


@pytest.fixture
def world(store: MemoryRegistry) -> World:
    """A strict world with the registry, and nothing else that an update needs."""
    nobody: Any = None
    return World(patients=nobody, documents=store, registry=store, now=lambda: NOW, new_uuid=uuids(), strict=True)


@pytest.fixture
def held(store: MemoryRegistry) -> Held:
    """Everything that the registry holds, in the order of registration."""

    async def everything() -> list[Entry]:
        ids = [row[0] for row in store.connection.execute("SELECT id FROM registry_objects")]
        return await store.look(lambda view: view.by_ids(ids))

    return everything


@pytest.fixture
def updated(world: World) -> Updated:
    """Does an update that succeeds."""

    async def update(request: UpdateRequest) -> RegistryResponse:
        response = await iti57.SPEC.answer(request, world)
        assert response.succeeded, response.errors
        return response

    return update


@pytest.fixture
def refused(world: World, held: Held) -> Refused:
    """Asks for an update that is refused and changes nothing; codes, and object and attribute, of its errors."""

    async def refuse(request: UpdateRequest) -> list[tuple[str, str]]:
        before = await held()
        response = await iti57.SPEC.answer(request, world)
        assert not response.succeeded
        assert await held() == before
        return [(error.code, error.context.partition(":")[0]) for error in response.errors]

    return refuse
