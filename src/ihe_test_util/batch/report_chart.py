"""Where the bars of the report's latency charts stand, in units of the chart's own."""

import math
from dataclasses import dataclass
from typing import Final

from ihe_test_util.batch.results import Bucket, Latencies

WIDTH: Final = 560
HEIGHT: Final = 200
#: Room above the bars for their counts, below for the bounds between them, and at both sides.
TOP: Final = 24
BASE: Final = HEIGHT - 28
_SIDE: Final = 28
_WIDEST_SLOT: Final = 64.0
_FILLED: Final = 0.84
_LEAST_HEIGHT: Final = 1.5
#: Bounds and counts nearer to each other than this would run into each other.
_LEAST_DISTANCE: Final = 56.0
_LEAST_SLOT_OF_COUNT: Final = 22.0
_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """A bucket's bar; an empty bucket has a height of 0.

    ``label`` says what the bucket holds. ``bound`` is the text at the bar's right border, ``shown`` that above it;
    both are empty where there is no room.
    """

    x: float
    y: float
    width: float
    height: float
    middle: float
    border: float
    label: str
    bound: str
    count: int
    shown: str


def bars_of(latencies: Latencies) -> tuple[Bar, ...]:
    """The bars of a chart, from left to right; as high as their counts, the highest filling the chart."""
    buckets = latencies.buckets
    if not buckets:
        return ()
    most = max(bucket.count for bucket in buckets) or 1
    slot = min(_WIDEST_SLOT, (WIDTH - 2 * _SIDE) / len(buckets))
    left = (WIDTH - slot * len(buckets)) / 2
    every = math.ceil(_LEAST_DISTANCE / slot)
    made = []
    for number, bucket in enumerate(buckets):
        height = max((BASE - TOP) * bucket.count / most, _LEAST_HEIGHT) if bucket.count else 0.0
        middle, width = left + slot * (number + 0.5), slot * _FILLED
        bound = duration(bucket.upto_s) if bucket.upto_s is not None and number % every == 0 else ""
        shown = f"{bucket.count:,}" if bucket.count and (slot >= _LEAST_SLOT_OF_COUNT or bucket.count == most) else ""
        label = _label(bucket, buckets[number - 1] if number else None)
        y, border = BASE - height, middle + slot / 2
        made.append(Bar(middle - width / 2, y, width, height, middle, border, label, bound, bucket.count, shown))
    return tuple(made)


def _label(bucket: Bucket, before: Bucket | None) -> str:
    if bucket.upto_s is not None:
        return f"up to {duration(bucket.upto_s)}"
    return f"over {duration(before.upto_s)}" if before is not None and before.upto_s is not None else "any"


def duration(seconds: float) -> str:
    """Seconds as people read them: three digits that count, in ms, s, min or h."""
    if seconds < 1:
        return f"{seconds * _MILLI:.3g} ms" if seconds * _MILLI < _MILLI - 0.5 else "1 s"
    if seconds < 59.95:  # noqa: PLR2004 - what is rounded to a minute is one
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
