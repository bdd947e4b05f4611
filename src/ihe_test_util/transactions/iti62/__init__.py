"""ITI-62 Remove Metadata (ITI TF-2: 3.62): objects leave a registry for good; their documents stay (ITI-86)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from lxml import etree

from ihe_test_util.domain.registry.demands import Refused
from ihe_test_util.domain.registry.removing import removal_problems, remove
from ihe_test_util.domain.world import World
from ihe_test_util.domain.xds.datatypes import is_uuid_urn
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.card import NOTHING, Attachments, Miss, Mtom, Payload, Rule, Transaction, Verdict
from ihe_test_util.transactions.xds import submitting
from ihe_test_util.transactions.xds.base import NONE, UNRESOLVED_REFERENCE, shown
from ihe_test_util.transactions.xds.response import (
    REGISTRY_RESPONSE,
    RegistryResponse,
    build_response,
    parse_response,
    verdict_of,
)
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element

_REQUEST_ROOT: Final = f"{{{ns.LCM}}}RemoveObjectsRequest"
_QUERY: Final = f"{{{ns.RIM}}}AdhocQuery"
_REF_LIST: Final = f"{{{ns.RIM}}}ObjectRefList"
_REF: Final = f"{{{ns.RIM}}}ObjectRef"
_SCOPE: Final = "deletionScope"
_PREFIXES: Final = {"lcm": ns.LCM, "rim": ns.RIM}
_SECTION: Final = "ITI TF-2: 3.62.4.1.2"
_ERROR: Final = "XDSRegistryError"


@dataclass(frozen=True, slots=True)
class RemoveMetadataRequest:
    """The objects that shall go, by their entryUUIDs (ITI TF-2: 3.62.4.1.2).

    ``deletion_scope`` and ``by_query`` are what ebRS allows and IHE does not.
    """

    ids: tuple[str, ...] = ()
    deletion_scope: str = ""
    by_query: bool = False


def build_request(request: RemoveMetadataRequest) -> Payload:
    """An lcm:RemoveObjectsRequest."""
    root = etree.Element(_REQUEST_ROOT, nsmap=_PREFIXES)
    if request.deletion_scope:
        root.set(_SCOPE, request.deletion_scope)
    if request.by_query:
        etree.SubElement(root, _QUERY, id="query")
    if request.ids:
        references = etree.SubElement(root, _REF_LIST)
        for one in request.ids:
            etree.SubElement(references, _REF, id=one)
    return Payload(root)


def parse_request(element: Element, attachments: Attachments) -> RemoveMetadataRequest:  # noqa: ARG001 - the card's form
    """Read an lcm:RemoveObjectsRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    if element.tag != _REQUEST_ROOT:
        raise MessageMalformed(
            "the message is not a RemoveObjectsRequest",
            where="the child of the SOAP Body",
            got=str(element.tag),
            expected=_REQUEST_ROOT,
        )
    ids = tuple(
        [one.get("id", "").strip() for part in element.iterchildren(_REF_LIST) for one in part.iterchildren(_REF)]
    )
    return RemoveMetadataRequest(ids, element.get(_SCOPE, ""), element.find(_QUERY) is not None)


async def answer(request: RemoveMetadataRequest, world: World) -> RegistryResponse:
    """Remove all objects, or none and say all that the registry has against it.

    Raises:
        StorageError: nothing was removed.
    """
    try:
        await world.registry.change(partial(remove, request.ids))
    except Refused as refused:
        return submitting.refused(refused.findings)
    return RegistryResponse(urns.SUCCESS)


async def refuse(request: RemoveMetadataRequest, findings: Sequence[Finding], world: World) -> RegistryResponse:
    """The Failure with all errors, of the message and of the registry's state."""
    state = await world.registry.look(partial(removal_problems, request.ids))
    return submitting.refused([*(finding for finding in findings if finding.code), *state])


def verdict(response: RegistryResponse, request: RemoveMetadataRequest) -> Verdict:
    """What the registry said of the objects that were named."""
    return verdict_of(response, [("object", one) for one in request.ids])


def log_ids(request: RemoveMetadataRequest) -> str:
    """How many objects; no patient."""
    return f"objects={len(request.ids)}"


def _some(request: RemoveMetadataRequest) -> Sequence[Miss]:
    return (
        NONE if request.ids else (Miss("/RemoveObjectsRequest/ObjectRefList/ObjectRef", want="an ObjectRef for each"),)
    )


def _uuids(request: RemoveMetadataRequest) -> Sequence[Miss]:
    return [
        Miss(
            f"/RemoveObjectsRequest/ObjectRefList/ObjectRef[{place}]/id", shown(one) if one else NOTHING, "a urn:uuid:"
        )
        for place, one in enumerate(request.ids, start=1)
        if not is_uuid_urn(one)
    ]


def _distinct(request: RemoveMetadataRequest) -> Sequence[Miss]:
    return [
        Miss("/RemoveObjectsRequest/ObjectRefList", f"{shown(one)}, {count} times", "each object once")
        for one, count in Counter(request.ids).items()
        if count > 1
    ]


def _no_query(request: RemoveMetadataRequest) -> Sequence[Miss]:
    return (Miss("/RemoveObjectsRequest/AdhocQuery", "a query", "ObjectRefs"),) if request.by_query else NONE


def _no_scope(request: RemoveMetadataRequest) -> Sequence[Miss]:
    scope = request.deletion_scope
    return (Miss(f"/RemoveObjectsRequest/@{_SCOPE}", shown(scope), "no such attribute"),) if scope else NONE


def _rule(
    number: int,
    sentence: str,
    check: Callable[[RemoveMetadataRequest], Sequence[Miss]],
    *,
    code: str = _ERROR,
    essential: bool = False,
    severity: Severity = Severity.ERROR,
) -> Rule[RemoveMetadataRequest]:
    return Rule(f"RM-{number:02}", _SECTION, severity, sentence, check, essential, code)


RULES: Final = (
    _rule(1, "a request names at least one object", _some, essential=True),
    _rule(2, "an object is named by its entryUUID", _uuids, code=UNRESOLVED_REFERENCE),
    _rule(3, "an object is named once", _distinct, severity=Severity.WARNING),
    _rule(4, "objects are named by ObjectRefs, not by a query", _no_query, essential=True),
    _rule(5, "there is no deletionScope", _no_scope),
)

SPEC: Final = Transaction(
    name="iti-62",
    code="ITI-62",
    title="Remove Metadata",
    section="ITI TF-2: 3.62",
    actors=("Document Administrator", "Document Registry"),
    action="urn:ihe:iti:2010:DeleteDocumentSet",
    response_action="urn:ihe:iti:2010:DeleteDocumentSetResponse",
    request_root=_REQUEST_ROOT,
    response_root=REGISTRY_RESPONSE,
    path="/iti62/remove",
    config_field="iti62_endpoint",
    mtom=Mtom.ABSENT,
    build_request=build_request,
    parse_request=parse_request,
    build_response=build_response,
    parse_response=parse_response,
    rules=RULES,
    answer=answer,
    verdict=verdict,
    log_ids=log_ids,
    refuse=refuse,
)

__all__ = ["SPEC", "RemoveMetadataRequest"]
