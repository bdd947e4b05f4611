"""How a PIX Manager answers, and how a client understands its answer."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ihe_test_util.domain.patients import Patient, PatientStore
from ihe_test_util.domain.world import World
from ihe_test_util.errors import OtherMessage, StorageError
from ihe_test_util.transactions.pix_add import SPEC, PixAddRequest, PixAddResponse, with_patient_id
from ihe_test_util.xml.hl7v3 import II
from ihe_test_util.xml.hl7v3.acknowledgement import AcknowledgementDetail
from ihe_test_util.xml.hl7v3.wrappers import Device, Transmission
from ihe_test_util.xml.io import Element, parse, serialize

RequestOf = Callable[[str], PixAddRequest]
ReadAnswer = Callable[[Element], PixAddResponse]
Sample = Callable[[str], Element]
Problems = Callable[[Element], Sequence[tuple[int, str]]]

NOW = datetime(2024, 2, 29, 15, 30, 1, tzinfo=UTC)
NEW_UUID = "9d7c2f60-3c3a-4f0e-8a57-2f1b64e1c7aa"
ID_PATH = "/PRPA_IN201301UV02/controlActProcess/subject/registrationEvent/subject1/patient/id"


@dataclass
class Registry:
    """As much of a PatientStore as an add needs: remembers who was fed, or fails as told."""

    fed: list[tuple[Patient, datetime]] = field(default_factory=list)
    failure: Exception | None = None

    async def feed(self, patient: Patient, *, at: datetime) -> None:
        """Remember, or fail as told."""
        if self.failure is not None:
            raise self.failure
        self.fed.append((patient, at))


@pytest.fixture
def registry() -> Registry:
    """The store of the world."""
    return Registry()


@pytest.fixture
def world(registry: Registry) -> World:
    """A world whose clock stands still."""
    patients = cast("PatientStore", registry)
    nothing = cast("Any", None)
    return World(patients, documents=nothing, registry=nothing, now=lambda: NOW, new_uuid=lambda: NEW_UUID)


async def test_the_patient_is_fed_before_anything_is_said(
    request_of: RequestOf, registry: Registry, world: World
) -> None:
    """An acknowledged patient is in the registry, with the time of the world's clock."""
    request = request_of("full")
    response = await SPEC.answer(request, world)
    assert response.accepted
    assert registry.fed == [(request.patient, NOW)]


async def test_the_answer_is_an_accept_acknowledgement(
    request_of: RequestOf, world: World, read_answer: ReadAnswer, sample: Sample
) -> None:
    """CA, devices swapped, the request's id as target, the accepted identifier in an informational detail."""
    response = await SPEC.answer(request_of("minimal"), world)
    assert response == read_answer(sample("ack-accepted"))


async def test_devices_answer_by_the_names_they_were_called(request_of: RequestOf, world: World) -> None:
    """Whoever was the receiver sends the answer, with name and organization, and the other way round."""
    request = request_of("full")
    response = await SPEC.answer(request, world)
    assert response.transmission.sender == request.transmission.receivers[0]
    assert response.transmission.receivers == (request.transmission.sender,)
    assert response.transmission.processing_code == "T"
    assert response.target_message_id == request.message_id


async def test_what_is_not_stored_is_not_acknowledged(request_of: RequestOf, registry: Registry, world: World) -> None:
    """A StorageError goes on to the edge."""
    registry.failure = StorageError("the disk is full")
    with pytest.raises(StorageError, match="full"):
        await SPEC.answer(request_of("minimal"), world)


@pytest.mark.parametrize(
    ("transmission", "sender", "receiver", "target"),
    [
        pytest.param(Transmission(), II("2.999.1.1"), II(null_flavor="UNK"), II(null_flavor="NI"), id="nothing"),
        pytest.param(
            Transmission(
                II("urn:uuid:5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11"),
                receivers=(Device((II("my host!"),)), Device((II("2.999.5"),))),
                sender=Device((II(null_flavor="UNK"), II("2.999.2.1", "A"))),
            ),
            II("2.999.1.1"),
            II("2.999.2.1", "A"),
            II(extension="urn:uuid:5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11", null_flavor="OTH"),
            id="values-that-the-schemas-refuse",
        ),
        pytest.param(
            Transmission(II("bad root", "17", null_flavor="UNK"), receivers=(Device(),), sender=Device()),
            II("2.999.1.1"),
            II(null_flavor="UNK"),
            II(extension="17", null_flavor="OTH"),
            id="empty-devices",
        ),
        pytest.param(
            Transmission(II("2.999.7", "17", null_flavor="XYZ")),
            II("2.999.1.1"),
            II(null_flavor="UNK"),
            II("2.999.7", "17"),
            id="a-nullflavor-that-does-not-exist",
        ),
    ],
)
async def test_a_lenient_answer_is_valid_whatever_the_request_lacked(
    request_of: RequestOf,
    world: World,
    schema_problems: Problems,
    transmission: Transmission,
    sender: II,
    receiver: II,
    target: II,
) -> None:
    """The mock's own device stands in for the receiver, nullFlavors for the rest; the client recognises its id."""
    request = replace(request_of("minimal"), transmission=transmission)

    response = await SPEC.answer(request, world)

    assert response.transmission.sender == Device((sender,))
    assert response.transmission.receivers == (Device((receiver,)),)
    assert response.target_message_id == target
    assert response.transmission.processing_code == "P"
    assert schema_problems(SPEC.build_response(response).element) == []
    assert SPEC.verdict(response, request).accepted


@pytest.mark.parametrize("extension", ["<&\"'>", "😀 שלום", "a^b&c", "^^^&2.999&ISO"])
async def test_identifiers_come_back_intact(
    request_of: RequestOf, world: World, read_answer: ReadAnswer, extension: str
) -> None:
    """Whatever characters an identifier has, the client reads the one that was sent."""
    request = request_of("minimal")
    assert request.control_act is not None
    event = request.control_act.registrations[0]
    assert event is not None
    assert event.record is not None
    identifier = II("2.999.2.3", extension)
    event = replace(event, record=replace(event.record, ids=(identifier,)))
    request = replace(request, control_act=replace(request.control_act, registrations=(event,)))

    sent = serialize(SPEC.build_response(await SPEC.answer(request, world)).element)

    ((label, value),) = SPEC.verdict(read_answer(parse(sent)), request).identifiers
    assert label == "Patient ID"
    assert II.from_cx(value) == identifier


@pytest.mark.parametrize(
    ("custom", "text"),
    [
        ("X-9^^^&2.999.8&ISO", "X-9^^^&2.999.8&ISO"),
        ("X-9", "X-9^^^&2.999.2.3&ISO"),
        ("patient number nine", "patient number nine"),
        ("X-9^^^HOSPITAL", "X-9^^^HOSPITAL"),
    ],
)
def test_a_custom_patient_id_takes_the_place_of_the_accepted_one(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf, custom: str, text: str
) -> None:
    """A whole identifier and free text stand as they are, an extension gets the root of the accepted one."""
    response = with_patient_id(read_answer(sample("ack-accepted")), custom)
    assert response.details == (AcknowledgementDetail("I", text, locations=(ID_PATH,)),)
    assert SPEC.verdict(response, request_of("minimal")).identifiers == (("Patient ID", text),)


def test_a_refusal_names_no_custom_patient_id(sample: Sample, read_answer: ReadAnswer) -> None:
    """Only an acceptance has an accepted identifier."""
    refused = read_answer(sample("ack-refused"))
    assert with_patient_id(refused, "X-9") is refused


def test_a_custom_patient_id_is_added_where_none_was_named(sample: Sample, read_answer: ReadAnswer) -> None:
    """An acceptance without identifier gets one, as it stands."""
    response = with_patient_id(read_answer(sample("ack-attribute")), "X-9")
    assert [detail.text for detail in response.details] == ["X-9"]


@pytest.mark.parametrize("code", ["CA", "AA"])
def test_ca_and_aa_are_success(sample: Sample, read_answer: ReadAnswer, request_of: RequestOf, code: str) -> None:
    """Accept and application acknowledgement alike mean that the patient is registered."""
    response = replace(read_answer(sample("ack-accepted")), type_code=code)
    verdict = SPEC.verdict(response, request_of("minimal"))
    assert (verdict.accepted, verdict.status, verdict.details) == (True, code, ())
    assert verdict.identifiers == (("Patient ID", "P-1000001^^^&2.999.2.3&ISO"),)


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR", "XX"])
def test_everything_else_is_failure_with_its_details(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf, code: str
) -> None:
    """The peer's reasons are told with type, code, text and place."""
    response = replace(read_answer(sample("ack-refused")), type_code=code)
    verdict = SPEC.verdict(response, request_of("minimal"))
    assert (verdict.accepted, verdict.status, verdict.identifiers) == (False, code, ())
    assert verdict.details == (
        "E SYN100: No custodian & no provider (at //registrationEvent/custodian, //patient/providerOrganization)",
        "W: The name has no use",
        "? INTERR: no text",
    )


def test_a_type_code_in_an_attribute_is_understood(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf
) -> None:
    """Peers that write editions before 2008 are understood."""
    assert SPEC.verdict(read_answer(sample("ack-attribute")), request_of("minimal")).accepted


@pytest.mark.parametrize("target", [None, II("5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b12"), II(null_flavor="NI")])
def test_an_answer_to_another_message_is_never_success(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf, target: II | None
) -> None:
    """A CA that acknowledges something else acknowledges nothing of ours."""
    response = replace(read_answer(sample("ack-accepted")), target_message_id=target)
    with pytest.raises(OtherMessage, match="acknowledges another message") as caught:
        SPEC.verdict(response, request_of("minimal"))
    assert caught.value.expected == "'5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11'"


def test_an_answer_without_acknowledgement_is_never_success(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf
) -> None:
    """An empty wrapper says nothing, which is not yes."""
    verdict = SPEC.verdict(read_answer(sample("ack-empty")), request_of("minimal"))
    assert (verdict.accepted, verdict.status) == (False, "none")
    assert verdict.details == ("the answer has no acknowledgement/typeCode",)


def test_an_acknowledgement_that_gives_errors_is_never_success(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf
) -> None:
    """CA with a detail of type E, coded or not, contradicts itself."""
    broken = AcknowledgementDetail("E", "the patient could not be stored")
    response = replace(read_answer(sample("ack-accepted")), details=(broken,))
    verdict = SPEC.verdict(response, request_of("minimal"))
    assert not verdict.accepted
    assert verdict.details[0] == "the answer contradicts itself: it says CA, and gives an error"


def test_of_several_acknowledgements_one_that_refuses_counts(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf
) -> None:
    """What follows an acceptance is not overlooked."""
    message = sample("ack-accepted")
    refused = deepcopy(message[-1])
    refused[0].set("code", "CE")
    message.append(refused)
    verdict = SPEC.verdict(read_answer(message), request_of("minimal"))
    assert (verdict.accepted, verdict.status) == (False, "CE")


def test_an_informational_remark_is_not_an_identifier(
    sample: Sample, read_answer: ReadAnswer, request_of: RequestOf
) -> None:
    """A peer's remark of type I is a detail, not a patient id."""
    remark = AcknowledgementDetail("I", "Welcome", locations=("/PRPA_IN201301UV02",))
    response = replace(read_answer(sample("ack-accepted")), details=(remark,))
    verdict = SPEC.verdict(response, request_of("minimal"))
    assert verdict.identifiers == ()
    assert verdict.details == ("I: Welcome (at /PRPA_IN201301UV02)",)


def test_log_lines_identify_nobody(request_of: RequestOf) -> None:
    """At INFO an identifier is shortened, its authority is not."""
    assert SPEC.log_ids(request_of("minimal")) == "patient P-10… of 2.999.2.3, message 5c1f7a2e…"


@pytest.mark.parametrize(
    ("extension", "logged"), [("", "…"), ("7", "…"), ("1234", "12…"), ("a\nb\x1b[0mc\u202e", "a�b�…")]
)
def test_log_lines_stay_one_line(request_of: RequestOf, extension: str, logged: str) -> None:
    """Short identifiers are not shown whole, and no character of a peer's controls a terminal or forges a line."""
    request = request_of("minimal")
    assert request.control_act is not None
    event = request.control_act.registrations[0]
    assert event is not None
    assert event.record is not None
    event = replace(event, record=replace(event.record, ids=(II("2.999\n", extension),)))
    request = replace(
        request, control_act=replace(request.control_act, registrations=(event,)), transmission=Transmission()
    )
    assert SPEC.log_ids(request) == f"patient {logged} of 2.999�"


def test_log_lines_of_an_empty_message_are_empty() -> None:
    """Nothing known, nothing said."""
    assert SPEC.log_ids(PixAddRequest(Transmission())) == ""
