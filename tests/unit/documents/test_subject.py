"""Values that follow from a patient's row."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.settings import DocumentSettings
from ihe_test_util.documents.subject import mailto_uri, tel_uri
from ihe_test_util.documents.template import Template
from ihe_test_util.patients.model import PatientRow

Render = Callable[..., str]


@pytest.mark.parametrize(
    ("phone", "uri"),
    [
        ("+1-555-555-0142", "tel:+1-555-555-0142"),
        ("(555) 555 0142", "tel:(555)-555-0142"),
        ("555 0142 ext. 12", "tel:555-0142;ext=12"),
        ("555-0142x7", "tel:555-0142;ext=7"),
        ("tel:+49 30 1234", "tel:+49-30-1234"),
        ("call #9 & ask <Ann>", "tel:call-%239-%26-ask-%3CAnn%3E"),
        ("", ""),
    ],
)
def test_telephone_numbers_become_uris(phone: str, uri: str) -> None:
    """As RFC 3966 writes them, whatever people put into the column."""
    assert tel_uri(phone) == uri


@pytest.mark.parametrize(
    ("email", "uri"),
    [("a.b+c@example.org", "mailto:a.b+c@example.org"), ("ä b@example.org", "mailto:%C3%A4%20b@example.org"), ("", "")],
)
def test_addresses_of_mail_become_uris(email: str, uri: str) -> None:
    """As RFC 6068 writes them."""
    assert mailto_uri(email) == uri


@pytest.mark.parametrize(
    ("dob", "age", "text"),
    [
        (date(2026, 1, 12), "0", "0 days"),
        (date(2026, 1, 11), "0", "1 day"),
        (date(2025, 12, 1), "0", "1 month"),
        (date(2024, 11, 12), "1", "14 months"),
        (date(2023, 1, 13), "2", "2 years"),
        (date(2024, 1, 13), "1", "23 months"),
        (date(1980, 1, 12), "46", "46 years"),
        (date(1980, 1, 13), "45", "45 years"),
        (date(1912, 2, 29), "113", "113 years"),
        (date(2027, 1, 1), "0", "0 days"),
    ],
)
def test_ages_are_told_as_people_do(render: Render, dob: date, age: str, text: str) -> None:
    """In days and months for the very young; never negative."""
    assert render("<a>{{ age }} {{ age_text }}</a>", dob=dob) == f"<a>{age} {text}</a>"


@pytest.mark.parametrize(
    ("gender", "code", "display"),
    [("M", "M", "Male"), ("F", "F", "Female"), ("O", "UN", "Undifferentiated"), ("U", "", "Unknown")],
)
def test_genders_have_codes_of_hl7(render: Render, gender: str, code: str, display: str) -> None:
    """AdministrativeGender has no code for unknown: a template says nullFlavor."""
    assert render("<a>{{ gender_code }}|{{ gender_display }}</a>", gender=gender) == f"<a>{code}|{display}</a>"


@given(days=st.integers(0, 100_000), born=st.dates(date(1, 1, 1), date(2027, 1, 1)))
def test_no_day_is_before_the_birth(render: Render, days: int, born: date) -> None:
    """Clinical facts of an infant do not precede the infant, and none lies after the document."""
    day = render(f"<a>{{{{ days_ago({days}) }}}}</a>", dob=born)[3:-4]
    found = date.fromisoformat(day)
    assert min(born, date(2026, 1, 12)) <= found <= date(2026, 1, 12)


def test_times_are_those_of_hl7(render: Render) -> None:
    """TS with zone for the moment, eight digits for days, also for years with few digits."""
    text = "<a>{{ creation_time }} {{ now }} {{ creation_date }} {{ birth_time }} {{ dob }}</a>"
    assert render(text, dob=date(850, 1, 2)) == (
        "<a>20260112093000+0000 20260112093000+0000 20260112 08500102 0850-01-02</a>"
    )


def test_medical_record_numbers_have_an_authority(row: PatientRow, now: datetime, ids: Ids) -> None:
    """The one of the settings, else an arc below the organization."""
    template = Template.from_bytes(b"<a>{{ mrn_oid }}</a>")
    assert template.render(row, now=now, ids=ids) == b"<a>2.999.10.1</a>"
    assert template.render(row, now=now, ids=ids, settings=DocumentSettings(mrn_oid="2.999.7")) == b"<a>2.999.7</a>"
