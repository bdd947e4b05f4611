"""SOAP that cannot be processed: versions, structure, mandatory headers, actions and paths that do not fit."""

import re
from collections.abc import Awaitable, Callable

import pytest
from lxml import etree

from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.xml import ns
from tests.support.faults import assert_fault
from tests.support.messages import as_package, submission, submitted
from tests.support.peer import Enveloped, Peer, Sample
from tests.support.wire import ITI41_PATH, PIX_PATH

Unharmed = Callable[[Peer], Awaitable[None]]
Edit = Callable[[bytes], bytes]
BOTH = pytest.mark.parametrize("version", SoapVersion)
BODY = re.compile(rb"<soap:Body>.*</soap:Body>", re.DOTALL)


@pytest.fixture
def feed(sample: Sample, enveloped: Enveloped) -> Callable[..., bytes]:
    """A valid feed in an envelope."""
    return lambda version=SoapVersion.V12, action="": enveloped(sample("ITI-44/minimal.xml"), version, action)


def header(block: bytes) -> Edit:
    """Adds a header block."""
    return lambda xml: xml.replace(b"<soap:Body>", b"<soap:Header>" + block + b"</soap:Header><soap:Body>", 1)


STRUCTURE: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "two Bodies": (
        lambda xml: xml.replace(b"</soap:Body>", b"</soap:Body><soap:Body/>"),
        ("more than an optional Header and then one Body", "/Envelope/Body (line ", "got: Body, Body"),
    ),
    "no Body": (lambda xml: BODY.sub(b"", xml), ("has no Body", "at: /Envelope", "got: no child")),
    "a Header and no Body": (lambda xml: BODY.sub(b"<soap:Header/>", xml), ("has no Body", "got: Header")),
    "an empty Body": (lambda xml: BODY.sub(b"<soap:Body/>", xml), ("the SOAP Body is empty", "at: /Envelope/Body")),
    "two messages": (
        lambda xml: xml.replace(b"</soap:Body>", b"<PRPA_IN201301UV02 xmlns='urn:hl7-org:v3'/></soap:Body>"),
        ("more than one child", "got: PRPA_IN201301UV02, PRPA_IN201301UV02"),
    ),
    "a Header after the Body": (
        lambda xml: xml.replace(b"</soap:Envelope>", b"<soap:Header/></soap:Envelope>"),
        ("more than an optional Header", "got: Body, Header"),
    ),
    "something after the Body": (
        lambda xml: xml.replace(b"</soap:Envelope>", b"<x/></soap:Envelope>"),
        ("more than an optional Header", "got: Body, x"),
    ),
    "no envelope": (
        lambda xml: re.sub(rb".*<soap:Body>|</soap:Body>.*", b"", xml, flags=re.DOTALL),
        ("not a SOAP envelope", "root element <PRPA_IN201301UV02>", "try: wrap the message in a SOAP envelope"),
    ),
    "another element in place of the message": (
        lambda xml: BODY.sub(b"<soap:Body><hello xmlns='urn:x'/></soap:Body>", xml),
        ("has no action", "<hello> in namespace 'urn:x'", "<PRPA_IN201301UV02>"),
    ),
    "the message in another namespace": (
        lambda xml: xml.replace(b'xmlns="urn:hl7-org:v3"', b'xmlns="urn:hl7-org:v2"'),
        ("<PRPA_IN201301UV02> in namespace 'urn:hl7-org:v2'", "check the element's name and its namespace"),
    ),
    "an answer in place of a request": (
        lambda xml: BODY.sub(b"<soap:Body><soap:Fault/></soap:Body>", xml),
        ("has no action", "/Envelope/Body/Fault"),
    ),
}


@pytest.mark.parametrize("name", STRUCTURE)
async def test_a_broken_structure_is_diagnosed(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, name: str
) -> None:
    """Sender, in the version of the request, with what was found and what was expected."""
    edit, words = STRUCTURE[name]

    for version in SoapVersion:
        answer = await mock.post(PIX_PATH, edit(feed(version)), version.media_type)

        assert_fault(answer, "Sender", *words, version=version)
    await unharmed(mock)


@BOTH
async def test_the_other_version_than_announced(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, version: SoapVersion
) -> None:
    """VersionMismatch, in the version that the content type announced; SOAP 1.2 says what is supported (5.4.7)."""
    other = SoapVersion.V11 if version is SoapVersion.V12 else SoapVersion.V12

    answer = await mock.post(PIX_PATH, feed(other), version.media_type)

    words = (f"announces SOAP {version.value}, the envelope is SOAP {other.value}", "at: Content-Type")
    assert_fault(answer, "VersionMismatch", *words, version=version)
    supported = [each for each in answer.xml.iter() if etree.QName(each).localname == "SupportedEnvelope"]
    assert len(supported) == (2 if version is SoapVersion.V12 else 0)
    await unharmed(mock)


@BOTH
async def test_an_envelope_of_no_version(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, version: SoapVersion
) -> None:
    """VersionMismatch names the namespace that was found and the two that are understood."""
    message = feed(version).replace(version.namespace.encode(), b"http://www.w3.org/2001/12/soap-envelope")

    answer = await mock.post(PIX_PATH, message, version.media_type)

    words = ("no SOAP version", "2001/12/soap-envelope", ns.SOAP12, ns.SOAP11)
    assert_fault(answer, "VersionMismatch", *words, version=version)
    await unharmed(mock)


async def test_a_package_of_the_other_version_than_announced(mock: Peer, unharmed: Unharmed) -> None:
    """start-info announces the version of a package; an envelope of the other one is a VersionMismatch."""
    message = submitted(("2.999.5.1", b"<ClinicalDocument/>"), version=SoapVersion.V11)
    package = as_package(message.xml, message.attachments, SoapVersion.V12)

    answer = await mock.post(ITI41_PATH, package.body, package.content_type)

    assert_fault(answer, "VersionMismatch", "announces SOAP 1.2, the envelope is SOAP 1.1")
    await unharmed(mock)


@BOTH
async def test_an_unknown_mandatory_header(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, version: SoapVersion
) -> None:
    """MustUnderstand names each block; SOAP 1.2 also in NotUnderstood header blocks (5.4.8)."""
    block = b"<x:%b xmlns:x='urn:example:x' soap:mustUnderstand='1'/>"

    answer = await mock.post(
        PIX_PATH, header(block % b"Transaction" + block % b"Priority")(feed(version)), version.media_type
    )

    words = ("{urn:example:x}Transaction", "{urn:example:x}Priority", "without mustUnderstand")
    assert_fault(answer, "MustUnderstand", *words, version=version)
    named = list(answer.xml.iter(f"{{{ns.SOAP12}}}NotUnderstood"))
    assert [each.get("qname") for each in named] == (
        ["ns:Transaction", "ns:Priority"] if version is SoapVersion.V12 else []
    )
    assert {each.nsmap.get("ns") for each in named} <= {"urn:example:x"}
    await unharmed(mock)


@BOTH
@pytest.mark.parametrize(
    "edit",
    [
        lambda xml: xml.replace(b"</soap:Header>", b"<x:Y xmlns:x='urn:x' soap:mustUnderstand='1'/></soap:Header>"),
        lambda xml: xml.replace(b"</soap:Body>", b"<x/></soap:Body>"),
        lambda xml: xml.replace(b"</soap:Body>", b"</soap:Body><soap:Body/>"),
    ],
    ids=["an unknown mandatory header", "two messages", "two Bodies"],
)
async def test_a_fault_about_the_envelope_is_addressed(
    mock: Peer, feed: Callable[..., bytes], version: SoapVersion, edit: Edit
) -> None:
    """Action and RelatesTo stand in the fault where the request had addressing (WS-Addressing Core, 3.4)."""
    answer = await mock.post(PIX_PATH, edit(feed(version, pix_add.SPEC.action)), version.media_type)

    assert answer.text("RelatesTo") == "urn:uuid:6f1c2a3e-0000-4000-8000-000000000001"
    assert answer.text("Action") == "http://www.w3.org/2005/08/addressing/soap/fault"


@BOTH
@pytest.mark.parametrize(
    "attributes",
    [
        b"",
        b"soap:mustUnderstand='0'",
        b"soap:mustUnderstand='false'",
        b"soap:mustUnderstand='1' soap:role='urn:example:gateway' soap:actor='urn:example:gateway'",
    ],
)
async def test_a_header_that_is_optional_or_for_others_is_passed_over(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, version: SoapVersion, attributes: bytes
) -> None:
    """Only a mandatory block that is meant for us has to be understood (SOAP 1.2 Part 1, 2.4)."""
    block = b"<x:Note xmlns:x='urn:example:x' " + attributes + b"/>"

    answer = await mock.post(PIX_PATH, header(block)(feed(version)), version.media_type)

    assert answer.acknowledgement == "CA"
    await unharmed(mock)


@BOTH
@pytest.mark.parametrize("where", ["wsa:Action", "HTTP"])
async def test_an_unknown_action(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, version: SoapVersion, where: str
) -> None:
    """The fault says which actions are known and which was meant.

    To a peer that uses WS-Addressing it is ActionNotSupported (SOAP Binding, 6.4.2), to another one Sender.
    """
    action = "urn:hl7-org:v3:PRPA_IN201399UV99"
    message = feed(version, action if where == "wsa:Action" else "")
    if version is SoapVersion.V11:
        content_type, headers = "text/xml", {"SOAPAction": f'"{action}"'}
    else:
        content_type, headers = f'application/soap+xml; action="{action}"', {}

    answer = await mock.post(PIX_PATH, message, content_type, **headers)

    code = answer.text("faultcode" if version is SoapVersion.V11 else "Code")
    subcode = "wsa:ActionNotSupported" if where == "wsa:Action" else ""
    assert code == (subcode or "soap:Client" if version is SoapVersion.V11 else f"soap:Sender{subcode}")
    assert answer.status == (500 if version is SoapVersion.V11 else 400)
    for word in (
        action,
        pix_add.SPEC.action,
        iti41.SPEC.action,
        f"for this body the action is '{pix_add.SPEC.action}'",
    ):
        assert word in answer.fault
    if where == "wsa:Action":
        assert answer.text("RelatesTo") == "urn:uuid:6f1c2a3e-0000-4000-8000-000000000001"
    await unharmed(mock)


async def test_the_right_message_at_the_wrong_endpoint(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed
) -> None:
    """The fault names the path where the message belongs; nothing is stored."""
    package = submission()

    fed = await mock.post(ITI41_PATH, feed(), "application/soap+xml")
    provided = await mock.post(PIX_PATH, package.body, package.content_type)
    lost = await mock.post("/pix/ad", feed(), "application/soap+xml")
    lost_11 = await mock.post("/services/repository", feed(SoapVersion.V11), "text/xml")

    assert_fault(fed, "DestinationUnreachable", "ITI-44", "POST /iti41/submit", "send it to /pix/add", status=400)
    assert_fault(provided, "DestinationUnreachable", "ITI-41", "POST /pix/add", "send it to /iti41/submit", status=400)
    assert_fault(lost, "DestinationUnreachable", "POST /pix/ad;", "send it to /pix/add", status=400)
    assert_fault(lost_11, "DestinationUnreachable", "send it to /pix/add", version=SoapVersion.V11)
    counts = await mock.server.store.counts()
    assert (counts.patients, counts.submissions) == (0, 0)
    await unharmed(mock)


async def test_an_action_that_the_body_belies(mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed) -> None:
    """An action of one transaction above the message of another is refused with both names."""
    answer = await mock.post(ITI41_PATH, feed(SoapVersion.V12, iti41.SPEC.action), "application/soap+xml")

    words = ("does not hold what the action", iti41.SPEC.action, "got: <PRPA_IN201301UV02>", "expected: <ProvideAnd")
    assert_fault(answer, "Sender", *words)
    await unharmed(mock)


async def test_plain_soap_where_a_package_is_demanded(mock: Peer, unharmed: Unharmed) -> None:
    """ITI-41 without MTOM gets a fault that says so, and how to switch it on."""
    message = submitted(("2.999.5.1", b"<ClinicalDocument/>"))

    answer = await mock.post(ITI41_PATH, message.xml, "application/soap+xml")

    assert_fault(
        answer, "Sender", "MTOM/XOP package", "this request is plain SOAP", "got: application/soap+xml", "switch"
    )
    await unharmed(mock)


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        ("application/json", ("content type application/json", "got: application/json", "application/soap+xml")),
        ("application/x-www-form-urlencoded", ("content type application/x-www-form-urlencoded",)),
        ("multipart/form-data; boundary=b", ("content type multipart/form-data", "multipart/related")),
        ("application/xml", ("content type application/xml", "text/xml (SOAP 1.1)")),
    ],
)
async def test_a_content_type_that_is_not_of_soap(
    mock: Peer, feed: Callable[..., bytes], unharmed: Unharmed, content_type: str, words: tuple[str, ...]
) -> None:
    """415 with the content types that are taken."""
    answer = await mock.post(PIX_PATH, feed(), content_type)

    assert_fault(answer, "Sender", *words, "HTTP header Content-Type", status=415)
    await unharmed(mock)
