"""What a resumed run takes over of what was chosen before."""

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.batch.choices import Choices

_texts, _flags = st.none() | st.text(min_size=1), st.booleans()
_choices = st.builds(
    Choices, config=_texts, pix_add_url=_texts, iti41_url=_texts, http=_flags, cert=_texts, key=_texts, ca=_texts,
    insecure=_flags, assertion_per=_texts, soap=_texts, addressing=st.none() | _flags, skip_invalid=_flags,
)  # fmt: skip


@given(_choices)
def test_what_is_kept_is_what_was_chosen(choices: Choices) -> None:
    """As JSON and back; choosing nothing anew, or the same, changes nothing."""
    assert Choices.of_json(choices.as_json()) == choices
    assert Choices().after(choices) == choices
    assert list(choices.changes(choices)) == []


@given(_choices, _choices)
def test_what_is_chosen_anew_counts(now: Choices, before: Choices) -> None:
    """Every choice of now is in what comes of both."""
    kept = now.after(before).as_json()
    assert {name: kept[name] for name in now.as_json()} == now.as_json()


def test_a_new_choice_does_away_with_what_belongs_to_the_old_one() -> None:
    """A certificate with its key, a CA with --insecure, a URL with --http."""
    before = Choices(cert="/a.pem", key="/a.key", insecure=True, http=True, pix_add_url="https://a")
    now = Choices(cert="/b.p12", ca="/ca.pem", pix_add_url="https://b")
    assert now.after(before) == now


def test_changes_are_in_the_words_of_the_command_line() -> None:
    """Option, new value, old one."""
    now, before = Choices(soap="1.1", addressing=False, ca="/ca.pem"), Choices(soap="1.2")
    assert list(now.changes(before)) == [
        "--ca is /ca.pem from now on; it was not given",
        "--soap is 1.1 from now on; it was 1.2",
        "--addressing is off from now on; it was not given",
    ]
