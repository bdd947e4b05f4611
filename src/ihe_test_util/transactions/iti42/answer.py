"""How a document registry answers a submission (ITI TF-2: 3.42.4.1.3, 3.42.4.2), and what its answer says."""

from collections.abc import Iterator, Sequence
from functools import partial

from ihe_test_util.domain.registry.demands import Refused
from ihe_test_util.domain.registry.draft import Draft, drafted
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti42.model import RegisterRequest
from ihe_test_util.transactions.xds import submitting
from ihe_test_util.transactions.xds.base import Actor
from ihe_test_util.transactions.xds.response import RegistryResponse, verdict_of
from ihe_test_util.xml.ebrim import urns


async def answer(request: RegisterRequest, world: World) -> RegistryResponse:
    """Register the submission whole, or say all that the registry has against it.

    Raises:
        StorageError: nothing was registered.
    """
    try:
        warnings = await world.registry.change(submitting.registration(await _draft(request, world), world))
    except Refused as refused:
        return submitting.refused(refused.findings)
    return RegistryResponse(urns.SUCCESS, errors=submitting.errors_of(warnings, Actor.REGISTRY))


async def refuse(request: RegisterRequest, findings: Sequence[Finding], world: World) -> RegistryResponse:
    """The Failure with all errors, of the message and of the registry's state."""
    return await submitting.refusal(await _draft(request, world), findings, world, Actor.REGISTRY)


def warn(response: RegistryResponse, findings: Sequence[Finding]) -> RegistryResponse:
    """The answer with what lenient mode let pass."""
    return submitting.warned(response, findings, Actor.REGISTRY)


def verdict(response: RegistryResponse, request: RegisterRequest) -> Verdict:
    """What the registry said; the ids are those that were sent."""
    metadata = request.metadata
    identifiers = [
        *(("submission set", view.unique_id) for view in metadata.submission_sets if view.unique_id),
        *(("document", view.unique_id) for view in metadata.document_entries if view.unique_id),
    ]
    return verdict_of(response, identifiers)


def log_ids(request: RegisterRequest) -> str:
    """The submission set and the documents, shortened; no patient."""
    return submitting.log_ids_of(request.metadata, len(request.metadata.document_entries))


def patient_ids(request: RegisterRequest) -> Iterator[str]:
    """The patient of documents and submission set (CX): as the affinity domain knows them, and as the source does."""
    return submitting.patient_ids_of(request.metadata)


async def _draft(request: RegisterRequest, world: World) -> Draft:
    draft = partial(drafted, request.metadata, new_uuid=world.new_uuid, at=world.now())
    return await submitting.prepared(request.metadata, draft)
