"""A peer of the patient registry: sends values, and reads the answers as values."""

from itertools import count
from typing import Any, Final

from ihe_test_util.domain.patients import Patient, Sought
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import write_envelope
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import pdq, pix_add, pix_merge, pix_query, pix_revise, xcpd
from ihe_test_util.transactions.card import AnyTransaction, Verdict
from ihe_test_util.transactions.feed.model import ADD, MERGE, REVISE, FeedResponse, feed_request
from ihe_test_util.transactions.patient_query.model import QueryResponse
from ihe_test_util.xml.hl7v3 import II, PN
from tests.support.peer import Peer

DOMAIN_A, DOMAIN_B, DOMAIN_C = "2.999.10.1", "2.999.10.2", "2.999.10.3"
SOAP12 = "application/soap+xml; charset=UTF-8"
QUERY_ROOT: Final = "2.999.7.1"
_FEEDS: Final = {ADD: pix_add.SPEC, REVISE: pix_revise.SPEC, MERGE: pix_merge.SPEC}


def person(*ids: tuple[str, str], family: str = "Muster", given: str = "Erika", **more: Any) -> Patient:
    """A patient with everything that a cross-reference by demographics looks at."""
    fields = {"gender": "F", "birth_time": "19800229", **more}
    return Patient(identifiers=tuple(II(*one) for one in ids), names=(PN.of(family, given),), **fields)


class Consumer:
    """Asks one mock server; with addressing headers, or without."""

    def __init__(self, mock: Peer, *, addressing: bool = True) -> None:
        self._mock = mock
        self._addressing = addressing
        self._numbers = count(1)
        self.verdict = Verdict(accepted=False, status="")

    async def ask(self, card: AnyTransaction, request: Any, path: str = "") -> Any:
        """The answer to a request; ``verdict`` is what the client makes of it."""
        action = Addressing(card.action, "urn:uuid:6f1c2a3e-0000-4000-8000-000000000001")
        addressing = action if self._addressing else NONE
        body = write_envelope(card.build_request(request).element, version=SoapVersion.V12, addressing=addressing)
        answer = await self._mock.post(path or card.path, body, SOAP12)
        assert answer.status == 200, answer.body.decode()
        payload = next(one for one in answer.xml if one.tag.endswith("}Body"))[0]
        response = card.parse_response(payload, InlineAttachments())
        self.verdict = card.verdict(response, request)
        return response

    async def feed(self, patient: Patient, interaction: str = ADD, **more: Any) -> FeedResponse:
        """Add, revise or merge a patient."""
        response: FeedResponse = await self.ask(
            _FEEDS[interaction], feed_request(interaction, patient, **self._around(), **more)
        )
        return response

    async def merge(self, patient: Patient, subsumed: tuple[str, str]) -> FeedResponse:
        """End an identifier in favour of the patient's."""
        return await self.feed(patient, MERGE, subsumed=(II(*subsumed),))

    async def identifiers(self, patient_id: tuple[str, str], *domains: str) -> QueryResponse:
        """ITI-45."""
        request = pix_query.pix_query_request(II(*patient_id), *domains, query_id=self.query_id(), **self._around())
        response: QueryResponse = await self.ask(pix_query.SPEC, request)
        return response

    async def find(self, sought: Sought, *domains: str, limit: int | None = None) -> QueryResponse:
        """ITI-47."""
        request = pdq.pdq_request(sought, *domains, query_id=self.query_id(), limit=limit, **self._around())
        response: QueryResponse = await self.ask(pdq.SPEC, request)
        return response

    async def more(self, query_id: II | None, **more: Any) -> QueryResponse:
        """ITI-47, continuation."""
        request = pdq.continuation_request(query_id or II(), **self._around(), **more)
        response: QueryResponse = await self.ask(pdq.CONTINUE_SPEC, request)
        return response

    async def no_more(self, query_id: II | None) -> FeedResponse:
        """ITI-47, cancel."""
        request = pdq.continuation_request(query_id or II(), cancel=True, **self._around())
        response: FeedResponse = await self.ask(pdq.CANCEL_SPEC, request)
        return response

    async def discover(self, sought: Sought) -> QueryResponse:
        """ITI-55."""
        request = xcpd.xcpd_request(sought, query_id=self.query_id(), sender_community="2.999.77", **self._around())
        response: QueryResponse = await self.ask(xcpd.SPEC, request)
        return response

    def query_id(self) -> II:
        """A fresh identifier of a query."""
        return II(QUERY_ROOT, f"q-{next(self._numbers)}")

    def _around(self) -> dict[str, Any]:
        return {
            "message_id": f"5c1f7a2e-0d1b-4a57-9c39-{next(self._numbers):012}",
            "creation_time": "20240229153000+0100",
            "sender_oid": "2.999.2.1",
            "receiver_oid": "2.999.1.1",
        }


def told(response: QueryResponse) -> list[tuple[str, str]]:
    """Every identifier in an answer, as root and extension."""
    records = (event.record for event in response.registrations)
    return [(one.root, one.extension) for record in records if record is not None for one in record.ids]
