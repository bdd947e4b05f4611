"""HL7 V3 written as text is what lxml would write."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL, Part, elements, text
from ihe_test_util.xml.hl7v3.wrappers import Device, Transmission, add_transmission
from ihe_test_util.xml.io import Element, parse, serialize

TEXTS: Final = st.sampled_from(["", "a", "urn:uuid:1", " b\tc\r\nd ", "<&>\"']]>", "Zoë 退院 🏥 \u202eabc"])
IDS: Final = st.builds(II, TEXTS, TEXTS, TEXTS, TEXTS)
SOME_IDS: Final = st.lists(IDS, max_size=2).map(tuple)
PARTS: Final = st.lists(st.builds(Part, st.sampled_from(["", "given", "city"]), TEXTS, TEXTS), max_size=4).map(tuple)
DEVICES: Final = st.builds(Device, SOME_IDS, TEXTS, SOME_IDS)
WRAPPERS: Final = st.builds(
    Transmission,
    st.none() | IDS,
    TEXTS,
    st.none() | IDS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.lists(DEVICES, max_size=2).map(tuple),
    st.none() | DEVICES,
    TEXTS,
)


def _message(inner: str) -> bytes:
    return text.message("message", "", inner)


def _root() -> Element:
    return elements.new_message("message")


def _canonical(message: bytes | Element) -> bytes:
    return etree.tostring(parse(message) if isinstance(message, bytes) else message, method="c14n")


@given(IDS, st.builds(CD, TEXTS, TEXTS, TEXTS, TEXTS), st.builds(TEL, TEXTS, TEXTS, TEXTS), st.booleans())
def test_values_are_what_elements_are(identifier: II, code: CD, telecom: TEL, truth: bool) -> None:  # noqa: FBT001
    """An identifier, a code, a telecommunication address and a Boolean, byte for byte."""
    root = _root()
    elements.add_ii(root, "id", identifier)
    elements.add_cd(root, "code", code)
    elements.add_tel(root, "telecom", telecom)
    elements.add_bl(root, "flag", value=truth)

    written = (
        text.ii("id", identifier) + text.cd("code", code) + text.tel("telecom", telecom) + text.flag("flag", truth)
    )

    assert _message(written) == serialize(root, declaration=False)


@given(PARTS, TEXTS, TEXTS)
def test_names_and_addresses_are_what_elements_are(parts: tuple[Part, ...], use: str, null_flavor: str) -> None:
    """With text between their parts, too."""
    root = _root()
    elements.add_pn(root, "name", PN(parts, use, null_flavor))
    elements.add_ad(root, "addr", AD(parts, use, null_flavor))

    written = text.parted("name", PN(parts, use, null_flavor)) + text.parted("addr", AD(parts, use, null_flavor))

    assert _canonical(_message(written)) == _canonical(root)


@given(WRAPPERS)
def test_a_wrapper_is_what_elements_are(wrapper: Transmission) -> None:
    """Every part of it, in its order."""
    root = _root()
    add_transmission(root, wrapper)

    written = text.message("message", wrapper.its_version, text.transmission(wrapper))

    assert _canonical(written) == _canonical(root)


def test_what_is_absent_is_left_out() -> None:
    """A code, a value or a Boolean that a message does not state leaves no trace."""
    assert not any((text.cd("code", None), text.code("code", ""), text.value("value", ""), text.flag("flag", None)))


@pytest.mark.parametrize("kind", ["two words", "1st", "a/b", "<", "é:"])
def test_no_part_gets_a_name_that_no_element_can_have(kind: str) -> None:
    """Rather than a message that nobody can read."""
    with pytest.raises(ValueError, match="no name of an element"):
        text.parted("name", PN((Part(kind, "text"),)))


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ud800", "\uffff"])
def test_what_xml_cannot_carry_is_refused(character: str) -> None:
    """Rather than written so that nobody can read it."""
    with pytest.raises(ValueError, match="XML cannot carry"):
        _message(text.value("value", character))
