"""ITI-57, ITI-92 and ITI-62 against a running mock: what was registered is updated, found again, and removed."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable

import pytest
from lxml import etree

from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti57, iti62, iti92
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.iti62 import RemoveMetadataRequest
from ihe_test_util.xml.ebrim import urns
from ihe_test_util.xml.io import serialize
from tests.support.peer import Answer, Enveloped, Peer, Sample, StartMock
from tests.support.postgres import own_schema
from tests.support.wire import SOAP11, SOAP12

STRICT = {
    "endpoint_behaviors": {card.code: {"validation_mode": "strict"} for card in (iti57.SPEC, iti92.SPEC, iti62.SPEC)}
}
UNIQUE_ID = "2.999.1.5.1"
WRITERS = 12

Message = Callable[..., bytes]


def status(answer: Answer) -> str:
    """The status of a RegistryResponse in a word."""
    return answer.attribute("RegistryResponse", "status").rpartition(":")[2]


def codes(answer: Answer) -> list[str]:
    """The error codes of an answer."""
    found = [each for each in answer.xml.iter() if etree.QName(each).localname == "RegistryError"]
    return [str(each.get("errorCode")) for each in found]


async def versions(mock: Peer) -> list[Entry]:
    """Every version of the document of the samples."""
    return await mock.server.store.registry.look(lambda view: view.by_unique_ids([UNIQUE_ID]))


@pytest.fixture
def update(sample: Sample, enveloped: Enveloped) -> Message:
    """A new version of a document entry as a message."""

    def make(lid: str, *, previous: int = 1, number: int = 1, card: AnyTransaction = iti57.SPEC) -> bytes:
        message = sample(f"{card.code}/new-version.xml")
        changes = (
            (rb"urn:uuid:00000000-0000-4000-8000-0000000000d1", lid.encode()),
            (rb'value="2\.999\.1\.6\.1"', b'value="2.999.57.%d"' % number),
            (rb'(?<="PreviousVersion">)(\s*<rim:ValueList>\s*<rim:Value>)1', rb"\g<1>%d" % previous),
        )
        for old, new in changes:
            message, count = re.subn(old, new, message)
            assert count == 1
        return enveloped(message, action=card.action)

    return make


@pytest.fixture
def fill(sample: Sample, enveloped: Enveloped) -> Callable[[Peer], Awaitable[Entry]]:
    """Registers the document of the samples for a patient that is known."""

    async def register(mock: Peer) -> Entry:
        feed = sample("ITI-44/minimal.xml")
        begin = feed.index(b'<id root="', feed.index(b"<patient "))
        end = feed.index(b"/>", begin)
        feed = feed[:begin] + b'<id root="2.999.1.3" extension="TEST-4711"' + feed[end:]
        assert (await mock.post("/pix/add", enveloped(feed), SOAP12)).acknowledgement == "CA"
        answer = await mock.post("/iti42/register", enveloped(sample("ITI-42/minimal.xml")), SOAP12)
        assert status(answer) == "Success", answer.body
        (entry,) = await versions(mock)
        return entry

    return register


@pytest.fixture
def remove(enveloped: Enveloped) -> Message:
    """A request to remove objects as a message."""

    def make(*ids: str) -> bytes:
        element = iti62.SPEC.build_request(RemoveMetadataRequest(ids)).element
        return enveloped(serialize(element), action=iti62.SPEC.action)

    return make


@pytest.mark.parametrize("card", [iti57.SPEC, iti92.SPEC], ids=lambda card: card.code)
async def test_a_document_entry_is_updated_again_and_again(
    card: AnyTransaction, start_mock: StartMock, fill: Callable[[Peer], Awaitable[Entry]], update: Message
) -> None:
    """Version after version; one that follows an old one is refused and leaves nothing behind."""
    mock = await start_mock(STRICT)
    first = await fill(mock)

    second = await mock.post(card.path, update(first.lid, card=card), SOAP12)
    stale = await mock.post(card.path, update(first.lid, number=2, card=card), SOAP12)
    third = await mock.post(card.path, update(first.lid, previous=2, number=3, card=card), SOAP12)

    assert [status(answer) for answer in (second, stale, third)] == ["Success", "Failure", "Success"]
    assert codes(stale) == ["XDSMetadataVersionError"]
    found = {entry.version: entry.status for entry in await versions(mock)}
    assert found == {1: urns.DEPRECATED, 2: urns.DEPRECATED, 3: urns.APPROVED}
    kinds = await mock.server.store.registry.count()
    assert kinds == {Kind.DOCUMENT_ENTRY: 3, Kind.SUBMISSION_SET: 3, Kind.ASSOCIATION: 3}


async def test_soap_11_without_addressing_is_served_alike(
    start_mock: StartMock, fill: Callable[[Peer], Awaitable[Entry]], update: Message
) -> None:
    """The path says which of the transactions with this body it is."""
    mock = await start_mock(STRICT)
    first = await fill(mock)
    envelope = update(first.lid)
    payload = envelope[envelope.index(b"<lcm:SubmitObjectsRequest") : envelope.index(b"</lcm:SubmitObjectsRequest>")]
    body = b"".join(
        (
            f'<e:Envelope xmlns:e="{SoapVersion.V11.namespace}"><e:Body>'.encode(),
            payload,
            b"</lcm:SubmitObjectsRequest></e:Body></e:Envelope>",
        )
    )

    answer = await mock.post("/iti57/update", body, SOAP11)

    assert status(answer) == "Success"


async def test_operations_that_meet_nothing_are_all_told(
    start_mock: StartMock, fill: Callable[[Peer], Awaitable[Entry]], sample: Sample, enveloped: Enveloped
) -> None:
    """A folder, a status and two associations of objects that are not there: every reason in one Failure."""
    mock = await start_mock(STRICT)
    await fill(mock)
    before = await mock.server.store.registry.count()

    answer = await mock.post(
        "/iti57/update", enveloped(sample("ITI-57/operations.xml"), action=iti57.SPEC.action), SOAP12
    )

    assert status(answer) == "Failure"
    assert {code: codes(answer).count(code) for code in codes(answer)} == {
        "XDSDuplicateUniqueIdInRegistry": 1,
        "UnresolvedReferenceException": 5,
        "XDSMetadataUpdateError": 6,
        "XDSMetadataVersionError": 1,
    }
    assert await mock.server.store.registry.count() == before


async def test_what_a_lenient_registry_let_pass_is_a_warning(
    mock: Peer, fill: Callable[[Peer], Awaitable[Entry]], update: Message
) -> None:
    """A missing attribute beside a Success; what contradicts the registry is refused here too."""
    first = await fill(mock)
    message = update(first.lid).replace(b'name="languageCode"', b'name="urn:example:tongue"')

    taken = await mock.post("/iti57/update", message, SOAP12)
    stale = await mock.post("/iti57/update", update(first.lid, number=2), SOAP12)

    assert (status(taken), codes(taken)) == ("Success", ["XDSRegistryMetadataError"])
    assert taken.attribute("RegistryErrorList", "highestSeverity") == urns.SEVERITY_WARNING
    assert (status(stale), codes(stale)) == ("Failure", ["XDSMetadataVersionError"])


async def test_metadata_are_removed_whole_or_not_at_all(
    start_mock: StartMock, fill: Callable[[Peer], Awaitable[Entry]], remove: Message
) -> None:
    """The entry alone is held by its submission set; all three objects go together."""
    mock = await start_mock(STRICT)
    entry = await fill(mock)
    look = mock.server.store.registry.look
    (membership,) = await look(lambda view: view.associations_to([entry.id]))
    (submission_set,) = await look(lambda view: view.by_unique_ids(["2.999.1.6.1"]))

    held = await mock.post("/iti62/remove", remove(entry.id), SOAP12)
    gone = await mock.post("/iti62/remove", remove(entry.id, membership.id, submission_set.id), SOAP12)
    again = await mock.post("/iti62/remove", remove(entry.id), SOAP12)

    assert [(status(each), codes(each)) for each in (held, gone, again)] == [
        ("Failure", ["ReferencesExistException"]),
        ("Success", []),
        ("Failure", ["UnresolvedReferenceException"]),
    ]
    assert await mock.server.store.registry.count() == {}


async def test_of_updates_at_the_same_time_one_wins(
    start_mock: StartMock, fill: Callable[[Peer], Awaitable[Entry]], update: Message
) -> None:
    """The others are told that theirs is not the latest version any more."""
    mock = await start_mock(STRICT)

    await _race([mock], fill, update)


async def test_one_wins_on_two_servers_too(
    start_mock: StartMock, postgres: str, fill: Callable[[Peer], Awaitable[Entry]], update: Message
) -> None:
    """Two servers on one PostgreSQL are one registry."""
    url = own_schema(postgres, f"t{secrets.token_hex(8)}")
    servers = [await start_mock(STRICT, store_url=url) for _ in range(2)]

    await _race(servers, fill, update)


async def _race(servers: list[Peer], fill: Callable[[Peer], Awaitable[Entry]], update: Message) -> None:
    first = await fill(servers[0])

    answers = await asyncio.gather(
        *(
            servers[number % len(servers)].post("/iti57/update", update(first.lid, number=number + 1), SOAP12)
            for number in range(WRITERS)
        )
    )

    assert sorted(map(status, answers)) == ["Failure"] * (WRITERS - 1) + ["Success"]
    assert {code for answer in answers for code in codes(answer)} == {"XDSMetadataVersionError"}
    found = await versions(servers[-1])
    assert [(entry.version, entry.status) for entry in sorted(found, key=lambda entry: entry.version)] == [
        (1, urns.DEPRECATED),
        (2, urns.APPROVED),
    ]
