"""How a document repository answers who retrieves (ITI TF-2: 3.43.4.1.3, 3.43.4.2), and what its answer says."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ihe_test_util.domain.documents import StoredDocument
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti43.messages import RetrievedDocument, RetrieveRequest, RetrieveResponse
from ihe_test_util.transactions.xds.base import shown
from ihe_test_util.transactions.xds.document_request import looked_up, refusal
from ihe_test_util.transactions.xds.response import RegistryError, RegistryResponse, verdict_of
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
    return RetrieveResponse(RegistryResponse(urns.FAILURE, errors=await refusal(request.documents, findings, world)))


def verdict(response: RetrieveResponse, request: RetrieveRequest) -> Verdict:
    """What the repository said; the ids are those of the documents that came.

    A Success that does not bring each document that was asked for, once and as the registry knows it, is none.
    """
    said = verdict_of(response.registry, [("document", document.document_unique_id) for document in response.documents])
    doubts = tuple(_doubts(response, request))
    return replace(said, accepted=False, details=(*said.details, *doubts)) if doubts else said


def _doubts(response: RetrieveResponse, request: RetrieveRequest) -> Iterator[str]:
    """Documents that nobody asked for, or that were asked for and did not come, or that are not what they should be."""
    asked = Counter(one.document_unique_id for one in request.documents)
    came = Counter(one.document_unique_id for one in response.documents)
    for unique_id in came - asked:
        yield f"document {shown(unique_id)} came {came[unique_id]} times and was asked for {asked[unique_id]} times"
    if response.registry.succeeded:
        for unique_id in asked - came:
            yield f"document {shown(unique_id)} was asked for, and did not come"
    known = {one.document_unique_id: one.sha1.lower() for one in request.documents if one.sha1}
    for document in response.documents:
        sha1 = known.get(document.document_unique_id)
        if sha1 and sha1 != document.content.sha1:
            name = shown(document.document_unique_id)
            yield f"document {name} has the SHA-1 {document.content.sha1}, while its entry in the registry says {sha1}"


def log_ids(request: RetrieveRequest) -> str:
    """How many documents; no patient."""
    return f"documents={len(request.documents)}"


def _status(documents: Sequence[RetrievedDocument], errors: Sequence[RegistryError]) -> str:
    if not errors:
        return urns.SUCCESS
    return urns.PARTIAL_SUCCESS if documents else urns.FAILURE
