"""ITI-44 add against a running mock: what a peer sends, what it gets."""

import asyncio
import math
import re

import pytest
from lxml import etree

from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from tests.support.peer import Enveloped, Peer, Sample, StartMock

PATH = "/pix/add"
SOAP12 = "application/soap+xml; charset=UTF-8"
ACTION = "urn:hl7-org:v3:PRPA_IN201301UV02"
BINOMIAL_99_9 = 3.29  # standard deviations


@pytest.mark.parametrize("name", ["minimal", "full", "prefixes", "unused-namespaces"])
@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("action", ["", ACTION])
async def test_a_valid_feed_is_acknowledged(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped, name: str, version: SoapVersion, action: str
) -> None:
    """In strict mode, in either version of SOAP, with addressing or without: CA, and the patient is stored."""
    mock = await start_mock({"pix_add_behavior.validation_mode": "strict"})
    body = enveloped(sample(f"ITI-44/{name}.xml"), version, action)

    answer = await mock.post(PATH, body, f"{version.media_type}; charset=UTF-8")

    assert (answer.status, answer.content_type) == (200, f"{version.media_type}; charset=UTF-8")
    assert answer.xml.tag == f"{{{version.namespace}}}Envelope"
    assert answer.acknowledgement == "CA"
    assert await mock.server.store.patients.count() >= 1


async def test_the_answer_is_correlated(mock: Peer, sample: Sample, enveloped: Enveloped) -> None:
    """RelatesTo names the request's MessageID, targetMessage its message id (WS-A Core 3.4; ITI TF-2: 3.44)."""
    answer = await mock.post(PATH, enveloped(sample("ITI-44/minimal.xml"), SoapVersion.V12, ACTION), SOAP12)

    assert answer.text("Action") == "urn:hl7-org:v3:MCCI_IN000002UV01"
    assert answer.text("RelatesTo") == "urn:uuid:6f1c2a3e-0000-4000-8000-000000000001"
    request_id = etree.fromstring(sample("ITI-44/minimal.xml")).find(f"{{{ns.HL7}}}id")
    target = next(each for each in answer.xml.iter(f"{{{ns.HL7}}}targetMessage"))[0]
    assert request_id is not None
    assert target.attrib == request_id.attrib


async def test_without_addressing_the_answer_has_none(mock: Peer, sample: Sample, enveloped: Enveloped) -> None:
    """gSOAP sends no WS-Addressing by default, and is not surprised by it in the answer."""
    answer = await mock.post(PATH, enveloped(sample("ITI-44/minimal.xml")), SOAP12)

    assert answer.xml[0].tag == f"{{{ns.SOAP12}}}Body"


async def test_the_configured_patient_id_is_in_the_acknowledgement(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped
) -> None:
    """custom_patient_id stands in the informational acknowledgementDetail instead of the accepted identifier."""
    mock = await start_mock({"pix_add_behavior.custom_patient_id": "OTHER-1^^^&2.999.7&ISO"})

    answer = await mock.post(PATH, enveloped(sample("ITI-44/minimal.xml")), SOAP12)

    assert answer.attribute("acknowledgementDetail", "typeCode") == "I"
    assert "OTHER-1^^^&2.999.7&ISO" in answer.text("acknowledgementDetail")


async def test_strict_mode_lists_everything_that_is_wrong(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped
) -> None:
    """One Sender fault with every broken rule: XPath, section, what was found, and that there is a lenient mode."""
    mock = await start_mock({"pix_add_behavior.validation_mode": "strict"})
    message = sample("ITI-44/minimal.xml")
    message = re.sub(rb"<creationTime [^>]*>", b"", message)
    message = re.sub(rb"(?s)<name>.*?</name>|<name .*?</name>", b"", message)
    message = message.replace(b'<processingModeCode code="T"/>', b'<processingModeCode code="X"/>')

    answer = await mock.post(PATH, enveloped(message), SOAP12)

    assert answer.status == 400
    assert answer.fault.startswith("Sender: ")
    for said in ("creationTime", "patientPerson/name", "processingModeCode", "ITI TF-2", "lenient", "strict"):
        assert said in answer.fault
    findings = [each for each in answer.xml.iter() if etree.QName(each).localname == "Finding"]
    assert len(findings) == 3
    assert all(each.get("section") and each.get("path") and each.get("line") for each in findings)
    assert await mock.server.store.patients.count() == 0


async def test_lenient_mode_processes_what_has_an_identifier(mock: Peer, enveloped: Enveloped) -> None:
    """An envelope with a patient identifier is enough; what is missing becomes findings in the journal."""
    message = (
        b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><controlActProcess><subject>'
        b'<registrationEvent><subject1><patient><id root="2.999.1.2" extension="A1"/></patient></subject1>'
        b"</registrationEvent></subject></controlActProcess></PRPA_IN201301UV02>"
    )

    answer = await mock.post(PATH, enveloped(message), SOAP12)

    assert answer.acknowledgement == "CA"
    assert "A1^^^&2.999.1.2&ISO" in answer.text("acknowledgementDetail")


async def test_lenient_mode_refuses_a_feed_without_identifier(mock: Peer, enveloped: Enveloped) -> None:
    """Without an identifier there is nothing to register, in any mode."""
    answer = await mock.post(PATH, enveloped(b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>'), SOAP12)

    assert answer.status == 400
    assert "patient/id" in answer.fault
    assert "lenient = " not in answer.fault


async def test_failures_come_at_the_configured_rate_and_are_reproducible(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped
) -> None:
    """200 requests at failure_rate 0.2 fail within the 99.9 % binomial interval, and the same ones with one seed."""
    body = enveloped(sample("ITI-44/minimal.xml"))
    fields = {
        "random_seed": 20261122,
        "pix_add_behavior.failure_rate": 0.2,
        "pix_add_behavior.custom_fault_message": "PIX Manager temporarily unavailable",
    }

    runs = []
    for _ in range(2):
        mock = await start_mock(fields)
        runs.append([await mock.post(PATH, body, SOAP12) for _ in range(200)])

    failed = [answer for answer in runs[0] if answer.status != 200]
    assert abs(len(failed) - 40) <= BINOMIAL_99_9 * math.sqrt(200 * 0.2 * 0.8)
    assert {(answer.status, answer.fault) for answer in failed} == {
        (500, "Receiver: PIX Manager temporarily unavailable")
    }
    assert [answer.status for answer in runs[0]] == [answer.status for answer in runs[1]]


async def test_a_simulated_failure_stores_nothing(start_mock: StartMock, sample: Sample, enveloped: Enveloped) -> None:
    """What failed was not fed."""
    mock = await start_mock({"pix_add_behavior.failure_rate": 1.0})

    answer = await mock.post(PATH, enveloped(sample("ITI-44/minimal.xml"), SoapVersion.V11), "text/xml")

    assert (answer.status, answer.fault.split(":")[0]) == (500, "Server")
    assert await mock.server.store.patients.count() == 0


async def test_a_delay_holds_up_only_its_own_request(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped
) -> None:
    """While a delayed answer waits, the server answers others."""
    mock = await start_mock({"pix_add_behavior.response_delay_ms": 600})
    loop = asyncio.get_running_loop()
    begun = loop.time()

    waiting = asyncio.ensure_future(mock.post(PATH, enveloped(sample("ITI-44/minimal.xml")), SOAP12))
    await asyncio.sleep(0.1)
    await mock.health()
    was_waiting = not waiting.done()
    answer = await waiting

    assert was_waiting
    assert answer.acknowledgement == "CA"
    assert loop.time() - begun >= 0.6


async def test_an_mtom_package_is_answered_by_one(mock: Peer, sample: Sample, enveloped: Enveloped) -> None:
    """A stack with MTOM switched on for everything gets its acknowledgement as a package of one part."""
    body = (
        b'--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        b"Content-ID: <r@x>\r\n\r\n" + enveloped(sample("ITI-44/minimal.xml")) + b"\r\n--b--"
    )

    answer = await mock.post(
        PATH,
        body,
        'multipart/related; type="application/xop+xml"; boundary=b; start="<r@x>"; start-info="application/soap+xml"',
    )

    assert answer.content_type.startswith("multipart/related; ")
    assert answer.acknowledgement == "CA"
