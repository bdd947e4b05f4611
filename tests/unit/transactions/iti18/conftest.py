"""A registry with a handful of objects, and how to ask it."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.registry.queries.catalogue import BY_NAME
from ihe_test_util.domain.world import World
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions.iti18 import LEAF_CLASS, SPEC, StoredQueryRequest, StoredQueryResponse, request_for
from ihe_test_util.xml.ebrim import OtherObject
from ihe_test_util.xml.io import Element, parse, serialize
from tests.support.schemas import CHECK, Problems, schema_check
from tests.support.worlds import MemoryRegistry, uuids

SAMPLES = Path(__file__).parents[3] / "data" / "ITI-18"
NOW = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)

Asked = Callable[..., StoredQueryRequest]
Ask = Callable[..., Awaitable[StoredQueryResponse]]
Found = Callable[..., Awaitable[list[int]]]
Registered = Callable[..., Awaitable[None]]


@pytest.fixture
def sample() -> Callable[[str], Element]:
    """A sample by its name."""
    return lambda name: parse((SAMPLES / f"{name}.xml").read_bytes())


@pytest.fixture
def schema_problems() -> Problems:
    """What the schemas of ebRS say against an element."""
    check = schema_check()
    if check is None:
        pytest.skip(f"the schemas of ebRS are not at {CHECK.parent}")
    return check


@pytest.fixture
def store() -> Iterator[MemoryRegistry]:
    """An empty registry."""
    kept = MemoryRegistry()
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
    """A lenient world with the registry, and nothing else that a query needs."""
    nobody: Any = None
    return World(patients=nobody, documents=store, registry=store, now=lambda: NOW, new_uuid=uuids())


def asked(query: str, *, returns: str = LEAF_CLASS, **options: object) -> StoredQueryRequest:
    """A query by its name, with options as the command line has them.

    A text or a tuple of texts is one slot, a list of them several.
    """
    chosen = BY_NAME[query]
    arguments = []
    for option, value in options.items():
        parameter = chosen.options()[option.replace("_", "-")]
        words = dict(parameter.vocabulary)
        groups: list[Any] = value if isinstance(value, list) else [value]
        for group in groups:
            texts: tuple[str, ...] = (group,) if isinstance(group, str) else group
            arguments.append((parameter, tuple(words.get(text, text) for text in texts)))
    return request_for(chosen, arguments, return_type=returns)


@pytest.fixture
def ask(world: World) -> Ask:
    """Asks the registry: through XML, as a request travels."""

    async def answered(query: str, *, returns: str = LEAF_CLASS, **options: object) -> StoredQueryResponse:
        request = asked(query, returns=returns, **options)
        sent = SPEC.parse_request(parse(serialize(SPEC.build_request(request).element)), InlineAttachments())
        findings = SPEC.judge(sent)
        assert findings == []
        written = SPEC.build_response(await SPEC.answer(sent, world)).element
        return SPEC.parse_response(parse(serialize(written)), InlineAttachments())

    return answered


@pytest.fixture
def found(ask: Ask) -> Found:
    """The numbers of the objects that a query finds, in the order of the answer."""

    async def numbers(query: str, **options: object) -> list[int]:
        response = await ask(query, **options)
        assert response.succeeded, response.errors
        return [int(one.id.rpartition("-")[2]) for one in response.objects if not isinstance(one, OtherObject)]

    return numbers
