"""xop:Include elements lead to their part."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.content import Content
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.mtom import XopAttachments
from ihe_test_util.soap.multipart import Package, Part
from ihe_test_util.xml.xop import INCLUDE, include, include_as_xml


def test_an_include_names_its_part_by_a_cid_url() -> None:
    """Everything but unreserved characters and @ is percent-encoded, "+" too."""
    parent = etree.Element("Document")
    include(parent, "a+b %/~1@urn:ihe:iti:xds-b:2007")
    [child] = parent
    assert child.tag == INCLUDE
    assert child.get("href") == "cid:a%2Bb%20%25%2F~1@urn%3Aihe%3Aiti%3Axds-b%3A2007"
    assert child.prefix == "xop"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_content_id_is_found_again(content_id: str) -> None:
    """What include() wrote, content_of() finds."""
    parent = etree.Element("Document")
    include(parent, content_id)
    document = Part(content_id, "text/plain", (), Content.of(b"document"))
    root = Part("", "application/xop+xml", (), Content.of(b""))
    assert XopAttachments(Package(root, (document,), ContentType("multipart/related"))).content_of(parent).size


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_text_says_what_the_element_says(content_id: str) -> None:
    """An include written as text is the same XML as one written as an element."""
    parent = etree.Element("Document")
    include(parent, content_id)

    assert f"<Document>{include_as_xml(content_id)}</Document>".encode() == etree.tostring(parent)
