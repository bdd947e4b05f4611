"""Properties of the reader of patient files, for any content."""

import csv
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date
from io import BytesIO, StringIO

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import BadInput
from ihe_test_util.patients.checks import check
from ihe_test_util.patients.columns import COLUMNS, NAMES
from ihe_test_util.patients.csv_reader import Item, read_patients
from ihe_test_util.patients.model import PatientRow, Problem, RejectedRow

Read = Callable[..., list[Item]]
Table = Callable[..., str]
Problems = Callable[[Iterable[Item]], list[Problem]]


TODAY = date(2026, 1, 2)
VALUES = [
    st.one_of(st.from_regex(column.plain, fullmatch=True), st.text(max_size=12), st.just("")) for column in COLUMNS
]
ROWS = st.tuples(*VALUES).filter(lambda row: any(value.strip() for value in row))


@given(row=ROWS)
def test_a_row_is_judged_as_its_values_are_one_by_one(row: tuple[str, ...]) -> None:
    """The short way that ordinary rows take comes to the same values and problems as looking at each value."""
    stream = StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerows([NAMES, row])
    items = list(read_patients(BytesIO(stream.getvalue().encode()), seed=1, today=TODAY))
    closely = check(row, row=2, line=2, today=TODAY)
    last = items[-1]
    if isinstance(last, RejectedRow):
        assert (last.cells, list(last.problems)) == (row, closely.problems)
    else:
        assert isinstance(last, PatientRow)
        assert not closely.rejected
        assert [
            item for item in items[:-1] if isinstance(item, Problem) and item.rule != "duplicate-id"
        ] == closely.problems
        got = [str(getattr(last, name)) for name in NAMES if name != "patient_id" or not last.generated_id]
        want = [value for name, value in zip(NAMES, closely.values, strict=True) if value or name != "patient_id"]
        assert got == want


@given(data=st.one_of(st.binary(), st.text(alphabet='a,"\n\r;=', max_size=60).map(str.encode)))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever follows a good header, or stands in its place, ends in items or in BadInput."""
    for beginning in (b"", b"first_name,last_name,dob,gender,patient_id_oid\n"):
        items = read_patients(BytesIO(beginning + data), today=TODAY)
        with suppress(BadInput):
            assert all(item.row >= 1 for item in items)
