"""Names of files, from texts that anybody may have chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.file_names import safe_stem


@given(st.text(max_size=500), st.lists(st.text(max_size=50), max_size=3))
def test_any_text_gives_a_plain_name(text: str, identity: list[str]) -> None:
    """Letters, digits, dot, underscore, hyphen; short; visible; no device of Windows."""
    stem = safe_stem(text, *identity, default="file")
    assert set(stem) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert len(stem) <= 100
    assert stem[0] not in ".-"


@pytest.mark.parametrize(
    ("text", "begins"), [("PAT-1", "PAT-1-"), ("../..", "file-"), ("CON", "_CON-"), ("a/b", "a_b-")]
)
def test_names_stay_readable(text: str, begins: str) -> None:
    """As far as they can."""
    assert safe_stem(text, text, default="file").startswith(begins)


def test_another_identity_is_another_name() -> None:
    """Also where the readable part is the same, or the parts together are."""
    assert len({safe_stem("a", *one, default="f") for one in (("a",), ("b",), ("a", "b"), ("ab",), ("a", "B"))}) == 5
