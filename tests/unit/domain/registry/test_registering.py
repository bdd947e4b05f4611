"""What a submission becomes in the registry, and what it does to what is there (ITI TF-2: 3.42.4.1.3)."""

from datetime import timedelta

import pytest

from ihe_test_util.domain.registry.checks import slot_value
from ihe_test_util.xml.ebrim import AnyObject, Classification, VersionInfo, urns
from tests.support.registries import Registry
from tests.support.submissions import OTHER_PATIENT, document, folder, link, members, submission_set

FIRST: tuple[AnyObject, ...] = (submission_set("2.999.1"), document("Doc", "2.999.2"), *members("Doc"))


async def test_objects_are_first_versions_in_force(registry: Registry) -> None:
    """Symbolic ids become UUIDs everywhere; logicalID is the id, the version 1, the state Approved."""
    ids = await registry.submit(*FIRST)

    entry = registry.get(ids["Doc"])
    assert ids["Doc"].startswith("urn:uuid:")
    assert (entry.lid, entry.source.version, entry.approved) == (entry.id, VersionInfo("1"), True)
    assert {each.registry_object for each in entry.source.external_identifiers} == {entry.id}
    (member,) = registry.links(ids["Set"])
    assert (member.target, member.lid, slot_value(member, "SubmissionSetStatus")) == (entry.id, member.id, "Original")
    assert registry.warnings == []


async def test_ids_that_are_uuids_stay(registry: Registry) -> None:
    """An entryUUID of the submitter's is kept; extra slots are, and the home community is the registry's own."""
    chosen = "urn:uuid:0d1a0c4c-4d7c-4f6d-9d2f-0d5b7b1a2c3d"

    ids = await registry.submit(submission_set("2.999.1"), document(chosen, "2.999.2"), *members(chosen))

    assert ids[chosen] == chosen
    assert slot_value(registry.get(chosen).source, "urn:example:ward") == "7"
    assert registry.get(chosen).source.home == ""


async def test_objects_without_ids_get_one_each(registry: Registry) -> None:
    """Lenient rules let them pass; none takes the place of another."""
    await registry.submit(document("", "2.999.2"), document("", "2.999.3"), strict=False)

    assert registry.size() == 2


async def test_classifications_beside_their_object_join_it(registry: Registry) -> None:
    """A submission set may be marked by a classification of its own in the list (ITI TF-3: 4.2.1.2)."""
    beside = Classification("c", classified_object="Set", node=urns.SUBMISSION_SET)
    bare = submission_set("2.999.1")

    ids = await registry.submit(type(bare)(id="Set", external_identifiers=bare.external_identifiers), beside)
    twice = await registry.submit(submission_set("2.999.2"), beside)

    for found in (registry.get(ids["Set"]), registry.get(twice["Set"])):
        assert [each.node for each in found.source.classifications] == [urns.SUBMISSION_SET]
        assert found.source.classifications[0].classified_object == found.id


async def test_a_folder_is_updated_when_it_comes_and_when_it_gets_a_document(registry: Registry) -> None:
    """lastUpdateTime is the registry's, whatever the submission said (ITI TF-3: 4.2.3.4.6)."""
    ids = await registry.submit(submission_set("2.999.1"), folder("Fol", "2.999.9"), *members("Fol", status=""))
    created = slot_value(registry.get(ids["Fol"]).source, "lastUpdateTime")
    registry.at += timedelta(minutes=1)

    await registry.submit(
        submission_set("2.999.3"),
        document("Doc", "2.999.2"),
        link(urns.HAS_MEMBER, ids["Fol"], "Doc", object_id="In"),
        *members("Doc"),
        *members("In", status=""),
    )

    assert created == "20240229153000"
    assert slot_value(registry.get(ids["Fol"]).source, "lastUpdateTime") == "20240229153100"


@pytest.mark.parametrize("kind", [urns.REPLACES, urns.TRANSFORMS_AND_REPLACES])
async def test_a_replacement_deprecates_and_joins_the_folders(registry: Registry, kind: str) -> None:
    """The folder has both documents; the membership is the registry's, and a member of the submission set."""
    ids = await registry.submit(
        *FIRST,
        folder("Fol", "2.999.9"),
        link(urns.HAS_MEMBER, "Fol", "Doc", object_id="In"),
        *members("Fol", "In", status=""),
    )
    registry.at += timedelta(minutes=1)

    new = await registry.submit(
        submission_set("2.999.3"), document("New", "2.999.4"), link(kind, "New", ids["Doc"]), *members("New")
    )

    assert registry.statuses(ids["Doc"], new["New"]) == ["Deprecated", "Approved"]
    _, joined = registry.links(ids["Fol"])
    assert joined.target == new["New"]
    assert [each.target for each in registry.links(new["Set"])] == [new["New"], joined.id]
    assert slot_value(registry.get(ids["Fol"]).source, "lastUpdateTime") == "20240229153100"


async def test_a_replacement_put_into_the_folder_by_hand_is_there_once(registry: Registry) -> None:
    """The registry adds no membership that the submission itself brings."""
    ids = await registry.submit(*FIRST, folder("Fol", "2.999.9"), link(urns.HAS_MEMBER, "Fol", "Doc"))

    await registry.submit(
        submission_set("2.999.3"),
        document("New", "2.999.4"),
        link(urns.REPLACES, "New", ids["Doc"]),
        link(urns.HAS_MEMBER, ids["Fol"], "New"),
    )

    assert len(registry.links(ids["Fol"])) == 2


async def test_addenda_and_transformations_go_with_what_is_replaced(registry: Registry) -> None:
    """And theirs in turn; signatures stay."""
    ids = await registry.submit(*FIRST)
    below = dict(ids)
    for number, (name, kind, target) in enumerate(
        (
            ("Appended", urns.APPENDS, "Doc"),
            ("Transformed", urns.TRANSFORMS, "Appended"),
            ("Signature", urns.SIGNS, "Doc"),
        ),
        start=10,
    ):
        below |= await registry.submit(
            submission_set(f"2.999.{number}.1"), document(name, f"2.999.{number}.2"), link(kind, name, below[target])
        )
    names = ("Doc", "Appended", "Transformed", "Signature")
    before = registry.statuses(*(below[name] for name in names))

    await registry.submit(submission_set("2.999.3"), document("New", "2.999.4"), link(urns.REPLACES, "New", ids["Doc"]))

    assert before == ["Approved"] * 4
    assert registry.statuses(*(below[name] for name in names)) == ["Deprecated"] * 3 + ["Approved"]


async def test_an_addendum_that_is_none_any_more_stays(registry: Registry) -> None:
    """A relationship that an update deprecated does not take a document along when the other one is replaced."""
    ids = await registry.submit(*FIRST)
    ids |= await registry.submit(
        submission_set("2.999.10"), document("More", "2.999.11"), link(urns.APPENDS, "More", ids["Doc"])
    )
    (appends,) = [one for one in registry.rows().associations_from([ids["More"]]) if one.type == urns.APPENDS]
    await registry.store.change(lambda change: change.replace([appends.with_status(urns.DEPRECATED)]))

    await registry.submit(submission_set("2.999.3"), document("New", "2.999.4"), link(urns.REPLACES, "New", ids["Doc"]))

    assert registry.statuses(ids["Doc"], ids["More"]) == ["Deprecated", "Approved"]


async def test_a_document_may_be_registered_again(registry: Registry) -> None:
    """The same uniqueId with the same hash, in either case of letters, is another entry of the same document."""
    await registry.submit(*FIRST)
    again = document("Doc", "2.999.2", sha1="DA39A3EE5E6B4B0D3255BFEF95601890AFD80709")

    await registry.submit(submission_set("2.999.3"), again, *members("Doc"))

    assert len(registry.rows().by_unique_ids(["2.999.2"])) == 2


async def test_a_document_of_another_patient_may_be_referred_to(registry: Registry) -> None:
    """SubmissionSetStatus Reference joins what there is, whoever it belongs to (ITI TF-3: 4.2.2.1.1)."""
    ids = await registry.submit(*FIRST)

    await registry.submit(submission_set("2.999.3", patient=OTHER_PATIENT), *members(ids["Doc"], status="Reference"))

    assert len(registry.rows().associations_to([ids["Doc"]])) == 2


async def test_what_is_refused_leaves_nothing(registry: Registry) -> None:
    """Not even a state: the document that would have been replaced is in force."""
    ids = await registry.submit(*FIRST)
    size = registry.size()

    await registry.refused(
        submission_set("2.999.1"), document("New", "2.999.4"), link(urns.REPLACES, "New", ids["Doc"])
    )

    assert registry.size() == size
    assert registry.statuses(ids["Doc"]) == ["Approved"]
