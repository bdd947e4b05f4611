"""SOAP 1.1 and 1.2 envelopes with WS-Addressing, read and written."""

import pytest
from lxml import etree

from ihe_test_util.errors import IheTestUtilError, NotUnderstood, SoapMalformed, VersionMismatch
from ihe_test_util.soap.addressing import NONE, Addressing
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import parse

V12 = f'xmlns:s="{ns.SOAP12}" xmlns:w="{ns.WSA}"'


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize(
    "addressing",
    [
        NONE,
        Addressing(action="urn:x:Do", message_id="urn:uuid:1", to="http://peer/", reply_to=ns.WSA_ANONYMOUS),
        Addressing(action="urn:x:Done", message_id="uuid:2", relates_to="urn:uuid:1", namespace=ns.WSA_2004),
    ],
)
def test_what_is_written_is_read_back(version: SoapVersion, addressing: Addressing) -> None:
    """Version, addressing and payload survive a round trip."""
    data = write_envelope(etree.Element("{urn:x}Do"), version=version, addressing=addressing)

    envelope = read_envelope(parse(data), announced=version)

    assert (envelope.version, envelope.addressing, envelope.findings) == (version, addressing, ())
    assert envelope.payload is not None
    assert envelope.payload.tag == "{urn:x}Do"


@pytest.mark.parametrize(
    ("xml", "error", "said"),
    [
        ("<a/>", SoapMalformed, "root element <a>"),
        ("<Envelope xmlns='urn:old'><Body/></Envelope>", VersionMismatch, "'urn:old'"),
        (f"<s:Envelope {V12}/>", SoapMalformed, "has no Body"),
        (f"<s:Envelope {V12}><s:Body/><s:Body/></s:Envelope>", SoapMalformed, "got: Body, Body"),
        (f"<s:Envelope {V12}><s:Body/><s:Header/></s:Envelope>", SoapMalformed, "got: Body, Header"),
        (f"<s:Envelope {V12}><s:Body><a/><b/></s:Body></s:Envelope>", SoapMalformed, "more than one child"),
        (f"<s:Envelope xmlns:s='{ns.SOAP11}'><s:Body/></s:Envelope>", VersionMismatch, "announces SOAP 1.2"),
    ],
)
def test_an_envelope_that_is_none_is_refused(xml: str, error: type[IheTestUtilError], said: str) -> None:
    """Structure that SOAP forbids is refused, with what was found and what was expected."""
    with pytest.raises(error) as caught:
        read_envelope(parse(xml.encode()), announced=SoapVersion.V12)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("block", "refused"),
    [
        ("<x:A xmlns:x='urn:x' s:mustUnderstand='true'/>", True),
        ("<x:A xmlns:x='urn:x' s:mustUnderstand='1'/>", True),
        ("<x:A xmlns:x='urn:x' s:mustUnderstand='false'/>", False),
        ("<x:A xmlns:x='urn:x'/>", False),
        (f"<x:A xmlns:x='urn:x' s:mustUnderstand='1' s:role='{ns.SOAP12}/role/next'/>", True),
        (f"<x:A xmlns:x='urn:x' s:mustUnderstand='1' s:role='{ns.SOAP12}/role/none'/>", False),
        ("<x:A xmlns:x='urn:x' s:mustUnderstand='1' s:role='http://example.org/gateway'/>", False),
        (f"<x:Security xmlns:x='{ns.WSSE}' s:mustUnderstand='1'/>", False),
        ("<w:Action s:mustUnderstand='1'>urn:x</w:Action>", False),
    ],
)
def test_only_unknown_mandatory_blocks_for_us_are_refused(block: str, refused: bool) -> None:  # noqa: FBT001 - a column
    """mustUnderstand counts for blocks in our role whose namespace we do not know (SOAP 1.2 Part 1, 5.2.3)."""
    root = parse(f"<s:Envelope {V12}><s:Header>{block}</s:Header><s:Body/></s:Envelope>".encode())

    if not refused:
        assert read_envelope(root).payload is None
        return
    with pytest.raises(NotUnderstood) as caught:
        read_envelope(root)
    assert caught.value.blocks == (("urn:x", "A"),)


def test_addressing_headers_that_break_their_cardinality_are_findings() -> None:
    """A second MessageID and a missing Action are both reported."""
    headers = "<w:MessageID>a</w:MessageID><w:MessageID>b</w:MessageID>"
    root = parse(f"<s:Envelope {V12}><s:Header>{headers}</s:Header><s:Body/></s:Envelope>".encode())

    envelope = read_envelope(root)

    assert [finding.rule for finding in envelope.findings] == ["WSA-01", "WSA-02"]
    assert envelope.addressing.message_id == "a"
