"""Everything a transaction may ask of the mock's domain: its stores, a clock, fresh ids."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ihe_test_util.domain.documents import DocumentStore
from ihe_test_util.domain.patients import PatientStore
from ihe_test_util.domain.registry.access import RegistryStore

#: The repositoryUniqueId of the mock's repository, of the same arc.
MOCK_REPOSITORY_OID: Final = "2.999.1.2"
#: Identifies the mock as an HL7 V3 device: OIDs of the example arc, which nobody may be assigned.
MOCK_DEVICE_OID: Final = "2.999.1.1"


@dataclass(frozen=True, slots=True)
class World:
    """The domain as one request sees it.

    ``now`` gives an aware UTC time; ``new_uuid`` a fresh lower-case UUID without a prefix;
    ``device`` is the OID by which the mock calls itself in HL7 V3 answers; ``strict`` is the validation mode of the
    endpoint that the request came to; ``repository_unique_id`` is the OID of the repository.
    """

    patients: PatientStore
    documents: DocumentStore
    registry: RegistryStore
    now: Callable[[], datetime]
    new_uuid: Callable[[], str]
    device: str = MOCK_DEVICE_OID
    strict: bool = False
    repository_unique_id: str = MOCK_REPOSITORY_OID

    async def reset(self) -> None:
        """Forget every patient, document and object of the registry."""
        await self.patients.reset()
        await self.registry.reset()
        await self.documents.reset()
