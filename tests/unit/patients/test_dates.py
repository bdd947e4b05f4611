"""What a date in another form probably means, and how old is too old."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.patients.dates import oldest_birth, suggest_date


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [
        ("19800315", "write 1980-03-15"),
        ("1980-3-5", "write 1980-03-05"),
        ("1980/03/15", "write 1980-03-15"),
        ("1980-03-15T00:00:00Z", "write 1980-03-15"),
        ("15.03.1980", "write 1980-03-15"),
        ("03/15/1980", "write 1980-03-15"),
        ("15/03/1980", "write 1980-03-15"),
        ("03/04/1980", "write 1980-03-04 or 1980-04-03, whichever is meant"),
        ("04/04/1980", "write 1980-04-04"),
        ("29295", "write 1980-03-15"),
        ("31/31/1980", "write YYYY-MM-DD, as in 1980-02-29"),
        ("March 15, 1980", "write YYYY-MM-DD, as in 1980-02-29"),
        ("15/03/80", "write YYYY-MM-DD, as in 1980-02-29"),
    ],
)
def test_other_forms_of_dates_are_understood(value: str, suggestion: str) -> None:
    """Where a form has one meaning it is suggested, where it has two both are, and no day that does not exist."""
    assert suggest_date(value) == suggestion


@given(value=st.text(max_size=12) | st.from_regex(r"[0-9]{1,6}[-/. ]?[0-9]{0,4}[-/. ]?[0-9]{0,4}", fullmatch=True))
def test_any_text_gets_a_suggestion(value: str) -> None:
    """No value breaks it."""
    assert suggest_date(value).startswith("write ")


@given(today=st.dates(min_value=date(1900, 1, 1)), days=st.integers(0, 60_000))
def test_the_oldest_are_120(today: date, days: int) -> None:
    """Who was born on or after the day has not completed 121 years, who was born before has."""
    oldest = oldest_birth(today)
    born = date.fromordinal(max(1, today.toordinal() - days))
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert (born >= oldest) == (years <= 120)
