"""Requests of a known shape: taken for what they are, and only where nothing is wrong with them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import IheTestUtilError
from ihe_test_util.mock_server.config import MockServerConfig
from ihe_test_util.mock_server.reading import Reader, Reading, read_message
from ihe_test_util.mock_server.receive import Received
from ihe_test_util.mock_server.routing import Route, routes
from ihe_test_util.soap.addressing import Addressing
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import pix_add
from ihe_test_util.xml.io import parse

SAMPLES = Path(__file__).parents[2] / "data" / "ITI-44"
ACTION = pix_add.SPEC.action
ROUTES = routes(MockServerConfig())
PATH = "/pix/add"


def enveloped(name: str) -> bytes:
    """A sample in an envelope with addressing."""
    addressing = Addressing(action=ACTION, message_id="urn:uuid:5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11", to="http://x")
    return write_envelope(parse((SAMPLES / f"{name}.xml").read_bytes()), version=SoapVersion.V12, addressing=addressing)


def received(xml: bytes, announced: SoapVersion = SoapVersion.V12) -> Received:
    """A plain SOAP message as it arrived."""
    return Received(ContentType(announced.media_type), xml, None, announced)


def experienced(*messages: bytes) -> Reader:
    """A reader to which each message came twice."""
    reader = Reader()
    for xml in messages * 2:
        reader.remember(received(xml), pix_add.SPEC)
    return reader


def recognized(reader: Reader, xml: bytes, *, action: str = "", path: str = PATH) -> tuple[Route, Reading] | None:
    """What a reader makes of a message by its shape."""
    return reader.recognized(received(xml), action, path, ROUTES)


def by_elements(xml: bytes) -> Reading | None:
    """The long way; None where it is refused, or anything is found in it."""
    try:
        envelope = read_envelope(parse(xml), announced=SoapVersion.V12)
        message, found = read_message(pix_add.SPEC, envelope, InlineAttachments(), "")
    except IheTestUtilError:
        return None
    return None if found else Reading(envelope.version, envelope.addressing, message)


@pytest.mark.parametrize("name", ["full", "minimal", "prefixes", "unused-namespaces"])
def test_a_message_that_came_twice_is_recognized(name: str) -> None:
    """From the second time on a message is read by its shape, to the same result."""
    xml = enveloped(name)
    reader = Reader()
    reader.remember(received(xml), pix_add.SPEC)
    assert recognized(reader, xml) is None
    reader.remember(received(xml), pix_add.SPEC)

    found = recognized(reader, xml)

    assert found is not None
    route, reading = found
    assert (route.card, reading) == (pix_add.SPEC, by_elements(xml))


def test_another_patient_is_recognized_with_their_own_values() -> None:
    """What differs from the last message is read anew."""
    xml = enveloped("minimal")
    other = xml.replace(b"<family>", b"<family>Neu").replace(b"5c1f7a2e", b"00000000")
    reader = experienced(xml)

    found = recognized(reader, other)

    assert found is not None
    assert found[1] == by_elements(other) != by_elements(xml)
    again = recognized(reader, xml)
    assert again is not None
    assert again[1] == by_elements(xml)


def test_whatever_is_wrong_is_left_to_the_elements() -> None:
    """A finding has a line, and a message at the wrong place its fault: both need more than values."""
    xml = enveloped("minimal")
    reader = experienced(xml)

    assert recognized(reader, xml.replace(b'code="AL"', b'code="NE"')) is None
    assert recognized(reader, xml.replace(ACTION.encode(), b"urn:other")) is None
    assert recognized(reader, xml, action="urn:other") is None
    assert recognized(reader, xml, path="/elsewhere") is None
    assert reader.recognized(received(xml, SoapVersion.V11), "", PATH, ROUTES) is None
    assert recognized(reader, xml, action=ACTION) is not None


SAMPLE = enveloped("full")


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(SAMPLE)),
            st.integers(0, 20),
            st.text(max_size=8) | st.sampled_from(['"', "'", "<", ">", "&amp;", "]]>", "<x/>", " ", "UN", "1.2.3"]),
        ),
        max_size=3,
    )
)
def test_no_message_is_taken_for_another(changes: list[tuple[int, int, str]]) -> None:
    """Whatever is changed in a message, it is left to the elements, or read as they would have it."""
    reader = experienced(SAMPLE)
    xml = SAMPLE
    for at, length, text in changes:
        xml = xml[:at] + text.encode() + xml[at + length :]
        found = recognized(reader, xml)
        assert found is None or found[1] == by_elements(xml)


VALUES = SAMPLE.split(b'"')


@given(st.lists(st.tuples(st.integers(0, len(VALUES) // 2 - 1), st.text(max_size=8)), max_size=4))
def test_no_value_is_taken_for_another(changes: list[tuple[int, str]]) -> None:
    """The same where values of attributes change, which is what shapes are for."""
    reader = experienced(SAMPLE)
    pieces = list(VALUES)
    for at, text in changes:
        pieces[2 * at + 1] = text.encode()
        xml = b'"'.join(pieces)
        found = recognized(reader, xml)
        assert found is None or found[1] == by_elements(xml)


def test_large_shapes_take_the_place_of_others() -> None:
    """A peer whose messages are large, and never alike, fills no memory: what came longest ago is forgotten."""
    sample = enveloped("minimal").replace(b"</soap:Body>", b" " * 12_000 + b"</soap:Body>")
    messages = [
        sample.replace(
            b"</name>", b"</name>" + b'<telecom value="tel:1"/>' * length + b"<telecom value='tel:1'/>" * kind
        )
        for length in range(10)
        for kind in range(8)
    ]
    assert recognized(experienced(messages[0]), messages[0]) is not None

    reader = experienced(*messages)

    assert recognized(reader, messages[0]) is None
    assert recognized(reader, messages[-1]) is not None
