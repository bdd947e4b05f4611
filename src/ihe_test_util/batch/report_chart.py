"""Where the bars of the report's latency charts stand, in units of the chart's own."""

from dataclasses import dataclass
from typing import Final

from ihe_test_util.batch.results import Bucket, Latencies

WIDTH: Final = 640
HEIGHT: Final = 200
#: Room above the bars for their counts, below for the ends of their buckets.
TOP: Final = 22
BASE: Final = HEIGHT - 26
_WIDEST_SLOT: Final = 72.0
_FILLED: Final = 0.72
_LEAST_HEIGHT: Final = 1.5
_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """A bucket's bar, with the text below it; an empty bucket has a height of 0."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    count: int


def bars_of(latencies: Latencies) -> tuple[Bar, ...]:
    """The bars of a chart, from left to right; as high as their counts, the highest filling the chart."""
    buckets = latencies.buckets
    if not buckets:
        return ()
    most = max(bucket.count for bucket in buckets) or 1
    slot = min(_WIDEST_SLOT, WIDTH / len(buckets))
    left = (WIDTH - slot * len(buckets)) / 2
    made = []
    for number, bucket in enumerate(buckets):
        height = max((BASE - TOP) * bucket.count / most, _LEAST_HEIGHT) if bucket.count else 0.0
        middle = left + slot * (number + 0.5)
        width = slot * _FILLED
        label = _label(bucket, buckets[number - 1] if number else None)
        made.append(Bar(middle - width / 2, BASE - height, width, height, middle, label, bucket.count))
    return tuple(made)


def _label(bucket: Bucket, before: Bucket | None) -> str:
    if bucket.upto_s is not None:
        return f"≤ {duration(bucket.upto_s)}"
    return f"> {duration(before.upto_s)}" if before is not None and before.upto_s is not None else "any"


def duration(seconds: float) -> str:
    """Seconds as people read them: three digits that count, in ms, s, min or h."""
    if seconds < 1:
        return f"{seconds * _MILLI:.3g} ms" if seconds * _MILLI < _MILLI - 0.5 else "1 s"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
