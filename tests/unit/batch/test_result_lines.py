"""Results as lines of JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.batch.result_lines import as_line, result_of
from ihe_test_util.batch.results import Cause, PatientResult, Status, Step
from ihe_test_util.failures import Category

_text = st.text(st.characters(codec="utf-8"), max_size=30)
_causes = st.builds(Cause, st.sampled_from(Step), _text, _text, st.sampled_from(Category), _text)
_seconds = st.none() | st.integers(0, 10**9).map(lambda micro: micro / 10**6)
results = st.builds(
    PatientResult,
    row=st.integers(2, 10**8),
    line=st.integers(2, 10**9),
    status=st.sampled_from(Status),
    patient_id=_text,
    registered_id=_text,
    sha1=_text,
    size=st.integers(0, 10**12),
    register_s=_seconds,
    provide_s=_seconds,
    attempts=st.integers(0, 1000),
    resent=st.booleans(),
    cause=st.none() | _causes,
    notes=st.lists(_text, max_size=3).map(tuple),
)


@given(results)
def test_a_line_says_all_of_a_result(result: PatientResult) -> None:
    """What is read back is what was written; a line is one line."""
    line = as_line(result)
    assert result_of(line) == result
    assert line.count(b"\n") == 1


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"row":2}', b'{"row":2,"line":2,"status":"lost"}', b"\xff"])
def test_what_is_no_result_is_refused(line: bytes) -> None:
    """Nothing is made up for what is missing."""
    with pytest.raises(ValueError, match="no result"):
        result_of(line)


@pytest.mark.parametrize(
    "members",
    [
        b'"row":true', b'"row":"2"', b'"row":2.5', b'"row":-1', b'"row":1000000000000', b'"register_s":"x"',
        b'"register_s":NaN', b'"provide_s":Infinity', b'"provide_s":-1', b'"attempts":"y"', b'"document":5',
        b'"registered_id":["a"]', b'"notes":[5]', b'"notes":5', b'"cause":[]', b'"cause":' + b"[" * 100_000,
        b'"cause":{"step":"ITI-44","name":1,"message":"","category":"transient"}',
    ],
)  # fmt: skip
def test_a_line_that_was_tampered_with_is_no_result(members: bytes) -> None:
    """A value of another kind, or out of its range, is found when the line is read, not when it is used."""
    with pytest.raises(ValueError, match="no result"):
        result_of(b'{"row":2,"line":2,"status":"submitted",' + members + b"}\n")


def test_a_file_name_that_is_no_utf8_stays_what_it_is() -> None:
    """JSON has an escape for what UTF-8 cannot carry; the line is UTF-8 all the same."""
    result = PatientResult(2, 2, Status.SUBMITTED, document="documents/\udcff.xml")
    line = as_line(result)
    assert line.decode().isprintable() or line.decode().endswith("\n")
    assert result_of(line) == result
