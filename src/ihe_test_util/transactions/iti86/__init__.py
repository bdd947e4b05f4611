"""ITI-86 Remove Documents (ITI TF-2: 3.86): documents leave a repository for good; their metadata stay (ITI-62)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.domain.documents import StoredDocument
from ihe_test_util.domain.world import World
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.exchange import Finding
from ihe_test_util.transactions.card import Attachments, Mtom, Payload, Transaction, Verdict
from ihe_test_util.transactions.xds.document_request import (
    DocumentRequest,
    document_request_rules,
    looked_up,
    read_document_requests,
    refusal,
    write_document_requests,
)
from ihe_test_util.transactions.xds.response import (
    REGISTRY_RESPONSE,
    RegistryError,
    RegistryResponse,
    build_response,
    parse_response,
    verdict_of,
)
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element

_REQUEST_ROOT: Final = f"{{{ns.RMD}}}RemoveDocumentsRequest"
_PREFIXES: Final = {"rmd": ns.RMD, "xdsb": ns.XDSB}


@dataclass(frozen=True, slots=True)
class RemoveDocumentsRequest:
    """The documents that shall go (ITI TF-2: 3.86.4.1.2)."""

    documents: tuple[DocumentRequest, ...] = ()


def build_request(request: RemoveDocumentsRequest) -> Payload:
    """An rmd:RemoveDocumentsRequest."""
    root = etree.Element(_REQUEST_ROOT, nsmap=_PREFIXES)
    write_document_requests(root, request.documents)
    return Payload(root)


def parse_request(element: Element, attachments: Attachments) -> RemoveDocumentsRequest:  # noqa: ARG001 - the card's form
    """Read an rmd:RemoveDocumentsRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    if element.tag != _REQUEST_ROOT:
        raise MessageMalformed(
            "the message is not a RemoveDocumentsRequest",
            where="the child of the SOAP Body",
            got=str(element.tag),
            expected=_REQUEST_ROOT,
        )
    return RemoveDocumentsRequest(read_document_requests(element))


async def answer(request: RemoveDocumentsRequest, world: World) -> RegistryResponse:
    """Remove what is there and say so; PartialSuccess where some is not, Failure where nothing is.

    Raises:
        StorageError: nothing was removed.
    """
    found = await looked_up(request.documents, world)
    there = [stored.unique_id for _, stored in found if isinstance(stored, StoredDocument)]
    errors = tuple([error for _, error in found if isinstance(error, RegistryError)])
    if there:
        await world.documents.remove(there)
    if not errors:
        return RegistryResponse(urns.SUCCESS)
    return RegistryResponse(urns.PARTIAL_SUCCESS if there else urns.FAILURE, errors=errors)


async def refuse(request: RemoveDocumentsRequest, findings: Sequence[Finding], world: World) -> RegistryResponse:
    """A Failure that lists what is wrong with the request, and what of it is not there; nothing is removed."""
    return RegistryResponse(urns.FAILURE, errors=await refusal(request.documents, findings, world))


def verdict(response: RegistryResponse, request: RemoveDocumentsRequest) -> Verdict:
    """What the repository said of the documents that were named."""
    return verdict_of(response, [("document", one.document_unique_id) for one in request.documents])


def log_ids(request: RemoveDocumentsRequest) -> str:
    """How many documents; no patient."""
    return f"documents={len(request.documents)}"


SPEC: Final = Transaction(
    name="iti-86",
    code="ITI-86",
    title="Remove Documents",
    section="ITI TF-2: 3.86",
    actors=("Document Administrator", "Document Repository"),
    action="urn:ihe:iti:2017:RemoveDocuments",
    response_action="urn:ihe:iti:2017:RemoveDocumentsResponse",
    request_root=_REQUEST_ROOT,
    response_root=REGISTRY_RESPONSE,
    path="/iti86/remove",
    config_field="iti86_endpoint",
    mtom=Mtom.ALLOWED,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=document_request_rules(RemoveDocumentsRequest, "RMD", "RemoveDocumentsRequest", "ITI TF-2: 3.86.4.1.2"),
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    refuse=refuse,
)

__all__ = ["SPEC", "DocumentRequest", "RemoveDocumentsRequest"]
