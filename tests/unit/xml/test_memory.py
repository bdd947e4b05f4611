"""What is remembered of texts, and what is not."""

from ihe_test_util.xml.memory import remembering


def test_short_texts_are_made_once_and_long_ones_each_time() -> None:
    """A text that is longer than allowed is not kept."""
    made: list[str] = []

    @remembering(entries=2, length=3)
    def double(text: str) -> str:
        made.append(text)
        return text * 2

    assert [double("a"), double("a"), double("bb"), double("bb")] == ["aa", "aa", "bbbb", "bbbb"]
    assert made == ["a", "bb", "bb"]


def test_no_more_than_so_many_are_kept() -> None:
    """Where there are more, all are forgotten."""
    made: list[str] = []

    @remembering(entries=2, length=9)
    def same(text: str) -> str:
        made.append(text)
        return text

    assert [same(text) for text in "abcab"] == list("abcab")
    assert made == ["a", "b", "c", "a", "b"]
