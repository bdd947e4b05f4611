"""What metadata need to know of a document."""

from datetime import UTC, datetime

import pytest

from ihe_test_util.content import Content
from ihe_test_util.documents.document import Document, document_from
from ihe_test_util.domain.xds.metadata import Code
from ihe_test_util.errors import BadInput

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
HEADER = "2.16.840.1.113883.10.20.22.1.1"


def made(inner: str) -> Document:
    """The document with this in its root."""
    data = f'<ClinicalDocument xmlns="urn:hl7-org:v3">{inner}</ClinicalDocument>'.encode()
    return document_from(data, creation_time=NOW, fallback_id="2.25.1", what="document")


def test_a_document_states_what_its_header_says() -> None:
    """Title, language, type and confidentiality are the document's own; the bytes are kept as they are."""
    document = made(
        '<id root="2.999.1" extension="A-1"/>'
        '<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summary"/>'
        '<title> Two\n words </title><confidentialityCode code="R" codeSystem="2.16.840.1.113883.5.25"/>'
        '<languageCode code="de-DE"/>'
    )
    assert document == Document(
        Content.of(document.content.read()),
        "2.999.1^A-1",
        NOW,
        "Two words",
        "de-DE",
        Code("34133-9", "2.16.840.1.113883.6.1", "Summary"),
        None,
        Code("R", "2.16.840.1.113883.5.25", ""),
    )


@pytest.mark.parametrize(
    ("identifier", "unique_id"),
    [
        ('<id root="2.25.77"/>', "2.25.77"),
        ('<id root="2.999.1" extension="A-1"/>', "2.999.1^A-1"),
        ('<id root="00000000-0000-0000-0000-00000000000A"/>', "2.25.10"),
        ('<id root="2.999.1" extension="more than sixteen characters"/>', "2.25.1"),
        ('<id root="2.999.1" extension="a b"/>', "2.25.1"),
        ('<id root="nonsense"/>', "2.25.1"),
        ('<id nullFlavor="UNK"/>', "2.25.1"),
        ("", "2.25.1"),
    ],
)
def test_the_unique_id_is_the_documents_own_where_a_registry_takes_it(identifier: str, unique_id: str) -> None:
    """An OID, an OID with a short extension, a UUID as OID; else one is made."""
    assert made(identifier).unique_id == unique_id


@pytest.mark.parametrize(
    ("templates", "body", "code"),
    [
        (f'<templateId root="{HEADER}" extension="2015-08-01"/>', "structuredBody", "ccda-structuredBody:2.1"),
        (f'<templateId root="{HEADER}"/>', "structuredBody", "ccda-structuredBody:1.1"),
        (f'<templateId root="{HEADER}" extension="2015-08-01"/>', "nonXMLBody", "ccda-nonXMLBody:2.1"),
        ('<templateId root="2.999.5"/>', "structuredBody", ""),
        ("", "structuredBody", ""),
    ],
)
def test_the_format_code_follows_from_template_and_body(templates: str, body: str, code: str) -> None:
    """C-CDA's format codes name the release and the kind of body; other documents have none here."""
    found = made(f"{templates}<component><{body}/></component>").format_code
    assert (found.code if found else "") == (f"urn:hl7-org:sdwg:{code}" if code else "")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<ClinicalDocument>", "not well-formed"),
        (b"<a/>", "no CDA document"),
        (b"<ClinicalDocument/>", "no CDA document"),
        (b'<!DOCTYPE x><ClinicalDocument xmlns="urn:hl7-org:v3"/>', "document type declaration"),
    ],
)
def test_what_is_no_cda_document_is_refused(data: bytes, says: str) -> None:
    """Whatever a template made of a patient, nothing else is handed on."""
    with pytest.raises(BadInput, match=says):
        document_from(data, creation_time=NOW, fallback_id="2.25.1", what="document")
