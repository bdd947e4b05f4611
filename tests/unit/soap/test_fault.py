"""One fault value, two versions on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import FaultCode, MimeMalformed, NotUnderstood, Scenario
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.fault import Fault, build_fault, fault_header_blocks, is_fault, read_fault
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml.io import parse, serialize, xml_text


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("code", FaultCode)
@given(reason=st.text())
def test_a_fault_is_read_as_it_was_written(version: SoapVersion, code: FaultCode, reason: str) -> None:
    """Code and reason survive, whatever characters a peer's message put into the reason."""
    written = parse(write_envelope(build_fault(Fault(code, reason), version), version=version))

    payload = read_envelope(written).payload

    assert payload is not None
    assert is_fault(payload)
    fault = read_fault(payload)
    assert (fault.code, fault.reason) == (code, xml_text(reason).strip())


@pytest.mark.parametrize(
    ("version", "code", "status"),
    [
        (SoapVersion.V12, FaultCode.SENDER, 400),
        (SoapVersion.V12, FaultCode.RECEIVER, 500),
        (SoapVersion.V12, FaultCode.MUST_UNDERSTAND, 500),
        (SoapVersion.V11, FaultCode.SENDER, 500),
        (SoapVersion.V11, FaultCode.RECEIVER, 500),
    ],
)
def test_the_http_status_follows_the_versions_binding(version: SoapVersion, code: FaultCode, status: int) -> None:
    """SOAP 1.2 answers a Sender fault with 400; SOAP 1.1 answers every fault with 500."""
    assert Fault(code, "no").status(version) == status


def test_findings_travel_in_the_detail_escaped() -> None:
    """Each finding is an element with its rule, path and section; markup in a value stays text."""
    finding = Finding("PIXF-01", "ITI TF-2: 3.44", Severity.ERROR, "a <name>", "/a/b", 'x & "y"', "z", 7)

    xml = serialize(build_fault(Fault(FaultCode.SENDER, "no", findings=(finding,)), SoapVersion.V12))

    item = parse(xml)[-1][0]
    assert {str(name): str(value) for name, value in item.attrib.items()} == {
        "rule": "PIXF-01",
        "severity": "error",
        "path": "/a/b",
        "line": "7",
        "section": "ITI TF-2: 3.44",
        "got": 'x & "y"',
        "expected": "z",
    }
    assert item.text == "a <name>"


def test_headers_not_understood_are_named_in_soap_12_only() -> None:
    """SOAP 1.2 sends a NotUnderstood block for each (Part 1, 5.4.8); SOAP 1.1 has none."""
    fault = Fault.of(NotUnderstood("no", blocks=(("urn:x", "A"),)))

    blocks = fault_header_blocks(fault, SoapVersion.V12)

    assert [(block.get("qname"), block.nsmap["ns"]) for block in blocks] == [("ns:A", "urn:x")]
    assert fault_header_blocks(fault, SoapVersion.V11) == []


def test_an_error_becomes_the_fault_that_its_class_names() -> None:
    """Code and scenario come from the error's class, the reason from all of its parts."""
    fault = Fault.of(MimeMalformed("no boundary", where="Content-Type", hint="add one"))

    assert (fault.code, fault.scenario) == (FaultCode.SENDER, Scenario.MALFORMED_MIME)
    assert fault.reason == "no boundary; at: Content-Type; try: add one"


def test_a_code_of_another_specification_is_kept_as_subcode() -> None:
    """SOAP 1.1 has no subcodes, so that WS-Security puts its codes where SOAP's own stand."""
    fault = read_fault(
        parse(
            b'<e:Fault xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wsse="urn:x">'
            b"<faultcode>wsse:FailedAuthentication</faultcode><faultstring>no</faultstring></e:Fault>"
        )
    )

    assert (fault.code, fault.subcode, fault.reason) == (FaultCode.RECEIVER, "FailedAuthentication", "no")
