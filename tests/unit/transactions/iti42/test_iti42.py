"""ITI-42 as a room: its own rules, the codes of a registry, and answers that tell everything at once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Severity
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions.iti42 import SPEC, RegisterRequest
from ihe_test_util.transactions.xds.response import RegistryResponse
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element, parse
from tests.support.schemas import schema_check
from tests.support.worlds import MemoryRegistry, uuids

SAMPLES = Path(__file__).parents[4] / "tests/data/ITI-42"
SLOT = f"{{{ns.RIM}}}Slot"
PATIENT = "TEST-4711^^^&2.999.1.3&ISO"
WorldOf = Callable[..., World]


def sample(name: str = "minimal") -> Element:
    """A sample message."""
    return parse((SAMPLES / f"{name}.xml").read_bytes())


def without(element: Element, *names: str) -> Element:
    """A message without some slots."""
    for slot in list(element.iter(SLOT)):
        if slot.get("name") in names:
            cast("Any", slot.getparent()).remove(slot)
    return element


def read(element: Element) -> RegisterRequest:
    """A message as a request."""
    return SPEC.parse_request(element, InlineAttachments())


def codes(response: RegistryResponse) -> list[tuple[str, str]]:
    """The codes of an answer, with their severities in a word."""
    return [(each.code, each.severity.rpartition(":")[2]) for each in response.errors]


@pytest.fixture
def store() -> Iterator[MemoryRegistry]:
    """A registry that knows the patient."""
    kept = MemoryRegistry()
    kept.feed(PATIENT)
    yield kept
    kept.close()


@pytest.fixture
def world(store: MemoryRegistry) -> WorldOf:
    """A world in strict or lenient mode."""

    def make(*, strict: bool) -> World:
        return World(
            patients=cast("Any", None),
            documents=store,
            registry=store,
            now=lambda: datetime(2024, 2, 29, tzinfo=UTC),
            new_uuid=uuids(),
            strict=strict,
        )

    return make


@pytest.mark.parametrize(("rule", "name"), [("RDS-02", "hash"), ("RDS-03", "size"), ("RDS-04", "repositoryUniqueId")])
def test_what_only_a_repository_knows_is_required(rule: str, name: str) -> None:
    """Hash, size and repositoryUniqueId are there when metadata come to the registry (ITI TF-3: 4.3.1)."""
    (finding,) = SPEC.judge(read(without(sample(), name)))

    assert (finding.rule, finding.path, finding.code) == (rule, f"Document01/{name}", "XDSRegistryMetadataError")
    assert not SPEC.rejecting([finding], strict=False)


def test_nothing_is_nothing_to_register() -> None:
    """A request without objects is refused in both modes."""
    empty = sample()
    empty.remove(empty[0])

    findings = SPEC.judge(read(empty))

    assert [each.rule for each in SPEC.rejecting(findings, strict=False)] == ["RDS-01"]


def test_errors_are_the_registrys() -> None:
    """No code of a repository comes from a registry."""
    assert not [rule.id for rule in SPEC.rules if "Repository" in rule.error_code]


async def test_a_refusal_tells_the_message_and_the_state(world: WorldOf) -> None:
    """What the message breaks, and what the registry has against it, in one answer with places and sections."""
    strict = world(strict=True)
    await SPEC.answer(read(sample()), strict)
    request = read(without(sample(), "hash", "languageCode"))

    response = await SPEC.refuse(request, SPEC.judge(request), strict) if SPEC.refuse else None

    assert response is not None
    assert response.status == urns.FAILURE
    assert codes(response) == [
        ("XDSRegistryMetadataError", "Error"),
        ("XDSRegistryMetadataError", "Error"),
        ("XDSDuplicateUniqueIdInRegistry", "Error"),
    ]
    contexts = [each.context.split(":")[0] for each in response.errors]
    assert contexts == ["Document01/hash", "Document01/languageCode", "SubmissionSet01/uniqueId"]
    assert response.errors[0].location == "Document Registry, ITI TF-3: 4.2.3.2.10"
    check = schema_check()
    assert check is None or check(SPEC.build_response(response).element) == []


@pytest.mark.parametrize("strict", [True, False])
async def test_the_state_alone_may_refuse(world: WorldOf, store: MemoryRegistry, strict: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A sound message that the registry cannot take gets a Failure, and nothing is registered."""
    await SPEC.answer(read(sample()), world(strict=strict))
    before = store.connection.execute("SELECT count(*) FROM registry_objects").fetchone()

    response = await SPEC.answer(read(sample()), world(strict=strict))

    assert codes(response) == [("XDSDuplicateUniqueIdInRegistry", "Error")]
    assert store.connection.execute("SELECT count(*) FROM registry_objects").fetchone() == before
    assert not SPEC.verdict(response, read(sample())).accepted


async def test_warnings_come_with_success(world: WorldOf, store: MemoryRegistry) -> None:
    """Lenient mode tells what it let pass: of the message, and of the registry's state."""
    store.connection.execute("DELETE FROM patients")
    request = read(without(sample(), "hash"))
    found = [each for each in SPEC.judge(request) if each.severity is Severity.ERROR]

    response = await SPEC.answer(request, world(strict=False))
    warned = SPEC.warn(response, found) if SPEC.warn else response

    assert response.status == urns.SUCCESS
    assert codes(response) == [("XDSUnknownPatientId", "Warning")]
    assert len(warned.errors) == 2
    assert SPEC.verdict(response, request).accepted


async def test_an_unknown_patient_is_refused_in_strict_mode(world: WorldOf, store: MemoryRegistry) -> None:
    """XDSUnknownPatientId with the identifier in its context."""
    store.connection.execute("DELETE FROM patients")

    response = await SPEC.answer(read(sample()), world(strict=True))

    (error,) = response.errors
    assert error.code == "XDSUnknownPatientId"
    assert PATIENT in error.context


def test_what_is_said_in_short() -> None:
    """Ids for the log name no patient; the patients of a request are those of its objects."""
    request = read(sample())

    assert SPEC.log_ids(request) == "set=2.999.1.6.1 documents=1 first=2.999.1.5.1"
    assert set(SPEC.patient_ids(request)) == {PATIENT, "MRN-815^^^&2.999.1.4&ISO", ""}
