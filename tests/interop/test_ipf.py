"""IPF's clients against a mock server in a process of its own; IPF's validators judge every answer as well."""

import hashlib
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from ihe_test_util.domain.patients import NameSought, Sought
from ihe_test_util.transactions import pdq, pix_add, pix_merge, pix_query, pix_revise
from ihe_test_util.transactions.feed.model import ADD, MERGE, REVISE, feed_request
from ihe_test_util.xml.hl7v3 import II
from ihe_test_util.xml.io import serialize
from tests.support.patients import person

if TYPE_CHECKING:
    from ihe_test_util.domain.patients import Patient
    from ihe_test_util.transactions.card import AnyTransaction
    from tests.interop.conftest import Client, Mock, Outcome

# The first time Maven downloads.
pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

HL7 = "{urn:hl7-org:v3}"
CLINIC, HOSPITAL = "2.999.7.11", "2.999.7.12"
#: Of a document: more than the server keeps in memory of one.
LARGE = 2 * 1024 * 1024


class Conversation:
    """Messages in the order in which they are sent, as files; and then the answers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0

    def feed(self, operation: str, card: "AnyTransaction", interaction: str, patient: "Patient", **more: Any) -> None:
        """Add, revise or merge a patient."""
        self.send(operation, card, feed_request(interaction, patient, **_around(), **more))

    def send(self, operation: str, card: "AnyTransaction", request: Any) -> None:
        """Any message."""
        self._count += 1
        file = self._directory / f"{self._count:02}.{operation}.xml"
        file.write_bytes(serialize(card.build_request(request).element))

    def answers(self) -> list[etree._Element]:
        """What came back for each of them."""
        return [etree.parse(file).getroot() for file in sorted(self._directory.glob("*.answer"))]


def test_a_patient_is_followed_through_their_life(ipf_client: "Client", mock: "Mock", tmp_path: Path) -> None:
    """ITI-44 add, revise and merge, ITI-45, ITI-47 with continuation and cancel: right, and valid for IPF."""
    family, talk = f"Interop-{uuid.uuid4().hex[:8]}", Conversation(tmp_path)
    ours, theirs, twin = (CLINIC, f"A-{family}"), (HOSPITAL, f"B-{family}"), (CLINIC, f"C-{family}")
    for identifier, given in ((ours, "Erika"), (theirs, "Erika"), (twin, "Eva")):
        talk.feed("add", pix_add.SPEC, ADD, person(identifier, family=family, given=given))
    talk.send("pix-query", pix_query.SPEC, _pix_query(ours))
    talk.feed("revise", pix_revise.SPEC, REVISE, person(theirs, family=family, given="Erna"))
    talk.send("pix-query", pix_query.SPEC, _pix_query(ours))
    talk.send("pix-query", pix_query.SPEC, _pix_query((CLINIC, "nobody")))
    query_id, everybody = II("2.999.7.1", family), Sought(names=(NameSought(family),))
    talk.send("pdq", pdq.SPEC, pdq.pdq_request(everybody, query_id=query_id, limit=1, **_around()))
    answered = II(
        str(uuid.uuid4())
    )  # messages are written before the first answer is there, and its id is not looked at
    talk.send(
        "continue", pdq.CONTINUE_SPEC, pdq.continuation_request(query_id, quantity=1, answered=answered, **_around())
    )
    talk.send(
        "cancel", pdq.CANCEL_SPEC, pdq.continuation_request(query_id, cancel=True, answered=answered, **_around())
    )
    talk.feed("merge", pix_merge.SPEC, MERGE, person(ours, family=family), subsumed=(II(*twin),))
    talk.send("pix-query", pix_query.SPEC, _pix_query(twin))

    outcome = ipf_client("patients", mock.url, tmp_path)

    assert outcome.accepted, outcome.output
    assert [step for step in _steps(outcome) if "invalid" in step] == []
    answers = [(_code(one, "typeCode"), _code(one, "queryResponseCode"), _ids(one)) for one in talk.answers()]
    accepted: tuple[str, str, list[tuple[str, str]]] = ("CA", "", [])
    assert answers[:5] == [accepted, accepted, accepted, ("AA", "OK", [theirs]), accepted]
    assert [answer[:2] for answer in answers[5:7]] == [("AA", "NF"), ("AE", "AE")]
    first, more = answers[7:9]
    assert (first[:2], more[:2]) == (("AA", "OK"), ("AA", "OK"))
    assert len(first[2]) == len(more[2]) == 1
    assert len({ours, theirs, twin} & {*first[2], *more[2]}) == 2
    assert [code for code, _, _ in answers[9:]] == ["CA", "CA", "AE"]


def test_documents_are_found_retrieved_and_replaced(ipf_client: "Client", mock: "Mock", tmp_path: Path) -> None:
    """ITI-41, 18 and 43: what was submitted comes back byte for byte, and a replacement takes its place."""
    patient, talk = (CLINIC, f"D-{uuid.uuid4().hex[:8]}"), Conversation(tmp_path)
    talk.feed("add", pix_add.SPEC, ADD, person(patient, family="Interop"))
    assert ipf_client("patients", mock.url, tmp_path).accepted
    first, second = tmp_path / "first.bin", tmp_path / "second.bin"
    first.write_bytes(bytes(range(256)) * (LARGE // 256))
    second.write_bytes(b"\r\n--uuid:0\r\n--" + bytes(range(256)))

    outcome = ipf_client("documents", mock.url, f"{patient[1]}^^^&{CLINIC}&ISO", first, second)

    assert outcome.accepted, outcome.output
    steps = _steps(outcome)
    assert [step for step in steps if "invalid" in step] == []
    assert [(step["step"], step["status"]) for step in steps] == [
        *((name, "SUCCESS") for name in ("provide", "find", "get", "retrieve", "replace", "find", "get", "retrieve")),
        ("retrieve", "FAILURE"),
        ("provide", "FAILURE"),
    ]
    assert [_told(step) for step in steps if "entries" in step] == [
        [("First", "APPROVED", LARGE, _sha1(first))],
        [("First", "APPROVED", LARGE, _sha1(first))],
        [("Second", "APPROVED", second.stat().st_size, _sha1(second))],
        [("First", "DEPRECATED", LARGE, _sha1(first))],
    ]
    for file in (first, second):
        assert file.with_name(f"{file.name}.retrieved").read_bytes() == file.read_bytes()
    assert [step["errors"][0].partition(":")[0] for step in steps[-2:]] == [
        "DOCUMENT_UNIQUE_ID_ERROR",
        "UNKNOWN_PATIENT_ID",
    ]


def _around() -> dict[str, Any]:
    return {
        "message_id": str(uuid.uuid4()),
        "creation_time": "20260314150926+0000",
        "sender_oid": "2.999.7.3",
        "receiver_oid": "2.999.7.2",
    }


def _pix_query(patient: tuple[str, str]) -> Any:
    return pix_query.pix_query_request(II(*patient), query_id=II("2.999.7.1", str(uuid.uuid4())), **_around())


def _steps(outcome: "Outcome") -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.output.splitlines()]


def _code(answer: etree._Element, name: str) -> str:
    found = next(answer.iter(f"{HL7}{name}"), None)
    return "" if found is None else found.get("code", "")


def _ids(answer: etree._Element) -> list[tuple[str, str]]:
    patients = answer.iter(f"{HL7}patient")
    return [(one.get("root", ""), one.get("extension", "")) for each in patients for one in each.findall(f"{HL7}id")]


def _told(step: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    return [(one["title"], one["status"], one["size"], one["hash"]) for one in step["entries"]]


def _sha1(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
