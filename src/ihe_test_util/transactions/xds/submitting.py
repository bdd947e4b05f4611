"""What the transactions that register a submission share: the answer, the refusal, the warnings, what is logged."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.checks import problems
from ihe_test_util.domain.registry.draft import Draft
from ihe_test_util.domain.registry.registering import register
from ihe_test_util.domain.world import World
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.xds.base import Actor
from ihe_test_util.transactions.xds.response import RegistryError, RegistryResponse, error_of
from ihe_test_util.xml.ebrim import urns

T = TypeVar("T")

_LOGGED: Final = 12
#: Objects of a submission that are made ready at once; for more, others are answered meanwhile.
_AT_ONCE: Final = 200


async def prepared(metadata: Metadata, work: Callable[[], T]) -> T:
    """What ``work`` makes of a submission; of a large one in a thread."""
    return work() if len(metadata.request.objects) <= _AT_ONCE else await asyncio.to_thread(work)


def registration(draft: Draft, world: World, *, provided: bool = False) -> Callable[[RegistryChange], list[Finding]]:
    """The work that registers a draft and returns the warnings; raises Refused in the course of it."""
    return partial(
        register,
        draft,
        strict=world.strict,
        at=world.now(),
        new_uuid=world.new_uuid,
        affinity_domain=world.affinity_domain,
        provided=provided,
    )


async def refusal(draft: Draft, findings: Sequence[Finding], world: World, actor: Actor) -> RegistryResponse:
    """The Failure that tells what is wrong with a message, and what the registry has against it, all at once."""
    provided = actor is Actor.REPOSITORY
    state = await world.registry.look(
        lambda view: problems(
            draft, view, strict=world.strict, affinity_domain=world.affinity_domain, provided=provided
        )
    )
    told = [finding for finding in findings if finding.code]
    return RegistryResponse(urns.FAILURE, errors=(*errors_of(told, actor), *errors_of(state, Actor.REGISTRY)))


def refused(findings: Iterable[Finding]) -> RegistryResponse:
    """The Failure that tells what the registry has against a submission."""
    return RegistryResponse(urns.FAILURE, errors=errors_of(findings, Actor.REGISTRY))


def warned(response: RegistryResponse, findings: Sequence[Finding], actor: Actor) -> RegistryResponse:
    """The answer with warnings of what was found and let pass; what no error code says is left to the journal."""
    told = [finding for finding in findings if finding.code and finding.severity is not Severity.INFO]
    return replace(response, errors=(*response.errors, *errors_of(told, actor))) if told else response


def errors_of(findings: Iterable[Finding], actor: Actor) -> tuple[RegistryError, ...]:
    """Findings as RegistryErrors; the location is who found each, by which section, and where in the message."""
    return tuple([error_of(finding, location=_location(finding, actor)) for finding in findings])


def log_ids_of(metadata: Metadata, documents: int) -> str:
    """The submission set and the documents, shortened; no patient."""
    set_id = metadata.submission_set.unique_id if metadata.submission_set else ""
    first = next((entry.unique_id for entry in metadata.document_entries), "")
    return f"set={_shortened(set_id)} documents={documents} first={_shortened(first)}"


def patient_ids_of(metadata: Metadata) -> Iterator[str]:
    """The patient of documents and submission set (CX): as the affinity domain knows them, and as the source does."""
    for view in metadata.views:
        yield view.patient_id
        yield view.slot("sourcePatientId")


def _location(finding: Finding, actor: Actor) -> str:
    line = f", line {finding.line}" if finding.line else ""
    return f"Document {actor.value}, {finding.section}{line}"


def _shortened(value: str) -> str:
    if not value:
        return "-"
    if not value.isprintable():
        value = ascii(value)[1:-1]
    return value if len(value) <= _LOGGED else f"…{value[-_LOGGED:]}"
