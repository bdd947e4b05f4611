"""How a document repository answers who retrieves (ITI TF-2: 3.43.4.1.3, 3.43.4.2), and what its answer says."""

from collections.abc import Sequence

from ihe_test_util.domain.documents import StoredDocument
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti43.messages import RetrievedDocument, RetrieveRequest, RetrieveResponse
from ihe_test_util.transactions.xds.document_request import looked_up
from ihe_test_util.transactions.xds.response import RegistryError, RegistryResponse, failure, verdict_of
from ihe_test_util.xml.ebrim import urns


async def answer(request: RetrieveRequest, world: World) -> RetrieveResponse:
    """Every document that is there, in the order asked; PartialSuccess where some are not, Failure where none is.

    Raises:
        StorageError: the repository cannot be read.
    """
    documents, errors = [], []
    for one, found in await looked_up(request.documents, world):
        if isinstance(found, StoredDocument):
            documents.append(
                RetrievedDocument(
                    world.repository_unique_id, found.unique_id, found.mime_type, found.content, home=one.home
                )
            )
        else:
            errors.append(found)
    return RetrieveResponse(RegistryResponse(_status(documents, errors), errors=tuple(errors)), tuple(documents))


async def refuse(request: RetrieveRequest, findings: Sequence[Finding], world: World) -> RetrieveResponse:
    """A Failure that lists what is wrong with the request, and what of it is not there."""
    refused = failure(findings)
    errors = [found for _, found in await looked_up(request.documents, world) if isinstance(found, RegistryError)]
    return RetrieveResponse(RegistryResponse(urns.FAILURE, errors=(*refused.errors, *errors)))


def verdict(response: RetrieveResponse, request: RetrieveRequest) -> Verdict:  # noqa: ARG001 - the card's form
    """What the repository said; the ids are those of the documents that came."""
    return verdict_of(response.registry, [("document", document.document_unique_id) for document in response.documents])


def log_ids(request: RetrieveRequest) -> str:
    """How many documents; no patient."""
    return f"documents={len(request.documents)}"


def _status(documents: Sequence[RetrievedDocument], errors: Sequence[RegistryError]) -> str:
    if not errors:
        return urns.SUCCESS
    return urns.PARTIAL_SUCCESS if documents else urns.FAILURE
