"""New versions of document entries and folders (ITI TF-2: 3.57.4.1.3.3.1, 3.57.4.1.3.3.3)."""

from dataclasses import replace

import pytest

from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.world import World
from ihe_test_util.transactions import iti42
from ihe_test_util.transactions.iti42 import RegisterRequest
from ihe_test_util.xml.ebrim import AnyObject, Association, ExtrinsicObject, Slot, urns
from tests.support.registry_objects import OTHER_PATIENT, document, folder, link, members, submission_set, uuid
from tests.support.updates import SET as SET_NAME
from tests.support.updates import Held, Refused, Registered, Updated, association, request, version

DOCUMENT, FOLDER, SET = document(1), folder(2), submission_set(3)
IN_SET = members(10, SET, [DOCUMENT, FOLDER])
UPDATE_ERROR, VERSION_ERROR = "XDSMetadataUpdateError", "XDSMetadataVersionError"
RECONCILIATION = "XDSPatientIDReconciliationError"


def latest(entries: list[Entry], of: Entry) -> Entry:
    """The latest version of an object."""
    return max((entry for entry in entries if entry.lid == of.lid), key=lambda entry: entry.version)


def links(entries: list[Entry], kind: str) -> list[tuple[str, str]]:
    """The ends of the Approved associations of a type."""
    found = [entry.source for entry in entries if entry.type == kind and entry.approved]
    return [(one.source, one.target) for one in found if isinstance(one, Association)]


@pytest.mark.parametrize("old", [DOCUMENT, FOLDER], ids=["document entry", "folder"])
async def test_a_new_version_takes_the_place_of_the_old(
    old: Entry, registered: Registered, updated: Updated, held: Held
) -> None:
    """It has the next version, the same logicalID, and is Approved; the old one is Deprecated and stays."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET)

    await updated(request(version(old)))

    entries = await held()
    versions = {(one.version, one.status) for one in entries if one.lid == old.lid}
    assert versions == {(1, urns.DEPRECATED), (2, urns.APPROVED)}
    new = latest(entries, old)
    assert (new.kind, new.unique_id, new.source.name[0].value) == (old.kind, old.unique_id, "Changed")
    own_set = next(one for one in entries if one.kind is Kind.SUBMISSION_SET and one.unique_id == "2.999.900")
    assert (own_set.id, new.id) in links(entries, urns.HAS_MEMBER)


async def test_versions_follow_each_other(registered: Registered, updated: Updated, held: Held) -> None:
    """Each new version follows the one before."""
    await registered(SET, DOCUMENT, *IN_SET[:1])
    await updated(request(version(DOCUMENT)))
    second = latest(await held(), DOCUMENT)

    await updated(request(version(second), set_number=901))

    assert [one.version for one in await held() if one.lid == DOCUMENT.lid and one.approved] == [3]


async def test_every_attribute_may_change_but_what_identifies(
    registered: Registered, updated: Updated, held: Held
) -> None:
    """What is submitted is what the new version says; slots and media type come from it alone."""
    await registered(document(1))
    parts = version(DOCUMENT)
    source = parts[0]
    assert isinstance(source, ExtrinsicObject)

    await updated(request(parts))

    new = latest(await held(), DOCUMENT).source
    assert isinstance(new, ExtrinsicObject)
    assert (new.mime_type, new.slots, new.name) == (source.mime_type, source.slots, source.name)


async def test_associations_are_taken_over(registered: Registered, updated: Updated, held: Held) -> None:
    """Those of folders and between documents; not the submission set's, Deprecated ones, those of old versions."""
    addendum, stale = document(4), document(5, status=urns.DEPRECATED)
    newer = document(6, lid=stale.lid, version=2)
    await registered(
        *(SET, DOCUMENT, FOLDER, *IN_SET, addendum, stale, newer),
        link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT),
        link(21, urns.APPENDS, addendum, DOCUMENT),
        link(22, urns.SIGNS, DOCUMENT, addendum),
        link(23, urns.TRANSFORMS, addendum, DOCUMENT, status=urns.DEPRECATED),
        link(24, urns.APPENDS, stale, DOCUMENT),
    )

    await updated(request(version(DOCUMENT)))

    entries = await held()
    new = latest(entries, DOCUMENT).id
    assert links(entries, urns.APPENDS) == [(addendum.id, DOCUMENT.id), (stale.id, DOCUMENT.id), (addendum.id, new)]
    assert links(entries, urns.SIGNS) == [(DOCUMENT.id, addendum.id), (new, addendum.id)]
    assert links(entries, urns.TRANSFORMS) == []
    assert (FOLDER.id, new) in links(entries, urns.HAS_MEMBER)
    assert (SET.id, new) not in links(entries, urns.HAS_MEMBER)


async def test_a_folder_that_gets_a_new_version_for_a_member_is_updated(
    registered: Registered, updated: Updated, held: Held
) -> None:
    """Its lastUpdateTime is now, and the new membership is a member of the submission set."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET, link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT))

    await updated(request(version(DOCUMENT)))

    entries = await held()
    (same,) = [entry for entry in entries if entry.id == FOLDER.id]
    assert [slot.values for slot in same.source.slots if slot.name == "lastUpdateTime"] == [("20240229153000",)]
    (membership,) = [
        entry.id
        for entry in entries
        if isinstance(entry.source, Association)
        and (entry.source.source, entry.source.target) == (FOLDER.id, latest(entries, DOCUMENT).id)
    ]
    assert membership in {target for _, target in links(entries, urns.HAS_MEMBER)}


async def test_nothing_is_taken_over_where_it_is_not_wanted(
    registered: Registered, updated: Updated, held: Held
) -> None:
    """AssociationPropagation no leaves the new version with its submission set alone."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET, link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT))

    await updated(request(version(DOCUMENT, propagation="no")))

    entries = await held()
    new = latest(entries, DOCUMENT).id
    assert [source for source, target in links(entries, urns.HAS_MEMBER) if target == new] != [FOLDER.id]
    assert (FOLDER.id, new) not in links(entries, urns.HAS_MEMBER)


async def test_folder_and_member_updated_together_stay_together(
    registered: Registered, updated: Updated, held: Held
) -> None:
    """A patient id is corrected for both in one request, and their association leads between the new versions."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET, link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT))
    both = (version(DOCUMENT, patient=OTHER_PATIENT), version(FOLDER, "New02", patient=OTHER_PATIENT))

    await updated(request(*both, patient=OTHER_PATIENT))

    entries = await held()
    pair = (latest(entries, FOLDER).id, latest(entries, DOCUMENT).id)
    assert links(entries, urns.HAS_MEMBER).count(pair) == 1
    assert {latest(entries, one).patient_id for one in (DOCUMENT, FOLDER)} == {OTHER_PATIENT}


async def test_a_patient_id_may_change_where_nothing_is_torn_apart(
    registered: Registered, updated: Updated, held: Held
) -> None:
    """A document in no folder, or one whose associations are not taken over."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET, link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT))

    await updated(request(version(DOCUMENT, patient=OTHER_PATIENT, propagation="no"), patient=OTHER_PATIENT))

    assert latest(await held(), DOCUMENT).patient_id == OTHER_PATIENT


@pytest.mark.parametrize("of", [DOCUMENT, FOLDER], ids=["document entry", "folder"])
async def test_a_patient_id_that_would_tear_an_association_apart_is_refused(
    of: Entry, registered: Registered, refused: Refused
) -> None:
    """An association that is taken over leads between objects of one patient."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET, link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT))

    errors = await refused(request(version(of, patient=OTHER_PATIENT), patient=OTHER_PATIENT))

    assert errors == [(RECONCILIATION, "New01/patientId")]


OLD = document(7, status=urns.DEPRECATED)


@pytest.mark.parametrize(
    ("parts", "errors"),
    [
        (
            version(DOCUMENT, lid=uuid(99)),
            [(UPDATE_ERROR, "New01/logicalID"), (VERSION_ERROR, "New01/PreviousVersion")],
        ),
        (version(DOCUMENT, previous="2"), [(VERSION_ERROR, "New01/PreviousVersion")]),
        (version(DOCUMENT, unique_id="2.999.77"), [(UPDATE_ERROR, "New01/uniqueId")]),
        (version(DOCUMENT, object_type=urns.ON_DEMAND_DOCUMENT), [(UPDATE_ERROR, "New01/objectType")]),
        (version(DOCUMENT, lid=FOLDER.id), [(UPDATE_ERROR, "New01/objectType")]),
        (version(OLD), [(UPDATE_ERROR, "New01/logicalID")]),
        (
            version(DOCUMENT, previous="9", unique_id="2.999.77"),
            [(VERSION_ERROR, "New01/PreviousVersion"), (UPDATE_ERROR, "New01/uniqueId")],
        ),
        (
            version(DOCUMENT, patient="STRANGER^^^&2.999.1&ISO"),
            [("XDSUnknownPatientId", "New01/patientId")],
        ),
    ],
    ids=["unknown", "version", "unique id", "type", "kind", "deprecated", "two at once", "patient"],
)
async def test_what_does_not_follow_is_refused_whole(
    parts: list[AnyObject], errors: list[tuple[str, str]], registered: Registered, refused: Refused
) -> None:
    """Everything that is wrong is told at once, and nothing is changed."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET, OLD)

    assert await refused(request(parts)) == errors


async def test_one_wrong_operation_leaves_the_others_undone(registered: Registered, refused: Refused) -> None:
    """A request is done whole, or not at all."""
    await registered(SET, DOCUMENT, FOLDER, *IN_SET)

    errors = await refused(request(version(DOCUMENT), version(FOLDER, "New02", previous="7")))

    assert errors == [(VERSION_ERROR, "New02/PreviousVersion")]


async def test_a_submission_set_is_a_new_one(registered: Registered, refused: Refused) -> None:
    """Its uniqueId is not one that the registry has; that of the document may be, for it is the same."""
    await registered(SET, DOCUMENT, submission_set(900))

    assert await refused(request(version(DOCUMENT))) == [("XDSDuplicateUniqueIdInRegistry", "SubmissionSet01/uniqueId")]


async def test_a_document_is_compared_with_its_latest_version(
    registered: Registered, updated: Updated, world: World
) -> None:
    """It may be registered again by ITI-42 with the hash that an update gave it, not with the one before."""
    first, second = (document(1, Slot("hash", (digit * 40,))) for digit in "ab")
    await registered(SET, first, *members(10, SET, [first]))
    await updated(request(version(second)))

    async def again(entry: Entry, set_number: int) -> list[str]:
        parts = version(entry, "Again01")
        own = parts[0]
        assert isinstance(own, ExtrinsicObject)
        member = association(urns.HAS_MEMBER, SET_NAME, "Again01", name="Member01")
        metadata = request([replace(own, lid=""), member], set_number=set_number).metadata
        return [error.code for error in (await iti42.SPEC.answer(RegisterRequest(metadata), world)).errors]

    assert await again(second, 901) == []
    assert await again(first, 902) == ["XDSNonIdenticalHash"]
