"""Every rule on the operations of an update is kept by the samples, and broken by the mutation that it is for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from ihe_test_util.domain.world import World
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions import iti57, iti92
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element, parse

DATA = Path(__file__).parents[4] / "tests/data"
VERSION, OPERATIONS, RESTRICTED = "ITI-57/new-version", "ITI-57/operations", "ITI-92/new-version"
UPDATE_ERROR, OPERATION_ERROR = "XDSMetadataUpdateError", "XDSMetadataUpdateOperationError"
ANNOTATION_ERROR, INVALID, METADATA_ERROR = (
    "XDSMetadataAnnotationError",
    "XDSInvalidRequestException",
    "XDSRegistryMetadataError",
)
A_UUID = "urn:uuid:00000000-0000-4000-8000-0000000000d9"
Mutation = Callable[[Element], None]


def by_id(root: Element, name: str) -> Any:
    """The object of an id."""
    return next(one for one in root.iter() if one.get("id") == name)


def removed(*names: str) -> Mutation:
    """Objects that are not there."""

    def mutate(root: Element) -> None:
        for name in names:
            one = by_id(root, name)
            cast("Any", one.getparent()).remove(one)

    return mutate


def attribute(owner: str, name: str, value: str | None) -> Mutation:
    """An attribute with another value, or none."""

    def mutate(root: Element) -> None:
        one = by_id(root, owner)
        if value is None:
            del one.attrib[name]
        else:
            one.set(name, value)

    return mutate


def slot(owner: str, name: str, *values: str, new_name: str = "") -> Mutation:
    """A slot with other values, or another name; without values, no slot."""

    def mutate(root: Element) -> None:
        one = by_id(root, owner)
        found = next(child for child in one if child.get("name") == name)
        if not values:
            one.remove(found)
            return
        found.set("name", new_name or name)
        value_list = found[0]
        first = value_list[0]
        first.text = values[0]
        for more in values[1:]:
            value_list.append(first.__copy__())
            value_list[-1].text = more

    return mutate


def nothing(root: Element) -> None:
    """A request without objects."""
    root.remove(root[0])


def twice(root: Element) -> None:
    """Another new version of the same object."""
    objects = root[0]
    for name in ("Document01", "Association01"):
        again = by_id(root, name).__deepcopy__({})
        for one in again.iter():
            for key, value in one.attrib.items():
                one.set(key, value.replace("Document01", "Document02").replace("Association01", "Association02"))
        objects.append(again)


def status_twice(root: Element) -> None:
    """The same change of status again."""
    again = by_id(root, "Status01").__deepcopy__({})
    again.set("id", "Status02")
    root[0].append(again)


def later(name: str) -> Mutation:
    """An object that says it is the second version."""

    def mutate(root: Element) -> None:
        by_id(root, name).append(parse(f'<r:VersionInfo xmlns:r="{ns.RIM}" versionName="2"/>'.encode()))

    return mutate


CASES: list[tuple[str, str, str, str, Mutation]] = [
    ("MU-01", VERSION, METADATA_ERROR, "/SubmitObjectsRequest/RegistryObjectList", nothing),
    (
        "MU-02",
        VERSION,
        OPERATION_ERROR,
        "/SubmitObjectsRequest/RegistryObjectList",
        removed("Document01", "Association01"),
    ),
    ("MU-03", VERSION, UPDATE_ERROR, "Document01/logicalID", attribute("Document01", "lid", None)),
    ("MU-03", VERSION, UPDATE_ERROR, "Document01/logicalID", attribute("Document01", "lid", "Document00")),
    ("MU-03", OPERATIONS, UPDATE_ERROR, "Folder01/logicalID", attribute("Folder01", "lid", "Folder01")),
    ("MU-04", VERSION, UPDATE_ERROR, "Document01/logicalID", twice),
    ("MU-05", VERSION, UPDATE_ERROR, "Document01/HasMember", removed("Association01")),
    ("MU-05", VERSION, UPDATE_ERROR, "Association01/PreviousVersion", slot("Association01", "PreviousVersion")),
    (
        "MU-06",
        VERSION,
        OPERATION_ERROR,
        "Association01/PreviousVersion",
        slot("Association01", "PreviousVersion", "one"),
    ),
    (
        "MU-06",
        VERSION,
        OPERATION_ERROR,
        "Association01/PreviousVersion",
        slot("Association01", "PreviousVersion", "1", "2"),
    ),
    (
        "MU-06",
        OPERATIONS,
        OPERATION_ERROR,
        "Update01/AssociationPropagation",
        slot("Update01", "AssociationPropagation", "perhaps"),
    ),
    (
        "MU-06",
        OPERATIONS,
        OPERATION_ERROR,
        "Update01/NewStatus",
        slot("Update01", "AssociationPropagation", "no", new_name="NewStatus"),
    ),
    ("MU-07", OPERATIONS, OPERATION_ERROR, "Update01/targetObject", removed("Folder01")),
    ("MU-08", OPERATIONS, OPERATION_ERROR, "Status01/OriginalStatus", slot("Status01", "OriginalStatus")),
    ("MU-08", OPERATIONS, OPERATION_ERROR, "Status01/NewStatus", slot("Status01", "NewStatus", "Deprecated")),
    ("MU-08", OPERATIONS, OPERATION_ERROR, "Status01/NewStatus", slot("Status01", "NewStatus", urns.APPROVED)),
    (
        "MU-08",
        OPERATIONS,
        OPERATION_ERROR,
        "Status01/PreviousVersion",
        slot("Status01", "NewStatus", "1", new_name="PreviousVersion"),
    ),
    ("MU-09", OPERATIONS, OPERATION_ERROR, "Status01/targetObject", status_twice),
    ("MU-10", OPERATIONS, UPDATE_ERROR, "Status01/sourceObject", attribute("Status01", "sourceObject", "Folder01")),
    ("MU-11", OPERATIONS, UPDATE_ERROR, "Submit01/targetObject", attribute("Submit01", "targetObject", "Folder01")),
    ("MU-11", OPERATIONS, UPDATE_ERROR, "Signs01/SubmitAssociation", removed("Submit01")),
    ("MU-12", OPERATIONS, UPDATE_ERROR, "Signs01/logicalID", attribute("Signs01", "lid", A_UUID)),
    ("MU-12", OPERATIONS, UPDATE_ERROR, "SubmissionSet01/logicalID", attribute("SubmissionSet01", "lid", A_UUID)),
    ("MU-12", OPERATIONS, UPDATE_ERROR, "Signs01/version", later("Signs01")),
    ("MU-21", VERSION, METADATA_ERROR, "Document01/objectType", attribute("Document01", "objectType", "urn:other")),
    ("MU-22", VERSION, METADATA_ERROR, "Document01/hash", slot("Document01", "hash")),
    ("MU-23", VERSION, METADATA_ERROR, "Document01/size", slot("Document01", "size")),
    ("MU-24", VERSION, METADATA_ERROR, "Document01/repositoryUniqueId", slot("Document01", "repositoryUniqueId")),
    ("RMU-01", RESTRICTED, METADATA_ERROR, "/SubmitObjectsRequest/RegistryObjectList", nothing),
    (
        "RMU-02",
        RESTRICTED,
        INVALID,
        "/SubmitObjectsRequest/RegistryObjectList",
        removed("Document01", "Association01"),
    ),
    ("RMU-03", RESTRICTED, INVALID, "Document01/logicalID", attribute("Document01", "lid", None)),
    ("RMU-04", RESTRICTED, INVALID, "Document01/logicalID", twice),
    ("RMU-05", RESTRICTED, ANNOTATION_ERROR, "Association01/PreviousVersion", slot("Association01", "PreviousVersion")),
    (
        "RMU-06",
        RESTRICTED,
        ANNOTATION_ERROR,
        "Association01/PreviousVersion",
        slot("Association01", "PreviousVersion", "one"),
    ),
    (
        "RMU-07",
        RESTRICTED,
        INVALID,
        "Association01/targetObject",
        attribute("Association01", "targetObject", A_UUID),
    ),
    ("RMU-10", RESTRICTED, INVALID, "Association01/logicalID", attribute("Association01", "lid", A_UUID)),
    ("RMU-21", RESTRICTED, METADATA_ERROR, "Document01/objectType", attribute("Document01", "objectType", "urn:other")),
    ("RMU-22", RESTRICTED, METADATA_ERROR, "Document01/hash", slot("Document01", "hash")),
    ("RMU-23", RESTRICTED, METADATA_ERROR, "Document01/size", slot("Document01", "size")),
    ("RMU-24", RESTRICTED, METADATA_ERROR, "Document01/repositoryUniqueId", slot("Document01", "repositoryUniqueId")),
]
OF_OTHERS = [
    ("RMU-08", "XDSObjectTypeError", "Folder01/objectType"),
    ("RMU-09", INVALID, "Signs01/associationType"),
]


def card_of(rule: str) -> AnyTransaction:
    """The transaction that a rule is of."""
    return iti92.SPEC if rule.startswith("RMU") else iti57.SPEC


def findings_of(card: AnyTransaction, name: str, mutate: Mutation) -> dict[str, list[tuple[str, str]]]:
    """Code and place of what is wrong with a mutated sample, by the rules."""
    root = parse((DATA / f"{name}.xml").read_bytes())
    mutate(root)
    found: dict[str, list[tuple[str, str]]] = {}
    for finding in card.judge(card.parse_request(root, InlineAttachments())):
        found.setdefault(finding.rule, []).append((finding.code, finding.path))
    return found


@pytest.mark.parametrize(("rule", "name", "code", "path", "mutate"), CASES, ids=[f"{one[0]} {one[3]}" for one in CASES])
def test_a_mutated_sample_breaks_the_rule(rule: str, name: str, code: str, path: str, mutate: Mutation) -> None:
    """The finding names the object and the attribute, by the code of the transaction."""
    assert (code, path) in findings_of(card_of(rule), name, mutate)[rule]


@pytest.mark.parametrize(("rule", "code", "path"), OF_OTHERS)
def test_a_restricted_update_does_not_take_other_operations(rule: str, code: str, path: str) -> None:
    """What ITI-57 takes for folders and associations is refused by ITI-92."""
    assert (code, path) in findings_of(iti92.SPEC, OPERATIONS, lambda _: None)[rule]


def test_every_rule_on_operations_is_proven() -> None:
    """No rule of the two transactions is without a mutation."""
    proven = {case[0] for case in CASES} | {case[0] for case in OF_OTHERS}
    rules = {rule.id for card in (iti57.SPEC, iti92.SPEC) for rule in card.rules if rule.id.startswith(("MU-", "RMU-"))}

    assert rules == proven


def test_an_on_demand_entry_needs_no_hash() -> None:
    """There is no document yet of which hash, size and repository could be known."""

    def on_demand(root: Element) -> None:
        attribute("Document01", "objectType", urns.ON_DEMAND_DOCUMENT)(root)
        for name in ("hash", "size", "repositoryUniqueId"):
            slot("Document01", name)(root)

    assert findings_of(iti57.SPEC, VERSION, on_demand) == {}


async def test_a_refusal_tells_the_message_and_the_state(world: World) -> None:
    """What the message breaks, and what the registry has against it, in one answer."""
    root = parse((DATA / f"{VERSION}.xml").read_bytes())
    slot("Document01", "hash")(root)
    request = iti57.SPEC.parse_request(root, InlineAttachments())
    findings = iti57.SPEC.judge(request)
    assert iti57.SPEC.refuse is not None

    response = await iti57.SPEC.refuse(request, findings, world)

    assert response.status == urns.FAILURE
    assert [error.code for error in response.errors] == [
        METADATA_ERROR,
        "XDSUnknownPatientId",
        UPDATE_ERROR,
        "XDSMetadataVersionError",
    ]
    assert response.errors[0].location.startswith("Document Registry, ITI TF-3: 4.2.3.2.10")
