"""How a Patient Demographics Supplier answers (ITI TF-2: 3.47.4.1.3, 3.47.4.2, 3.47.4.3.3, 3.47.4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ihe_test_util.domain.patients import Patient, PendingQuery
from ihe_test_util.domain.world import World
from ihe_test_util.transactions.feed.answer import acknowledged
from ihe_test_util.transactions.feed.model import FeedResponse, Match, RegistrationEvent
from ihe_test_util.transactions.patient_query.answer import (
    answered,
    how_it_went,
    unknown_domain_details,
    unknown_key,
)
from ihe_test_util.transactions.patient_query.build import add_query
from ihe_test_util.transactions.patient_query.candidates import domains_of, sought_by
from ihe_test_util.transactions.patient_query.model import CANDIDATES, Query, QueryRequest, QueryResponse, count_of
from ihe_test_util.transactions.patient_query.parse import read_query
from ihe_test_util.transactions.patient_query.records import demographics, with_authority_names
from ihe_test_util.transactions.patient_query.sound import sound_ids
from ihe_test_util.transactions.pdq.continuation import CONTINUATION_PATH, ContinuationRequest
from ihe_test_util.xml.hl7v3 import CD, II
from ihe_test_util.xml.hl7v3.elements import new_message
from ihe_test_util.xml.io import parse, serialize

#: As many patients are looked for at most; whoever gets as many should ask for less.
MOST_FOUND: Final = 1_000
MATCH: Final = Match(CD("IHE_PDQ"), "100")
_QUERY_ID_PATH: Final = f"{CONTINUATION_PATH}/queryId"


_Found: TypeAlias = list[tuple[Patient, tuple[II, ...]]]


@dataclass(frozen=True, slots=True)
class _Page:
    """What one answer tells of the patients who were found."""

    registrations: tuple[RegistrationEvent, ...]
    total: int
    remaining: int


async def answer(request: QueryRequest, world: World) -> QueryResponse:
    """The patients who fit; NF where nobody does, AE with a detail 204 for each domain that nobody knows.

    With an initialQuantity only so many are told, and never more than ``world.pdq_max_results``; the others can be
    asked for by a continuation.

    Raises:
        StorageError: the registry cannot be read.
    """
    query = request.query
    details = await unknown_domain_details(request, world, "otherIDsScopingOrganization")
    if details:
        return answered(request, world, CANDIDATES, query, how_it_went("AE"), details=details)
    patients = await world.patients.find(sought_by(query), limit=MOST_FOUND)
    found = await _identified(patients, query, world)
    size = _page_size(query.initial_quantity, world)
    if len(found) > size and query.query_id is not None:
        keys = tuple(one.identifiers[0] for one, _ in found)
        pending = PendingQuery(_bare(query.query_id), _written(query), keys, size)
        await world.patients.keep_query(pending, at=world.now())
    page = _Page(_registrations(found[:size], world), len(found), max(len(found) - size, 0))
    return _told(request, query, page, world)


async def answer_continuation(request: ContinuationRequest, world: World) -> QueryResponse:
    """The next patients of a query; AE where it is not known, or was told to its end.

    Raises:
        StorageError: the registry cannot be read or written to.
    """
    asked = request.continuation
    query_id = _bare(asked.query_id) if asked is not None and asked.query_id is not None else II()
    pending = await world.patients.pending_query(query_id)
    if asked is None or pending is None:
        detail = unknown_key("there is no query with this queryId of which more could be told", _QUERY_ID_PATH)
        empty = Query(asked.query_id if asked is not None else None)
        return answered(request, world, CANDIDATES, empty, how_it_went("AE"), details=(detail,))
    query = read_query(parse(pending.query.encode())[0])
    start = count_of(asked.start) - 1 if count_of(asked.start) else pending.told
    end = min(start + _page_size(asked.quantity or query.initial_quantity, world), len(pending.found))
    patients = await world.patients.fetch(pending.found[start:end])
    found = await _identified(patients, query, world)
    remaining = max(len(pending.found) - end, 0)
    if remaining:
        kept = PendingQuery(query_id, pending.query, pending.found, end)
        await world.patients.keep_query(kept, at=world.now())
    else:
        await world.patients.drop_query(query_id)
    return _told(request, query, _Page(_registrations(found, world), len(pending.found), remaining), world)


async def answer_cancel(request: ContinuationRequest, world: World) -> FeedResponse:
    """Forget the rest of a query: CA, or CE where there is no such query.

    Raises:
        StorageError: the query could not be forgotten.
    """
    asked = request.continuation
    query_id = _bare(asked.query_id) if asked is not None and asked.query_id is not None else II()
    if await world.patients.drop_query(query_id):
        return acknowledged("CA", request, world, world.now())
    detail = unknown_key("there is no query with this queryId of which more could be told", _QUERY_ID_PATH)
    return acknowledged("CE", request, world, world.now(), (detail,))


def _told(request: QueryRequest | ContinuationRequest, query: Query, page: _Page, world: World) -> QueryResponse:
    ack = how_it_went(
        "OK" if page.total else "NF", total=page.total, current=len(page.registrations), remaining=page.remaining
    )
    return answered(request, world, CANDIDATES, query, ack, registrations=page.registrations)


def _registrations(found: _Found, world: World) -> tuple[RegistrationEvent, ...]:
    return tuple(
        demographics(one, with_authority_names(ids, world.identity_domains), world.device, MATCH) for one, ids in found
    )


async def _identified(patients: Sequence[Patient], query: Query, world: World) -> _Found:
    """Patients with the identifiers that an answer tells: their own, or those in the domains that are asked for.

    Who has none there is left out, and identities with the same ones are told once.
    """
    domains = {one.root for one in domains_of(query)}
    if not domains:
        return [(one, ids) for one in patients if (ids := sound_ids(one.identifiers))]
    found: dict[frozenset[tuple[str, str]], tuple[Patient, tuple[II, ...]]] = {}
    for one in patients:
        ids = tuple(each for each in sound_ids(one.identifiers) if each.root in domains)
        if {each.root for each in ids} != domains:
            others = await world.patients.corresponding(one.identifiers[0], world.cross_reference) or ()
            ids = tuple(dict.fromkeys((*ids, *(each for each in sound_ids(others) if each.root in domains))))
        if ids:
            found.setdefault(frozenset((each.root, each.extension) for each in ids), (one, ids))
    return list(found.values())


def _page_size(wanted: str, world: World) -> int:
    number = count_of(wanted)
    return min(number, world.pdq_max_results) if number else world.pdq_max_results


def _bare(query_id: II) -> II:
    return II(query_id.root, query_id.extension)


def _written(query: Query) -> str:
    root = new_message("query")
    add_query(root, query)
    return serialize(root, declaration=False).decode()
