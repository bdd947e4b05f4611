"""ITI-62 as a room: what is removed, what may not be, and what the request must say."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.world import World
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions.iti62 import SPEC, RemoveMetadataRequest
from ihe_test_util.transactions.xds.response import RegistryResponse
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import parse, serialize
from tests.support.registry_objects import document, folder, link, members, submission_set, uuid
from tests.support.schemas import schema_check
from tests.support.worlds import MemoryRegistry, uuids

DOCUMENT, ADDENDUM, FOLDER = document(1), document(2), folder(3)
FIRST, SECOND = submission_set(4), submission_set(5)
IN_FIRST, FOLDER_IN_FIRST = members(10, FIRST, [DOCUMENT, FOLDER])
(IN_SECOND,) = members(20, SECOND, [ADDENDUM])
APPENDED = link(30, urns.APPENDS, ADDENDUM, DOCUMENT)
IN_FOLDER = link(31, urns.HAS_MEMBER, FOLDER, DOCUMENT)
(OF_SET,) = members(32, FIRST, [IN_FOLDER])
EVERYTHING = (
    *(FIRST, SECOND, DOCUMENT, ADDENDUM, FOLDER, IN_FIRST, FOLDER_IN_FIRST, IN_SECOND, APPENDED, IN_FOLDER, OF_SET),
)
EXIST, DANGLING = "ReferencesExistException", "XDSUnreferencedObjectException"


@pytest.fixture
async def store() -> MemoryRegistry:
    """A registry with all of it."""
    kept = MemoryRegistry()
    await kept.change(lambda change: change.add(EVERYTHING))
    return kept


@pytest.fixture
def world(store: MemoryRegistry) -> Iterator[World]:
    """A world around the registry."""
    nobody: Any = None
    now = datetime(2024, 2, 29, tzinfo=UTC)
    yield World(patients=nobody, documents=store, registry=store, now=lambda: now, new_uuid=uuids(), strict=True)
    store.close()


async def removed(world: World, *entries: Entry) -> RegistryResponse:
    """The answer to a request to remove objects."""
    return await SPEC.answer(RemoveMetadataRequest(tuple(entry.id for entry in entries)), world)


async def left(store: MemoryRegistry) -> set[str]:
    """The ids of what the registry holds."""
    everything = [entry.id for entry in EVERYTHING]
    return {entry.id for entry in await store.look(lambda view: view.by_ids(everything))}


@pytest.mark.parametrize(
    "going",
    [
        EVERYTHING,
        (SECOND, ADDENDUM, IN_SECOND, APPENDED),
        (APPENDED,),
        (IN_FOLDER, OF_SET),
        (FOLDER, FOLDER_IN_FIRST, IN_FOLDER, OF_SET),
    ],
    ids=["everything", "a submission", "a relationship", "a membership", "a folder"],
)
async def test_what_hangs_together_goes(going: tuple[Entry, ...], world: World, store: MemoryRegistry) -> None:
    """Objects with all associations that refer to them, and nothing that is left with none."""
    response = await removed(world, *going)

    assert (response.status, response.errors) == (urns.SUCCESS, ())
    assert await left(store) == {entry.id for entry in EVERYTHING if entry not in going}


@pytest.mark.parametrize(
    ("going", "errors"),
    [
        ((FIRST,), [(EXIST, FIRST)]),
        ((DOCUMENT, IN_FIRST, FIRST), [(EXIST, FIRST), (EXIST, DOCUMENT)]),
        ((IN_FOLDER,), [(EXIST, IN_FOLDER)]),
        ((IN_SECOND,), [(DANGLING, SECOND), (DANGLING, ADDENDUM)]),
        ((ADDENDUM, IN_SECOND, APPENDED), [(DANGLING, SECOND)]),
        ((FOLDER_IN_FIRST,), [(DANGLING, FOLDER)]),
        ((ADDENDUM, IN_SECOND), [(EXIST, ADDENDUM), (DANGLING, SECOND)]),
    ],
    ids=["set", "submission", "membership", "last association", "all but the set", "in no set", "both"],
)
async def test_what_would_be_torn_stays_whole(
    going: tuple[Entry, ...], errors: list[tuple[str, Entry]], world: World, store: MemoryRegistry
) -> None:
    """No association may dangle, nor an object be left alone; each is told, and nothing is removed."""
    response = await removed(world, *going)

    assert response.status == urns.FAILURE
    told = [(error.code, error.context.partition("/id:")[0]) for error in response.errors]
    assert told == [(code, entry.id) for code, entry in errors]
    assert len(await left(store)) == len(EVERYTHING)


async def test_what_is_not_there_is_told(world: World, store: MemoryRegistry) -> None:
    """Each id that the registry does not have, and nothing is removed of the others."""
    response = await removed(world, document(98), APPENDED, document(99))

    assert [
        (error.code, uuid(number) in error.context) for number, error in zip((98, 99), response.errors, strict=True)
    ] == [("UnresolvedReferenceException", True)] * 2
    assert len(await left(store)) == len(EVERYTHING)


@pytest.mark.parametrize(
    ("request_", "rule", "refused"),
    [
        (RemoveMetadataRequest(), "RM-01", True),
        (RemoveMetadataRequest(("Document01",)), "RM-02", True),
        (RemoveMetadataRequest((uuid(1), uuid(1))), "RM-03", False),
        (RemoveMetadataRequest((uuid(1),), by_query=True), "RM-04", True),
        (
            RemoveMetadataRequest(
                (uuid(1),), deletion_scope="urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:DeleteAll"
            ),
            "RM-05",
            True,
        ),
    ],
)
def test_each_rule_has_its_breach(request_: RemoveMetadataRequest, rule: str, refused: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Objects are named by ObjectRefs, each by its entryUUID, and nothing else is said."""
    findings = SPEC.judge(request_)

    assert [finding.rule for finding in findings] == [rule]
    assert bool(SPEC.rejecting(findings, strict=True)) is refused


async def test_a_refusal_tells_the_message_and_the_state(world: World) -> None:
    """What the message breaks, and what the registry has against it, in one answer."""
    request = RemoveMetadataRequest((FIRST.id, "Document01"))
    assert SPEC.refuse is not None

    response = await SPEC.refuse(request, SPEC.judge(request), world)

    codes = [error.code for error in response.errors]
    assert codes == ["UnresolvedReferenceException", "UnresolvedReferenceException", EXIST]
    check = schema_check()
    assert check is None or check(SPEC.build_response(response).element) == []


def test_a_request_travels_as_it_is() -> None:
    """What is written is read again, with what IHE does not allow."""
    request = RemoveMetadataRequest((uuid(1), uuid(2)), "urn:x", by_query=True)

    element = parse(serialize(SPEC.build_request(request).element))

    assert SPEC.parse_request(element, InlineAttachments()) == request


def test_another_message_is_none() -> None:
    """The root is a RemoveObjectsRequest."""
    with pytest.raises(MessageMalformed):
        SPEC.parse_request(parse(b"<other/>"), InlineAttachments())
