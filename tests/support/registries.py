"""A registry to register submissions with, for tests of what they do to it; the clock stands where a test sets it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from ihe_test_util.domain.registry.demands import Refused
from ihe_test_util.domain.registry.draft import Draft, drafted
from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.registry.registering import register
from ihe_test_util.domain.xds.codes import ANY_CODE, AffinityDomain
from ihe_test_util.exchange import Finding
from ihe_test_util.store.registry import RegistryRows
from ihe_test_util.xml.ebrim import AnyObject, Association
from tests.support.submissions import metadata
from tests.support.worlds import MemoryRegistry, uuids

Ids = dict[str, str]


@dataclass
class Registry:
    """A registry in memory, and what to ask of it."""

    store: MemoryRegistry
    at: datetime = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)
    new_uuid: Callable[[], str] = field(default_factory=uuids)
    warnings: Sequence[Finding] = ()

    async def submit(self, *objects: AnyObject, strict: bool = True, affinity_domain: AffinityDomain = ANY_CODE) -> Ids:
        """Register objects; the ids that they got, by those that they came with."""
        draft: Draft = drafted(metadata(*objects), new_uuid=self.new_uuid, at=self.at)
        self.warnings = await self.store.change(
            lambda change: register(
                draft,
                change,
                strict=strict,
                at=self.at,
                new_uuid=self.new_uuid,
                affinity_domain=affinity_domain,
            )
        )
        return {label: given for given, label in draft.labels.items()}

    async def refused(self, *objects: AnyObject, strict: bool = True) -> list[tuple[str, str]]:
        """Codes and places of the errors for which objects are refused."""
        with pytest.raises(Refused) as caught:
            await self.submit(*objects, strict=strict)
        return [(finding.code, finding.path) for finding in caught.value.findings]

    def rows(self) -> RegistryRows:
        """What is registered."""
        return RegistryRows(self.store.connection)

    def get(self, object_id: str) -> Entry:
        """One object."""
        (found,) = self.rows().by_ids([object_id])
        return found

    def statuses(self, *object_ids: str) -> list[str]:
        """The states of objects, in a word each."""
        return [self.get(each).status.rpartition(":")[2] for each in object_ids]

    def links(self, source: str) -> list[Association]:
        """The associations from an object."""
        found = [entry.source for entry in self.rows().associations_from([source])]
        return [each for each in found if isinstance(each, Association)]

    def size(self) -> int:
        """How many objects there are."""
        (count,) = self.store.connection.execute("SELECT count(*) FROM registry_objects").fetchone()
        return int(count)
