"""A server that has seen a message often answers as one that has never seen it."""

import re

import pytest

from tests.support.peer import Enveloped, Peer, Sample, StartMock
from tests.support.wire import PIX_PATH, SOAP12

#: What is fresh in each answer.
FRESH = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|creationTime value=\"[^\"]*\"")


async def told(mock: Peer, message: bytes) -> tuple[int, bytes]:
    """Status and body of an answer, without what is fresh in it."""
    answer = await mock.post(PIX_PATH, message, SOAP12)
    return answer.status, FRESH.sub(b"", answer.body)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b""),
        (b"<family>", b"<family>Neu"),
        (b"<family>", b"<family>&amp;"),
        (b"<family>", b"<family"),
        (b"<family>", b"<family><x/>"),
        (b'code="AL"', b'code="NE"'),
        (b'ITSVersion="XML_1.0"', b'ITSVersion=""'),
        (b"PRPA_IN201301UV02", b"PRPA_IN201302UV02"),
        (b"urn:hl7-org:v3", b"urn:hl7-org:v4"),
        (b'extension="', b'extension=" '),
        (b'root="', b'root="urn:oid:'),
        (b"</soap:Body>", b"</soap:Body><!-- -->"),
    ],
)
async def test_experience_changes_no_answer(
    start_mock: StartMock, sample: Sample, enveloped: Enveloped, old: bytes, new: bytes
) -> None:
    """Whatever changes in a message that came three times, its answer is that of a fresh server."""
    message = enveloped(sample("ITI-44/full.xml"))
    assert old in message
    changed = message.replace(old, new)
    experienced, fresh = await start_mock(), await start_mock()
    for _ in range(4):
        assert (await told(experienced, message))[0] == 200

    assert await told(experienced, changed) == await told(fresh, changed)
    assert await told(experienced, message) == await told(fresh, message)
