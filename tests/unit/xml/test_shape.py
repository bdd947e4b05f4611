"""Messages of a known shape: read by their values, and never otherwise than by their elements."""

import tracemalloc
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import IheTestUtilError
from ihe_test_util.xml.io import Element, parse
from ihe_test_util.xml.shape import Shape, cut, learn

SAMPLE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<a:person xmlns:a="urn:a" kind="x" single=\'y\'>\n  <name use="L"><given>Zoë</given><given>Anna</given></name>'
    '<dead value="true"/><id root="1.2" extension="7"/><note>seen</note></a:person>'
)


@dataclass(frozen=True, slots=True)
class Id:
    """An identifier."""

    root: str
    extension: str


@dataclass(frozen=True, slots=True)
class Person:
    """What is read of the sample: some values as they stand, one that is made something of, and some not at all."""

    tag: str
    kind: str
    given: tuple[str, ...]
    dead: bool | None
    id: Id | None


def read(root: Element) -> Person:
    """The person that an element is."""
    name, dead, identifier = root.find("name"), root.find("dead"), root.find("id")
    return Person(
        root.tag,
        root.get("kind", ""),
        tuple([(one.text or "").strip() for one in name]) if name is not None else (),
        {"true": True, "false": False}.get(dead.get("value", "")) if dead is not None else None,
        Id(identifier.get("root", ""), identifier.get("extension", "")) if identifier is not None else None,
    )


def learned() -> Shape[Person]:
    """The shape of the sample."""
    shape = learn(SAMPLE.encode(), read)
    assert shape is not None
    return shape


def by_elements(message: bytes) -> Person | None:
    """What a message says, the long way; None for one that is no XML."""
    try:
        return read(parse(message))
    except IheTestUtilError:
        return None


@pytest.mark.parametrize(
    ("old", "new"), [("Zoë", "Björn"), ('root="1.2"', 'root="3.4"'), ('kind="x"', 'kind="a  b"'), ("Anna", "O'Neill")]
)
def test_other_plain_values_are_read_by_the_shape(old: str, new: str) -> None:
    """A value that stands in the result may be any other plain one."""
    message = SAMPLE.replace(old, new).encode()

    assert learned().read(cut(message)) == by_elements(message)
    assert by_elements(message) != by_elements(SAMPLE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("true", "false"),  # made something of
        ("seen", "heard"),  # not read
        ('use="L"', 'use="P"'),
        ("urn:a", "urn:b"),
        ("UTF-8", "ISO-8859-1"),
        ("'y'", "'z'"),
        ("Zoë", ""),
        ("Zoë", " Zoë"),
        ("Zoë", "Zoë "),
        ("Zoë", "Z&amp;"),
        ("Zoë", "Z&"),
        ("Zoë", "a]]>b"),
        ("Zoë", "a<b/>"),
        ("Zoë", "a\x01b"),
        ("Zoë", "a\tb"),
        ("Zoë", 'a"b'),
        ("Zoë", "<!-- -->"),
        ('"1.2"', '"a<b"'),
        ('"1.2"', "'1.2'"),
        ("<dead", "<DEAD"),
        ("\n  <name", "\n <name"),
        ("<note>", "<note/><note>"),
    ],
)
def test_whatever_else_differs_is_left_to_the_elements(old: str, new: str) -> None:
    """Only plain values that stand in the result may differ."""
    assert old in SAMPLE
    shape = learned()

    assert shape.read(cut(SAMPLE.replace(old, new).encode())) is None
    assert shape.read(cut(SAMPLE.encode())) == by_elements(SAMPLE.encode())


def test_bytes_that_are_no_utf8_are_left_to_the_elements() -> None:
    """What cannot be decoded has no values."""
    assert learned().read(cut(SAMPLE.encode("iso-8859-1"))) is None


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12), st.text(max_size=6)), max_size=3))
def test_no_message_is_read_otherwise_than_by_its_elements(changes: list[tuple[int, int, str]]) -> None:
    """Whatever is changed in a message, it is read right by its shape or not at all; one after the other."""
    shape = learned()
    for at, length, text in changes:
        message = SAMPLE[:at] + text + SAMPLE[at + length :]
        try:
            encoded = message.encode()
        except UnicodeEncodeError:
            continue
        found = shape.read(cut(encoded))
        assert found is None or found == by_elements(encoded)


@pytest.mark.parametrize(
    "message",
    [
        "<a><!-- b --><given>c</given></a>",
        "<a><![CDATA[b]]></a>",
        "<?xml version='1.0'?><?pi b?><a/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
    ],
)
def test_a_message_with_more_than_elements_and_texts_has_no_shape(message: str) -> None:
    """Comments, CDATA, processing instructions and other encodings are left to the parser."""
    assert learn(message.encode(), read) is None


def test_many_values_that_change_in_turn_fill_no_memory() -> None:
    """Whatever a peer changes from one message to the next, a shape keeps little of what depends on it."""
    ids = "".join([f'<id root="1.2.{number}"/>' for number in range(400)])
    message = f"<ids>{ids}</ids>".encode()
    shape = learn(message, lambda root: tuple([one.get("root", "") for one in root]))
    assert shape is not None

    tracemalloc.start()
    try:
        for number in range(1, 401):
            pieces = cut(message)
            for at in [at for at in range(400) if at * number % 401 < 200]:
                pieces[2 * at + 1] = b"3.%d" % number
            assert shape.read(pieces) == tuple([one.decode() for one in pieces[1::2]])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 512 * 1024
