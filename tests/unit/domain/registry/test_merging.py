"""What was registered for an identifier that was merged is found under the one that survives."""

from ihe_test_util.domain.registry.entry import Kind
from ihe_test_util.domain.registry.merging import take_over
from ihe_test_util.xml.ebrim import Slot
from tests.support.registry_objects import OTHER_PATIENT, PATIENT, document, folder, link, submission_set
from tests.support.worlds import MemoryRegistry

KINDS = (Kind.SUBMISSION_SET, Kind.DOCUMENT_ENTRY, Kind.FOLDER, Kind.ASSOCIATION)


async def test_objects_go_to_the_identifier_that_survives() -> None:
    """Submission sets, entries and folders, with what they say of it; nothing else changes, and no one else's."""
    registry = MemoryRegistry()
    mine = [
        submission_set(1),
        document(2, Slot("sourcePatientId", (PATIENT,)), title="é"),
        folder(3),
    ]
    theirs = document(4, patient=OTHER_PATIENT)
    between = link(5, "urn:x", mine[0], mine[1])
    await registry.change(lambda change: change.add([*mine, theirs, between]))

    await registry.change(lambda change: take_over(change, subsumed=PATIENT, surviving=OTHER_PATIENT))

    found = await registry.look(lambda view: view.of_patients([OTHER_PATIENT], KINDS))
    ids = [value.value for one in found for value in one.source.external_identifiers if value.id == "p"]
    kept = await registry.look(lambda view: view.by_ids([between.id, theirs.id]))
    assert await registry.look(lambda view: view.of_patients([PATIENT], KINDS)) == []
    assert [one.id for one in found] == [one.id for one in (*mine, theirs)]
    assert ids == [OTHER_PATIENT] * 4
    assert [(one.source.slots, one.status, one.lid) for one in found[:3]] == [
        (one.source.slots, one.status, one.lid) for one in mine
    ]
    assert kept == [theirs, between]
    registry.close()


async def test_an_identifier_that_was_merged_is_unknown() -> None:
    """To the registry, whoever still uses it (ITI TF-2: 3.18.4.1.2.3.9.1)."""
    registry = MemoryRegistry()
    for extension, merged_into in (("P1", ""), ("P2", PATIENT)):
        registry.connection.execute(
            "INSERT INTO patients (root, extension, position, fed_at, gender, birth_time, demographics, merged_into)"
            " VALUES ('2.999.1', ?, 0, 0, '', '', '', ?)",
            (extension, merged_into),
        )

    known = await registry.look(lambda view: [view.knows_patient(one) for one in (PATIENT, OTHER_PATIENT, "P3")])

    assert known == [True, False, False]
    registry.close()
