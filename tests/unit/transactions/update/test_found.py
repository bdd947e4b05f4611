"""What stored queries show of what was updated (XDS Metadata Update: ITI TF-2: 3.18.4.1.2.3.5.1.1)."""

import pytest

from ihe_test_util.domain.registry.queries.catalogue import BY_NAME
from ihe_test_util.domain.world import World
from ihe_test_util.transactions import iti18
from ihe_test_util.xml.ebrim import urns
from tests.support.registry_objects import document, folder, link, members, submission_set
from tests.support.updates import Registered, Updated, deprecation, request, version

DOCUMENT, FOLDER, SET = document(1), folder(2), submission_set(3)
IN_FOLDER = link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT)


@pytest.fixture
async def _filled(registered: Registered) -> None:
    """A document in a folder."""
    await registered(SET, DOCUMENT, FOLDER, *members(10, SET, [DOCUMENT, FOLDER]), IN_FOLDER)


async def found(world: World, name: str, option: str, value: str, level: str) -> list[tuple[str, int]]:
    """The kinds and versions of what a query finds at a metadata level."""
    options = BY_NAME[name].options()
    arguments = [(options[option], (value,)), (options["metadata-level"], (level,))]
    asked = iti18.request_for(BY_NAME[name], arguments, return_type=iti18.LEAF_CLASS)
    response = await iti18.SPEC.answer(asked, world)
    assert response.succeeded, response.errors
    return [(entry.kind.value, entry.version) for entry in response.found]


@pytest.mark.usefixtures("_filled")
@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("1", [("Folder", 1), ("DocumentEntry", 2), ("Association", 1)]),
        ("2", [("Folder", 1), ("DocumentEntry", 1), ("DocumentEntry", 2), ("Association", 1), ("Association", 1)]),
    ],
)
async def test_a_folder_shows_the_latest_version_of_its_member(
    level: str, expected: list[tuple[str, int]], updated: Updated, world: World
) -> None:
    """At the first level nothing is left of the version before; at the second it is there with its membership."""
    await updated(request(version(DOCUMENT)))

    assert await found(world, "get-folder-and-contents", "entry-uuid", FOLDER.id, level) == expected


@pytest.mark.usefixtures("_filled")
async def test_what_is_deprecated_is_hidden_at_the_first_level(updated: Updated, world: World) -> None:
    """A folder, and an association; a document entry is shown in either state."""
    await updated(request(deprecation(IN_FOLDER.id)))
    members_only = await found(world, "get-folder-and-contents", "entry-uuid", FOLDER.id, "1")
    await updated(request(deprecation(FOLDER.id), deprecation(DOCUMENT.id, "Status02"), set_number=901))

    assert members_only == [("Folder", 1)]
    assert await found(world, "get-folders", "entry-uuid", FOLDER.id, "1") == []
    assert await found(world, "get-folders", "entry-uuid", FOLDER.id, "2") == [("Folder", 1)]
    assert await found(world, "get-documents", "entry-uuid", DOCUMENT.id, "1") == [("DocumentEntry", 1)]


@pytest.mark.usefixtures("_filled")
async def test_all_versions_are_found_by_the_logical_id(updated: Updated, world: World) -> None:
    """Documents and folders; the latest alone at the first level."""
    await updated(request(version(DOCUMENT), version(FOLDER, "New02")))

    for name, of in (("get-documents", DOCUMENT), ("get-folders", FOLDER)):
        assert [one for _, one in await found(world, name, "logical-id", of.lid, "1")] == [2]
        assert [one for _, one in await found(world, name, "logical-id", of.lid, "2")] == [1, 2]
