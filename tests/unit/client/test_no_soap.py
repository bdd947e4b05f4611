"""What a peer says reaches the user's terminal in a form that does no harm."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.client.answer import Answer
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.no_soap import no_soap
from ihe_test_util.client.text import harmless, showable

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ENDPOINT = Endpoint("http://host/path")


@given(st.text())
def test_shown_text_is_one_harmless_line(text: str) -> None:
    """No control characters, no bidirectional overrides, bounded length."""
    shown = showable(text)
    assert len(shown) <= 201
    assert all(ord(character) >= 32 and not 0x7F <= ord(character) <= 0x9F for character in shown)
    assert "\u202e" not in shown


@given(st.text())
def test_harmless_text_keeps_its_line_ends_and_loses_control(text: str) -> None:
    """What a fault says over several lines stays so, without escapes."""
    shown = harmless(text)
    assert shown.count("\n") == text.count("\n")
    assert all(character in "\t\n" or ord(character) >= 32 for character in shown)
    assert "\x9b" not in shown


@given(
    st.integers(100, 599),
    st.binary(max_size=300),
    st.dictionaries(st.sampled_from(["retry-after", "location", "allow", "www-authenticate"]), st.text(max_size=40)),
)
def test_any_answer_gets_a_diagnosis(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Whatever comes, there is a message in one line, the status, and something to do."""
    error = no_soap(Answer(status, tuple(headers.items()), None, body), ENDPOINT, NOW)
    assert error.status == status
    assert str(status) in error.message
    assert error.hint
    assert "\n" not in str(error)
    assert error.retry_after_s is None or error.retry_after_s >= 0
