"""Every reason for which the registry refuses a submission, with its code and place."""

from typing import Any

import pytest

from ihe_test_util.domain.registry.demands import DEMANDS, Refused
from ihe_test_util.domain.xds.codes import AffinityDomain, ValueSet
from ihe_test_util.exchange import Severity
from ihe_test_util.xml.ebrim import AnyObject, urns
from tests.support.registries import Registry
from tests.support.submissions import OTHER_PATIENT, document, folder, link, members, submission_set

FIRST: tuple[AnyObject, ...] = (
    submission_set("2.999.1"),
    document("Doc", "2.999.2"),
    folder("Fol", "2.999.9"),
    *members("Doc"),
)
NEXT = submission_set("2.999.3")
NOWHERE = "urn:uuid:00000000-0000-4000-9000-000000000000"
STRANGER = "P9^^^&2.999.1&ISO"


async def test_an_id_that_is_taken(registry: Registry) -> None:
    """XDSRegistryMetadataError, whatever kind of object has it."""
    ids = await registry.submit(*FIRST)

    assert await registry.refused(NEXT, document(ids["Doc"], "2.999.4")) == [
        ("XDSRegistryMetadataError", f"{ids['Doc']}/id")
    ]


async def test_an_unknown_patient(registry: Registry) -> None:
    """An error in strict mode, a warning in lenient mode, once a patient; a text that is no CX is not looked for."""
    strangers = (submission_set("2.999.3", patient=STRANGER), document("Doc", "2.999.4", patient=STRANGER))

    assert await registry.refused(*strangers) == [("XDSUnknownPatientId", "Set/patientId")]
    await registry.submit(*strangers, strict=False)
    assert [(each.code, each.severity) for each in registry.warnings] == [("XDSUnknownPatientId", Severity.WARNING)]
    await registry.submit(submission_set("2.999.5", patient="nobody"))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"sha1": "0" * 40}, ["XDSNonIdenticalHash"]),
        ({"size": "1"}, ["XDSNonIdenticalSize"]),
        ({"sha1": "0" * 40, "size": "1"}, ["XDSNonIdenticalHash", "XDSNonIdenticalSize"]),
    ],
)
async def test_a_uniqueid_of_another_document(registry: Registry, change: dict[str, Any], codes: list[str]) -> None:
    """The same uniqueId with other content is refused, in both modes, and told once however often it is registered."""
    await registry.submit(*FIRST)
    await registry.submit(submission_set("2.999.7"), document("Doc", "2.999.2"))

    for strict in (True, False):
        found = await registry.refused(NEXT, document("New", "2.999.2", **change), strict=strict)
        assert [code for code, _ in found] == codes


@pytest.mark.parametrize(
    ("unique_id", "place"), [("2.999.1", "Set/uniqueId"), ("2.999.9", "Set/uniqueId"), ("2.999.2", "Set/uniqueId")]
)
async def test_a_uniqueid_that_is_taken(registry: Registry, unique_id: str, place: str) -> None:
    """Submission sets and folders have uniqueIds that the registry never had."""
    await registry.submit(*FIRST)

    assert await registry.refused(submission_set(unique_id)) == [("XDSDuplicateUniqueIdInRegistry", place)]


async def test_a_document_under_the_uniqueid_of_a_folder(registry: Registry) -> None:
    """A uniqueId names one thing."""
    await registry.submit(*FIRST)

    assert await registry.refused(NEXT, document("New", "2.999.9")) == [
        ("XDSDuplicateUniqueIdInRegistry", "New/uniqueId")
    ]


@pytest.mark.parametrize(
    "kind", [urns.REPLACES, urns.APPENDS, urns.TRANSFORMS, urns.TRANSFORMS_AND_REPLACES, urns.SIGNS]
)
async def test_relationships_to_what_cannot_be_related(registry: Registry, kind: str) -> None:
    """Missing, deprecated, of another patient, no document: each by its code, and all at once."""
    ids = await registry.submit(*FIRST)
    ids |= await registry.submit(
        submission_set("2.999.5", patient=OTHER_PATIENT), document("Other", "2.999.6", patient=OTHER_PATIENT)
    )
    await registry.submit(submission_set("2.999.7"), document("New", "2.999.8"), link(urns.REPLACES, "New", ids["Doc"]))

    found = await registry.refused(
        NEXT,
        document("Try", "2.999.4"),
        *(link(kind, "Try", target, object_id=f"to {n}") for n, target in enumerate((NOWHERE, *ids.values()))),
    )

    places = {ids["Doc"]: "deprecated", ids["Other"]: "other", ids["Fol"]: "folder", NOWHERE: "missing"}
    targets = (NOWHERE, *ids.values())
    told = {places.get(targets[int(path.split()[1].split("/")[0])], ""): code for code, path in found}
    assert told["missing"] == "UnresolvedReferenceException"
    assert told["deprecated"] == "XDSRegistryDeprecatedDocumentError"
    assert told["other"] == "XDSPatientIdDoesNotMatch"
    assert told["folder"] == "XDSRegistryMetadataError"


async def test_a_snapshot_is_one_of_an_on_demand_document(registry: Registry) -> None:
    """IsSnapshotOf leads to an On-Demand Document Entry (ITI TF-3: 4.2.2.2.6)."""
    ids = await registry.submit(*FIRST, document("Demand", "2.999.10", object_type=urns.ON_DEMAND_DOCUMENT))

    found = await registry.refused(NEXT, document("New", "2.999.4"), link(urns.IS_SNAPSHOT_OF, "New", ids["Doc"]))
    await registry.submit(NEXT, document("New", "2.999.4"), link(urns.IS_SNAPSHOT_OF, "New", ids["Demand"]))

    assert [code for code, _ in found] == ["XDSRegistryMetadataError"]


async def test_folders_that_cannot_take_a_document(registry: Registry) -> None:
    """Of another patient, deprecated, missing, no folder."""
    ids = await registry.submit(*FIRST)
    entry = registry.get(ids["Fol"])
    other = await registry.submit(
        submission_set("2.999.5", patient=OTHER_PATIENT), folder("Other", "2.999.6", patient=OTHER_PATIENT)
    )
    await registry.store.change(lambda change: change.replace([entry.with_status(urns.DEPRECATED)]))

    found = await registry.refused(
        NEXT,
        document("New", "2.999.4"),
        link(urns.HAS_MEMBER, other["Other"], "New", object_id="other"),
        link(urns.HAS_MEMBER, ids["Fol"], "New", object_id="deprecated"),
        link(urns.HAS_MEMBER, NOWHERE, "New", object_id="missing"),
        link(urns.HAS_MEMBER, ids["Doc"], "New", object_id="document"),
        link(urns.HAS_MEMBER, ids["Set"], "New", object_id="set"),
    )

    assert found == [
        ("XDSPatientIdDoesNotMatch", "other/targetObject"),
        ("XDSRegistryError", "deprecated/sourceObject"),
        ("UnresolvedReferenceException", "missing/sourceObject"),
        ("XDSRegistryMetadataError", "document/sourceObject"),
        ("XDSRegistryMetadataError", "set/sourceObject"),
    ]


async def test_members_that_cannot_be(registry: Registry) -> None:
    """A folder holds documents only; nothing has a submission set, or a deprecated document, for a new member."""
    ids = await registry.submit(*FIRST)
    await registry.submit(submission_set("2.999.7"), document("New", "2.999.8"), link(urns.REPLACES, "New", ids["Doc"]))

    found = await registry.refused(
        NEXT,
        folder("NewFolder", "2.999.11"),
        link(urns.HAS_MEMBER, "NewFolder", ids["Fol"], object_id="folder"),
        link(urns.HAS_MEMBER, "NewFolder", ids["Doc"], object_id="deprecated"),
        link(urns.HAS_MEMBER, "Set", ids["Set"], object_id="set"),
        link(urns.HAS_MEMBER, "Set", ids["Doc"], object_id="reference", status="Reference"),
        link(urns.HAS_MEMBER, "Set", ids["Fol"], object_id="fine", status="Reference"),
    )

    assert found == [
        ("XDSRegistryMetadataError", "folder/targetObject"),
        ("XDSRegistryDeprecatedDocumentError", "deprecated/targetObject"),
        ("XDSRegistryMetadataError", "set/targetObject"),
        ("XDSRegistryDeprecatedDocumentError", "reference/targetObject"),
    ]


CODES = AffinityDomain(
    {"classCode": ValueSet(frozenset({("SUM", "1.1"), ("LAB", "1.1")}), frozenset({"1.2"}))}, frozenset({"text/xml"})
)


@pytest.mark.parametrize(
    ("code", "want"),
    [
        (("SUMM", "1.1"), "'SUM' of scheme '1.1'"),
        (("LAB", "1.9"), "'LAB' of scheme '1.1'"),
        (("X", "9.9"), "a code of one of the schemes '1.1', '1.2'"),
    ],
)
async def test_a_code_that_nobody_agreed_on(registry: Registry, code: tuple[str, str], want: str) -> None:
    """Code and scheme are named, and what they were probably meant to be; in lenient mode nobody asks."""
    wrong = document("Doc", "2.999.2", codes=((urns.ENTRY_CLASS_CODE, *code),), mime_type="Text/XLM")

    with pytest.raises(Refused) as caught:
        await registry.submit(NEXT, wrong, affinity_domain=CODES)
    await registry.submit(NEXT, wrong, affinity_domain=CODES, strict=False)

    class_code, mime_type = caught.value.findings
    assert (class_code.code, class_code.path, class_code.want) == ("XDSRegistryMetadataError", "Doc/classCode", want)
    assert class_code.got == f"{code[0]!r} of scheme {code[1]!r}"
    assert (mime_type.path, mime_type.got, mime_type.want) == ("Doc/mimeType", "'Text/XLM'", "'text/xml'")
    assert registry.warnings == []


@pytest.mark.parametrize("code", [("SUM", "1.1"), ("anything", "1.2"), ("", "1.1")])
async def test_codes_that_pass(registry: Registry, code: tuple[str, str]) -> None:
    """A listed code, any code of an open scheme; a code that is missing is for others to tell, and so is a type."""
    fine = document(
        "Doc",
        "2.999.2",
        codes=((urns.ENTRY_CLASS_CODE, *code), (urns.ENTRY_TYPE_CODE, "any", "any")),
        mime_type="text/xml; charset=utf-8",
    )

    await registry.submit(NEXT, fine, affinity_domain=CODES)


def test_demands_are_told_apart() -> None:
    """Each has an id of its own, a section, a sentence, a code."""
    assert len({one.id for one in DEMANDS}) == len(DEMANDS)
    assert all(one.section.startswith("ITI TF-") and one.sentence and one.code for one in DEMANDS)
