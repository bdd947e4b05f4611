"""How queries for patients are answered, whatever they ask (ITI TF-2: 3.45.4.2, 3.47.4.2, 3.55.4.2, O.1.3)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.world import World
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.feed.answer import (
    PROCESSING_CODES,
    UNKNOWN_DEVICE,
    described,
    echoed_device,
    echoed_id,
    one_line,
    sentence,
    shortened,
)
from ihe_test_util.transactions.feed.model import RegistrationEvent, trigger_of
from ihe_test_util.transactions.patient_query.model import (
    LIST_PATH,
    Issue,
    Query,
    QueryAck,
    QueryRequest,
    QueryResponse,
)
from ihe_test_util.transactions.patient_query.sound import sound_query
from ihe_test_util.transactions.wrapper_rules import Transmitted, positioned
from ihe_test_util.xml.hl7v3 import CD, II, ts
from ihe_test_util.xml.hl7v3.acknowledgement import UNKNOWN_KEY, Acknowledgement, AcknowledgementDetail
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS, Device, Transmission

_SHOWN_OF_MESSAGE_ID: Final = 8
_FOUND: Final = frozenset({"OK", "NF"})


def answered(
    request: Transmitted,
    world: World,
    interaction: str,
    query: Query,
    ack: QueryAck,
    *,
    registrations: Iterable[RegistrationEvent] = (),
    details: tuple[AcknowledgementDetail, ...] = (),
    issues: tuple[Issue, ...] = (),
) -> QueryResponse:
    """An answer with the wrapper that it needs: AA, or AE where the query has errors."""
    theirs = request.transmission
    receiver = theirs.receivers[0] if theirs.receivers else None
    transmission = Transmission(
        II(world.new_uuid()),
        ts(world.now()),
        II(HL7_INTERACTIONS, interaction),
        theirs.processing_code if theirs.processing_code in PROCESSING_CODES else "P",
        "T",
        "NE",
        (echoed_device(theirs.sender) or UNKNOWN_DEVICE,),
        echoed_device(receiver) or Device.of(world.device),
    )
    type_code = "AA" if ack.response_code in _FOUND else "AE"
    return QueryResponse(
        Acknowledgement(transmission, type_code, echoed_id(theirs.message_id), details),
        interaction,
        CD(trigger_of(interaction), HL7_INTERACTIONS),
        tuple(registrations),
        issues,
        replace(ack, query_id=echoed_id(query.query_id)),
        sound_query(query),
    )


def how_it_went(response_code: str, *, total: int = 0, current: int = 0, remaining: int = 0) -> QueryAck:
    """The queryAck of an answer with so many patients."""
    status = "deliveredResponse" if response_code in _FOUND else "aborted"
    return QueryAck(None, status, response_code, str(total), str(current), str(remaining))


async def unknown_domain_details(request: QueryRequest, world: World, name: str) -> tuple[AcknowledgementDetail, ...]:
    """A detail for each domain that a parameter names and nobody knows, with the place where it is named."""
    roots = [one.root for one in request.query.ids(name)]
    unknown = set(await world.unknown_domains(tuple(dict.fromkeys(roots)))) if roots else set()
    return tuple(
        unknown_key(f"the domain {root} is not known", path)
        for root, path in zip(roots, _value_paths(request, name), strict=True)
        if root in unknown
    )


def unknown_key(text: str, path: str) -> AcknowledgementDetail:
    """The error 204 at a place in the query."""
    return AcknowledgementDetail("E", text, UNKNOWN_KEY, (path,))


def _value_paths(request: QueryRequest, name: str) -> Iterator[str]:
    # With the number of the repetition, for the first one too (ITI TF-2: 3.45.4.2.3, 3.47.4.2.3).
    for n, parameter in enumerate(request.query.named(name), start=1):
        path = request.at(f"{LIST_PATH}/{name}[{n}]")
        ids = [m for m, value in enumerate(parameter.values) if isinstance(value, II)]
        yield from (positioned(f"{path}/value", m) for m in ids)


def verdict(response: QueryResponse, request: Transmitted) -> Verdict:
    """Whether the query was answered, whatever was found: AA with OK or NF, and for this very message."""
    acknowledgement = response.acknowledgement
    message_id = request.transmission.message_id
    target = acknowledgement.target_message_id
    problems: list[str] = []
    if not acknowledgement.type_code:
        problems.append("the answer has no acknowledgement/typeCode")
    elif target is None or target not in {message_id, echoed_id(message_id)}:
        problems.append(
            f"the answer acknowledges message {described(target)}, not this message {described(message_id)}"
        )
    if acknowledgement.type_code and not response.response_code:
        problems.append("the answer has no queryAck/queryResponseCode")
    if acknowledgement.contradiction:
        problems.append(acknowledgement.contradiction)
    requested = [code.code for issue in response.issues for code in (*issue.requested, *issue.management)]
    details = acknowledgement.details
    return Verdict(
        acknowledgement.accepted and response.response_code in _FOUND and not problems,
        f"{acknowledgement.type_code or 'none'}, {response.response_code or 'none'}",
        (*problems, *(sentence(detail) for detail in details), *(f"asked for: {one}" for one in requested)),
        tuple(("Patient ID", one.cx) for event in response.registrations for one in _ids_of(event)),
        tuple(detail.code.code for detail in details if detail.type_code == "E" and detail.code is not None),
    )


def _ids_of(event: RegistrationEvent) -> Iterator[II]:
    return (one for one in (event.record.ids if event.record is not None else ()) if one.root and one.extension)


def found_patients(response: QueryResponse) -> tuple[Patient, ...]:
    """The patients of an answer as the registry of a client would keep them."""
    return tuple(event.record.patient for event in response.registrations if event.record is not None)


def log_ids(request: QueryRequest) -> str:
    """Which query and patient, too short to identify anybody, and safe to stand in one line of a log."""
    query = request.query
    asked = (*query.ids("patientIdentifier"), *query.ids("livingSubjectId"))
    parts = [f"patient {shortened(one.extension)} of {one_line(one.root)}" for one in asked[:1]]
    parts += [f"query {one_line(part)}" for part in (query_name(query.query_id),) if part]
    message_id = request.transmission.message_id
    if message_id is not None and message_id.root:
        parts.append(f"message {one_line(message_id.root[:_SHOWN_OF_MESSAGE_ID])}…")
    return ", ".join(parts)


def query_name(query_id: II | None) -> str:
    """A query's identifier in a log."""
    return "" if query_id is None else query_id.extension or query_id.root


def patient_ids(request: QueryRequest) -> Iterator[str]:
    """The identifiers that are asked about, as CX."""
    for name in ("patientIdentifier", "livingSubjectId"):
        for one in request.query.ids(name):
            yield one.cx
