"""Reading PRPA_IN201301UV02 and MCCI_IN000002UV01."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.transactions.pix_add import SPEC, PixAddRequest, PixAddResponse
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL, Part
from ihe_test_util.xml.hl7v3.wrappers import Device
from ihe_test_util.xml.io import Element, parse, serialize

Sample = Callable[[str], Element]
RequestOf = Callable[[str], PixAddRequest]
Read = Callable[[Element], PixAddRequest]


def test_the_wrapper_is_read(request_of: RequestOf) -> None:
    """The transmission wrapper's ids, codes, time and devices arrive as values."""
    transmission = request_of("full").transmission
    assert transmission.message_id == II("2.999.2.1.1", "feed-2024-000017", "Testfall Clinic")
    assert transmission.creation_time == "20240229153000.125+0100"
    assert transmission.interaction_id == II("2.16.840.1.113883.1.6", "PRPA_IN201301UV02")
    assert (transmission.processing_code, transmission.processing_mode_code) == ("T", "T")
    assert transmission.accept_ack_code == "AL"
    assert transmission.receivers == (Device((II("2.999.1.1"),), "Mock PIX Manager", (II("2.999.1"),)),)
    assert transmission.sender == Device((II("2.999.2.1"),), "Testfall Admission", (II("2.999.2"),))


def test_the_patient_is_read_with_all_that_a_registry_needs(request_of: RequestOf) -> None:
    """Every complete id, every real name with its parts, gender, times, addresses, telecoms and other ids."""
    patient = request_of("full").patient
    assert patient.identifiers == (
        II("2.999.2.3", "P-1000017", "TESTFALL"),
        II("2.999.2.4", '<Ä&"Ω">-17'),
    )
    assert patient.names == (
        PN(
            (
                Part("prefix", "Dr.", "AC"),
                Part("given", "Zoë"),
                Part("given", "Ø.", "IN"),
                Part("family", "Müller", "BR"),
                Part("delimiter", "-"),
                Part("family", "Nuñez"),
                Part("suffix", "III"),
            ),
            "L",
        ),
        PN((Part("family", "鈴木"), Part("given", "花子")), "SYL"),
        PN((Part("", "זואי 😀"),), "P"),
    )
    assert (patient.gender, patient.birth_time) == ("F", "196802290815")
    assert (patient.deceased, patient.deceased_time) == (False, "")
    assert patient.telecoms == (
        TEL("tel:+49-555-0118", "HP"),
        TEL("mailto:zoe@example.org"),
        TEL("tel:+49-555-0117", "WP"),
    )
    assert [address.use for address in patient.addresses] == ["HP", "WP", "TMP"]
    assert patient.addresses[0] == AD.of(
        "Prüfstraße 1 & 2",
        "Hinterhaus",
        city="Teststadt",
        state="TS",
        postal_code="01234",
        country="DE",
        use="HP",
    )
    assert [one.extension for one in patient.other_ids] == ["DL-4711", "DL-4712", "S-1"]


def test_text_between_the_parts_of_an_address_is_kept(request_of: RequestOf) -> None:
    """An address that is half text, half parts loses nothing."""
    address = request_of("full").patient.addresses[1]
    assert address.parts == (Part("", "Postfach 5,"), Part("city", "Teststadt"), Part("", "bei der Mühle"))


def test_what_is_not_modelled_is_not_mistaken_for_the_patients(request_of: RequestOf) -> None:
    """Ids, names and telecoms of relatives and clerks stay out of the patient."""
    assert "P-1000099" not in repr(request_of("full"))
    assert "Großmann" not in repr(request_of("full"))
    assert "tel:+49-555-0199" not in repr(request_of("full"))
    assert "clerk-3" not in repr(request_of("full"))


@pytest.mark.parametrize("name", ["prefixes", "unused-namespaces"])
def test_prefixes_and_unused_namespaces_mean_nothing(request_of: RequestOf, name: str) -> None:
    """Messages that differ in prefixes and declarations only are the same message."""
    assert request_of(name) == request_of("minimal")


def test_an_empty_message_is_read_as_nothing(read: Read) -> None:
    """Whatever is missing becomes None or empty, so that the rules can speak of it."""
    request = read(parse(b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>'))
    assert request.message_id is None
    assert request.control_act is None
    assert request.transmission.receivers == ()
    assert request.patient.identifiers == ()


def test_of_what_may_stand_once_the_first_counts(sample: Sample, read: Read) -> None:
    """A second id, time or code of the message does not override the first."""
    message = sample("minimal")
    for second in ("id", "creationTime", "processingCode", "interactionId"):
        element = parse(f'<{second} xmlns="urn:hl7-org:v3" root="2.999.6" value="1999" code="D"/>'.encode())
        message.append(element)
    assert read(message) == read(sample("minimal"))


def test_another_message_is_malformed(read: Read) -> None:
    """A body that is not PRPA_IN201301UV02 is refused with both names."""
    with pytest.raises(MessageMalformed, match="not an ITI-44 add") as caught:
        read(parse(b'<PRPA_IN201302UV02 xmlns="urn:hl7-org:v3"/>'))
    assert caught.value.got == "<PRPA_IN201302UV02>"
    assert caught.value.expected == "<PRPA_IN201301UV02>"


@pytest.mark.parametrize(("namespace", "got"), [("", "no namespace"), (' xmlns="urn:hl7-org:v2"', "urn:hl7-org:v2")])
def test_the_right_name_in_the_wrong_namespace_says_so(read: Read, namespace: str, got: str) -> None:
    """The usual mistake with namespaces gets the namespace, not the name, as its diagnosis."""
    with pytest.raises(MessageMalformed, match="not in the namespace of HL7 V3") as caught:
        read(parse(f"<PRPA_IN201301UV02{namespace}/>".encode()))
    assert (caught.value.got, caught.value.expected) == (got, "urn:hl7-org:v3")
    assert 'xmlns="urn:hl7-org:v3"' in caught.value.hint


def test_an_answer_that_is_no_acknowledgement_is_malformed(
    sample: Sample, read_answer: Callable[[Element], PixAddResponse]
) -> None:
    """The client does not take just any body for an answer."""
    with pytest.raises(MessageMalformed, match="not an HL7 V3 accept acknowledgement"):
        read_answer(sample("minimal"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.sampled_from("dropemcx"), st.integers(0, 10**6)), max_size=8))
def test_no_mutilation_breaks_the_reader_or_the_rules(sample: Sample, read: Read, edits: list[tuple[str, int]]) -> None:
    """However a message is mutilated, it is read, judged and written again without an exception."""
    message = parse(serialize(sample("full")))
    for kind, number in edits:
        _mutilate(message, kind, number)

    request = read(message)

    findings = SPEC.judge(request)
    assert all(finding.path.startswith("/PRPA_IN201301UV02") for finding in findings)
    if not request.strays:
        assert read(SPEC.build_request(request).element) == request


def _mutilate(message: Element, kind: str, number: int) -> None:
    elements = list(message.iter())[1:]
    if not elements:
        return
    victim = elements[number % len(elements)]
    parent = victim.getparent()
    assert parent is not None
    match kind:
        case "d":
            parent.remove(victim)
        case "r":
            victim.attrib.clear()
        case "o":
            victim.tag = "{urn:hl7-org:v3}id"
        case "p":
            parent.append(parse(serialize(victim)))
        case "e":
            victim.set("root", "")
            victim.set("code", "nonsense")
        case "m":
            victim.text = "text"
        case "c":
            victim.tag = victim.tag.rpartition("}")[2]
        case _:
            victim.set("value", "x" * 300)
