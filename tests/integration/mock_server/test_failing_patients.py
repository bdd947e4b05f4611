"""``failing_patients``: who is named there fails each time, and nobody else."""

from typing import Any

import pytest

from ihe_test_util.soap.version import SoapVersion
from tests.support.peer import Enveloped, Sample, StartMock

PATH = "/pix/add"
SOAP12 = "application/soap+xml; charset=UTF-8"
SAMPLE = "ITI-44/minimal.xml"
WHOLE, ALONE = "P-1000001^^^&2.999.2.3&ISO", "P-1000001"


@pytest.mark.parametrize("key", [WHOLE, ALONE])
async def test_a_named_patient_fails_each_time(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped, key: str
) -> None:
    """By the whole identifier or the id alone: a Receiver fault with the text, nothing stored, again and again."""
    mock = await start_mock({"pix_add_behavior.failing_patients": {key: "The record is locked"}})
    for _ in range(3):
        answer = await mock.post(PATH, enveloped(sample(SAMPLE)), SOAP12)
        assert (answer.status, answer.fault) == (500, "Receiver: The record is locked")
    assert await mock.server.store.patients.count() == 0


@pytest.mark.parametrize("key", ["P-1000001^^^&2.999.2.4&ISO", "P-100000", "p-1000001"])
async def test_others_do_not(start_mock: StartMock, sample: Sample, enveloped: Enveloped, key: str) -> None:
    """The same id of another authority, or a part of it, is another patient."""
    mock = await start_mock({"pix_add_behavior.failing_patients": {key: "The record is locked"}})
    answer = await mock.post(PATH, enveloped(sample(SAMPLE)), SOAP12)
    assert answer.acknowledgement == "CA"


@pytest.mark.parametrize(
    ("version", "template", "expected"),
    [
        (SoapVersion.V12, {"code": "Sender"}, (400, "Sender: too busy")),
        (SoapVersion.V11, {"code": "Sender", "reason": "No"}, (500, "Client: No")),
        (SoapVersion.V12, {"http_status": 503}, (503, "Receiver: too busy")),
    ],
)
async def test_the_fault_is_the_patients_own(
    start_mock: StartMock,
    sample: Sample,
    enveloped: Enveloped,
    version: SoapVersion,
    template: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    """What the patient's entry leaves out comes from the endpoint, then from the templates of the scenario."""
    mock = await start_mock(
        {
            "pix_add_behavior.failing_patients": {ALONE: template},
            "pix_add_behavior.custom_fault_message": "too busy",
            "response_templates": {"simulated_failure": "never said"},
        }
    )
    answer = await mock.post(PATH, enveloped(sample(SAMPLE), version), f"{version.media_type}; charset=UTF-8")
    assert (answer.status, answer.fault) == expected
