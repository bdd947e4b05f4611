"""Data types in XML: lenient to read, exact to write."""

import pytest

from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL, Part
from ihe_test_util.xml.hl7v3 import elements as hl7
from ihe_test_util.xml.io import parse, serialize


def test_white_space_around_parts_means_nothing() -> None:
    """An indented name is the same name."""
    indented = b"""<name xmlns="urn:hl7-org:v3" use="L">
      <given>
        Ada
      </given>
      <family>Testfall</family>
    </name>"""
    flat = b'<name xmlns="urn:hl7-org:v3" use="L"><given>Ada</given><family>Testfall</family></name>'
    assert hl7.read_pn(parse(indented)) == hl7.read_pn(parse(flat)) == PN.of("Testfall", "Ada")


def test_validity_and_foreign_elements_are_no_parts() -> None:
    """validTime, useablePeriod and elements of other namespaces do not become parts; text after them stays."""
    name = b'<n xmlns="urn:hl7-org:v3"><validTime><low/></validTime>Ada<x xmlns="urn:x">no</x> B.</n>'
    address = b'<a xmlns="urn:hl7-org:v3"><useablePeriod value="2024"/><city>Teststadt</city></a>'
    assert hl7.read_pn(parse(name)) == PN((Part("", "Ada"), Part("", "B.")))
    assert hl7.read_ad(parse(address)) == AD.of(city="Teststadt")


def test_writers_leave_out_what_is_empty() -> None:
    """No empty attribute, which the schemas refuse, and no element text where there is none."""
    parent = hl7.new_message("message")
    hl7.add_ii(parent, "id", II("2.999.1"))
    hl7.add_cd(parent, "code", CD(null_flavor="UNK"))
    hl7.add_tel(parent, "telecom", TEL("tel:1"))
    hl7.add_pn(parent, "name", PN((Part("given", ""), Part("", "x"))))
    hl7.add_bl(parent, "ind", value=False)
    assert serialize(parent, declaration=False) == (
        b'<message xmlns="urn:hl7-org:v3"><id root="2.999.1"/><code nullFlavor="UNK"/><telecom value="tel:1"/>'
        b'<name><given/>x</name><ind value="false"/></message>'
    )


def test_text_parts_in_a_row_are_joined_by_a_blank() -> None:
    """XML cannot tell two texts apart, but words do not grow together."""
    parent = hl7.new_message("message")
    hl7.add_pn(parent, "name", PN((Part("", "a"), Part("", "b"), Part("given", "c"), Part("", "d"), Part("", "e"))))
    assert serialize(parent[0], declaration=False) == b'<name xmlns="urn:hl7-org:v3">a b<given>c</given>d e</name>'


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("1", True), ("false", False), ("0", False), ("yes", None), (None, None)]
)
def test_booleans(value: str | None, expected: bool | None) -> None:  # noqa: FBT001 - a column of a table
    """Both spellings of XML Schema are read; everything else is not known."""
    assert hl7.read_bl(value) is expected


def test_equal_identifiers_are_equal_however_they_were_read() -> None:
    """Attributes in any order, roots alone, long roots: the same value."""
    long = "2.999" + ".1" * 100
    for xml, expected in (
        ('<id extension="1" root="2.999"/>', II("2.999", "1")),
        ('<id root="2.999"/>', II("2.999")),
        ('<id root=""/>', II()),
        ('<id nullFlavor="UNK"/>', II(null_flavor="UNK")),
        ('<id displayable="true"/>', II()),
        (f'<id root="{long}"/>', II(long)),
    ):
        assert hl7.read_ii(parse(xml.encode())) == expected
