"""Answers of registries and repositories, apart from any transaction."""

import pytest
from lxml import etree

from ihe_test_util.content import Content
from ihe_test_util.errors import MessageMalformed
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.xds.response import (
    RegistryError,
    RegistryResponse,
    build_response,
    error_of,
    parse_response,
)
from ihe_test_util.xml.ebrim import Slot, urns
from ihe_test_util.xml.io import Element


class NoAttachments:
    """A RegistryResponse has none."""

    def content_of(self, element: Element) -> Content:
        """Fail: no reader asks."""
        raise AssertionError(f"asked for the content of {element.tag}")


FINDINGS = (
    Finding(
        "XDSM-13",
        "ITI TF-3: 4.2.3.2.3",
        Severity.ERROR,
        "an entry has one classCode",
        "Document01/classCode",
        "nothing",
        "one Classification",
        code="XDSRepositoryMetadataError",
    ),
    Finding("MIME-02", "XOP 1.0, 3.1", Severity.WARNING, "every part is referred to", "part 3", "a part"),
)


def test_findings_become_errors() -> None:
    """Each finding is told by its code, with the object and the attribute in its context."""
    first, second = (error_of(finding, location="urn:oid:2.999.1") for finding in FINDINGS)
    assert first == RegistryError(
        "XDSRepositoryMetadataError",
        "Document01/classCode: an entry has one classCode; found nothing, expected one Classification [XDSM-13]",
        urns.SEVERITY_ERROR,
        "urn:oid:2.999.1",
    )
    assert second.code == "XDSRepositoryError"
    assert second.severity == urns.SEVERITY_WARNING


@pytest.mark.parametrize(
    ("errors", "highest"),
    [
        ((RegistryError("A", severity=urns.SEVERITY_WARNING),), urns.SEVERITY_WARNING),
        ((RegistryError("A", severity=urns.SEVERITY_WARNING), RegistryError("B")), urns.SEVERITY_ERROR),
    ],
)
def test_highest_severity(errors: tuple[RegistryError, ...], highest: str) -> None:
    """The list of errors says how bad the worst of them is."""
    (error_list,) = build_response(RegistryResponse(urns.SUCCESS, errors=errors)).element
    assert error_list.get("highestSeverity") == highest


def test_slots_stand_before_errors() -> None:
    """The schema wants the slots first."""
    response = RegistryResponse(urns.PARTIAL_SUCCESS, "r", (Slot("a", ("1", "2")),), (RegistryError("A", "b"),))
    element = build_response(response).element
    assert [str(child.tag).rpartition("}")[2] for child in element] == ["ResponseSlotList", "RegistryErrorList"]
    assert parse_response(element, NoAttachments()) == response
    assert response.values("a") == ("1", "2")
    assert response.values("b") == ()


def test_another_answer_is_refused() -> None:
    """Only a wrong root element makes an answer unreadable."""
    with pytest.raises(MessageMalformed, match="not that of a registry"):
        parse_response(etree.Element("html"), NoAttachments())


def test_an_empty_answer_is_no_success() -> None:
    """An answer without a status is read, and is not a Success."""
    element = etree.Element("{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}RegistryResponse")
    assert not parse_response(element, NoAttachments()).succeeded
