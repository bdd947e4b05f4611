"""Points in time as the tables have them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from ihe_test_util.store.database import microseconds, moment


@given(st.datetimes(timezones=st.just(UTC)))
@example(datetime(2112, 7, 9, 21, 45, 57, 594071, UTC))  # where floating point is a microsecond off
def test_a_time_is_kept_to_the_microsecond(at: datetime) -> None:
    """Whatever the century."""
    assert moment(microseconds(at)) == at


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    """Tables hold UTC."""
    at = datetime(2026, 1, 31, 13, 45, tzinfo=timezone(timedelta(hours=-5)))
    assert moment(microseconds(at)) == at
    assert moment(microseconds(at)).tzinfo is UTC
