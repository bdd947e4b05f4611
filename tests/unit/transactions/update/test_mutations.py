"""Whatever a request to update or remove looks like, the registry answers it, and changes all or nothing."""

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.domain.world import World
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions import iti57, iti62, iti92
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element, parse
from tests.support.registry_objects import document, folder, link, members, submission_set
from tests.support.schemas import schema_check
from tests.support.worlds import MemoryRegistry, uuids

DATA = Path(__file__).parents[4] / "tests/data"
CARDS = {card.code: card for card in (iti57.SPEC, iti92.SPEC, iti62.SPEC)}
SAMPLES = {
    path: (CARDS[path.parent.name], parse(path.read_bytes()))
    for code in CARDS
    for path in sorted((DATA / code).glob("*.xml"))
}
NOW = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)
PATIENT = "TEST-4711^^^&2.999.1.3&ISO"
DOCUMENT, OTHER, FOLDER, SET = (
    document(1, patient=PATIENT, unique_id="2.999.1.5.1"),
    document(2, patient=PATIENT),
    folder(3, patient=PATIENT),
    submission_set(4, patient=PATIENT),
)
HELD = (
    *(DOCUMENT, OTHER, FOLDER, SET),
    *members(10, SET, [DOCUMENT, OTHER, FOLDER]),
    link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT),
    link(21, urns.APPENDS, OTHER, DOCUMENT),
)
#: What an attribute or a value of a slot may become.
VALUES = [
    *("", "Document01", "SubmissionSet01", "Folder01", "Signs01", "InFolder01", "1", "no", "x"),
    *(one.id for one in HELD),
    *(urns.HAS_MEMBER, urns.UPDATE_AVAILABILITY_STATUS, urns.SUBMIT_ASSOCIATION, urns.APPENDS),
    *(urns.NON_VERSIONING_UPDATE, urns.APPROVED, urns.DEPRECATED),
]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[AnyTransaction, Element]:
    """A sample in which some elements and attributes are others, twice there, or gone."""
    card, sample = draw(st.sampled_from(list(SAMPLES.values())))
    root = deepcopy(sample)
    for _ in range(draw(st.integers(1, 6))):
        elements: list[Any] = list(root.iter())
        one = draw(st.sampled_from(elements))
        match draw(st.sampled_from(("drop", "again", "attribute", "text"))):
            case "drop" if one is not root:
                one.getparent().remove(one)
            case "again" if one is not root:
                one.getparent().append(deepcopy(one))
            case "attribute" if one.attrib:
                one.set(draw(st.sampled_from(sorted(one.attrib))), draw(st.sampled_from(VALUES)))
            case _:
                one.text = draw(st.sampled_from(VALUES))
    return card, root


@pytest.mark.filterwarnings("error")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(message=mutated(), strict=st.booleans())
async def test_a_mutated_request_is_answered(message: tuple[AnyTransaction, Element], strict: bool) -> None:  # noqa: FBT001 - drawn
    """In both modes; a Failure changes nothing, and a Success leaves no association without its ends."""
    card, root = message
    store = MemoryRegistry()
    store.feed(PATIENT)
    await store.change(lambda change: change.add(HELD))
    nobody: Any = None
    world = World(nobody, store, store, lambda: NOW, uuids(), strict=strict)
    before = store.connection.execute("SELECT id, xml FROM registry_objects ORDER BY seq").fetchall()

    request = card.parse_request(root, InlineAttachments())
    refusing = card.rejecting(card.judge(request), strict=strict)
    if refusing:
        assert card.refuse is not None
        response = await card.refuse(request, refusing, world)
    else:
        response = await card.answer(request, world)

    after = store.connection.execute("SELECT id, xml FROM registry_objects ORDER BY seq").fetchall()
    dangling = store.connection.execute(
        "SELECT id FROM registry_objects WHERE source IS NOT NULL AND (source NOT IN (SELECT id FROM registry_objects)"
        " OR target NOT IN (SELECT id FROM registry_objects))"
    ).fetchall()
    assert dangling == []
    assert response.succeeded or (response.errors and after == before)
    check = schema_check()
    assert check is None or check(card.build_response(response).element) == []
    store.close()
