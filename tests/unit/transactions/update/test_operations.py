"""Changes of status and submitted associations (ITI TF-2: 3.57.4.1.3.3.2, .4, .5 and .6)."""

import pytest

from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.xml.ebrim import AnyObject, Association, urns
from tests.support.registry_objects import OTHER_PATIENT, document, folder, link, members, submission_set, uuid
from tests.support.updates import Held, Refused, Registered, Updated, approval, deprecation, request, submitted, version

DOCUMENT, OTHER, FOLDER, SET = document(1), document(2), folder(3), submission_set(4)
STRANGERS = document(5, patient=OTHER_PATIENT)
OLD, DEPRECATED = document(6, status=urns.DEPRECATED), document(7, status=urns.DEPRECATED)
NEWER = document(8, lid=OLD.lid, version=2, unique_id=OLD.unique_id)
IN_FOLDER = link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT)
APPENDED = link(21, urns.APPENDS, OTHER, DOCUMENT)
TORN = link(22, urns.APPENDS, STRANGERS, DOCUMENT, status=urns.DEPRECATED)
IN_SET = members(10, SET, [DOCUMENT, OTHER, FOLDER])
EVERYTHING = (SET, DOCUMENT, OTHER, FOLDER, STRANGERS, OLD, DEPRECATED, NEWER, IN_FOLDER, APPENDED, TORN, *IN_SET)
UPDATE_ERROR, RECONCILIATION = "XDSMetadataUpdateError", "XDSPatientIDReconciliationError"


@pytest.fixture(autouse=True)
async def _filled(registered: Registered) -> None:
    """A registry with all of it."""
    await registered(*EVERYTHING)


async def state(held: Held, one: str) -> str:
    """The status of an object."""
    return next(entry.status for entry in await held() if entry.id == one)


@pytest.mark.parametrize(
    "target", [DOCUMENT, FOLDER, IN_FOLDER, APPENDED], ids=["document entry", "folder", "membership", "relationship"]
)
async def test_a_status_goes_there_and_back(target: Entry, updated: Updated, held: Held) -> None:
    """Document entries, folders, and associations that do not belong to submission sets."""
    await updated(request(deprecation(target.id)))
    deprecated = await state(held, target.id)

    await updated(request(approval(target.id), set_number=901))

    assert (deprecated, await state(held, target.id)) == (urns.DEPRECATED, urns.APPROVED)


async def test_a_status_is_all_that_changes(updated: Updated, held: Held) -> None:
    """No version is made, and what only asks for a change is not registered."""
    before = {entry.id for entry in await held()}

    await updated(request(deprecation(DOCUMENT.id)))

    new = [entry for entry in await held() if entry.id not in before]
    assert [entry.kind for entry in new] == [Kind.SUBMISSION_SET]


@pytest.mark.parametrize("target", ["New01", DOCUMENT.id], ids=["by its new id", "by its old id"])
async def test_a_status_beside_a_new_version_is_that_of_the_new_one(target: str, updated: Updated, held: Held) -> None:
    """A new version comes first, and the change is of it, whichever is named; the old one is Deprecated anyway."""
    await updated(request(version(DOCUMENT), deprecation(target)))

    versions = {entry.version: entry.status for entry in await held() if entry.lid == DOCUMENT.lid}
    assert versions == {1: urns.DEPRECATED, 2: urns.DEPRECATED}


@pytest.mark.parametrize(
    ("parts", "errors"),
    [
        (approval(DOCUMENT.id), [(UPDATE_ERROR, "Status01/OriginalStatus")]),
        (approval(OLD.id), [(UPDATE_ERROR, "Status01/targetObject")]),
        (deprecation(SET.id), [(UPDATE_ERROR, "Status01/targetObject")]),
        (deprecation(IN_SET[0].id), [(UPDATE_ERROR, "Status01/targetObject")]),
        (approval(TORN.id), [(RECONCILIATION, "Status01/NewStatus")]),
        (
            deprecation(uuid(99)),
            [("UnresolvedReferenceException", "Status01/targetObject"), (UPDATE_ERROR, "Status01/targetObject")],
        ),
    ],
    ids=["status", "old version", "submission set", "set's membership", "two patients", "unknown"],
)
async def test_a_status_that_cannot_change_is_refused(
    parts: list[AnyObject], errors: list[tuple[str, str]], refused: Refused
) -> None:
    """By the state of the registry, with the object and what is wrong with it."""
    assert await refused(request(parts)) == errors


@pytest.mark.parametrize(
    ("kind", "source", "target"),
    [
        (urns.SIGNS, OTHER, DOCUMENT),
        (urns.APPENDS, DOCUMENT, OTHER),
        (urns.HAS_MEMBER, FOLDER, OTHER),
    ],
    ids=["signs", "the other way round", "membership"],
)
async def test_an_association_is_submitted(
    kind: str, source: Entry, target: Entry, updated: Updated, held: Held
) -> None:
    """Between objects that the registry has; it is Approved, and the first version of itself."""
    await updated(request(submitted(kind, source.id, target.id)))

    (new,) = [
        entry
        for entry in await held()
        if isinstance(entry.source, Association)
        and (entry.type, entry.source.source, entry.source.target) == (kind, source.id, target.id)
    ]
    assert (new.status, new.version, new.lid) == (urns.APPROVED, 1, new.id)
    assert not [entry for entry in await held() if entry.type == urns.SUBMIT_ASSOCIATION]


async def test_a_folder_that_gets_a_member_is_updated(updated: Updated, held: Held) -> None:
    """Its lastUpdateTime is that of the request."""
    await updated(request(submitted(urns.HAS_MEMBER, FOLDER.id, OTHER.id)))

    (same,) = [entry for entry in await held() if entry.id == FOLDER.id]
    assert [slot.values for slot in same.source.slots if slot.name == "lastUpdateTime"] == [("20240229153000",)]


async def test_an_association_may_be_submitted_with_a_new_version(updated: Updated, held: Held) -> None:
    """It leads to the new version by the id that it has in the request."""
    await updated(request(version(DOCUMENT, propagation="no"), submitted(urns.SIGNS, OTHER.id, "New01")))

    entries = await held()
    (new,) = [entry.id for entry in entries if entry.lid == DOCUMENT.lid and entry.version == 2]
    assert new in {entry.source.target for entry in entries if isinstance(entry.source, Association)}


async def test_an_association_may_be_submitted_in_any_state(updated: Updated, held: Held) -> None:
    """A change of status in the same request may be of it."""
    await updated(request(submitted(urns.SIGNS, OTHER.id, DOCUMENT.id), deprecation("New02")))

    assert [entry.status for entry in await held() if entry.type == urns.SIGNS] == [urns.DEPRECATED]


@pytest.mark.parametrize(
    ("kind", "source", "target", "errors"),
    [
        (urns.APPENDS, OTHER, DOCUMENT, [(UPDATE_ERROR, "New02/associationType")]),
        (urns.APPENDS, DEPRECATED, DOCUMENT, [(UPDATE_ERROR, "New02/sourceObject")]),
        (urns.APPENDS, OTHER, DEPRECATED, [(UPDATE_ERROR, "New02/targetObject")]),
        (urns.APPENDS, OTHER, OLD, [(UPDATE_ERROR, "New02/targetObject")]),
        (urns.APPENDS, OTHER, FOLDER, [(UPDATE_ERROR, "New02/targetObject")]),
        (urns.APPENDS, OTHER, SET, [(UPDATE_ERROR, "New02/targetObject")]),
        (
            urns.HAS_MEMBER,
            SET,
            DOCUMENT,
            [(UPDATE_ERROR, "New02/sourceObject"), (UPDATE_ERROR, "New02/associationType")],
        ),
        (urns.HAS_MEMBER, DOCUMENT, OTHER, [(UPDATE_ERROR, "New02/sourceObject")]),
        (urns.APPENDS, OTHER, STRANGERS, [(RECONCILIATION, "New02/targetObject")]),
        (urns.HAS_MEMBER, FOLDER, STRANGERS, [(RECONCILIATION, "New02/targetObject")]),
        (
            urns.APPENDS,
            document(98),
            DOCUMENT,
            [("UnresolvedReferenceException", "New02/sourceObject"), (UPDATE_ERROR, "New02/sourceObject")],
        ),
    ],
    ids=[
        "there already",
        "deprecated source",
        "deprecated target",
        "old version",
        "folder",
        "submission set",
        "of a set",
        "of a document",
        "two patients",
        "folder of another",
        "unknown",
    ],
)
async def test_an_association_that_cannot_be_is_refused(
    kind: str, source: Entry, target: Entry, errors: list[tuple[str, str]], refused: Refused
) -> None:
    """By the state of the registry, with the end that is wrong."""
    assert await refused(request(submitted(kind, source.id, target.id))) == errors
