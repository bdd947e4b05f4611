"""Submissions made from documents alone."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.metadata import Author, Code
from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.iti41 import (
    C_CDA_SUMMARY,
    SPEC,
    DocumentDraft,
    ProvideAndRegisterRequest,
    submission_for,
)
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import Element, parse, serialize

AUTHOR = Author(
    "815^Nakamura^Aiko", ("Example Hospital",), ("Attending",), ("Cardiology",), ("^^Internet^a@example.org",)
)


def submission(*drafts: DocumentDraft) -> ProvideAndRegisterRequest:
    """A submission of drafts for an invented patient."""
    return submission_for(
        drafts,
        patient_id="TEST-4711^^^&2.999.1.3&ISO",
        source_patient_id="MRN-815^^^&2.999.1.4&ISO",
        source_id="2.999.1.20",
        unique_id="2.999.1.6.9",
        submission_time="20240229153100",
        title="Für Zoë",
        authors=(AUTHOR,),
        source_patient_info=("PID-5|O'Näme^Zoë", "PID-8|F"),
    )


@pytest.fixture
def two_documents() -> ProvideAndRegisterRequest:
    """A C-CDA document, and a text with codes of its own."""
    codes = replace(C_CDA_SUMMARY, confidentiality_codes=(Code("N", "2.999", "N"), Code("R", "2.999", "R")))
    return submission(
        DocumentDraft(Content.of(b"<a/>"), "2.999.1.5.8", "20240229", "One", authors=(AUTHOR, AUTHOR)),
        DocumentDraft(Content.of(b"two"), "2.999.1.5.9", "20240229", mime_type="text/plain", codes=codes),
    )


def test_strict_repositories_accept_it(two_documents: ProvideAndRegisterRequest) -> None:
    """No rule has anything to say, not even a warning."""
    assert SPEC.judge(two_documents) == []


def test_schema_valid_and_read_back(
    two_documents: ProvideAndRegisterRequest,
    read_back: Callable[[Payload], ProvideAndRegisterRequest],
    schema_problems: Callable[[Element], Sequence[tuple[int, str]]],
) -> None:
    """It is valid against the schema, and read back the same."""
    payload = SPEC.build_request(two_documents)
    written = parse(serialize(payload.element))
    assert read_back(replace(payload, element=written)) == two_documents
    assert schema_problems(written) == []


def test_attributes_are_those_given(two_documents: ProvideAndRegisterRequest) -> None:
    """Ids, times, codes and authors are the arguments; hash and size are those of the content."""
    first, second = two_documents.metadata.document_entries
    assert first.unique_id == "2.999.1.5.8"
    assert first.slot("hash") == hashlib.sha1(b"<a/>", usedforsecurity=False).hexdigest()
    assert first.slot("size") == "4"
    assert first.authors == (AUTHOR, AUTHOR)
    assert [code.code for code in second.codes(urns.ENTRY_CONFIDENTIALITY_CODE)] == ["N", "R"]
    assert [document.entry_id for document in two_documents.documents] == ["Document01", "Document02"]


def test_the_same_for_the_same_arguments() -> None:
    """Nothing in it comes from a clock or from chance."""
    draft = DocumentDraft(Content.of(b"x"), "2.999.1.5.8", "2024")
    assert submission(draft) == submission(draft)
