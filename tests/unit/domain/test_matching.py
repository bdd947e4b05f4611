"""When names are the same, and who fits what is sought."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.domain.matching import NAME_CHARACTERS, day_of, fits, normalized
from ihe_test_util.domain.patients import NameSought, Patient, Sought
from ihe_test_util.xml.hl7v3 import AD, II, PN


def born(birth_time: str) -> Patient:
    """A patient of whom the birth is known."""
    return Patient((II("2.999.1", "1"),), birth_time=birth_time)


@pytest.mark.parametrize(
    ("one", "other"),
    [("MÜLLER", "Müller"), ("  van  der\tBerg ", "Van der berg"), ("STRASSE", "Straße"), ("\uff21\uff22", "ab")],
)
def test_names_that_people_take_for_the_same_are_the_same(one: str, other: str) -> None:
    """Case, width and blanks make no difference."""
    assert normalized(one) == normalized(other)


@given(st.text(max_size=400))
def test_a_name_is_normalized_once_and_for_all(text: str) -> None:
    """Whatever it is, it fits into an index, and its blanks are single."""
    name = normalized(text)
    assert len(name) <= NAME_CHARACTERS
    assert "  " not in name


@pytest.mark.parametrize(
    ("birth_time", "day"),
    [("19800229", "19800229"), ("198002291530+0100", "19800229"), ("198002", ""), ("1980-2-9", "")],
)
def test_a_day_needs_eight_digits(birth_time: str, day: str) -> None:
    """Less precise times name no day."""
    assert day_of(birth_time) == day


@pytest.mark.parametrize(
    ("birth_time", "low", "high", "expected"),
    [
        ("19800229", "19800229", "19800229", True),
        ("198002290815", "19800229", "19800229", True),
        ("1980", "19800229", "19800229", True),
        ("19800229", "1980", "1980", True),
        ("19800229", "19800301", "19800301", False),
        ("19800229", "19800229", "19800301", True),
        ("19800301", "19800229", "19800301", True),
        ("19800302", "19800229", "19800301", False),
        ("19800228", "19800229", "", False),
        ("19990101", "19800229", "", True),
        ("19990101", "", "20000101", True),
        ("", "19800229", "19800229", False),
    ],
)
def test_births_fit_a_time_or_a_range(birth_time: str, low: str, high: str, *, expected: bool) -> None:
    """A time as precise as both are; a range with its bounds, either of which may be open."""
    assert fits(born(birth_time), Sought(births=((low, high),))) is expected


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        (NameSought("nuñez", "zoë"), True),
        (NameSought("Nuñez", "Zoë Maria"), True),
        (NameSought("Nuñez", "Maria"), False),
        (NameSought("N*z"), True),
        (NameSought("N[u]*"), False),
        (NameSought("?uñez"), False),
        (NameSought("", "Z*"), True),
        (NameSought("Künstler"), True),
    ],
)
def test_any_name_may_fit(sought: NameSought, *, expected: bool) -> None:
    """The first given name will do; only the asterisk stands for others."""
    patient = Patient((II("2.999.1", "1"),), (PN.of("Nuñez", "Zoë", "Maria"), PN.of("Künstler", "Z.", use="P")))
    assert fits(patient, Sought(names=(sought,))) is expected


def test_an_address_fits_with_each_part_that_is_sought() -> None:
    """All of them in one address, in any case."""
    patient = Patient((II("2.999.1", "1"),), addresses=(AD.of("Weg 1", city="Ort"), AD.of(city="Stadt")))
    assert fits(patient, Sought(addresses=(AD.of(city="ORT"),)))
    assert not fits(patient, Sought(addresses=(AD.of("Weg 1", city="Stadt"),)))
