"""Acknowledgements as text: for the usual one there is a shorter way, which nobody may notice."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.xml.hl7v3 import CD, II
from ihe_test_util.xml.hl7v3.acknowledgement import (
    Acknowledgement,
    AcknowledgementDetail,
    acknowledgement,
    acknowledgement_as_xml,
    build_acknowledgement,
)
from ihe_test_util.xml.hl7v3.wrappers import Device
from ihe_test_util.xml.io import serialize

#: Everything that XML 1.0 can carry, what is escaped more often than chance would have it.
TEXT = st.text(
    st.one_of(st.sampled_from("&<>\"' \t\r\n\xa0"), st.characters(exclude_categories=("Cs", "Cc"))), max_size=8
).filter(lambda text: "\ufffe" not in text and "\uffff" not in text)
IDS = st.builds(II, TEXT, TEXT, TEXT, TEXT)
DEVICES = st.builds(Device, st.lists(IDS, min_size=1, max_size=2).map(tuple), st.sampled_from(["", "LAB"]))
DETAILS = st.builds(
    AcknowledgementDetail,
    st.sampled_from("IWE"),
    TEXT,
    st.none() | st.just(CD("204")),
    st.lists(TEXT, max_size=2).map(tuple),
)


@given(
    st.sampled_from(["CA", "CE", ""]),
    IDS | st.none(),
    IDS,
    TEXT,
    st.tuples(DEVICES, DEVICES),
    st.lists(DETAILS, max_size=2),
    st.sampled_from("DPT"),
)
def test_text_is_that_of_the_elements_byte_for_byte(
    type_code: str,
    target: II | None,
    message_id: II,
    created: str,
    devices: tuple[Device, Device],
    details: list[AcknowledgementDetail],
    processing_code: str,
) -> None:
    """Whatever an acknowledgement says, its text is what its elements serialise to."""
    value = acknowledgement(
        type_code,
        target,
        message_id=message_id,
        creation_time=created,
        sender=devices[0],
        receiver=devices[1],
        details=tuple(details),
        processing_code=processing_code,
    )

    assert acknowledgement_as_xml(value) == serialize(build_acknowledgement(value), declaration=False)


def test_the_usual_one_with_its_parts_changed_one_by_one() -> None:
    """No part of the usual acknowledgement is taken for granted."""
    usual = acknowledgement(
        "CA",
        II("2.999.1.7"),
        message_id=II("5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11"),
        creation_time="20260314150926+0000",
        sender=Device.of("2.999.1.1"),
        receiver=Device.of("2.999.1.2"),
        details=(AcknowledgementDetail("I", "12^^^&2.999.4.1&ISO", locations=("/PRPA_IN201301UV02/x",)),),
    )
    others = [
        replace(usual, transmission=replace(usual.transmission, **change))
        for change in (
            {"message_id": None},
            {"interaction_id": II("2.999.1", "OTHER")},
            {"processing_mode_code": "A"},
            {"accept_ack_code": "AL"},
            {"receivers": ()},
            {"sender": None},
            {"its_version": ""},
            {"sender": Device((), "LAB", (II("2.999.8"),))},
        )
    ]

    for value in (usual, *others, Acknowledgement(usual.transmission)):
        assert acknowledgement_as_xml(value) == serialize(build_acknowledgement(value), declaration=False)
