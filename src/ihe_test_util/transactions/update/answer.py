"""How a document registry answers a request to update metadata (ITI TF-2: 3.57.4.1.3, 3.92.4.1.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from ihe_test_util.domain.registry.demands import Refused
from ihe_test_util.domain.registry.draft import drafted
from ihe_test_util.domain.registry.update_checks import update_problems
from ihe_test_util.domain.registry.update_demands import UpdateDemands
from ihe_test_util.domain.registry.update_plan import UpdatePlan, planned
from ihe_test_util.domain.registry.updating import update
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.update.model import UpdateRequest
from ihe_test_util.transactions.xds import submitting
from ihe_test_util.transactions.xds.base import Actor
from ihe_test_util.transactions.xds.response import RegistryResponse, verdict_of
from ihe_test_util.xml.ebrim import urns


@dataclass(frozen=True, slots=True)
class Updating:
    """The answers of one of the two transactions, by what it demands of new versions."""

    of_version: UpdateDemands

    async def answer(self, request: UpdateRequest, world: World) -> RegistryResponse:
        """Do all operations, or none and say all that the registry has against them.

        Raises:
            StorageError: nothing was changed.
        """
        work = partial(
            update,
            await _plan(request, world),
            of_version=self.of_version,
            strict=world.strict,
            at=world.now(),
            new_uuid=world.new_uuid,
            affinity_domain=world.affinity_domain,
        )
        try:
            warnings = await world.registry.change(work)
        except Refused as refused:
            return submitting.refused(refused.findings)
        return RegistryResponse(urns.SUCCESS, errors=submitting.errors_of(warnings, Actor.REGISTRY))

    async def refuse(self, request: UpdateRequest, findings: Sequence[Finding], world: World) -> RegistryResponse:
        """The Failure with all errors, of the message and of the registry's state."""
        look = partial(
            update_problems,
            await _plan(request, world),
            of_version=self.of_version,
            strict=world.strict,
            affinity_domain=world.affinity_domain,
        )
        state = await world.registry.look(look)
        return submitting.refused([*(finding for finding in findings if finding.code), *state])


def warn(response: RegistryResponse, findings: Sequence[Finding]) -> RegistryResponse:
    """The answer with what lenient mode let pass."""
    return submitting.warned(response, findings, Actor.REGISTRY)


def verdict(response: RegistryResponse, request: UpdateRequest) -> Verdict:
    """What the registry said; the ids are those that were sent."""
    metadata = request.metadata
    identifiers = [
        *(("submission set", view.unique_id) for view in metadata.submission_sets if view.unique_id),
        *(("document", view.unique_id) for view in metadata.document_entries if view.unique_id),
        *(("folder", view.unique_id) for view in metadata.folders if view.unique_id),
    ]
    return verdict_of(response, identifiers)


def log_ids(request: UpdateRequest) -> str:
    """The submission set and the documents, shortened; no patient."""
    return submitting.log_ids_of(request.metadata, len(request.metadata.document_entries))


def patient_ids(request: UpdateRequest) -> Iterator[str]:
    """The patients (CX) of the objects."""
    return submitting.patient_ids_of(request.metadata)


async def _plan(request: UpdateRequest, world: World) -> UpdatePlan:
    def plan() -> UpdatePlan:
        return planned(request.metadata, drafted(request.metadata, new_uuid=world.new_uuid, at=world.now()))

    return await submitting.prepared(request.metadata, plan)
