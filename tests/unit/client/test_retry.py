"""How long to wait before a retry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.client.retry import RetryPolicy


def test_waits_double() -> None:
    """1, 2 and 4 seconds with the defaults, where chance takes nothing off; then no more."""
    policy = RetryPolicy()

    assert [policy.wait_s(retry, 0.0) for retry in (1, 2, 3, 4)] == [1.0, 2.0, 4.0, None]


@given(
    st.integers(1, 200),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 3600),
)
def test_chance_shortens_to_half_at_most(retry: int, chance: float, factor: float) -> None:
    """And no wait is longer than the longest."""
    policy = RetryPolicy(max_retries=200, backoff_factor=factor)
    longest = policy.wait_s(retry, 0.0)
    wait = policy.wait_s(retry, chance)

    assert longest is not None
    assert wait is not None
    assert longest / 2 <= wait <= longest <= 60.0


@pytest.mark.parametrize(("asked_s", "wait_s"), [(None, 1.0), (0.0, 1.0), (5.0, 6.0), (60.0, 61.0), (61.0, None)])
def test_what_the_peer_asks_for_is_added_up_to_a_bound(asked_s: float | None, wait_s: float | None) -> None:
    """A peer that wants to be left alone for longer is not asked again."""
    assert RetryPolicy().wait_s(1, 0.0, asked_s) == wait_s


def test_there_may_be_no_retries() -> None:
    """max_retries 0."""
    assert RetryPolicy(max_retries=0).wait_s(1, 0.0) is None
