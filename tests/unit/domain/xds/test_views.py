"""The attributes of document entries, submission sets and folders, read from what a registry answers."""

import pytest

from ihe_test_util.domain.xds.metadata import Author, Code, DocumentEntry, Folder, SubmissionSet
from ihe_test_util.domain.xds.writing import submission_set, written_classifications, written_identifiers, written_slot
from ihe_test_util.xml.ebrim import ExtrinsicObject, LocalizedString, RegistryPackage, VersionInfo, urns

CODE = Code("34133-9", "2.16.840.1.113883.6.1", "Summary")
OTHER = Code("R", "2.16.840.1.113883.5.25")
AUTHOR = Author("11375^Welby&van^Marcus^J^Jr.^Dr.", ("Hospital",))
PATIENT = "PAT-1^^^&2.999.1.2&ISO"


def test_a_document_entry_tells_its_attributes_by_name() -> None:
    """Slots, codes, identifiers and authors, each where one looks for it."""
    source = ExtrinsicObject(
        id="urn:uuid:00000000-0000-4000-8000-000000000002",
        lid="urn:uuid:00000000-0000-4000-8000-000000000001",
        version=VersionInfo("2"),
        status=urns.DEPRECATED,
        mime_type="text/xml",
        home="urn:oid:2.999.7",
        name=(LocalizedString("Summary"),),
        description=(LocalizedString("A remark"),),
        slots=(
            written_slot("creationTime", "20260101120000"),
            written_slot("serviceStartTime", "20251201"),
            written_slot("serviceStopTime", "20251231"),
            written_slot("languageCode", "de-CH"),
            written_slot("sourcePatientId", PATIENT),
            written_slot("hash", "0" * 40),
            written_slot("size", "17"),
            written_slot("repositoryUniqueId", "2.999.1.9"),
        ),
        classifications=written_classifications(
            "it",
            (
                (urns.ENTRY_CLASS_CODE, CODE),
                (urns.ENTRY_TYPE_CODE, CODE),
                (urns.ENTRY_FORMAT_CODE, CODE),
                (urns.ENTRY_FACILITY_TYPE_CODE, CODE),
                (urns.ENTRY_PRACTICE_SETTING_CODE, CODE),
                (urns.ENTRY_CONFIDENTIALITY_CODE, CODE),
                (urns.ENTRY_CONFIDENTIALITY_CODE, OTHER),
                (urns.ENTRY_EVENT_CODE, OTHER),
            ),
            urns.ENTRY_AUTHOR,
            [AUTHOR],
        ),
        external_identifiers=written_identifiers(
            "it", (urns.ENTRY_UNIQUE_ID, "uniqueId", "2.999.5.1"), (urns.ENTRY_PATIENT_ID, "patientId", PATIENT)
        ),
    )

    entry = DocumentEntry.of(source)

    assert (entry.entry_uuid, entry.logical_id, entry.version) == (source.id, source.lid, 2)
    assert (entry.availability_status, entry.mime_type, entry.home_community_id) == (
        "Deprecated",
        "text/xml",
        "urn:oid:2.999.7",
    )
    assert (entry.title, entry.comments, entry.language_code) == ("Summary", "A remark", "de-CH")
    assert (entry.unique_id, entry.patient_id, entry.source_patient_id) == ("2.999.5.1", PATIENT, PATIENT)
    assert (entry.creation_time, entry.service_start_time, entry.service_stop_time) == (
        "20260101120000",
        "20251201",
        "20251231",
    )
    assert (entry.hash, entry.size, entry.repository_unique_id) == ("0" * 40, 17, "2.999.1.9")
    assert {entry.class_code, entry.type_code, entry.format_code} == {CODE}
    assert {entry.healthcare_facility_type_code, entry.practice_setting_code} == {CODE}
    assert (entry.confidentiality_codes, entry.event_codes) == ((CODE, OTHER), (OTHER,))
    assert entry.authors == (AUTHOR,)


def test_what_is_not_given_is_empty() -> None:
    """A bare entry has no code, no size and the first version."""
    entry = DocumentEntry.of(ExtrinsicObject())

    assert (entry.class_code, entry.size, entry.version) == (None, None, 1)
    assert (entry.title, entry.comments, entry.creation_time, entry.availability_status) == ("", "", "", "")
    assert (entry.authors, entry.event_codes) == ((), ())
    assert DocumentEntry.of(ExtrinsicObject(slots=(written_slot("size", "big"),))).size is None


def test_a_submission_set_and_a_folder_tell_theirs() -> None:
    """The attributes that only they have."""
    own = submission_set(
        patient_id=PATIENT,
        source_id="2.999.1.1",
        unique_id="2.999.6.1",
        submission_time="20260102",
        title="Everything",
        content_type=CODE,
        authors=[AUTHOR],
    )
    folder = Folder.of(
        RegistryPackage(
            slots=(written_slot("lastUpdateTime", "20260103"),),
            classifications=written_classifications("it", ((urns.FOLDER_CODE, OTHER),), urns.ENTRY_AUTHOR, ()),
        )
    )

    submitted = SubmissionSet.of(own)

    assert (submitted.title, submitted.source_id, submitted.submission_time) == ("Everything", "2.999.1.1", "20260102")
    assert (submitted.content_type_code, submitted.authors, submitted.intended_recipients) == (CODE, (AUTHOR,), ())
    assert (folder.code_list, folder.last_update_time) == ((OTHER,), "20260103")


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ("11375^Welby&van^Marcus^J^Jr.^Dr.^^^&2.999.1&ISO", "Dr. Marcus J Welby Jr."),
        ("^Welby^Marcus", "Marcus Welby"),
        ("11375^^^^^^^^&2.999.1&ISO", "11375"),
        ("", ""),
    ],
)
def test_an_author_has_a_name_to_show(person: str, name: str) -> None:
    """As one writes it; an id where there is no name."""
    assert Author(person).name == name
