"""Restricted updates: document entries alone, of the same patient and repository (ITI TF-2: 3.92)."""

import pytest

from ihe_test_util.domain.world import World
from ihe_test_util.transactions import iti92
from ihe_test_util.transactions.xds.response import RegistryResponse
from ihe_test_util.xml.ebrim import AnyObject, Slot, urns
from tests.support.registry_objects import OTHER_PATIENT, document, folder, link, submission_set, uuid
from tests.support.updates import Held, Registered, request, version

HERE, ELSEWHERE = Slot("repositoryUniqueId", ("2.999.8",)), Slot("repositoryUniqueId", ("2.999.9",))
DOCUMENT, FOLDER, SET = document(1, HERE), folder(2), submission_set(3)
IN_FOLDER = link(20, urns.HAS_MEMBER, FOLDER, DOCUMENT)
IDENTIFIER, VERSION = "XDSMetadataIdentifierError", "XDSMetadataVersionError"
UNRESOLVED = "UnresolvedReferenceException"


def errors_of(response: RegistryResponse) -> list[tuple[str, str]]:
    """Codes, and object and attribute, of the errors."""
    return [(error.code, error.context.partition(":")[0]) for error in response.errors]


async def test_a_document_entry_gets_a_new_version(registered: Registered, world: World, held: Held) -> None:
    """As by ITI-57, with its associations."""
    await registered(SET, DOCUMENT, FOLDER, IN_FOLDER)

    response = await iti92.SPEC.answer(request(version(DOCUMENT)), world)

    assert response.status == urns.SUCCESS
    entries = await held()
    assert [one.version for one in entries if one.lid == DOCUMENT.lid and one.approved] == [2]
    assert len([one for one in entries if one.type == urns.HAS_MEMBER]) == 4


@pytest.mark.parametrize(
    ("parts", "patient", "errors"),
    [
        (version(DOCUMENT, lid=uuid(99)), "", [(UNRESOLVED, "New01/logicalID"), (VERSION, "New01/PreviousVersion")]),
        (version(DOCUMENT, previous="3"), "", [(VERSION, "New01/PreviousVersion")]),
        (version(DOCUMENT, unique_id="2.999.77"), "", [(IDENTIFIER, "New01/uniqueId")]),
        (version(document(1, ELSEWHERE)), "", [(IDENTIFIER, "New01/repositoryUniqueId")]),
        (version(DOCUMENT, object_type=urns.ON_DEMAND_DOCUMENT), "", [("XDSObjectTypeError", "New01/objectType")]),
        (
            version(DOCUMENT, patient=OTHER_PATIENT),
            OTHER_PATIENT,
            [("XDSPatientIDReconciliationError", "New01/patientId")],
        ),
    ],
    ids=["unknown", "version", "unique id", "repository", "type", "patient"],
)
async def test_what_may_not_change_has_codes_of_its_own(
    parts: list[AnyObject],
    patient: str,
    errors: list[tuple[str, str]],
    registered: Registered,
    world: World,
    held: Held,
) -> None:
    """Identifiers, kind and patient are those of the version before; nothing is changed otherwise."""
    await registered(SET, DOCUMENT)
    before = await held()

    response = await iti92.SPEC.answer(request(parts, patient=patient or DOCUMENT.patient_id), world)

    assert (response.status, errors_of(response)) == (urns.FAILURE, errors)
    assert await held() == before
