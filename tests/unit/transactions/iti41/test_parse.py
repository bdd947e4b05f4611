"""Reading Provide and Register Document Set-b requests: of any spelling, and however incomplete."""

from collections.abc import Callable

import pytest

from ihe_test_util.domain.xds.metadata import Author, Code
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.iti41 import ProvideAndRegisterRequest
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element, parse

RequestOf = Callable[[str], ProvideAndRegisterRequest]
Read = Callable[[Element], ProvideAndRegisterRequest]


def test_minimal(request_of: RequestOf) -> None:
    """A request with one document yields its submission set, its entry and its bytes."""
    request = request_of("minimal")
    (entry,) = request.metadata.document_entries
    submission_set = request.metadata.submission_set
    assert submission_set is not None
    assert submission_set.unique_id == "2.999.1.6.1"
    assert submission_set.source_id == "2.999.1.20"
    assert submission_set.patient_id == entry.patient_id == "TEST-4711^^^&2.999.1.3&ISO"
    assert entry.unique_id == "2.999.1.5.1"
    assert entry.slot("creationTime") == "20240229153001"
    assert entry.code(urns.ENTRY_CLASS_CODE) == Code("SUMMARIES", "1.3.6.1.4.1.19376.1.2.6.1", "Summaries")
    (document,) = request.documents
    assert document.entry_id == entry.source.id == "Document01"
    assert document.content.read() == b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>\n'


def test_full(request_of: RequestOf) -> None:
    """Several documents, authors, languages, a folder and relations are all found."""
    metadata = request_of("full").metadata
    first, second = metadata.document_entries
    assert first.title == "Entlassbrief für Zoë <1/2> \N{EN DASH} 退院要約 🏥"
    assert [string.lang for string in first.source.name] == ["de-CH", "en"]
    assert [code.code for code in first.codes(urns.ENTRY_CONFIDENTIALITY_CODE)] == ["N", "R"]
    assert first.authors == (
        Author(
            "815^Nakamura^Aiko^^^Dr.^^^&2.999.1.7&ISO",
            ("Example General Hospital^^^^^^^^^2.999.1.8", "Ward 7^^^^^&2.999.1.8&ISO^^^^W7"),
            ("Attending",),
            ("Cardiology",),
            ("^^Internet^aiko.nakamura@example.org",),
        ),
        Author("^Müller^Jürgen", telecoms=("^WPN^PH^^41^31^5550123",)),
    )
    assert second.source.mime_type == "text/plain"
    (folder,) = metadata.folders
    assert folder.unique_id == "2.999.1.10.1"
    assert len(metadata.associations) == 7
    assert metadata.request.slots[0].values == ("discharge",)


@pytest.mark.parametrize("name", ["namespaces", "order"])
def test_spelling_does_not_matter(request_of: RequestOf, name: str) -> None:
    """Prefixes, default namespaces and the order of the objects change nothing in what is read."""
    plain, other = request_of("minimal").metadata, request_of(name).metadata
    assert other.document_entries == plain.document_entries
    assert other.associations == plain.associations
    assert [each.unique_id for each in other.submission_sets] == [each.unique_id for each in plain.submission_sets]


def test_missing_parts_are_empty(read: Read) -> None:
    """An empty request is read as one without metadata and documents."""
    request = read(parse(b'<p:ProvideAndRegisterDocumentSetRequest xmlns:p="urn:ihe:iti:xds-b:2007"/>'))
    assert request == ProvideAndRegisterRequest()
    assert request.metadata.submission_set is None


def test_another_message_is_refused(sample: Callable[[str], Element], read: Read) -> None:
    """Only a wrong root element makes a message unreadable, and the error says which."""
    with pytest.raises(MessageMalformed) as caught:
        read(sample("response-success"))
    assert caught.value.got == "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}RegistryResponse"


def test_metadata_as_they_came(request_of: RequestOf) -> None:
    """The XML of the metadata is kept as it arrived, without the documents."""
    raw = request_of("full").metadata.raw
    assert raw.startswith(b"<lcm:SubmitObjectsRequest")
    assert "退院要約 🏥".encode() in raw
    assert b"Document>" not in raw
    assert parse(raw).tag == "{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}SubmitObjectsRequest"
