"""Everything a transaction may ask of the mock's domain: its stores, a clock, fresh ids."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ihe_test_util.domain.documents import DocumentStore
from ihe_test_util.domain.patients import CrossReferencing, PatientStore
from ihe_test_util.domain.registry.access import RegistryStore
from ihe_test_util.domain.xds.codes import ANY_CODE, AffinityDomain

#: The repositoryUniqueId of the mock's repository, of the same arc.
MOCK_REPOSITORY_OID: Final = "2.999.1.2"
#: Identifies the mock as an HL7 V3 device: OIDs of the example arc, which nobody may be assigned.
MOCK_DEVICE_OID: Final = "2.999.1.1"
#: Identifies the mock as a community, of the same arc.
MOCK_HOME_COMMUNITY: Final = "2.999.1.3"
BY_DEMOGRAPHICS: Final = CrossReferencing()


@dataclass(frozen=True, slots=True)
class World:
    """The domain as one request sees it.

    ``now`` gives an aware UTC time; ``new_uuid`` a fresh lower-case UUID without a prefix;
    ``device`` is the OID by which the mock calls itself in HL7 V3 answers; ``strict`` is the validation mode of the
    endpoint that the request came to; ``repository_unique_id`` is the OID of the repository.

    ``identity_domains`` are the names of the known assigning authorities by their OIDs; without any, each under which
    a patient was ever fed is known. ``home_community`` is the OID of the community that the mock is;
    ``pdq_max_results`` how many patients one answer to a query holds at most; ``query_max_results`` how many objects
    of the registry, None where there is no limit. ``affinity_domain`` are the codes that strict mode takes.
    """

    patients: PatientStore
    documents: DocumentStore
    registry: RegistryStore
    now: Callable[[], datetime]
    new_uuid: Callable[[], str]
    device: str = MOCK_DEVICE_OID
    strict: bool = False
    repository_unique_id: str = MOCK_REPOSITORY_OID
    identity_domains: Mapping[str, str] = field(default_factory=dict)
    cross_reference: CrossReferencing = BY_DEMOGRAPHICS
    home_community: str = MOCK_HOME_COMMUNITY
    pdq_max_results: int = 100
    query_max_results: int | None = None
    affinity_domain: AffinityDomain = ANY_CODE

    async def unknown_domains(self, roots: Collection[str]) -> tuple[str, ...]:
        """Those of some assigning authorities that are not known, in their order.

        Raises:
            StorageError: the registry cannot be read.
        """
        if self.identity_domains:
            return tuple(root for root in roots if root not in self.identity_domains)
        return await self.patients.unknown_domains(roots)

    async def reset(self) -> None:
        """Forget every patient, document and object of the registry."""
        await self.patients.reset()
        await self.registry.reset()
        await self.documents.reset()
