"""ITI-44 merge: a Patient Identity Source ends one identifier in favour of another (PRPA_IN201304UV02, 3.44.4.2)."""

from collections.abc import Iterator
from typing import Final

from ihe_test_util.domain.patients import MergeProblem
from ihe_test_util.domain.world import World
from ihe_test_util.transactions.card import Attachments, Mtom, Transaction
from ihe_test_util.transactions.feed.answer import accepted, acknowledged, log_ids, patient_ids, verdict
from ihe_test_util.transactions.feed.build import build_request, build_response
from ihe_test_util.transactions.feed.model import EVENT_PATH, MERGE, FeedRequest, FeedResponse
from ihe_test_util.transactions.feed.parse import parse_feed, parse_response
from ihe_test_util.transactions.feed.rules import feed_rules
from ihe_test_util.xml.hl7v3 import CD, II, acknowledgement
from ihe_test_util.xml.hl7v3.acknowledgement import ILLEGAL_VALUE, UNKNOWN_KEY, AcknowledgementDetail
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.ns import HL7

_PRIOR_ID_PATH: Final = f"/{MERGE}{EVENT_PATH}/replacementOf/priorRegistration/subject1/priorRegisteredRole/id"


def parse_request(message: Element, _attachments: Attachments) -> FeedRequest:
    """An ITI-44 merge as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    return parse_feed(message, MERGE)


async def answer(request: FeedRequest, world: World) -> FeedResponse:
    """Merge, then say so; CE with the reason where it cannot be done.

    A patient who stays and is not known is registered; the demographics of one who is known stay as they are, since
    a merge seldom has more of them than a name.

    Raises:
        StorageError: nothing was stored, so nothing is acknowledged.
    """
    now = world.now()
    problem = await world.patients.merge(request.patient, next(subsumed_ids(request)), at=now)
    if problem is None:
        return accepted(request, world, now)
    return acknowledged("CE", request, world, now, (_refused(request, problem),))


def subsumed_ids(request: FeedRequest) -> Iterator[II]:
    """The identifiers that end."""
    event = request.event
    for replacement in event.replacements if event is not None else ():
        yield from (one for one in replacement.patient_ids if one.root and one.extension)


def _refused(request: FeedRequest, problem: MergeProblem) -> AcknowledgementDetail:
    path = request.patient_id_path if problem is MergeProblem.SURVIVOR_SUBSUMED else _PRIOR_ID_PATH
    code: CD = ILLEGAL_VALUE if problem is MergeProblem.SAME else UNKNOWN_KEY
    return AcknowledgementDetail("E", problem.value, code, (path,))


def _all_ids(request: FeedRequest) -> Iterator[str]:
    yield from patient_ids(request)
    yield from (one.cx for one in subsumed_ids(request))


SPEC: Final = Transaction(
    name="pix-merge",
    code="ITI-44",
    title="Patient Identity Feed HL7 V3, merge",
    section="ITI TF-2: 3.44.4.2",
    actors=("Patient Identity Source", "Patient Identifier Cross-reference Manager"),
    action=f"{HL7}:{MERGE}",
    response_action=f"{HL7}:{acknowledgement.INTERACTION}",
    request_root=q(MERGE),
    response_root=acknowledgement.ROOT,
    path="/pix/add",
    config_field="pix_add_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=feed_rules("PIXM", MERGE),
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    patient_ids=_all_ids,
)
