"""The bars of the report's charts, and durations in words."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.batch.report_chart import BASE, TOP, WIDTH, bars_of, duration
from ihe_test_util.batch.results import Bucket, Latencies


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.00123, "1.23 ms"),
        (0.25, "250 ms"),
        (0.9996, "1 s"),
        (1.5, "1.5 s"),
        (59.96, "1 min"),
        (60.0, "1 min"),
        (61.0, "1 min 1 s"),
        (3599.6, "1 h 0 min"),
        (7260.0, "2 h 1 min"),
    ],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    """Three digits that count, in the unit that fits."""
    assert duration(seconds) == text


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40), st.booleans())
def test_bars_stand_side_by_side_within_the_chart(counts: list[int], open_ended: bool) -> None:  # noqa: FBT001 - hypothesis
    """Whatever the counts, and however many there are; an empty bucket has no height."""
    buckets = [Bucket((number + 1) / 1000, count) for number, count in enumerate(counts)]
    if open_ended:
        buckets.append(Bucket(None, 3))
    bars = bars_of(Latencies(count=1, buckets=tuple(buckets)))
    assert [bar.count for bar in bars] == [bucket.count for bucket in buckets]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in bars)
    assert all(0 <= bar.height <= BASE - TOP and (bar.height > 0) == (bar.count > 0) for bar in bars)
    assert all(left.x + left.width <= right.x for left, right in pairwise(bars))
    borders = [bar.border for bar in bars if bar.bound]
    assert all(right - left >= 50 for left, right in pairwise(borders))


def test_labels_name_both_ends() -> None:
    """The last bucket may have no upper end."""
    bars = bars_of(Latencies(count=2, buckets=(Bucket(60.0, 1), Bucket(None, 1))))
    assert [bar.label for bar in bars] == ["up to 1 min", "over 1 min"]
    assert bars_of(Latencies()) == ()
