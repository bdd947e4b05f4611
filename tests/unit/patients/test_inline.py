"""The grammar of ``--patient``."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.inline import KEYS, patient_from_text
from ihe_test_util.xml.hl7v3 import II, TEL

TODAY = date(2026, 1, 2)
ID = "id=PAT-1^^^&2.999.1.2&ISO"


def test_a_patient_in_one_line() -> None:
    """The example of the help text."""
    patient = patient_from_text([f"{ID}, family=Müller, given=Anna, birth=1980-02-29, gender=F"], today=TODAY)
    assert patient.identifiers == (II("2.999.1.2", "PAT-1"),)
    assert (patient.names[0].family, patient.names[0].given) == ("Müller", "Anna")
    assert (patient.birth_time, patient.gender) == ("19800229", "F")


def test_everything_that_can_be_said() -> None:
    """Semicolons, quotes, repeated keys, names of CSV columns, and several texts."""
    patient = patient_from_text(
        [
            'id=A^^^&2.999.1&ISO; id=B^^^&2.999.2&ISO; other-id=C^^^&2.999.3&ISO; family="Smith, Jr; ""Bob"""',
            "first_name=Ann; given=Lee; prefix=Dr; suffix=II; dob=1999; sex=other; state=BY; country=DE",
            "street=Am Tor 1, street=Hinterhaus, city=Ulm, zip=89073, phone=+49 731 1, email=a@example.org",
        ],
        today=TODAY,
    )
    assert [one.extension for one in patient.identifiers] == ["A", "B"]
    assert [one.extension for one in patient.other_ids] == ["C"]
    assert str(patient.names[0]) == 'Dr Ann Lee Smith, Jr; "Bob" II'
    assert (patient.birth_time, patient.gender) == ("1999", "UN")
    assert patient.addresses[0].text("streetAddressLine") == "Am Tor 1 Hinterhaus"
    assert patient.addresses[0].text("postalCode") == "89073"
    assert patient.telecoms == (TEL("tel:+49-731-1", "HP"), TEL("mailto:a@example.org", "HP"))


@pytest.mark.parametrize(("text", "code"), [("M", "M"), ("f", "F"), ("male", "M"), ("O", "UN"), ("U", "")])
def test_genders_are_those_of_the_csv(text: str, code: str) -> None:
    """M, F, O, U in any case; an unknown gender is left out."""
    assert patient_from_text([f"{ID}, family=X, gender={text}"], today=TODAY).gender == code


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{ID}, famly=X", "'famly' is no key for a patient; did you mean family?"),
        (f"{ID}, name=X", "'name' is no key for a patient; did you mean family and given?"),
        (f"{ID}, Date-of-Birth=1980", "'Date-of-Birth' is no key for a patient; did you mean birth?"),
        (f"{ID}, xyzzy=X, family=X", "known are id, family"),
        (f"{ID}, family=X, birth=2001-02-29", "there is no such day"),
        (f"{ID}, family=X, birth=29.2.2000", "is no date; expected YYYY-MM-DD"),
        (f"{ID}, family=X, birth=2026-01-03", "is in the future; today is 2026-01-02"),
        (f"{ID}, family=X, gender=W", "expected M, F, O (other) or U (unknown)"),
        (f"{ID}, family=X, family=Y", "family is given twice: 'X' and 'Y'"),
        (f"{ID}, family=", "family is empty"),
        (f"{ID}, family=X, city", "'city' is no key=value"),
        (f'{ID}, family=X, "city', "is no key=value"),
        ('family="X', "is no key=value"),
        (f"{ID}, family=a\x01b", "a character that XML cannot carry"),
        ("id=PAT-1, family=X", "quote the whole text, since & ends a command"),
        ("id=PAT-1^^^, family=X", "quote the whole text, since & ends a command"),
        ("id=PAT-1^^^&1.2.x&ISO, family=X", "'1.2.x' is no OID"),
        ("family=X", "id is missing"),
        (ID, "family is missing"),
        ("", "the patient has 2 problems"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    """Each mistake with what was meant."""
    with pytest.raises(BadInput) as caught:
        patient_from_text([text], today=TODAY)
    assert problem in caught.value.message


def test_all_problems_come_at_once() -> None:
    """Nobody has to try four times."""
    with pytest.raises(BadInput) as caught:
        patient_from_text(["famly=X, gender=W, birth=soon"], today=TODAY)
    assert caught.value.message.count("\n") == 5


@given(st.lists(st.text(max_size=60), max_size=3))
def test_any_text_is_a_patient_or_bad_input(texts: list[str]) -> None:
    """No text makes an error of another kind."""
    try:
        patient_from_text(texts, today=TODAY)
    except BadInput:
        return


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30))
def test_any_name_can_be_given_in_quotes(name: str) -> None:
    """Quoted, every name arrives as it is."""
    doubled = name.replace('"', '""')
    patient = patient_from_text([f'{ID}, family="{doubled}", given=A'], today=TODAY)
    assert patient.names[0].family == name


def test_every_key_has_a_meaning() -> None:
    """The help text lists the same keys."""
    assert all(KEYS.values())
