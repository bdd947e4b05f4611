"""A row as the patient of a message."""

from dataclasses import replace
from datetime import date

import pytest

from ihe_test_util.patients.mapping import patient_of
from ihe_test_util.patients.model import Gender, PatientRow
from ihe_test_util.transactions import pix_add
from ihe_test_util.xml.hl7v3 import II, TEL

ROW = PatientRow(
    line=2,
    first_name="Anna Lena",
    last_name="Müller",
    dob=date(980, 2, 29),
    gender="F",
    patient_id_oid="2.999.1",
    patient_id="PAT-1",
    mrn="MRN-1",
    ssn="987-65-4320",
    address="12 Main St\nApt 3",
    city="Ulm",
    state="BW",
    zip="89073",
    phone="(555) 010-0199 ext. 42",
    email="anna@example.org",
)


def test_everything_arrives() -> None:
    """Names, a date of eight digits whatever the century, an address with its lines, URLs, other identifiers."""
    patient = patient_of(ROW)
    assert patient.identifiers == (II("2.999.1", "PAT-1"),)
    assert patient.other_ids == (II("2.999.1", "MRN-1"), II("2.16.840.1.113883.4.1", "987-65-4320"))
    assert [(part.kind, part.text) for part in patient.names[0].parts] == [("given", "Anna Lena"), ("family", "Müller")]
    assert (patient.gender, patient.birth_time) == ("F", "09800229")
    assert [part.text for part in patient.addresses[0].parts] == ["12 Main St", "Apt 3", "Ulm", "BW", "89073"]
    assert patient.telecoms == (TEL("tel:(555)-010-0199;ext=42", "HP"), TEL("mailto:anna@example.org", "HP"))


def test_what_is_not_given_is_left_out() -> None:
    """Empty columns make no empty elements."""
    row = PatientRow(
        line=2, first_name="A", last_name="B", dob=date(2000, 1, 1), gender="M", patient_id_oid="2.999", patient_id="P"
    )
    patient = patient_of(row)
    assert (patient.addresses, patient.telecoms, patient.other_ids) == ((), (), ())


@pytest.mark.parametrize(("gender", "code"), [("M", "M"), ("F", "F"), ("O", "UN"), ("U", "")])
def test_genders_are_codes_of_administrative_gender(gender: Gender, code: str) -> None:
    """HL7 V3 has F, M and UN; an unknown gender is left out."""
    assert patient_of(replace(ROW, gender=gender)).gender == code


def test_the_mrn_can_have_an_authority_of_its_own() -> None:
    """Without one it is the patient's, and a mrn that repeats the patient's identifier is left out."""
    assert patient_of(ROW, mrn_oid="2.999.7").other_ids[0] == II("2.999.7", "MRN-1")
    assert [one.root for one in patient_of(replace(ROW, mrn="PAT-1")).other_ids] == ["2.16.840.1.113883.4.1"]


@pytest.mark.parametrize("gender", ["M", "F", "O", "U"])
def test_the_message_is_what_the_profile_demands(gender: Gender) -> None:
    """ITI-44 has no finding about any of it."""
    request = pix_add.pix_add_request(
        patient_of(replace(ROW, gender=gender)),
        message_id="6f1c2a3e-0000-4000-8000-000000000001",
        creation_time="20260102030405+0000",
        sender_oid="2.999.1.2",
        receiver_oid="2.999.1.1",
    )
    assert [str(finding) for finding in pix_add.SPEC.judge(request)] == []
