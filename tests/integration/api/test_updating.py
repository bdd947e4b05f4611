"""The Python API against a strict mock: new versions, other states, removal of metadata and of documents."""

import asyncio
from datetime import UTC, datetime

import pytest

from ihe_test_util.api import BadInput, Code, DocumentEntry, Folder, IheClient, Refused, SyncIheClient
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.domain.xds.writing import (
    submission_set,
    written_classifications,
    written_identifiers,
    written_name,
)
from ihe_test_util.transactions import iti42, iti57, iti62, iti92
from ihe_test_util.transactions.iti42 import RegisterRequest
from ihe_test_util.xml.ebrim import Classification, RegistryPackage, urns
from tests.support.peer import Peer, StartMock
from tests.support.submissions import link, members, metadata

ADA = "id=PAT-1^^^&2.999.1.2&ISO, family=Rossi, given=Ada, birth=1980-02-29, gender=F"
STRICT = {
    "endpoint_behaviors": {card.code: {"validation_mode": "strict"} for card in (iti57.SPEC, iti92.SPEC, iti62.SPEC)}
}


@pytest.fixture
async def strict(start_mock: StartMock) -> Peer:
    """A mock that refuses updates and removals that break a rule."""
    return await start_mock(STRICT)


async def provided(ihe: IheClient, content: bytes = b"<a/>") -> DocumentEntry:
    """The entry of a new document of Ada's."""
    ada = await ihe.register(ADA)
    unique_id = (await ihe.provide(content, patient_id=ada, title="Before")).document_ids[0]
    return (await ihe.query("GetDocuments", unique_id=unique_id)).document_entries[0]


async def test_a_document_entry_gets_other_attributes(strict: Peer) -> None:
    """A new version has what was changed, and all else as before; the old one is deprecated."""
    code = Code("34133-9", "2.16.840.1.113883.6.1", "Summary of episode note")
    async with IheClient(strict.url) as ihe:
        before = await provided(ihe)

        updated = await ihe.update(
            before, title="After", comments="a remark", type_code=code, language_code="it-CH", authors=()
        )
        (now,) = await ihe.find_documents(before.patient_id)
        (then,) = (await ihe.query("GetDocuments", entry_uuid=before.entry_uuid, metadata_level="2")).document_entries

    assert (updated.logical_id, updated.version) == (now.logical_id, now.version) == (before.entry_uuid, 2)
    assert (now.title, now.comments, now.type_code, now.language_code) == ("After", "a remark", code, "it-CH")
    assert (now.unique_id, now.hash, now.size, now.class_code) == (
        before.unique_id,
        before.hash,
        before.size,
        before.class_code,
    )
    assert (then.entry_uuid, then.title, then.availability_status) == (before.entry_uuid, "Before", "Deprecated")


async def test_what_a_lenient_registry_takes_all_the_same_is_told(mock: Peer) -> None:
    """Its warnings come with the result; an update with which nothing is wrong has none."""
    async with IheClient(mock.url) as ihe:
        entry = await entry_of(mock)
        doubtful = await ihe.update(entry, creation_time="yesterday")
        sound = await ihe.update(
            (await ihe.query("GetDocuments", unique_id=entry.unique_id)).document_entries[0], title="B"
        )

    assert any("creationTime" in warning for warning in doubtful.warnings)
    assert not any("title" in warning for warning in sound.warnings)


async def test_a_restricted_update_holds_the_patient_fast(strict: Peer) -> None:
    """ITI-92 takes another title, by the document's uniqueId too, and refuses another patient."""
    async with IheClient(strict.url) as ihe:
        before = await provided(ihe)

        updated = await ihe.restricted_update(before.unique_id, title="After")
        (now,) = await ihe.find_documents(before.patient_id)
        with pytest.raises(Refused) as refused:
            await ihe.restricted_update(now, patient_id="PAT-2^^^&2.999.1.2&ISO")

    assert (now.title, now.version, updated.version) == ("After", 2, 2)
    assert "XDSPatientIDReconciliationError" in refused.value.codes


async def test_a_version_that_was_overtaken_is_refused(strict: Peer) -> None:
    """Who did not see the latest version is told so."""
    async with IheClient(strict.url) as ihe:
        before = await provided(ihe)
        await ihe.update(before, title="First")

        with pytest.raises(Refused) as refused:
            await ihe.update(before, title="Second")

    assert refused.value.codes == ("XDSMetadataVersionError",)


async def test_a_document_is_deprecated_and_approved_again(strict: Peer) -> None:
    """By its entry, and by its uniqueId."""
    async with IheClient(strict.url) as ihe:
        entry = await provided(ihe)

        await ihe.set_status(entry, "deprecated")
        gone = await ihe.find_documents(entry.patient_id)
        await ihe.set_status(entry.unique_id, "approved")
        (back,) = await ihe.find_documents(entry.patient_id)

    assert (gone, back.entry_uuid, back.availability_status) == ((), entry.entry_uuid, "Approved")


async def test_a_folder_gets_another_title_and_keeps_its_members(strict: Peer) -> None:
    """The new version of a folder takes over what is in it, unless it is told not to."""
    async with IheClient(strict.url) as ihe:
        entry = await provided(ihe)
        await ihe.demand(iti42.SPEC, RegisterRequest(folder_with(entry)))

        before = await found_folder(ihe)
        await ihe.update(before, title="Renamed")
        renamed = await found_folder(ihe)
        inside = (await ihe.query("GetFolderAndContents", unique_id="2.999.8.1")).document_entries
        await ihe.update(renamed, title="Emptied", propagate=False)
        emptied = await ihe.query("GetFolderAndContents", entry_uuid=(await found_folder(ihe)).entry_uuid)

    assert (renamed.title, renamed.version) == ("Renamed", 2)
    assert {one.unique_id for one in inside} == {entry.unique_id}
    assert emptied.document_entries == ()


def folder_with(entry: DocumentEntry) -> Metadata:
    """A folder of Ada's that has a document of hers in it."""
    own = submission_set(
        patient_id=entry.patient_id, source_id="2.999.1.1", unique_id="2.999.6.7", submission_time="20260101120000"
    )
    folder = RegistryPackage(
        id="Folder",
        name=written_name("Before"),
        classifications=(
            Classification("Folder.kind", classified_object="Folder", node=urns.FOLDER),
            *written_classifications(
                "Folder", ((urns.FOLDER_CODE, Code("34133-9", "2.16.840.1.113883.6.1", "x")),), urns.ENTRY_AUTHOR, ()
            ),
        ),
        external_identifiers=written_identifiers(
            "Folder",
            (urns.FOLDER_PATIENT_ID, "XDSFolder.patientId", entry.patient_id),
            (urns.FOLDER_UNIQUE_ID, "XDSFolder.uniqueId", "2.999.8.1"),
        ),
        object_type=urns.TYPE_REGISTRY_PACKAGE,
    )
    inside = link(urns.HAS_MEMBER, "Folder", entry.entry_uuid, object_id="Inside")
    return metadata(own, folder, inside, *members("Folder", "Inside", of=own.id))


async def found_folder(ihe: IheClient) -> Folder:
    """The folder of Ada's that is in force."""
    (found,) = (await ihe.query("FindFolders", patient_id="PAT-1^^^&2.999.1.2&ISO", status="approved")).folders
    return found


async def test_a_whole_submission_is_removed(strict: Peer) -> None:
    """What a query found goes, all or nothing; the document stays until it is removed from its repository."""
    async with IheClient(strict.url) as ihe:
        entry = await provided(ihe)
        (own,) = (await ihe.query("FindSubmissionSets", patient_id=entry.patient_id, status="approved")).submission_sets
        whole = await ihe.query("GetSubmissionSetAndContents", unique_id=own.unique_id)

        with pytest.raises(Refused) as refused:
            await ihe.remove_metadata(entry.unique_id)
        await ihe.remove_metadata(own, *whole.objects)
        left = await ihe.query("FindSubmissionSets", patient_id=entry.patient_id, status="approved")
        (document,) = await ihe.retrieve(entry)
        await ihe.remove_documents(entry)
        with pytest.raises(Refused) as gone:
            await ihe.remove_documents(entry)

    assert (refused.value.codes, left.objects, document.content.read()) == (("ReferencesExistException",), (), b"<a/>")
    assert gone.value.codes == ("XDSDocumentUniqueIdError",)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": 5}, r"at: title; got: 5; expected: a text"),
        ({"creation_time": datetime(2026, 1, 1, tzinfo=UTC)}, r"at: creation_time; got: datetime.* expected: a text"),
        ({"class_code": "11369-6"}, r"at: class_code; got: '11369-6'; expected: a Code"),
        ({"event_codes": "11369-6"}, r"at: event_codes; .* expected: a list of Codes"),
        ({"authors": ["Dr. Rossi"]}, r"at: authors; .* expected: a list of Authors"),
        ({"patient_id": None}, r"at: patient_id; got: None; expected: a text"),
        ({"unique_id": "2.999.1"}, r"has no 'unique_id'; expected: authors, class_code, [^;]*$"),
    ],
)
async def test_values_of_another_type_are_told_by_the_attribute(
    mock: Peer, changes: dict[str, object], told: str
) -> None:
    """Nothing is written as Python shows it, and no program of its user breaks within ours."""
    entry = await entry_of(mock)
    async with IheClient(mock.url) as ihe:
        with pytest.raises(BadInput, match=told):
            await ihe.update(entry, **changes)  # type: ignore[arg-type] # what is to be told


async def test_wrong_updates_are_told_before_anything_is_sent(mock: Peer) -> None:
    """Nothing to change, an attribute that there is none of or that cannot change, a status that there is none of."""
    entry = await entry_of(mock)
    sent: list[object] = []
    async with IheClient(mock.url, record=sent.append) as ihe:
        with pytest.raises(BadInput, match="nothing to update"):
            await ihe.update(entry)
        with pytest.raises(BadInput, match='did you mean "title"'):
            await ihe.update(entry, titel="After")  # type: ignore[call-arg] # what is to be told
        with pytest.raises(BadInput, match="has no 'code_list'"):
            await ihe.update(entry, code_list=())
        with pytest.raises(BadInput, match="no patient identifier"):
            await ihe.update(entry, patient_id="PAT-1")
        with pytest.raises(BadInput, match="no such status"):
            await ihe.set_status(entry, "retired")
        with pytest.raises(BadInput, match="nothing to remove"):
            await ihe.remove_metadata()
        with pytest.raises(BadInput, match="no object of a registry"):
            await ihe.remove_metadata(5)  # type: ignore[arg-type] # what is to be told
        with pytest.raises(BadInput, match="nothing to remove"):
            await ihe.remove_documents()
        with pytest.raises(BadInput, match=r"no document; got: tuple; .* several are several arguments"):
            await ihe.remove_documents((entry,))  # type: ignore[arg-type] # what is to be told
        with pytest.raises(BadInput, match="no document; got: NoneType"):
            await ihe.set_status(None, "approved")  # type: ignore[arg-type] # what is to be told

    assert sent == []


async def entry_of(mock: Peer) -> DocumentEntry:
    """An entry that the mock has."""
    async with IheClient(mock.url) as ihe:
        return await provided(ihe)


async def test_the_same_without_await(strict: Peer) -> None:
    """Every method of the synchronous client does what its sibling does."""
    results: list[object] = []

    def work() -> None:
        with SyncIheClient(strict.url) as ihe:
            ada = ihe.register(ADA)
            ihe.provide(b"<a/>", patient_id=ada)
            (entry,) = ihe.find_documents(ada)
            results.append(ihe.update(entry, title="Second").version)
            results.append(ihe.restricted_update(entry.unique_id, title="Third").version)
            results.append(ihe.set_status(entry.unique_id, "deprecated").version)
            ihe.remove_documents(entry)
            with pytest.raises(Refused):
                ihe.remove_metadata(entry)

    await asyncio.to_thread(work)

    assert results == [2, 3, 3]
