"""How values are written in query parameters: what is written is read again, and what is wrong is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.domain.registry.queries.matching import like, padded
from ihe_test_util.domain.registry.queries.parameters import Form
from ihe_test_util.domain.xds.metadata import Code
from ihe_test_util.transactions.iti18.syntax import MAX_VALUE, Literal, read_code, read_values, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(st.lists(TEXTS, min_size=1, max_size=12))
def test_lists_are_read_as_they_were_written(values: list[str]) -> None:
    """Any texts, quotes and commas and parentheses within them too, and no Value is longer than it may be."""
    found = [read_values(value) for value in written(Form.TEXTS, values)]

    assert [one.problem for one in found] == [""] * len(found)
    assert [literal for one in found for literal in one.literals] == [Literal(v, quoted=True) for v in values]
    assert all(one.listed for one in found)


def test_a_list_of_any_length_is_read() -> None:
    """A hundred thousand ids in one Value: nobody's server is busy with them for a minute."""
    ids = [f"urn:uuid:{number:08}-0000-4000-8000-000000000000" for number in range(100_000)]

    found = read_values(f"({', '.join(repr(one) for one in ids)})")

    assert [literal.text for literal in found.literals] == ids


@given(st.lists(st.text("ab'", max_size=60), min_size=1, max_size=30))
def test_lists_are_split_between_values(values: list[str]) -> None:
    """As long as single values are short enough, no Value exceeds 256 characters."""
    assert all(len(value) <= MAX_VALUE for value in written(Form.CODES, values))


@given(TEXTS)
def test_texts_are_read_as_they_were_written(value: str) -> None:
    """A single text in quotes."""
    (text,) = written(Form.TEXT, [value])

    assert read_values(text).literals == (Literal(value, quoted=True),)


@given(st.text("'(), ab1^\t", max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever stands there, it is values or a problem, never both."""
    values = read_values(text)

    assert bool(values.problem) != bool(values.literals)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a'", [("a", True)]),
        (" ( 'a' ,\n 'b' ) ", [("a", True), ("b", True)]),
        ("('Children''s Hospital')", [("Children's Hospital", True)]),
        ("(''',''')", [("','", True)]),
        ("('')", [("", True)]),
        ("20040101", [("20040101", False)]),
        ("2004-01-01", [("2004-01-01", False)]),
        ("(1, 2)", [("1", False), ("2", False)]),
        ("('a,b','(c)')", [("a,b", True), ("(c)", True)]),
    ],
)
def test_values(text: str, expected: list[tuple[str, bool]]) -> None:
    """ITI TF-2: 3.18.4.1.2.3.5, and white space where nobody minds."""
    assert list(read_values(text).literals) == [Literal(*one) for one in expected]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a value"),
        ("()", "a value"),
        ("('a'", "a closing parenthesis"),
        ("('a','b)", "a closing quote"),
        ("('a' 'b')", "a comma"),
        ("('a',)", "a value"),
        ("(,'a')", "a value before the comma"),
        ("'a','b'", "one value, or several in parentheses"),
        ('("a")', "single quotes"),
        ("'O'Brien'", "one value"),
        ("('O'Brien')", "a comma"),
        ("'a", "a closing quote"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, wanted: str) -> None:
    """Each mistake has its own words."""
    values = read_values(text)

    assert values.literals == ()
    assert values.problem.startswith(wanted)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a^^s", Code("a", "s")),
        ("a^shown^s", Code("a", "s", "shown")),
        ("a", None),
        ("a^^", None),
        ("^^s", None),
        ("a^s", None),
        ("a^^s^", None),
        ("", None),
    ],
)
def test_codes(text: str, code: Code | None) -> None:
    """ITI TF-2: 3.18.4.1.2.3.4: code and coding scheme are both required."""
    assert read_code(text) == code


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("%", "", True),
        ("_", "", False),
        ("a_c", "abc", True),
        ("a_c", "ac", False),
        ("%b%", "abc", True),
        ("%b", "abc", False),
        ("a%c%e", "abcde", True),
        ("%ab%ab", "abab", True),
        ("%ab%ab", "ab", False),
        ("100%", "100%", True),
        ("a.c", "abc", False),
        ("%a" * 100 + "b", "a" * 250, False),
    ],
)
def test_wildcards(pattern: str, text: str, *, matches: bool) -> None:
    """Those of SQL LIKE, and no pattern takes long."""
    assert like(pattern, text) is matches


@given(st.text("ab_%", max_size=6), st.text("ab", max_size=8))
def test_wildcards_agree_with_their_definition(pattern: str, text: str) -> None:
    """The quick way says what the definition says."""

    def matches(rest: str, chars: str) -> bool:
        if not rest:
            return not chars
        if rest[0] == "%":
            return any(matches(rest[1:], chars[n:]) for n in range(len(chars) + 1))
        return bool(chars) and rest[0] in ("_", chars[0]) and matches(rest[1:], chars[1:])

    assert like(pattern, text) is matches(pattern, text)


@pytest.mark.parametrize("time", ["2024", "202402", "20240229", "2024022909", "202402290930", "20240229093015"])
def test_a_time_of_few_digits_is_its_first_moment(time: str) -> None:
    """Padded to the second."""
    assert len(padded(time)) == 14
    assert padded(time).startswith(time)
    assert padded("2024") == "20240101000000"
