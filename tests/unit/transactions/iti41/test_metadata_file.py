"""Requests from a file of metadata and the documents beside it."""

from collections.abc import Callable

import pytest
from lxml import etree

from ihe_test_util.content import Content
from ihe_test_util.errors import BadInput
from ihe_test_util.transactions.card import Attachments
from ihe_test_util.transactions.iti41 import ProvideAndRegisterRequest, request_from_metadata
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

Sample = Callable[[str], Element]
ONE, TWO = Content.of(b"one"), Content.of(b"two")


def enveloped(message: Element | None, namespace: str) -> Element:
    """A message in a SOAP envelope."""
    envelope = etree.Element(f"{{{namespace}}}Envelope")
    etree.SubElement(envelope, f"{{{namespace}}}Header")
    body = etree.SubElement(envelope, f"{{{namespace}}}Body")
    if message is not None:
        body.append(message)
    return envelope


def contents(request: ProvideAndRegisterRequest) -> dict[str, bytes]:
    """The bytes of each document by its entry."""
    return {document.entry_id: document.content.read() for document in request.documents}


def test_documents_in_the_order_of_the_entries(sample: Sample) -> None:
    """A list of documents belongs to the entries one by one."""
    request = request_from_metadata(sample("full"), [ONE, TWO])
    assert contents(request) == {"Document01": b"one", "Document02": b"two"}
    assert len(request.metadata.document_entries) == 2


def test_documents_by_entry(sample: Sample) -> None:
    """Documents can be given for their entries by id, in any order."""
    request = request_from_metadata(sample("full"), {"Document02": TWO, "Document01": ONE})
    assert contents(request) == {"Document01": b"one", "Document02": b"two"}


@pytest.mark.parametrize("namespace", [ns.SOAP11, ns.SOAP12])
def test_bare_or_enveloped(sample: Sample, namespace: str) -> None:
    """A SubmitObjectsRequest alone, a whole request and a SOAP envelope around either are one and the same."""
    whole = request_from_metadata(sample("minimal"), [ONE])
    assert request_from_metadata(sample("minimal")[0], [ONE]) == whole
    assert request_from_metadata(enveloped(sample("minimal"), namespace), [ONE]) == whole
    assert request_from_metadata(enveloped(sample("minimal")[0], namespace), [ONE]) == whole


def test_documents_in_the_file(sample: Sample, parts: Attachments) -> None:
    """Where no documents are given, those in the file are sent."""
    request = request_from_metadata(sample("full"), [], parts)
    assert contents(request)["Document02"] == "Grüße von Zoë\r\n".encode()


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ([ONE], "describe 2 documents, 1 were given"),
        ([ONE, TWO, ONE], "describe 2 documents, 3 were given"),
        ({"Document03": ONE}, "Document03"),
        ([], "no document was given"),
    ],
)
def test_documents_that_do_not_fit(sample: Sample, documents: list[Content] | dict[str, Content], words: str) -> None:
    """Too many, too few, or for an entry that is not there: the error says which entries there are."""
    with pytest.raises(BadInput, match=words):
        request_from_metadata(sample("full"), documents)


def test_another_message(sample: Sample) -> None:
    """A file that holds something else is named for what it is."""
    with pytest.raises(BadInput, match="RegistryResponse"):
        request_from_metadata(sample("response-success"), [ONE])
    with pytest.raises(BadInput, match="envelope without a message"):
        request_from_metadata(enveloped(None, ns.SOAP12), [ONE])
