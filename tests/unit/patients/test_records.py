"""Records of any content, in pieces of any size."""

import csv
from io import BytesIO, StringIO

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.patients.lines import Lines
from ihe_test_util.patients.records import records

CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", "a\r\nb", "\r", "\n", '"', '""', "é€😀", "x" * 50]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=8)


class Trickle(BytesIO):
    """A stream that never gives more than a few bytes at once."""

    piece = 1

    def read(self, _: int | None = -1, /) -> bytes:
        """A few bytes."""
        return super().read(self.piece)


@given(rows=ROWS, piece=st.integers(1, 9), ends=st.sampled_from(["\n", "\r\n", "\r"]), mark=st.booleans())
def test_what_was_written_is_read(rows: list[list[str]], piece: int, ends: str, mark: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
    """Cells, rows and lines are those that were written, wherever the pieces of the file happen to end."""
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator=ends, quoting=csv.QUOTE_ALL)
    starts = []
    for row in rows:
        starts.append(len(list(StringIO(written.getvalue(), newline=""))) + 1)
        writer.writerow(row)
    stream = Trickle(written.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    stream.piece = piece
    got = list(records(Lines(stream, "test"), delimiter=",", name="test"))
    assert got == [(number, line, row) for number, (line, row) in enumerate(zip(starts, rows, strict=True), 1)]
