"""What a client makes of the documents that come: a Success with others than were asked for is none."""

import pytest

from ihe_test_util.content import Content
from ihe_test_util.transactions import iti43
from ihe_test_util.transactions.iti43 import DocumentRequest, RetrievedDocument, RetrieveRequest, RetrieveResponse
from ihe_test_util.transactions.xds.response import RegistryResponse
from ihe_test_util.xml.ebrim import urns

HELLO = "f7ff9e8b7bb2e09b70935a5d785e0cc5d9d0abf0"


def asked(*unique_ids: str, sha1: str = "") -> RetrieveRequest:
    """A request for documents."""
    return RetrieveRequest(tuple(DocumentRequest("2.999.1.2", one, sha1=sha1) for one in unique_ids))


def came(*unique_ids: str, content: bytes = b"Hello") -> RetrieveResponse:
    """A Success with documents."""
    documents = [RetrievedDocument("2.999.1.2", one, "text/plain", Content.of(content)) for one in unique_ids]
    return RetrieveResponse(RegistryResponse(urns.SUCCESS), tuple(documents))


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (asked("2.999.1", "2.999.2"), came("2.999.2", "2.999.1")),
        (asked("2.999.1", "2.999.1"), came("2.999.1", "2.999.1")),
        (asked("2.999.1", sha1=HELLO.upper()), came("2.999.1")),
    ],
    ids=["other-order", "twice", "hash"],
)
def test_what_was_asked_for_is_accepted(request_: RetrieveRequest, response: RetrieveResponse) -> None:
    """In any order, and as the registry knows it."""
    verdict = iti43.SPEC.verdict(response, request_)

    assert (verdict.accepted, verdict.details) == (True, ())


@pytest.mark.parametrize(
    ("request_", "response", "told"),
    [
        (asked("2.999.1"), came("2.999.1", "2.999.6"), "document '2.999.6' came 1 times and was asked for 0 times"),
        (asked("2.999.1"), came("2.999.1", "2.999.1"), "document '2.999.1' came 2 times and was asked for 1 times"),
        (asked("2.999.1", "2.999.2"), came("2.999.1"), "document '2.999.2' was asked for, and did not come"),
        (asked("2.999.1", sha1=HELLO), came("2.999.1", content=b"Hallo"), f"the registry says {HELLO}"),
    ],
    ids=["other", "double", "missing", "changed"],
)
def test_anything_else_is_not(request_: RetrieveRequest, response: RetrieveResponse, told: str) -> None:
    """Whatever the repository says, and the reason is told."""
    verdict = iti43.SPEC.verdict(response, request_)

    assert not verdict.accepted
    assert len(verdict.details) == 1
    assert verdict.details[0].endswith(told)
