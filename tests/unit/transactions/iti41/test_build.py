"""Writing Provide and Register Document Set-b requests."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from ihe_test_util.content import Content
from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.iti41 import SPEC, ProvideAndRegisterRequest, ProvidedDocument
from ihe_test_util.xml.io import Element, parse, serialize

RequestOf = Callable[[str], ProvideAndRegisterRequest]
ReadBack = Callable[[Payload], ProvideAndRegisterRequest]
NAMES = ["minimal", "full", "namespaces", "order"]


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(request_of: RequestOf, read_back: ReadBack, name: str) -> None:
    """What is written is read back the same, documents included."""
    request = request_of(name)
    payload = SPEC.build_request(request)
    sent = replace(payload, element=parse(serialize(payload.element)))
    assert read_back(sent) == request


@pytest.mark.parametrize("name", NAMES)
def test_schema_valid(
    request_of: RequestOf, schema_problems: Callable[[Element], Sequence[tuple[int, str]]], name: str
) -> None:
    """What is written is valid against the schema of XDS.b."""
    written = parse(serialize(SPEC.build_request(request_of(name)).element))
    assert schema_problems(written) == []


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_valid(
    sample: Callable[[str], Element], schema_problems: Callable[[Element], Sequence[tuple[int, str]]], name: str
) -> None:
    """The samples themselves are valid against the schema of XDS.b."""
    assert schema_problems(sample(name)) == []


def test_documents_travel_beside_the_xml(request_of: RequestOf) -> None:
    """Each document is an attachment with a Content-ID of its own and the media type of its entry."""
    attachments = SPEC.build_request(request_of("full")).attachments
    assert [attachment.content_type for attachment in attachments] == ["text/xml", "text/plain"]
    assert len({attachment.content_id for attachment in attachments}) == 2
    assert attachments[1].content.read() == "Grüße von Zoë\r\n".encode()


def test_a_document_without_entry_has_no_media_type() -> None:
    """A document that no entry describes is sent all the same, as bytes."""
    request = ProvideAndRegisterRequest(documents=(ProvidedDocument("Document09", Content.of(b"?")),))
    (attachment,) = SPEC.build_request(request).attachments
    assert attachment.content_type == "application/octet-stream"
