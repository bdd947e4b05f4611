"""A configuration file's text: values, places, and mistakes said so that they can be mended."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.settings.json_text import FieldPath, JsonProblem, Position, parse

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=6), children, max_size=4),
    max_leaves=12,
)


def at(text: str, position: Position) -> str:
    """The text from a position on."""
    return "".join(text.splitlines(keepends=True)[position.line - 1 :])[position.column - 1 :]


def members(value: object, path: FieldPath = ()) -> list[tuple[FieldPath, object]]:
    """Every member of every object, by path."""
    if isinstance(value, dict):
        return [
            pair for key, member in value.items() for pair in [((*path, key), member), *members(member, (*path, key))]
        ]
    if isinstance(value, list):
        return [pair for index, member in enumerate(value) for pair in members(member, (*path, str(index)))]
    return []


def test_a_whole_pair_of_escapes_is_a_character() -> None:
    """What other programs write for an emoji is read as the emoji."""
    assert parse('{"a": "\\ud83d\\ude00"}').value == {"a": "\U0001f600"}


@given(JSON_VALUES, st.sampled_from([None, 0, 2]))
def test_every_key_and_value_is_found_where_it_stands(value: object, indent: int | None) -> None:
    """Each noted place holds the text of the very key or value, however the file is laid out."""
    text = json.dumps(value, indent=indent)

    document = parse(text)

    assert document.value == value
    assert not document.repeated
    for path, member in members(value):
        assert at(text, document.keys[path]).startswith(json.dumps(path[-1]))
        decoded, _ = json.JSONDecoder().raw_decode(at(text, document.values[path]))
        assert decoded == member


@given(st.text(max_size=60) | st.text(alphabet='{}[]:,"\\ \n1ea.-', max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    """Whatever the text, there is a document or a problem that points into it; nothing else escapes."""
    found: JsonProblem | None = None
    try:
        parse(text)
    except JsonProblem as problem:
        found = problem

    assert found is None or found.message
    assert found is None or 1 <= found.position.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{"a": 1,\n}', 1, 8, "no comma may stand before the closing bracket"),
        ('{"a": [1, ]}', 1, 9, "no comma may stand before the closing bracket"),
        ('{"a": 1\n "b": 2}', 2, 2, "a comma is missing before this"),
        ('{"a" 1}', 1, 6, "a colon is missing"),
        ('{"a": 1, // why\n "b": 2}', 1, 10, "_comment"),
        ('{"a": 1, # why\n "b": 2}', 1, 10, "_comment"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ('{"a": "x', 1, 7, "no closing double quote"),
        ('{"a": "x\ny"}', 1, 9, "line end or a tab within text"),
        ('{"a": "C:\\dir"}', 1, 10, "backslash"),
        ('{"a": {"b": 1}\n\n', 1, 15, "ends in the middle"),
        ('{"a": 1} x', 1, 10, "extra data"),
        ('{\n  "a": NaN}', 2, 8, "NaN is not JSON"),
        ('{"a": -Infinity}', 1, 7, "-Infinity is not JSON"),
        ('{"a": "\\ud83d"}', 1, 7, "half a surrogate pair"),
        ('{"\\ude00": 1}', 1, 2, "half a surrogate pair"),
    ],
)
def test_a_mistake_is_named_where_it_was_made(text: str, line: int, column: int, words: str) -> None:
    """The usual mistakes of hand-written JSON get line, column and a sentence that says what to do."""
    with pytest.raises(JsonProblem) as caught:
        parse(text)

    assert caught.value.position == Position(line, column)
    assert words in caught.value.message


def test_the_excerpt_puts_a_caret_under_the_mistake() -> None:
    """The line is shown with a caret below the character that is wrong."""
    with pytest.raises(JsonProblem) as caught:
        parse('{\n  "http_port": 8080\n  "host": "::1"\n}')

    shown, caret = caught.value.excerpt.splitlines()
    assert shown == '      "host": "::1"'
    assert shown[caret.index("^")] == '"'


def test_a_long_line_is_cut_around_the_mistake() -> None:
    """A file in one line of 10,000 characters does not fill the screen."""
    with pytest.raises(JsonProblem) as caught:
        parse('{"a": "' + "x" * 10_000 + '" 1}')

    assert all(len(line) < 100 for line in caught.value.excerpt.splitlines())


@pytest.mark.parametrize("text", ["[" * 60_000, '{"a":' * 60_000, '{"a":' * 40 + "1" + "}" * 40])
def test_bottomless_nesting_is_refused(text: str) -> None:
    """Nesting deeper than any configuration is refused, and does not exhaust the stack."""
    with pytest.raises(JsonProblem):
        parse(text)


def test_a_number_of_ten_thousand_digits_is_no_burden() -> None:
    """An absurdly long integer is read as infinite, which no range admits."""
    assert parse('{"a": ' + "9" * 10_000 + "}").value == {"a": float("inf")}


def test_keys_that_come_twice_are_reported_and_comments_may() -> None:
    """A repeated key is reported with both places, the later value counts; comments may repeat."""
    document = parse('{"a": {"x": 1},\n "_comment": 1, "_comment": 2,\n "a": {"y": 2}}')

    assert document.value == {"a": {"y": 2}, "_comment": 2}
    assert document.repeated == [(("a",), Position(1, 2), Position(3, 2))]
    assert document.values[("a", "y")] == Position(3, 13)
    assert ("a", "x") not in document.values
