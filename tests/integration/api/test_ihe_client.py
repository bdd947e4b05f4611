"""The Python API against the mock: a whole life of patients and documents in a few lines, with asyncio and without."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ihe_test_util.api import BadInput, ClientConfig, IheClient, Refused, SyncIheClient, Unreachable
from ihe_test_util.client.config import Transport
from ihe_test_util.domain.xds.metadata import DocumentEntry
from ihe_test_util.transactions import pix_query
from ihe_test_util.xml.ebrim import Slot
from ihe_test_util.xml.hl7v3 import II
from tests.support.peer import Peer, StartMock

ADA = "id=PAT-1^^^&2.999.1.2&ISO, family=Rossi, given=Ada, birth=1980-02-29, gender=F"
ADA_ELSEWHERE = "id=Q-7^^^&2.999.1.3&ISO, family=Rossi, given=Ada, birth=1980-02-29, gender=F"
BOB = "id=PAT-2^^^&2.999.1.2&ISO, family=Rossi, given=Bob, birth=1990-01-01, gender=M"


async def test_patients_are_registered_found_and_merged(mock: Peer) -> None:
    """Feed, cross-reference, search in pieces, revise, merge."""
    async with IheClient(mock.url) as ihe:
        ada = await ihe.register(ADA)
        await ihe.register(ADA_ELSEWHERE)
        bob = await ihe.register(BOB)

        others = await ihe.identifiers(ada)
        everybody = await ihe.find_patients(family="Rossi", at_once=1)
        await ihe.revise(BOB.replace("Bob", "Robert"))
        robert = await ihe.find_patients(patient_id=bob)
        await ihe.merge(ADA, subsumed=bob)
        survivors = await ihe.find_patients(family="Rossi", domains=["2.999.1.2"])

    assert (ada, bob) == ("PAT-1^^^&2.999.1.2&ISO", "PAT-2^^^&2.999.1.2&ISO")
    assert others == ("Q-7^^^&2.999.1.3&ISO",)
    assert {patient.names[0].given for patient in everybody} == {"Ada", "Bob"}
    assert [patient.names[0].given for patient in robert] == ["Robert"]
    assert {one.cx for patient in survivors for one in patient.identifiers} >= {ada}
    assert bob not in {one.cx for patient in survivors for one in patient.identifiers}


async def test_documents_are_provided_found_and_retrieved(mock: Peer, tmp_path: Path) -> None:
    """What was provided is found by its patient, and comes back by entry, entryUUID or uniqueId."""
    (tmp_path / "summary.xml").write_bytes(b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>")
    async with IheClient(mock.url) as ihe:
        ada = await ihe.register(ADA)

        provided = await ihe.provide(tmp_path / "summary.xml", b"<a/>", patient_id=ada)
        entries = await ihe.find_documents(ada)
        named = await ihe.retrieve(entries[0].source.id, provided.document_ids[1])
        contents = {one.content.read() for one in (*await ihe.retrieve(*entries), *named)}

    assert [entry.unique_id for entry in entries] == list(provided.document_ids)
    assert [entry.title for entry in entries] == ["summary", ""]
    assert contents == {b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", b"<a/>"}


async def test_every_stored_query_is_asked_by_its_name(mock: Peer) -> None:
    """Names and arguments are those of the command line; values are text or lists."""
    async with IheClient(mock.url) as ihe:
        ada = await ihe.register(ADA)
        await ihe.provide(b"<a/>", patient_id=ada)

        sets = await ihe.query("find-submission-sets", patient_id=ada, status=["approved", "deprecated"])
        everything = await ihe.query(
            "get-all",
            patient_id=ada,
            document_entry_status="approved",
            submission_set_status="approved",
            folder_status="approved",
            returning="ObjectRef",
        )

    assert len(sets.packages) == 1
    assert len(everything.references) == 3


async def test_mistakes_are_told_before_anything_is_sent(mock: Peer) -> None:
    """Unknown queries, arguments and identifiers, with what was probably meant."""
    async with IheClient(mock.url) as ihe:
        with pytest.raises(BadInput, match='did you mean "find-documents"'):
            await ihe.query("find-document", patient_id="x")
        with pytest.raises(BadInput, match='did you mean "class_code"'):
            await ihe.find_documents("PAT-1^^^&2.999.1.2&ISO", class_codes="a^^b")
        with pytest.raises(BadInput, match="takes one value"):
            await ihe.query("find-documents", patient_id=["a", "b"], status="approved")
        with pytest.raises(BadInput, match="no patient identifier"):
            await ihe.identifiers("PAT-1")
        with pytest.raises(BadInput, match="cannot be read"):
            await ihe.provide(Path("nowhere.xml"), patient_id="PAT-1^^^&2.999.1.2&ISO")


async def test_what_the_domain_refuses_is_an_error_with_its_reasons(mock: Peer) -> None:
    """A document that is not there, an identifier that nobody knows."""
    async with IheClient(mock.url) as ihe:
        with pytest.raises(Refused, match=r"knows no document '2\.999\.404'"):
            await ihe.retrieve("2.999.404")
        with pytest.raises(Refused) as missing:
            await ihe.retrieve("2.999.404", repository="2.999.1.2")
        with pytest.raises(Refused):
            await ihe.identifiers("NOBODY^^^&2.999.1.2&ISO")

    assert missing.value.codes == ("XDSDocumentUniqueIdError",)


async def test_nobody_there_is_an_error_too() -> None:
    """A domain that cannot be reached is said to be so, after as many tries as are configured."""
    at_once = ClientConfig(transport=Transport(max_retries=0))
    async with IheClient("http://127.0.0.1:1", config=at_once) as ihe:
        with pytest.raises(Unreachable):
            await ihe.retrieve("2.999.1", repository="2.999.2")


async def test_the_same_without_await(mock: Peer) -> None:
    """Every method of the synchronous client does what its sibling does."""
    results: dict[str, object] = {}

    def work() -> None:
        with SyncIheClient(mock.url) as ihe:
            ada = ihe.register(ADA)
            provided = ihe.provide(b"<a/>", patient_id=ada)
            (entry,) = ihe.find_documents(ada)
            (document,) = ihe.retrieve(entry)
            ihe.revise(ADA)
            ihe.register(BOB)
            results["identifiers"] = ihe.identifiers(ada)
            results["patients"] = len(ihe.find_patients(given="Ada"))
            ihe.merge(ADA, subsumed="PAT-2^^^&2.999.1.2&ISO")
            results["document"] = document.content.read()
            results["same"] = entry.unique_id == provided.document_ids[0]
            results["query"] = len(ihe.query("GetDocuments", unique_id=entry.unique_id).documents)
            results["uuid"] = ihe.entry_uuid(entry.unique_id) == entry.source.id
            nobody = pix_query.pix_query_request(
                II("2.999.1.2", "NOBODY"),
                message_id="2.999.3.1",
                creation_time="20260101",
                sender_oid="2.999.1",
                receiver_oid="2.999.2",
                query_id=II("2.999.3", "1"),
            )
            results["asked"] = ihe.ask(pix_query.SPEC, nobody).verdict.accepted
            with pytest.raises(Refused):
                ihe.demand(pix_query.SPEC, nobody)

    await asyncio.to_thread(work)

    assert results == {
        "identifiers": (),
        "patients": 1,
        "document": b"<a/>",
        "same": True,
        "query": 1,
        "uuid": True,
        "asked": False,
    }


async def test_a_document_takes_the_place_of_another(mock: Peer) -> None:
    """After a replacement the new one is found, the old one by its state; it can be retrieved all the same."""
    async with IheClient(mock.url) as ihe:
        ada = await ihe.register(ADA)
        first = await ihe.provide(b"<first/>", patient_id=ada)

        second = await ihe.provide(b"<second/>", patient_id=ada, replaces=first.document_ids[0])
        (now,) = await ihe.find_documents(ada)
        (before,) = await ihe.find_documents(ada, status="deprecated")
        (old,) = await ihe.retrieve(before)

    assert now.unique_id == second.document_ids[0]
    assert before.unique_id == first.document_ids[0]
    assert old.content.read() == b"<first/>"


async def test_documents_follow_their_patient_through_a_merge(mock: Peer) -> None:
    """What belonged to the identifier that ended is found under the one that survives (ITI TF-2: 3.18.4.1.2.3.9.1)."""
    async with IheClient(mock.url) as ihe:
        ada, bob = await ihe.register(ADA), await ihe.register(BOB)
        provided = await ihe.provide(b"<a/>", patient_id=bob)

        await ihe.merge(ADA, subsumed=bob)
        entries = await ihe.find_documents(ada)

    assert [entry.unique_id for entry in entries] == list(provided.document_ids)
    assert {entry.patient_id for entry in entries} == {ada}


@pytest.mark.parametrize(
    ("method", "arguments", "named", "told"),
    [
        ("register", ["nonsense"], {}, "no key=value"),
        ("register", [5], {}, "this is no patient"),
        ("identifiers", ["PAT-1"], {}, "no patient identifier"),
        ("identifiers", ["PAT-1^^^&2.999.1.2&ISO", "lab"], {}, "no OID"),
        ("find_patients", [], {}, "whom to look for"),
        ("find_patients", [], {"birth_date": "29.02.1980"}, "no date"),
        ("find_patients", [], {"birth_date": "1980-13"}, "no date"),
        ("find_patients", [], {"gender": "male"}, "no administrative gender"),
        ("find_patients", [], {"family": "Rossi", "at_once": 0}, "too few"),
        ("find_patients", [], {"family": "Rossi", "domains": "2.999.1.2"}, "list of OIDs"),
        ("provide", [], {"patient_id": "PAT-1^^^&2.999.1.2&ISO"}, "nothing to provide"),
        ("provide", ["letter.txt"], {"patient_id": "PAT-1^^^&2.999.1.2&ISO"}, "no document"),
        ("provide", [Path()], {"patient_id": "PAT-1^^^&2.999.1.2&ISO"}, "cannot be read"),
        ("provide", [Path("nix.txt")], {"patient_id": "PAT-1^^^&2.999.1.2&ISO"}, "cannot be read"),
        ("find_documents", ["PAT-1"], {}, "no patient identifier"),
        ("query", ["find-documents"], {"patient_id": "x", "returning": "leafclass"}, "whole objects or of references"),
        (
            "query",
            ["find-documents"],
            {"patient_id": "x", "metadata_level": 2},
            "no text; at: metadata_level; got: int",
        ),
        ("query", [None], {}, "no stored query; got: NoneType"),
        ("query", ["find"], {}, r"no stored query 'find'; expected: find-documents, [^;]*$"),
        ("find_documents", [None], {}, "no patient identifier; got: NoneType"),
        ("retrieve", [], {}, "nothing to retrieve"),
        ("retrieve", [()], {}, "no document; got: tuple; .* several are several arguments"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_sent(
    method: str, arguments: list[object], named: dict[str, object], told: str
) -> None:
    """Nobody listens at the URL; each mistake is BadInput, with what is expected."""
    with SyncIheClient("http://127.0.0.1:1") as ihe, pytest.raises(BadInput, match=told):
        getattr(ihe, method)(*arguments, **named)


def test_a_wrong_url_or_version_of_soap_is_told_at_once() -> None:
    """A query would be put before the paths; SOAP versions go by their numbers too."""
    with pytest.raises(BadInput, match="no query"):
        IheClient("http://localhost:8080?tenant=1")
    with pytest.raises(BadInput, match="no URL; got: NoneType"):
        IheClient(None)  # type: ignore[arg-type] # what is to be told
    with pytest.raises(BadInput, match="version of SOAP"):
        IheClient("http://localhost:8080", soap="1.3")
    with pytest.raises(BadInput, match="nothing to sign with"):
        IheClient("http://localhost:8080", config=ClientConfig(), sign=True)
    IheClient("http://localhost:8080", soap="1.1")


async def test_the_clients_say_where_they_can_be_used() -> None:
    """Outside of its context, or inside a running loop, each names what to write; nothing is left behind."""
    with pytest.raises(RuntimeError, match="async with"):
        await IheClient("http://127.0.0.1:1").register(ADA)
    with pytest.raises(RuntimeError, match="with SyncIheClient"):
        SyncIheClient("http://127.0.0.1:1").register(ADA)
    with pytest.raises(RuntimeError, match="async with IheClient"), SyncIheClient("http://127.0.0.1:1"):
        pass


async def test_a_synchronous_client_is_entered_again(mock: Peer) -> None:
    """As a fixture that is used by several tests may."""

    def work() -> list[str]:
        client = SyncIheClient(mock.url)
        with client:
            first = client.register(ADA)
        with client:
            return [first, client.register(BOB)]

    assert await asyncio.to_thread(work) == ["PAT-1^^^&2.999.1.2&ISO", "PAT-2^^^&2.999.1.2&ISO"]


async def test_bytes_that_are_not_those_of_the_entry_are_refused(mock: Peer) -> None:
    """A repository may say Success, and give something else than what was registered."""
    async with IheClient(mock.url) as ihe:
        provided = await ihe.provide(b"<a/>", patient_id="PAT-1^^^&2.999.1.2&ISO")
        (entry,) = await ihe.find_documents("PAT-1^^^&2.999.1.2&ISO")
        changed = replace(entry.source, slots=(Slot("hash", ("0" * 40,)), Slot("repositoryUniqueId", ("2.999.1.2",))))

        with pytest.raises(Refused) as caught:
            await ihe.retrieve(DocumentEntry.of(changed))

    assert provided.document_ids[0] in str(caught.value.details)
    assert "0" * 40 in str(caught.value.details)


async def test_a_feed_from_a_domain_that_is_not_known_is_refused_in_strict_mode_only(start_mock: StartMock) -> None:
    """Where the configuration names the domains: by the code that queries give, and nothing is stored."""
    authorities = [{"oid": "2.999.1.2"}]
    strict = await start_mock(assigning_authorities=authorities, pix_add_behavior={"validation_mode": "strict"})
    lenient = await start_mock(assigning_authorities=authorities)

    async with IheClient(strict.url) as ihe:
        await ihe.register(ADA)
        with pytest.raises(Refused, match=r"2\.999\.1\.3 is not known") as refused:
            await ihe.register(ADA_ELSEWHERE)
        found = await ihe.find_patients(family="Rossi")
    async with IheClient(lenient.url) as ihe:
        await ihe.register(ADA_ELSEWHERE)

    assert refused.value.codes == ("204",)
    assert len(found) == 1
