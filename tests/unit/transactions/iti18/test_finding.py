"""Stored queries by patient: what they find, parameter by parameter."""

from collections.abc import Awaitable, Callable

import pytest

from ihe_test_util.xml.ebrim import Slot, urns
from tests.support.registry_objects import (
    OTHER_PATIENT,
    PATIENT,
    SCHEME,
    author,
    code,
    document,
    folder,
    link,
    members,
    submission_set,
)

Found = Callable[..., Awaitable[list[int]]]
Registered = Callable[..., Awaitable[None]]
MINE = {"patient_id": PATIENT, "status": "approved"}


async def test_documents_are_of_the_patient_and_in_a_state(found: Found, registered: Registered) -> None:
    """Of two patients the one, of the states those that are asked for, in the order of registration."""
    await registered(document(3), document(1, status=urns.DEPRECATED), document(2, patient=OTHER_PATIENT), document(4))

    assert await found("find-documents", **MINE) == [3, 4]
    assert await found("find-documents", patient_id=PATIENT, status=("approved", "deprecated")) == [3, 1, 4]
    assert await found("find-documents", patient_id="P9^^^&2.999.1&ISO", status="approved") == []


@pytest.mark.parametrize(
    ("option", "scheme"),
    [
        ("class_code", urns.ENTRY_CLASS_CODE),
        ("type_code", urns.ENTRY_TYPE_CODE),
        ("practice_setting_code", urns.ENTRY_PRACTICE_SETTING_CODE),
        ("healthcare_facility_type_code", urns.ENTRY_FACILITY_TYPE_CODE),
        ("event_code_list", urns.ENTRY_EVENT_CODE),
        ("confidentiality_code", urns.ENTRY_CONFIDENTIALITY_CODE),
        ("format_code", urns.ENTRY_FORMAT_CODE),
    ],
)
async def test_documents_by_a_code(found: Found, registered: Registered, option: str, scheme: str) -> None:
    """Code and coding scheme both have to be the same; any of several codes will do."""
    await registered(
        document(1, code(scheme, "A")),
        document(2, code(scheme, "A", "2.999.8")),
        document(3, code(scheme, "B")),
        document(4, code(urns.ENTRY_LIMITED_METADATA, "A")),
    )

    assert await found("find-documents", **MINE, **{option: f"A^^{SCHEME}"}) == [1]
    assert await found("find-documents", **MINE, **{option: ("A^^2.999.8", f"B^^{SCHEME}")}) == [2, 3]
    assert await found("find-documents", **MINE, **{option: f"a^^{SCHEME}"}) == []


@pytest.mark.parametrize("value", ["A&B", 'say "A"', "<A>", "Ä", "A'B", "A B", "A\u0308"])
async def test_codes_of_any_letters_are_found(found: Found, registered: Registered, value: str) -> None:
    """However XML writes them."""
    await registered(document(1, code(urns.ENTRY_CLASS_CODE, value)), document(2, code(urns.ENTRY_CLASS_CODE, "A")))

    assert await found("find-documents", **MINE, class_code=f"{value}^^{SCHEME}") == [1]
    assert await found("find-documents", **MINE, class_code=(f"{value}^^{SCHEME}", f"A^^{SCHEME}")) == [1, 2]


async def test_codes_of_attributes_with_several_values_may_all_be_demanded(
    found: Found, registered: Registered
) -> None:
    """A parameter given twice is met twice: (A or B) and C."""
    event = urns.ENTRY_EVENT_CODE
    await registered(
        document(1, code(event, "A"), code(event, "C")),
        document(2, code(event, "B"), code(event, "C")),
        document(3, code(event, "A"), code(event, "B")),
        document(4, code(event, "C")),
    )
    either, also = (f"A^^{SCHEME}", f"B^^{SCHEME}"), f"C^^{SCHEME}"

    assert await found("find-documents", **MINE, event_code_list=[either, also]) == [1, 2]


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ("2024", "2025", [2, 3, 4]),
        ("20240229", "20240301", [2, 3]),
        ("20240229000000", "20240229000001", [2]),
        ("202402290930", "202402290931", [3]),
        ("20240228", "20240229", []),
        ("202403", None, [4, 5]),
        (None, "20240301", [1, 2, 3]),
    ],
)
async def test_documents_by_creation_time(
    found: Found, registered: Registered, lower: str | None, upper: str | None, expected: list[int]
) -> None:
    """From is inclusive and To exclusive; a DTM of few digits is its first moment."""
    times = ["2023", "20240229", "202402290930", "20240301120000", "2026"]
    await registered(*(document(n, Slot("creationTime", (time,))) for n, time in enumerate(times, start=1)))
    limits = {"creation_time_from": lower, "creation_time_to": upper}

    assert await found("find-documents", **MINE, **{k: v for k, v in limits.items() if v}) == expected


@pytest.mark.parametrize(
    ("option", "slot"), [("service_start", "serviceStartTime"), ("service_stop", "serviceStopTime")]
)
async def test_a_document_without_service_time_is_not_judged_by_it(
    found: Found, registered: Registered, option: str, slot: str
) -> None:
    """ITI TF-2: 3.18.4.1.2.3.3.1: what has no such time matches every range of it."""
    await registered(document(1), document(2, Slot(slot, ("2024",))), document(3, Slot(slot, ("2020",))))

    assert await found("find-documents", **MINE, **{f"{option}_time_from": "2023"}) == [1, 2]
    assert await found("find-documents", **MINE, **{f"{option}_time_to": "2023"}) == [1, 3]


async def test_a_document_on_demand_has_no_creation_time(found: Found, registered: Registered) -> None:
    """ITI TF-2: 3.18.4.1.2.3.7.1, note 6."""
    await registered(document(1, on_demand=True), document(2))

    assert await found("find-documents", **MINE, type=("stable", "on-demand"), creation_time_from="2023") == [1]


async def test_stable_documents_are_the_default(found: Found, registered: Registered) -> None:
    """ITI TF-2: 3.18.4.1.2.3.6.2."""
    await registered(document(1, on_demand=True), document(2))

    assert await found("find-documents", **MINE) == [2]
    assert await found("find-documents", **MINE, type="on-demand") == [1]
    assert await found("find-documents", **MINE, type=("on-demand", "stable")) == [1, 2]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%^O'Brien^%", [1]),
        ("%Ford%", [2, 3]),
        ("1^Ford_Zaphod", [2]),
        ("%^Müller", [4]),
        ("Ford", []),
        (("%Brien%", "2^%"), [1, 3]),
    ],
)
async def test_documents_by_author(
    found: Found, registered: Registered, pattern: str | tuple[str, ...], expected: list[int]
) -> None:
    """Wildcards are those of SQL; each value of each author is looked at; letters are compared in normal form C."""
    who = urns.ENTRY_AUTHOR
    await registered(
        document(1, author(who, "9^O'Brien^Miles")),
        document(2, author(who, "5^Prefect"), author(who, "1^Ford^Zaphod")),
        document(3, author(who, "3^Beeblebrox", "2^Ford")),
        document(4, author(who, "4^Mu\u0308ller")),
    )

    assert await found("find-documents", **MINE, author_person=pattern) == expected


async def test_documents_by_reference(found: Found, registered: Registered) -> None:
    """Any of several references, or each of them; the other criteria hold too."""
    one, other = "20061223^^^&2.999.2&ISO^urn:ihe:iti:xds:2013:uniqueId", "77^^^&2.999.2&ISO^urn:ihe:iti:xds:2013:order"
    await registered(
        document(1, Slot(urns.REFERENCE_ID_LIST, (one,))),
        document(2, Slot(urns.REFERENCE_ID_LIST, (one, other))),
        document(3, Slot(urns.REFERENCE_ID_LIST, (other,)), status=urns.DEPRECATED),
        document(4),
    )
    query = "find-documents-by-reference-id"

    assert await found(query, **MINE, reference_id_list=one) == [1, 2]
    assert await found(query, **MINE, reference_id_list=(one, other)) == [1, 2]
    assert await found(query, **MINE, reference_id_list=[one, other]) == [2]
    assert await found(query, **MINE, reference_id_list="77^%") == [2]


async def test_documents_without_what_is_excluded(found: Found, registered: Registered) -> None:
    """CP-ITI-1323: what has an excluded value is not found; other criteria are met as ever."""
    clazz, event = urns.ENTRY_CLASS_CODE, urns.ENTRY_EVENT_CODE
    await registered(
        document(1, code(clazz, "A")),
        document(2, code(clazz, "B"), code(event, "X"), code(event, "Y")),
        document(3, code(event, "X"), author(urns.ENTRY_AUTHOR, "1^Ford")),
        document(4, on_demand=True),
    )
    query = "find-documents-exclude"

    assert await found(query, **MINE) == [1, 2, 3]
    assert await found(query, **MINE, class_code_exclude=(f"A^^{SCHEME}", f"Z^^{SCHEME}")) == [2, 3]
    assert await found(query, **MINE, event_code_list_exclude=[f"X^^{SCHEME}", f"Y^^{SCHEME}"]) == [1, 3]
    assert await found(query, **MINE, author_person_exclude="%Ford", class_code=f"B^^{SCHEME}") == [2]
    assert await found(query, **MINE, type_exclude="stable") == [4]


async def test_documents_by_title(found: Found, registered: Registered) -> None:
    """The query of the German ePA."""
    await registered(document(1, title="Entlassbrief 2024"), document(2, title="Laborbericht"), document(3))

    assert await found("find-documents-by-title", **MINE, title="Entlass%") == [1]


async def test_documents_by_availability(found: Found, registered: Registered) -> None:
    """What says nothing is online; what is offline is shown at the second level only."""
    await registered(document(1), document(2, Slot("documentAvailability", (urns.OFFLINE,))))

    assert await found("find-documents", **MINE) == [1]
    assert await found("find-documents", **MINE, metadata_level="2") == [1, 2]
    assert await found("find-documents", **MINE, metadata_level="2", document_availability="offline") == [2]
    assert await found("find-documents", **MINE, document_availability="online") == [1]


async def test_older_versions_are_shown_at_the_second_level(found: Found, registered: Registered) -> None:
    """At the first level an object is its latest version, whether that is in force or not."""
    first = document(1, status=urns.DEPRECATED)
    both = ("approved", "deprecated")
    await registered(first, document(2, lid=first.lid, version=2), document(3, status=urns.DEPRECATED))

    assert await found("find-documents", patient_id=PATIENT, status=both) == [2, 3]
    assert await found("find-documents", patient_id=PATIENT, status=both, metadata_level="2") == [1, 2, 3]
    assert await found("find-documents", patient_id=PATIENT, status="deprecated") == [3]


async def test_submission_sets(found: Found, registered: Registered) -> None:
    """By source, time, author and content type."""
    await registered(
        submission_set(1, Slot("submissionTime", ("20240229",)), source_id="2.999.31"),
        submission_set(2, author(urns.SET_AUTHOR, "1^Ford"), Slot("submissionTime", ("20250101",))),
        submission_set(3, code(urns.SET_CONTENT_TYPE_CODE, "A"), Slot("submissionTime", ("20260101",))),
        submission_set(4, patient=OTHER_PATIENT),
        document(5),
    )
    query = "find-submission-sets"

    assert await found(query, **MINE) == [1, 2, 3]
    assert await found(query, **MINE, source_id=("2.999.31", "2.999.32")) == [1]
    assert await found(query, **MINE, author_person="%Ford") == [2]
    assert await found(query, **MINE, content_type=f"A^^{SCHEME}") == [3]
    assert await found(query, **MINE, submission_time_from="20240301", submission_time_to="2026") == [2]


async def test_folders(found: Found, registered: Registered) -> None:
    """By code and time; folders that are deprecated are shown at the second level only."""
    await registered(
        folder(1, code(urns.FOLDER_CODE, "A"), code(urns.FOLDER_CODE, "B"), Slot("lastUpdateTime", ("20240229",))),
        folder(2, code(urns.FOLDER_CODE, "A"), Slot("lastUpdateTime", ("20250229",))),
        folder(3, status=urns.DEPRECATED),
        folder(4, patient=OTHER_PATIENT),
    )
    query = "find-folders"

    assert await found(query, **MINE) == [1, 2]
    assert await found(query, **MINE, code_list=[f"A^^{SCHEME}", f"B^^{SCHEME}"]) == [1]
    assert await found(query, **MINE, last_update_time_from="2025") == [2]
    assert await found(query, patient_id=PATIENT, status="deprecated") == []
    assert await found(query, patient_id=PATIENT, status="deprecated", metadata_level="2") == [3]


async def test_everything_of_a_patient(found: Found, registered: Registered) -> None:
    """Submission sets, documents that meet the criteria, folders, and the associations at one of these, each once."""
    sent, one, other = submission_set(1), document(2, code(urns.ENTRY_FORMAT_CODE, "A")), document(3)
    kept = folder(4)
    await registered(
        sent,
        one,
        other,
        kept,
        document(5, patient=OTHER_PATIENT),
        *members(11, sent, [one, other, kept]),
        link(14, urns.HAS_MEMBER, kept, one),
        link(15, urns.APPENDS, other, one, urns.DEPRECATED),
    )
    state = {"document_entry_status": "approved", "submission_set_status": "approved", "folder_status": "approved"}

    assert await found("get-all", patient_id=PATIENT, **state) == [1, 2, 3, 4, 11, 12, 13, 14]
    assert await found("get-all", patient_id=PATIENT, **state, format_code=f"A^^{SCHEME}") == [1, 2, 4, 11, 12, 13, 14]
    assert await found("get-all", patient_id=PATIENT, **state, association_status="deprecated", metadata_level="2") == [
        1,
        2,
        3,
        4,
        15,
    ]


async def test_documents_of_several_patients_or_of_any(found: Found, registered: Registered) -> None:
    """Those of the patients that are named; without any, those of everybody that meet what else is asked."""
    mine, theirs = code(urns.ENTRY_CLASS_CODE, "A"), code(urns.ENTRY_CLASS_CODE, "B")
    await registered(
        document(1, mine),
        document(2, theirs, patient=OTHER_PATIENT),
        document(3, theirs, patient="P3^^^&2.999.1&ISO"),
        document(4, theirs, status=urns.DEPRECATED),
    )
    query = "find-documents-for-multiple-patients"

    assert await found(query, status="approved", patient_id=(PATIENT, OTHER_PATIENT)) == [1, 2]
    assert await found(query, status="approved", class_code=f"B^^{SCHEME}") == [2, 3]
    assert await found(query, status="approved", patient_id=OTHER_PATIENT, class_code=f"A^^{SCHEME}") == []


async def test_folders_of_several_patients_or_of_any(found: Found, registered: Registered) -> None:
    """As it is with documents."""
    await registered(folder(1), folder(2, patient=OTHER_PATIENT), folder(3, code(urns.FOLDER_CODE, "A")))
    query = "find-folders-for-multiple-patients"

    assert await found(query, status="approved", patient_id=(PATIENT, OTHER_PATIENT)) == [1, 2, 3]
    assert await found(query, status="approved", code_list=f"A^^{SCHEME}") == [3]


async def test_documents_of_any_patient_by_what_they_refer_to(found: Found, registered: Registered) -> None:
    """The reference alone will do."""
    order = Slot(urns.REFERENCE_ID_LIST, ("4711^^^&2.999.9&ISO^urn:ihe:iti:xds:2013:order",))
    await registered(document(1, order), document(2, order, patient=OTHER_PATIENT), document(3))
    query = "find-documents-by-reference-id-for-multiple-patients"

    assert await found(query, status="approved", reference_id_list="4711^^^%") == [1, 2]
    assert await found(query, status="approved", reference_id_list="4711^^^%", patient_id=OTHER_PATIENT) == [2]
