"""Payloads that are at hand as text."""

import pytest

from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import Payload
from ihe_test_util.xml.io import parse, serialize

XML = '<q:a xmlns:q="urn:x"><q:b>é</q:b></q:a>'.encode()


def test_text_is_an_element_for_whoever_asks() -> None:
    """It is read once, when somebody looks."""
    payload = Payload.of_xml(XML)

    assert (payload.xml, payload.attachments) == (XML, ())
    assert payload.element is payload.element
    assert serialize(payload.element, declaration=False) == XML


def test_an_element_that_was_asked_for_may_be_changed() -> None:
    """From then on it is the element that counts, and no longer the text."""
    payload = Payload.of_xml(XML)

    payload.element.set("changed", "yes")

    assert payload.xml == b""
    assert payload.element.get("changed") == "yes"


def test_text_goes_into_an_envelope_as_it_is() -> None:
    """And comes out as it would have as an element."""
    element = parse(XML)

    as_text = write_envelope(XML, version=SoapVersion.V12)

    assert as_text == write_envelope(element, version=SoapVersion.V12)
    read = read_envelope(parse(as_text)).payload
    assert read is not None
    assert serialize(read, declaration=False).endswith("<q:b>é</q:b></q:a>".encode())


def test_a_payload_has_nothing_else() -> None:
    """A misspelt attribute is an error."""
    with pytest.raises(AttributeError):
        getattr(Payload.of_xml(XML), "elements")  # noqa: B009 - the type checker knows that there is no such attribute
