"""QUQI_IN000003UV01: asking for more of a query's answer, or for no more (ITI TF-2: 3.47.4.3, 3.47.4.4)."""

from dataclasses import dataclass
from typing import Final

from ihe_test_util.transactions.card import Attachments, Payload
from ihe_test_util.transactions.feed.answer import one_line
from ihe_test_util.transactions.feed.parse import another_message, elsewhere, unqualified
from ihe_test_util.transactions.patient_query.answer import query_name
from ihe_test_util.transactions.patient_query.parse import CONTROL_ACT
from ihe_test_util.xml.hl7v3 import CD, II
from ihe_test_util.xml.hl7v3.acknowledgement import Acknowledgement, acknowledgement_in, add_acknowledgement
from ihe_test_util.xml.hl7v3.elements import add, add_cd, add_ii, by_tag, child, new_message, q, read_cd, read_ii
from ihe_test_util.xml.hl7v3.wrappers import HL7_INTERACTIONS, Device, Transmission, read_transmission
from ihe_test_util.xml.io import Element

INTERACTION: Final = "QUQI_IN000003UV01"
#: The element of a cancellation in the WSDL of ITI-47; many consumers write that of a continuation instead.
CANCEL_ELEMENT: Final = f"{INTERACTION}_Cancel"
#: The trigger event as HL7 names it, and as it stands in the messages of most consumers.
TRIGGERS: Final = ("QUQI_TE000003UV01", "PRPA_TE000003UV01")
#: The statusCode of a continuation that asks for more, and of one that wants no more.
CONTINUE: Final = "waitContinuedQueryResponse"
CANCEL: Final = "aborted"
CONTINUATION_PATH: Final = f"/{INTERACTION}/controlActProcess/queryContinuation"

_CONTINUATION: Final = q("queryContinuation")
_CODE: Final = q("code")
_QUERY_ID: Final = q("queryId")
_START: Final = q("startResultNumber")
_QUANTITY: Final = q("continuationQuantity")
_STATUS: Final = q("statusCode")


@dataclass(frozen=True, slots=True)
class Continuation:
    """Which query, and how much of it (queryContinuation); numbers are empty where they were not given."""

    query_id: II | None = None
    start: str = ""
    quantity: str = ""
    status_code: str = ""


@dataclass(frozen=True, slots=True)
class ContinuationRequest:
    """QUQI_IN000003UV01; what a message left out is None or empty.

    ``acknowledgement`` is of the answer before. ``strays`` are paths of elements that are in a namespace where nobody
    looks for them.
    """

    acknowledgement: Acknowledgement
    code: CD | None = None
    continuation: Continuation | None = None
    strays: tuple[str, ...] = ()
    class_code: str = "CACT"
    mood_code: str = "EVN"

    @property
    def transmission(self) -> Transmission:
        """The wrapper."""
        return self.acknowledgement.transmission


def continuation_request(
    query_id: II,
    *,
    message_id: str,
    creation_time: str,
    sender_oid: str,
    receiver_oid: str,
    answered: II | None = None,
    quantity: int | None = None,
    cancel: bool = False,
) -> ContinuationRequest:
    """The message that asks for more of a query's answer, or cancels it; ``answered`` is the id of the last answer."""
    transmission = Transmission(
        II(message_id),
        creation_time,
        II(HL7_INTERACTIONS, CANCEL_ELEMENT if cancel else INTERACTION),
        "P",
        "T",
        "AL",
        (Device.of(receiver_oid),),
        Device.of(sender_oid),
    )
    acknowledgement = Acknowledgement(transmission, "AA", answered) if answered is not None else None
    amount = "" if quantity is None else str(quantity)
    return ContinuationRequest(
        acknowledgement or Acknowledgement(transmission),
        CD(TRIGGERS[0], HL7_INTERACTIONS),
        Continuation(query_id, quantity=amount, status_code=CANCEL if cancel else CONTINUE),
    )


def parse_continuation(message: Element, _attachments: Attachments) -> ContinuationRequest:
    """A continuation or cancellation as a value.

    Raises:
        MessageMalformed: the element is something else.
    """
    if message.tag not in (q(INTERACTION), q(CANCEL_ELEMENT)):
        raise another_message(message, INTERACTION)
    transmission, rest = read_transmission(message)
    acknowledgement = acknowledgement_in(transmission, rest)
    act = next((one for one in rest if one.tag == CONTROL_ACT), None)
    if act is None:
        return ContinuationRequest(acknowledgement, None, None, elsewhere(message), "", "")
    code, found = child(act, _CODE), child(act, _CONTINUATION)
    return ContinuationRequest(
        acknowledgement,
        read_cd(code) if code is not None else None,
        _continuation(found) if found is not None else None,
        unqualified(message) if found is not None else elsewhere(message),
        act.get("classCode", ""),
        act.get("moodCode", ""),
    )


def build_continuation(request: ContinuationRequest) -> Payload:
    """The SOAP Body's content; what the request does not have is left out."""
    asked = request.continuation
    message = new_message(CANCEL_ELEMENT if asked is not None and asked.status_code == CANCEL else INTERACTION)
    add_acknowledgement(message, request.acknowledgement)
    if not request.class_code and asked is None:
        return Payload(message)
    act = add(message, "controlActProcess", classCode=request.class_code, moodCode=request.mood_code)
    if request.code is not None:
        add_cd(act, "code", request.code)
    if asked is not None:
        element = add(act, "queryContinuation")
        if asked.query_id is not None:
            add_ii(element, "queryId", asked.query_id)
        for name, number in (("startResultNumber", asked.start), ("continuationQuantity", asked.quantity)):
            if number:
                add(element, name, value=number)
        if asked.status_code:
            add(element, "statusCode", code=asked.status_code)
    return Payload(message)


def status_of(message: Element) -> str:
    """The statusCode by which a continuation is told from a cancellation."""
    act = child(message, CONTROL_ACT)
    asked = child(act, _CONTINUATION) if act is not None else None
    status = child(asked, _STATUS) if asked is not None else None
    return status.get("code", "") if status is not None else ""


def log_continuation(request: ContinuationRequest) -> str:
    """Which query, safe to stand in one line of a log."""
    name = query_name(request.continuation.query_id) if request.continuation is not None else ""
    return f"query {one_line(name)}" if name else ""


def _continuation(element: Element) -> Continuation:
    children = by_tag(element)
    query_ids = children.get(_QUERY_ID)
    start, quantity = (children[tag][0].get("value", "") if tag in children else "" for tag in (_START, _QUANTITY))
    status = children[_STATUS][0].get("code", "") if _STATUS in children else ""
    return Continuation(read_ii(query_ids[0]) if query_ids else None, start, quantity, status)
