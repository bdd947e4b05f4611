"""What names documents of repositories in ITI-43 and ITI-86: xdsb:DocumentRequest, and the rules on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Protocol, TypeAlias, TypeVar

from lxml import etree

from ihe_test_util.domain.documents import StoredDocument
from ihe_test_util.domain.world import World
from ihe_test_util.domain.xds.datatypes import is_home_community_id, is_oid
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.card import NOTHING, Miss, Rule
from ihe_test_util.transactions.xds import submitting
from ihe_test_util.transactions.xds.base import NONE, Actor, shown
from ihe_test_util.transactions.xds.response import RegistryError
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

UNKNOWN_REPOSITORY: Final = "XDSUnknownRepositoryId"
UNKNOWN_DOCUMENT: Final = "XDSDocumentUniqueIdError"
_XDSB: Final = f"{{{ns.XDSB}}}"
_DOCUMENT_REQUEST: Final = _XDSB + "DocumentRequest"
_HOME: Final = _XDSB + "HomeCommunityId"
_REPOSITORY: Final = _XDSB + "RepositoryUniqueId"
_DOCUMENT: Final = _XDSB + "DocumentUniqueId"


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """One document in one repository; ``home`` is the homeCommunityId, mostly empty (ITI TF-2: 3.43.4.1.2).

    ``sha1`` is what its entry in the registry says of it, where that is known; it is not sent.
    """

    repository_unique_id: str
    document_unique_id: str
    home: str = ""
    sha1: str = ""


class NamesDocuments(Protocol):
    """Any request for documents."""

    @property
    def documents(self) -> tuple[DocumentRequest, ...]:
        """The documents in their order."""


R = TypeVar("R", bound=NamesDocuments)
Check: TypeAlias = Callable[[NamesDocuments], Sequence[Miss]]


def write_document_requests(parent: Element, documents: Sequence[DocumentRequest]) -> None:
    """Append an xdsb:DocumentRequest for each document."""
    for document in documents:
        element = etree.SubElement(parent, _DOCUMENT_REQUEST)
        if document.home:
            etree.SubElement(element, _HOME).text = document.home
        etree.SubElement(element, _REPOSITORY).text = document.repository_unique_id
        etree.SubElement(element, _DOCUMENT).text = document.document_unique_id


def read_document_requests(parent: Element) -> tuple[DocumentRequest, ...]:
    """The documents that a request names; what is missing is empty."""
    return tuple(
        [
            DocumentRequest(_text(child, _REPOSITORY), _text(child, _DOCUMENT), _text(child, _HOME))
            for child in parent
            if child.tag == _DOCUMENT_REQUEST
        ]
    )


def document_request_rules(
    request_type: type[R],  # noqa: ARG001 - says of what the rules are
    prefix: str,
    root: str,
    section: str,
) -> tuple[Rule[R], ...]:
    """The rules on a request for documents; ``root`` is the name of its root, ``section`` that of its message."""

    def some(request: NamesDocuments) -> Sequence[Miss]:
        if request.documents:
            return NONE
        return (Miss(f"/{root}/DocumentRequest", want="a DocumentRequest for each document"),)

    def rule(number: int, sentence: str, check: Check, *, essential: bool = False) -> Rule[R]:
        return Rule(f"{prefix}-{number:02}", section, Severity.ERROR, sentence, check, essential, "XDSRepositoryError")

    def each(name: str, of: Callable[[DocumentRequest], str], good: Callable[[str], bool], want: str) -> Check:
        return lambda request: [
            Miss(f"/{root}/DocumentRequest[{place}]/{name}", shown(of(one)) if of(one) else NOTHING, want)
            for place, one in enumerate(request.documents, start=1)
            if not good(of(one))
        ]

    repository, document = attrgetter("repository_unique_id"), attrgetter("document_unique_id")
    repository_given = each("RepositoryUniqueId", repository, bool, "the repositoryUniqueId of the DocumentEntry")
    repository_oid = each("RepositoryUniqueId", repository, lambda text: not text or is_oid(text), "an OID")
    document_given = each("DocumentUniqueId", document, bool, "the uniqueId of the DocumentEntry")
    home = each("HomeCommunityId", attrgetter("home"), lambda text: not text or is_home_community_id(text), "urn:oid:…")
    return (
        rule(1, "a request names at least one document", some, essential=True),
        rule(2, "each document is asked of a repository", repository_given),
        rule(3, "a repositoryUniqueId is an OID", repository_oid),
        rule(4, "each document is named by its uniqueId", document_given, essential=True),
        rule(5, "a homeCommunityId is urn:oid: and an OID", home),
    )


async def looked_up(
    documents: Sequence[DocumentRequest], world: World
) -> list[tuple[DocumentRequest, StoredDocument | RegistryError]]:
    """What the repository has of what a request names, in its order, or why it has not (ITI TF-2: 3.43.4.2.2).

    Raises:
        StorageError: the repository cannot be read.
    """
    found: list[tuple[DocumentRequest, StoredDocument | RegistryError]] = []
    for one in documents:
        ours = one.repository_unique_id == world.repository_unique_id or not (one.repository_unique_id or world.strict)
        stored = await world.documents.get(one.document_unique_id) if ours else None
        found.append((one, stored or (_unknown_document(one) if ours else _unknown_repository(one, world))))
    return found


async def refusal(
    documents: Sequence[DocumentRequest], findings: Sequence[Finding], world: World
) -> tuple[RegistryError, ...]:
    """Everything that is wrong with a request for documents, and what of those that it names is not there.

    Raises:
        StorageError: the repository cannot be read.
    """
    named = [one for one in documents if one.document_unique_id]
    missing = [found for _, found in await looked_up(named, world) if isinstance(found, RegistryError)]
    return (*submitting.errors_of(findings, Actor.REPOSITORY), *missing)


def _unknown_repository(one: DocumentRequest, world: World) -> RegistryError:
    context = f"repositoryUniqueId {one.repository_unique_id!r} is not this repository's {world.repository_unique_id!r}"
    return RegistryError(UNKNOWN_REPOSITORY, context, location=one.document_unique_id)


def _unknown_document(one: DocumentRequest) -> RegistryError:
    context = f"there is no document of uniqueId {one.document_unique_id!r} in repository {one.repository_unique_id!r}"
    return RegistryError(UNKNOWN_DOCUMENT, context, location=one.document_unique_id)


def _text(parent: Element, tag: str) -> str:
    return (parent.findtext(tag) or "").strip()
