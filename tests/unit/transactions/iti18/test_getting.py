"""Stored queries by the ids of objects: what comes back, and what does not."""

from collections.abc import Awaitable, Callable

import pytest

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.transactions.iti18 import OBJECT_REF, StoredQueryResponse
from ihe_test_util.xml.ebrim import ObjectRef, Slot, urns
from tests.support.registry_objects import (
    OTHER_PATIENT,
    SCHEME,
    code,
    document,
    folder,
    link,
    members,
    submission_set,
    uuid,
)

Ask = Callable[..., Awaitable[StoredQueryResponse]]
Found = Callable[..., Awaitable[list[int]]]
Registered = Callable[..., Awaitable[None]]


def submitted() -> list[Entry]:
    """A submission set (1) of two documents (2, 3) and a folder (4) with the first of them; linked from 11 on."""
    format_code = urns.ENTRY_FORMAT_CODE
    sent, kept = submission_set(1), folder(4)
    one, other = document(2, code(format_code, "A")), document(3, code(format_code, "B"))
    inside = link(14, urns.HAS_MEMBER, kept, one)
    return [sent, one, other, kept, *members(11, sent, [one, other, kept]), inside, *members(15, sent, [inside])]


async def test_documents_by_their_ids(found: Found, registered: Registered) -> None:
    """By entryUUID, by uniqueId with every document of that id, by logicalID; of any type and state."""
    first = document(1, status=urns.DEPRECATED)
    await registered(
        first, document(2, lid=first.lid, version=2, unique_id="2.999.1"), document(3, on_demand=True), folder(4)
    )
    query = "get-documents"

    assert await found(query, entry_uuid=(uuid(3), uuid(2), uuid(99))) == [2, 3]
    assert await found(query, entry_uuid=uuid(4)) == []
    assert await found(query, unique_id="2.999.1") == [2]
    assert await found(query, unique_id="2.999.1", metadata_level="2") == [1, 2]
    assert await found(query, logical_id=first.lid) == [2]
    assert await found(query, logical_id=first.lid, metadata_level="2") == [1, 2]
    assert await found(query, entry_uuid=uuid(1)) == []
    assert await found(query, entry_uuid=uuid(1), metadata_level="2") == [1]


async def test_a_document_that_is_deprecated_and_the_latest_is_shown(found: Found, registered: Registered) -> None:
    """Replacing a document deprecates it and makes no version of it."""
    await registered(document(1, status=urns.DEPRECATED))

    assert await found("get-documents", entry_uuid=uuid(1)) == [1]


async def test_folders_by_their_ids(found: Found, registered: Registered) -> None:
    """By entryUUID, uniqueId and logicalID; nothing that is no folder."""
    first = folder(1, status=urns.DEPRECATED)
    await registered(first, folder(2, lid=first.lid, version=2), submission_set(3), folder(4))
    query = "get-folders"

    assert await found(query, entry_uuid=(uuid(2), uuid(3), uuid(4))) == [2, 4]
    assert await found(query, unique_id="2.999.4") == [4]
    assert await found(query, logical_id=first.lid) == [2]
    assert await found(query, logical_id=first.lid, metadata_level="2") == [1, 2]


async def test_associations_of_objects(found: Found, registered: Registered) -> None:
    """Those that begin or end there, each once; in force unless other states are asked for."""
    sent, one, other = submission_set(1), document(2), document(3)
    await registered(
        sent,
        one,
        other,
        *members(11, sent, [one, other]),
        link(13, urns.APPENDS, other, one),
        link(14, urns.SIGNS, other, one, urns.DEPRECATED),
    )
    query = "get-associations"

    assert await found(query, uuid=uuid(2)) == [11, 13]
    assert sorted(await found(query, uuid=(uuid(2), uuid(3)))) == [11, 12, 13]
    assert await found(query, uuid=uuid(2), association_status="deprecated") == []
    assert await found(query, uuid=uuid(2), association_status="deprecated", metadata_level="2") == [14]
    assert await found(query, uuid=uuid(99)) == []


async def test_documents_with_their_associations(found: Found, registered: Registered) -> None:
    """The documents, and whatever begins or ends at them."""
    await registered(*submitted())

    assert await found("get-documents-and-associations", entry_uuid=uuid(2)) == [2, 11, 14]
    assert await found("get-documents-and-associations", unique_id=("2.999.2", "2.999.3")) == [2, 3, 11, 12, 14]
    assert await found("get-documents-and-associations", unique_id="2.999.99") == []


async def test_submission_sets_of_objects(found: Found, registered: Registered) -> None:
    """The sets that documents and folders came with, and the memberships that say so; no folder is a set."""
    await registered(*submitted())

    assert await found("get-submission-sets", uuid=uuid(2)) == [1, 11]
    assert await found("get-submission-sets", uuid=(uuid(3), uuid(4))) == [1, 12, 13]


async def test_a_submission_set_with_its_contents(found: Found, registered: Registered) -> None:
    """Documents, folders, and associations, these only if both of their ends are there."""
    await registered(*submitted(), document(21), link(22, urns.APPENDS, document(21), document(2)))
    query = "get-submission-set-and-contents"

    assert await found(query, entry_uuid=uuid(1)) == [1, 2, 3, 4, 11, 12, 13, 15, 14]
    assert await found(query, unique_id="2.999.1", format_code=f"A^^{SCHEME}") == [1, 2, 4, 11, 13, 15, 14]
    assert await found(query, unique_id="2.999.1", format_code=f"B^^{SCHEME}") == [1, 3, 4, 12, 13]
    assert await found(query, unique_id="2.999.99") == []


async def test_a_folder_with_its_contents(found: Found, registered: Registered) -> None:
    """The documents in it that meet the criteria, with their memberships."""
    kept, one, other = folder(1), document(2, code(urns.ENTRY_CONFIDENTIALITY_CODE, "R")), document(3, on_demand=True)
    await registered(kept, one, other, *members(11, kept, [one, other]))
    query = "get-folder-and-contents"

    assert await found(query, entry_uuid=uuid(1)) == [1, 2, 11]
    assert await found(query, unique_id="2.999.1", type=("stable", "on-demand")) == [1, 2, 3, 11, 12]
    assert await found(query, unique_id="2.999.1", confidentiality_code=f"N^^{SCHEME}") == [1]


async def test_folders_of_a_document(found: Found, registered: Registered) -> None:
    """Folders only, not the submission set that holds the document too."""
    await registered(*submitted())

    assert await found("get-folders-for-document", entry_uuid=uuid(2)) == [4]
    assert await found("get-folders-for-document", unique_id="2.999.3") == []


async def test_related_documents(found: Found, registered: Registered) -> None:
    """Both ends of each association of a type asked for, if both are documents; else nothing at all."""
    old, new, addendum = document(1, status=urns.DEPRECATED), document(2), document(3)
    sent, demanded = submission_set(4), document(5, on_demand=True)
    await registered(
        old,
        new,
        addendum,
        sent,
        demanded,
        link(11, urns.REPLACES, new, old),
        link(12, urns.APPENDS, addendum, new),
        link(13, urns.IS_SNAPSHOT_OF, new, demanded),
        *members(14, sent, [new]),
    )
    query = "get-related-documents"

    assert await found(query, entry_uuid=uuid(1), association_types="RPLC") == [1, 2, 11]
    assert await found(query, entry_uuid=uuid(2), association_types=("RPLC", "APND", "HasMember")) == [1, 2, 3, 11, 12]
    assert await found(query, unique_id="2.999.3", association_types="RPLC") == []
    assert await found(query, entry_uuid=uuid(2), association_types="HasMember") == []
    assert await found(query, entry_uuid=uuid(99), association_types="RPLC") == []
    assert await found(query, entry_uuid=uuid(2), association_types="IsSnapshotOf") == []
    assert await found(query, entry_uuid=uuid(2), association_types="IsSnapshotOf", type=("stable", "on-demand")) == [
        2,
        5,
        13,
    ]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("get-documents", {"unique_id": ("2.999.1", "2.999.2")}),
        ("get-documents-and-associations", {"unique_id": ("2.999.1", "2.999.2")}),
        ("get-folders", {"unique_id": ("2.999.3", "2.999.4")}),
        ("get-submission-sets", {"uuid": (uuid(1), uuid(2))}),
        ("get-submission-set-and-contents", {"unique_id": "2.999.5"}),
        ("get-folder-and-contents", {"unique_id": "2.999.3"}),
    ],
)
async def test_whole_objects_are_of_one_patient(
    ask: Ask, registered: Registered, query: str, options: dict[str, object]
) -> None:
    """Metadata of two patients is an error; references to it are not."""
    one, other = document(1), document(2, patient=OTHER_PATIENT)
    mine, theirs = folder(3), folder(4, patient=OTHER_PATIENT)
    sent, sent_too = submission_set(5), submission_set(6, patient=OTHER_PATIENT)
    await registered(
        one,
        other,
        mine,
        theirs,
        sent,
        sent_too,
        *members(11, sent, [one, other, mine]),
        *members(14, sent_too, [other]),
        *members(15, mine, [other]),
    )

    whole = await ask(query, **options)
    references = await ask(query, returns=OBJECT_REF, **options)

    assert [error.code for error in whole.errors] == ["XDSResultNotSinglePatient"]
    assert (whole.succeeded, whole.objects) == (False, ())
    assert references.succeeded
    assert len(references.references) > 1


async def test_references_name_what_objects_would_be(ask: Ask, registered: Registered) -> None:
    """ObjectRef gives the ids of the same objects in the same order."""
    await registered(*submitted())

    whole = await ask("get-submission-set-and-contents", unique_id="2.999.1")
    references = await ask("get-submission-set-and-contents", unique_id="2.999.1", returns=OBJECT_REF)

    assert references.objects == tuple(
        ObjectRef(id=one.id)
        for one in (*whole.packages[:1], *whole.documents, *whole.packages[1:], *whole.associations)
    )


async def test_objects_come_back_whole(ask: Ask, registered: Registered) -> None:
    """With every slot, status, logical id and version."""
    kept = document(1, Slot("hash", ("ab",)), Slot("urn:x", ("a", "ü")), code(urns.ENTRY_CLASS_CODE, "A"), title="é")
    await registered(kept)

    response = await ask("get-documents", entry_uuid=uuid(1))

    assert response.objects == (kept.source,)
    assert (response.documents[0].status, response.documents[0].lid) == (urns.APPROVED, uuid(1))
