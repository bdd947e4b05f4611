"""Valid messages with a little damage: whatever arrives, a SOAP message goes back, and never an error of our own."""

import asyncio
import logging
import os
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from ihe_test_util.soap.version import SoapVersion
from tests.support.faults import SECRETS
from tests.support.messages import submission, submitted
from tests.support.peer import Answer, Enveloped, Peer, Sample, StartMock
from tests.support.wire import ITI41_PATH, PIX_PATH

Unharmed = Callable[[Peer], Awaitable[None]]
#: More cases for one who looks for more: MUTATIONS=20000 SEED=7 pytest …
CASES = int(os.environ.get("MUTATIONS", "300"))
SEED = int(os.environ.get("SEED", "20261122"))
AT_ONCE = 8
STATUSES = {200, 400, 413, 415, 500}
TOKENS = [
    *(b"<", b">", b"&", b'"', b"'", b"/>", b"<!--", b"-->", b"]]>", b"<![CDATA[", b"<?x ?>", b"<!DOCTYPE a>", b"&amp;"),
    *(
        b"&#0;",
        b"&x;",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\r\n",
        b"\r\n\r\n",
        b"--",
        b"xmlns=''",
        b"xml:id='a'",
        b"xsi:nil='true'",
    ),
    *(
        b"soap:mustUnderstand='1'",
        b"<soap:Body>",
        b"</soap:Body>",
        b"<a/>",
        b"cid:",
        b"-1",
        b"\xf0\x9f\xa9\xba",
        b";",
        b"=",
    ),
    *(
        b"nullFlavor='NI'",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-ID: <x>\r\n",
        b"%",
        b"\\",
        b"^^^&",
        b"urn:",
    ),
]
#: Values that keep a message well-formed and make it strange.
VALUES = [
    *(
        b"",
        b" ",
        b"\t",
        b"x" * 300,
        b"0",
        b"-1",
        b"9" * 40,
        b"1e9",
        b"NaN",
        b"\xc2\xb2",
        b"\xd9\xa3",
        b"\xf0\x9f\xa9\xba",
    ),
    *(
        b"20991399",
        b"2026",
        b"20260230",
        b"20260101000000+9999",
        b"19",
        b"2.999.",
        b".2",
        b"2..9",
        b"2.999.01",
        b"0.40",
    ),
    *(
        b"^^^",
        b"A^^^&amp;2.999&amp;ISO",
        b"A^^^&amp;&amp;ISO",
        b"PID-3|",
        b"|",
        b"urn:uuid:",
        b"urn:uuid:x",
        b"%41",
        b"[1]",
    ),
    *(
        b"/",
        b"Document01",
        b"SubmissionSet01",
        b"true",
        b"1",
        b"NI",
        b"UNK",
        b"&lt;a&gt;",
        b"&#10;",
        b"&#x85;",
        b"{0}",
        b"%s",
    ),
    *(b"text/xml", b"image/png", b"de-DE", b"en", b"A" * 40, b"http://www.w3.org/2005/08/addressing/none", b"cid:x"),
]


#: An element without children.
ELEMENT = re.compile(rb"<([\w:]{1,60})(?![\w:])[^<>]{0,600}?(?:/>|>[^<>]{0,600}</\1>)")


@dataclass(frozen=True, slots=True)
class Case:
    """A message to an endpoint."""

    path: str
    content_type: str
    body: bytes


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The data after a few small accidents."""
    result = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        at = dice.randrange(len(result) + 1)
        end = min(len(result), at + dice.choice((1, 2, 5, 20, 100, 1000)))
        match dice.randrange(8):
            case 0:
                result[at:end] = bytes(byte ^ (1 << dice.randrange(8)) for byte in result[at:end][:3])
            case 1:
                del result[at:]
            case 2:
                del result[at:end]
            case 3:
                result[at:at] = result[at:end]
            case 4:
                other = dice.randrange(len(result) + 1)
                result[other:other] = result[at:end]
            case 5:
                result[at:at] = dice.choice(TOKENS)
            case 6:
                result = _swapped(result, dice)
            case _:
                result = _without_an_element(result, dice)
        if not result:
            break
    return bytes(result)


def rearranged(data: bytes, dice: random.Random) -> bytes:
    """The data with a few things said otherwise, or more or less often, and as a rule still well-formed."""
    result = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 3, 10, 30))):
        match dice.randrange(6):
            case 0:
                result = _without_an_element(result, dice)
            case 1:
                result = _swapped(result, dice)
            case 2:
                result = _replaced(result, rb'(?<=")[^"<>]{0,600}(?=")', dice, dice.choice(VALUES))
            case 3:
                result = _replaced(result, rb"(?<=>)[^<>]{1,600}(?=</)", dice, dice.choice(VALUES))
            case 4:
                result = _replaced(result, rb" [\w:]{1,60}=\"[^\"]{0,600}\"", dice, b"")
            case _:
                result = _twice(result, dice)
    return bytes(result)


def _replaced(data: bytearray, pattern: bytes, dice: random.Random, value: bytes) -> bytearray:
    """Something else where a pattern matches."""
    found = list(re.finditer(pattern, data))
    if not found:
        return data
    chosen = dice.choice(found)
    return data[: chosen.start()] + value + data[chosen.end() :]


def _twice(data: bytearray, dice: random.Random) -> bytearray:
    """An element again, beside itself or somewhere else."""
    elements = list(ELEMENT.finditer(data))
    if not elements:
        return data
    chosen = dice.choice(elements)
    at = dice.choice((chosen, dice.choice(elements))).end()
    return data[:at] + chosen[0] + data[at:]


def _swapped(data: bytearray, dice: random.Random) -> bytearray:
    """Two attribute values or words in each other's place."""
    words = list(re.finditer(rb"[\w.:-]{2,}", data))
    if len(words) < 2:
        return data
    first, second = sorted(dice.sample(words, 2), key=re.Match.start)
    return bytearray(
        data[: first.start()] + second[0] + data[first.end() : second.start()] + first[0] + data[second.end() :]
    )


def _without_an_element(data: bytearray, dice: random.Random) -> bytearray:
    """An element less, or its content, so that what is left is well-formed and says less."""
    elements = list(ELEMENT.finditer(data))
    if not elements:
        return data
    chosen = dice.choice(elements)
    return data[: chosen.start()] + (b"" if dice.random() < 0.8 else b"<x/>") + data[chosen.end() :]


@pytest.fixture
def originals(sample: Sample, enveloped: Enveloped) -> list[Case]:
    """Valid messages of every kind."""
    cases = [
        Case(PIX_PATH, version.media_type, enveloped(sample(f"ITI-44/{name}.xml"), version, action))
        for name in ("minimal", "full")
        for version in SoapVersion
        for action in ("", "urn:hl7-org:v3:PRPA_IN201301UV02")
    ]
    for version in SoapVersion:
        package = submitted(("2.999.5.1", b"<d>text</d>"), ("2.999.5.2", bytes(range(256))), version=version).packed()
        cases += [Case(ITI41_PATH, package.content_type, package.body)] * 4
    large = submission(("2.999.5.3", b"0123456789" * 30_000))
    return [*cases, Case(ITI41_PATH, large.content_type, large.body)]


def mutated(originals: list[Case], number: int) -> Case:
    """The case of this number, the same in each run with one seed."""
    dice = random.Random(f"{SEED}/{number}")  # noqa: S311 - reproducible, not secret
    case = dice.choice(originals)
    if dice.random() < 0.1:
        header = damaged(case.content_type.encode(), dice).decode("latin-1")
        return Case(case.path, re.sub(r"[\x00-\x1f\x7f-\xff]", "?", header), case.body)
    return Case(case.path, case.content_type, dice.choice((damaged, rearranged))(case.body, dice))


@pytest.mark.parametrize("mode", ["strict", "lenient"])
async def test_every_answer_is_soap(
    start_mock: StartMock, originals: list[Case], unharmed: Unharmed, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    """An answer or a fault of the transaction, with a status that HTTP bindings know, and no incident in the log."""
    fields = {f"{name}_behavior.validation_mode": mode for name in ("pix_add", "iti41")}
    mock = await start_mock(fields, save_submitted_documents=True, receive_timeout_s=5.0)
    numbers = iter(range(CASES))

    async def send() -> None:
        for number in numbers:
            case = mutated(originals, number)
            answer = await mock.post(case.path, case.body, case.content_type)
            complaint = _complaint(answer)
            incidents = [record for record in caplog.records if record.levelno >= logging.ERROR]
            assert not complaint, f"case {number}, seed {SEED}: {complaint}: {answer.body[:2000]!r}"
            assert not incidents, f"case {number} or one beside it, seed {SEED}: {incidents[0].getMessage()}"
            if number % 100 == 0:
                caplog.clear()

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))

    lenient = await start_mock() if mode == "strict" else mock
    await unharmed(lenient)


def _complaint(answer: Answer) -> str:
    """What is wrong with an answer; nothing for most."""
    if answer.status not in STATUSES:
        return f"HTTP status {answer.status}"
    if secret := next((each for each in SECRETS if each.encode() in answer.body), ""):
        return f"it says {secret}"
    root = answer.xml  # raises where it is no XML
    version = SoapVersion.of_namespace(root.tag[1:].partition("}")[0])
    if version is None:
        return f"no envelope, but {root.tag}"
    if answer.status != 200 and not answer.fault:
        return "neither an answer nor a fault"
    return ""
