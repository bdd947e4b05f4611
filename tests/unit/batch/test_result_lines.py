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
    row=st.integers(2, 10**9),
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
