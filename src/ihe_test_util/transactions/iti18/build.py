"""A stored query and its answer as XML, valid against query.xsd."""

from collections.abc import Iterable
from typing import Final

from lxml import etree

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.iti18.model import (
    REQUEST_ROOT,
    RESPONSE_ROOT,
    UNLIMITED,
    StoredQueryRequest,
    StoredQueryResponse,
)
from ihe_test_util.transactions.iti18.parse import ADHOC_QUERY, RESPONSE_OPTION
from ihe_test_util.transactions.xds.response import RESPONSE_SLOT_LIST, write_errors
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import write_objects, write_slots
from ihe_test_util.xml.ebrim.reader import REGISTRY_OBJECT_LIST
from ihe_test_util.xml.io import serialize

_REQUEST_PREFIXES = {"query": ns.QUERY, "rim": ns.RIM}
_EMPTY_LIST: Final = b"<rim:RegistryObjectList/>"
_RESPONSE_PREFIXES = {"query": ns.QUERY, "rim": ns.RIM, "rs": ns.RS}


def build_request(request: StoredQueryRequest) -> Payload:
    """A query:AdhocQueryRequest."""
    root = etree.Element(REQUEST_ROOT, nsmap=_REQUEST_PREFIXES)
    if request.request_id:
        root.set("id", request.request_id)
    if request.comment:
        root.set("comment", request.comment)
    if request.start_index:
        root.set("startIndex", str(request.start_index))
    if request.max_results != UNLIMITED:
        root.set("maxResults", str(request.max_results))
    option = etree.SubElement(root, RESPONSE_OPTION, returnType=request.return_type)
    option.set("returnComposedObjects", "true" if request.composed else "false")
    query = etree.SubElement(root, ADHOC_QUERY, id=request.query_id)
    if request.home:
        query.set("home", request.home)
    write_slots(query, request.slots)
    return Payload(root)


def build_response(response: StoredQueryResponse) -> Payload:
    """A query:AdhocQueryResponse; its list of objects is there even when it is empty.

    Raises:
        XmlMalformed: an object that is kept as XML, and is none.
    """
    root = etree.Element(RESPONSE_ROOT, nsmap=_RESPONSE_PREFIXES, status=response.status)
    if response.request_id:
        root.set("requestId", response.request_id)
    if response.start_index:
        root.set("startIndex", str(response.start_index))
    if response.total is not None:
        root.set("totalResultCount", str(response.total))
    if response.slots:
        write_slots(etree.SubElement(root, RESPONSE_SLOT_LIST), response.slots)
    write_errors(root, response.errors)
    objects = etree.SubElement(root, REGISTRY_OBJECT_LIST)
    if all(entry.kept is not None for entry in response.found) and response.found and not response.objects:
        return Payload.of_xml(_filled(serialize(root, declaration=False), response.found))
    write_objects(objects, response.everything)
    return Payload(root)


def _filled(answer: bytes, found: Iterable[Entry]) -> bytes:
    """The answer with objects as the registry keeps them; to read and write them again costs most of the time."""
    head, _, tail = answer.rpartition(_EMPTY_LIST)
    objects = [entry.kept.object_xml for entry in found if entry.kept is not None]
    return b"".join((head, b"<rim:RegistryObjectList>", *objects, b"</rim:RegistryObjectList>", tail))
