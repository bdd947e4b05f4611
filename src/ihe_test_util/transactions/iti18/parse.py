"""A stored query and its answer from XML: tolerant, so that the rules can say what is wrong."""

from typing import Final

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.iti18.model import (
    REQUEST_ROOT,
    RESPONSE_ROOT,
    UNLIMITED,
    StoredQueryRequest,
    StoredQueryResponse,
)
from ihe_test_util.transactions.xds.response import ERROR_LIST, RESPONSE_SLOT_LIST, RegistryError, read_errors
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import AnyObject, Slot, read_objects, read_slots
from ihe_test_util.xml.ebrim.reader import REGISTRY_OBJECT_LIST
from ihe_test_util.xml.io import Element

RESPONSE_OPTION: Final = f"{{{ns.QUERY}}}ResponseOption"
ADHOC_QUERY: Final = f"{{{ns.RIM}}}AdhocQuery"
#: What ebRS takes where nothing is said, and XDS does not have.
_DEFAULT_RETURN_TYPE: Final = "RegistryObject"
_TRUE: Final = ("true", "1")


def parse_request(element: Element, attachments: Attachments) -> StoredQueryRequest:  # noqa: ARG001 - the card's form
    """Read a query:AdhocQueryRequest; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    _check_root(element, REQUEST_ROOT, "message")
    option = element.find(RESPONSE_OPTION)
    query = element.find(ADHOC_QUERY)
    get = element.get
    return StoredQueryRequest(
        query_id="" if query is None else query.get("id", ""),
        slots=() if query is None else read_slots(query),
        return_type=_DEFAULT_RETURN_TYPE if option is None else option.get("returnType", _DEFAULT_RETURN_TYPE),
        home="" if query is None else query.get("home", ""),
        composed=option is not None and option.get("returnComposedObjects", "").strip() in _TRUE,
        start_index=_integer(get("startIndex", ""), 0),
        max_results=_integer(get("maxResults", ""), UNLIMITED),
        request_id=get("id", ""),
        comment=get("comment", ""),
    )


def parse_response(element: Element, attachments: Attachments) -> StoredQueryResponse:  # noqa: ARG001 - the card's form
    """Read a query:AdhocQueryResponse; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    _check_root(element, RESPONSE_ROOT, "answer")
    slots: tuple[Slot, ...] = ()
    errors: list[RegistryError] = []
    objects: tuple[AnyObject, ...] = ()
    for child in element:
        if child.tag == RESPONSE_SLOT_LIST:
            slots += read_slots(child)
        elif child.tag == ERROR_LIST:
            errors += read_errors(child)
        elif child.tag == REGISTRY_OBJECT_LIST:
            objects += read_objects(child)
    get = element.get
    total = get("totalResultCount", "")
    return StoredQueryResponse(
        get("status", ""),
        objects,
        tuple(errors),
        _integer(get("startIndex", ""), 0),
        _integer(total, 0) if total else None,
        get("requestId", ""),
        slots,
    )


def _check_root(element: Element, expected: str, what: str) -> None:
    if element.tag != expected:
        raise MessageMalformed(
            f"the {what} is not that of a stored query",
            where="the child of the SOAP Body",
            got=str(element.tag),
            expected=expected,
            hint="is this the endpoint of a document registry?" if what == "answer" else "",
        )


def _integer(text: str, default: int) -> int:
    text = text.strip()
    digits = text.removeprefix("-")
    # Python refuses to read thousands of digits, and no registry holds so much.
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < len("1" * 18) else default
