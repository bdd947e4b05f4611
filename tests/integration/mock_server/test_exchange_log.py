"""What the log of a running mock says of requests, and what it keeps to itself."""

import logging
import re

import pytest

from tests.support.peer import Enveloped, Peer, Sample

PATH = "/pix/add"
SOAP12 = "application/soap+xml"
LOGGER = "ihe_test_util.mock_server.requests"


async def test_a_request_is_one_line_without_patient_data(
    mock: Peer, sample: Sample, enveloped: Enveloped, caplog: pytest.LogCaptureFixture
) -> None:
    """Transaction, outcome, status, duration and shortened ids at INFO; no name, no whole id, no body."""
    body = enveloped(sample("ITI-44/full.xml"))
    secrets = set(re.findall(rb'extension="([^"]{6,})"|<family>([^<]+)<|<given>([^<]+)<', body))

    with caplog.at_level(logging.INFO, LOGGER):
        await mock.post(PATH, body, SOAP12)

    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert len(lines) == 1
    assert re.match(r"[0-9a-f]{19} ITI-44 success 200 \d+\.\d ms CA ", lines[0])
    told = {text.decode() for found in secrets for text in found if text} - {"PRPA_IN201301UV02"}
    assert told
    assert [text for text in told if text in lines[0]] == []


async def test_broken_rules_are_one_warning_without_what_stands_in_the_message(
    mock: Peer, sample: Sample, enveloped: Enveloped, caplog: pytest.LogCaptureFixture
) -> None:
    """Lenient mode processes the message and says which rules it breaks, where, and the section."""
    body = enveloped(sample("ITI-44/minimal.xml")).replace(b'<processingModeCode code="T"/>', b"")
    body = re.sub(rb'<creationTime value="[^"]*"', b'<creationTime value="SECRET-99"', body)

    with caplog.at_level(logging.WARNING, LOGGER):
        await mock.post(PATH, body, SOAP12)

    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "ITI-44 breaks rules, processed all the same" in warnings[0]
    assert "/PRPA_IN201301UV02/creationTime" in warnings[0]
    assert "/PRPA_IN201301UV02/processingModeCode" in warnings[0]
    assert warnings[0].count("ITI TF-2") >= 1
    assert "SECRET-99" not in warnings[0]


async def test_debug_shows_headers_and_bodies(
    mock: Peer, sample: Sample, enveloped: Enveloped, caplog: pytest.LogCaptureFixture
) -> None:
    """Who switches DEBUG on sees the message as it came and the answer as it went."""
    with caplog.at_level(logging.DEBUG, LOGGER):
        await mock.post(PATH, enveloped(sample("ITI-44/minimal.xml")), SOAP12, X_Trace="abc")

    said = "\n".join(record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG)
    assert "X-Trace: abc" in said
    assert "PRPA_IN201301UV02" in said
    assert "MCCI_IN000002UV01" in said
