"""Writing PRPA_IN201301UV02 and MCCI_IN000002UV01: valid against the schemas of HL7, and read back as they were."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihe_test_util.domain.patients import Patient
from ihe_test_util.transactions.pix_add import (
    SPEC,
    ControlAct,
    Organization,
    OtherIds,
    PatientRecord,
    Person,
    PixAddRequest,
    PixAddResponse,
    RegistrationEvent,
    Replacement,
    pix_add_request,
)
from ihe_test_util.xml.hl7v3 import AD, CD, II, PN, TEL, Part
from ihe_test_util.xml.hl7v3.acknowledgement import AcknowledgementDetail, acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import Device, Transmission
from ihe_test_util.xml.io import Element, parse, serialize

Read = Callable[[Element], PixAddRequest]
ReadAnswer = Callable[[Element], PixAddResponse]
RequestOf = Callable[[str], PixAddRequest]
Sample = Callable[[str], Element]
Problems = Callable[[Element], Sequence[tuple[int, str]]]

MESSAGE_ID = "5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11"

ANYTHING = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)
STRIPPED = ANYTHING.map(str.strip)
WORD = STRIPPED.filter(bool)


def tuples(of: st.SearchStrategy[object], size: int = 2) -> st.SearchStrategy[tuple[object, ...]]:
    """A few of something."""
    return st.lists(of, max_size=size).map(tuple)


def parts(*kinds: str) -> st.SearchStrategy[tuple[object, ...]]:
    """Parts of a name or address; text between parts is never followed by more of it, for XML would join them."""
    named = st.builds(Part, st.sampled_from(kinds), STRIPPED, st.just(""))
    return tuples(st.one_of(named, st.tuples(WORD.map(lambda text: Part("", text)), named)), 3).map(
        lambda found: tuple(one for each in found for one in (each if isinstance(each, tuple) else (each,)))
    )


IDS = st.builds(II, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
CODES = st.builds(CD, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
DEVICES = st.builds(Device, tuples(IDS), STRIPPED, tuples(IDS))
TELECOMS = st.builds(TEL, ANYTHING, ANYTHING, ANYTHING)
NAMES = st.builds(PN, parts("family", "given", "prefix", "suffix", "delimiter"), ANYTHING, ANYTHING)
ADDRESSES = st.builds(AD, parts("streetAddressLine", "city", "country", "additionalLocator"), ANYTHING, ANYTHING)
TRANSMISSIONS = st.builds(
    Transmission,
    st.none() | IDS,
    ANYTHING,
    st.none() | IDS,
    ANYTHING,
    ANYTHING,
    ANYTHING,
    tuples(DEVICES),
    st.none() | DEVICES,
    ANYTHING,
)
PERSONS = st.builds(
    Person,
    names=tuples(NAMES),
    telecoms=tuples(TELECOMS),
    gender=st.none() | CODES,
    birth_time=ANYTHING,
    deceased=st.none() | st.booleans(),
    deceased_time=ANYTHING,
    multiple_birth=st.none() | st.booleans(),
    multiple_birth_order=ANYTHING,
    addresses=tuples(ADDRESSES),
    other_ids=tuples(st.builds(OtherIds, tuples(IDS), tuples(IDS), ANYTHING)),
    class_code=ANYTHING,
    determiner_code=ANYTHING,
)
ORGANIZATIONS = st.builds(Organization, tuples(IDS), tuples(STRIPPED), tuples(TELECOMS))
RECORDS = st.builds(
    PatientRecord,
    tuples(IDS),
    tuples(ADDRESSES),
    tuples(TELECOMS),
    ANYTHING,
    st.none() | PERSONS,
    st.none() | ORGANIZATIONS,
    ANYTHING,
)
REPLACEMENTS = st.just(Replacement(has_registration=False)) | st.builds(Replacement, ANYTHING, tuples(IDS), tuples(IDS))
EVENTS = st.builds(
    RegistrationEvent,
    tuples(IDS),
    ANYTHING,
    st.none() | RECORDS,
    tuples(IDS),
    tuples(REPLACEMENTS),
    ANYTHING,
    ANYTHING,
)
ACTS = st.builds(ControlAct, st.none() | CODES, tuples(st.none() | EVENTS), ANYTHING, ANYTHING)
REQUESTS = st.builds(PixAddRequest, TRANSMISSIONS, st.none() | ACTS)
DETAILS = st.builds(AcknowledgementDetail, ANYTHING, STRIPPED, st.none() | CODES, tuples(STRIPPED))
RESPONSES = st.builds(PixAddResponse, TRANSMISSIONS, ANYTHING, st.none() | IDS, tuples(DETAILS))


@settings(max_examples=100, deadline=None)
@given(request_=REQUESTS)
def test_a_request_comes_back_as_it_was(read: Read, request_: PixAddRequest) -> None:
    """Whatever a request holds, written to bytes and read again it is the same."""
    assert read(parse(serialize(SPEC.build_request(request_).element))) == request_


@settings(max_examples=100, deadline=None)
@given(response=RESPONSES)
def test_a_response_comes_back_as_it_was(read_answer: ReadAnswer, response: PixAddResponse) -> None:
    """Whatever an acknowledgement holds, written to bytes and read again it is the same."""
    assert read_answer(parse(serialize(SPEC.build_response(response).element))) == response


@settings(max_examples=100, deadline=None)
@given(
    message_id=IDS,
    target=IDS,
    sender=IDS,
    receiver=IDS,
    text=WORD,
    location=STRIPPED,
    codes=st.tuples(WORD, WORD, WORD),
)
def test_a_usual_response_comes_back_as_it_was(
    read_answer: ReadAnswer,
    message_id: II,
    target: II,
    sender: II,
    receiver: II,
    text: str,
    location: str,
    codes: tuple[str, str, str],
) -> None:
    """The short way to write what a mock answers under load writes what was said."""
    response = acknowledgement(
        codes[0],
        target,
        message_id=message_id,
        creation_time=codes[1],
        sender=Device((sender,)),
        receiver=Device((receiver,)),
        details=(AcknowledgementDetail("I", text, locations=(location,)),),
        processing_code=codes[2],
    )
    assert read_answer(parse(serialize(SPEC.build_response(response).element))) == response


@pytest.mark.parametrize("name", ["minimal", "full", "prefixes", "unused-namespaces"])
def test_samples_and_what_we_write_of_them_are_valid(
    sample: Sample, read: Read, schema_problems: Problems, name: str
) -> None:
    """A sample is valid, its copy by our writer is valid too and says the same."""
    assert schema_problems(sample(name)) == []
    request = read(sample(name))

    written = parse(serialize(SPEC.build_request(request).element))

    assert schema_problems(written) == []
    assert read(written) == request


@pytest.mark.parametrize("code", ["CA", "CE", "CR", "AA", "AE", "AR"])
@pytest.mark.parametrize(
    "details",
    [
        (),
        (AcknowledgementDetail("I", "P-1^^^&2.999&ISO", locations=("/PRPA_IN201301UV02",)),),
        (AcknowledgementDetail("I", "P-1^^^&2.999&ISO"), AcknowledgementDetail("W", "<&>", locations=("a", "b"))),
        (AcknowledgementDetail("E", "no", CD("INTERR", "2.16.840.1.113883.5.1100", "Internal error")),),
    ],
    ids=["none", "usual", "several", "coded"],
)
@pytest.mark.parametrize(
    "device",
    [
        Device.of("2.999.1"),
        Device((II("2.999.1"), II("2.999.2")), "Mock", (II("2.999"),)),
        Device((II(null_flavor="UNK"),)),
    ],
    ids=["oid", "full", "null"],
)
def test_every_kind_of_response_is_valid(
    schema_problems: Problems,
    read_answer: ReadAnswer,
    code: str,
    details: tuple[AcknowledgementDetail, ...],
    device: Device,
) -> None:
    """Acceptance or refusal, with or without details, from and to any device."""
    response = acknowledgement(
        code,
        II(MESSAGE_ID),
        message_id=II("2.999.6", "17"),
        creation_time="20240229153001+0000",
        sender=device,
        receiver=device,
        details=details,
    )

    element = parse(serialize(SPEC.build_response(response).element))

    assert schema_problems(element) == []
    assert read_answer(element) == response


def test_a_client_needs_only_a_patient_and_two_oids(schema_problems: Problems, read: Read) -> None:
    """The convenience constructor writes a message that is valid and breaks no rule."""
    patient = Patient((II("2.999.2.3", "P-1"),), (PN.of("Testfall", "Ada", "B.", prefix="Dr.", suffix="II"),))
    request = _request(patient)

    element = SPEC.build_request(request).element

    assert schema_problems(element) == []
    assert SPEC.judge(request) == []
    assert read(element) == request
    assert request.patient == patient


def test_a_client_can_say_all_that_a_registry_keeps(
    request_of: RequestOf, schema_problems: Problems, read: Read
) -> None:
    """A patient that was fed can be fed on to the next registry without loss."""
    patient = replace(request_of("full").patient, deceased=True, deceased_time="20240101")
    request = _request(patient, provider_oid="2.999.9", processing_code="D")

    element = SPEC.build_request(request).element

    assert schema_problems(element) == []
    assert SPEC.judge(request) == []
    assert read(element).patient == patient
    assert request.transmission.processing_code == "D"


def test_a_patient_without_an_identifier_is_refused_by_rule_not_by_crash() -> None:
    """The constructor builds what it is given; the rules say what is missing."""
    assert [finding.rule for finding in SPEC.judge(_request(Patient(())))] == [
        "PIXF-20",
        "PIXF-22",
        "PIXF-26",
        "PIXF-33",
    ]


def test_the_default_namespace_is_hl7s(request_of: RequestOf) -> None:
    """Messages are written without prefixes, which the oldest of peers understand best."""
    assert SPEC.build_request(request_of("minimal")).element.nsmap == {None: "urn:hl7-org:v3"}
    assert b"ns0:" not in serialize(SPEC.build_request(request_of("full")).element)


def _request(patient: Patient, *, provider_oid: str = "", processing_code: str = "P") -> PixAddRequest:
    return pix_add_request(
        patient,
        message_id=MESSAGE_ID,
        creation_time="20240229153000+0100",
        sender_oid="2.999.2.1",
        receiver_oid="2.999.1.1",
        provider_oid=provider_oid,
        processing_code=processing_code,
    )
