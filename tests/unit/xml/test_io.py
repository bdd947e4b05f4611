"""The hardened parser: what it takes, what it refuses, and what it says about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.errors import XmlMalformed
from ihe_test_util.xml.io import Places, parse, serialize, xml_text

BILLION_LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">'
    b'<!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;&y;&y;">]><a>&z;&z;&z;&z;&z;</a>'
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param('<a b="é">ü</a>'.encode(), id="UTF-8 without a declaration"),
        pytest.param('<?xml version="1.0" encoding="UTF-16"?><a b="é">ü</a>'.encode("utf-16"), id="UTF-16 with BOM"),
        pytest.param('<a b="é">ü</a>'.encode("utf-8-sig"), id="UTF-8 with BOM"),
        pytest.param('<?xml version="1.0" encoding="ISO-8859-1"?><a b="é">ü</a>'.encode("latin-1"), id="Latin 1"),
        pytest.param('<a b="é">ü<!-- a comment --><?pi?></a>'.encode(), id="comments and PIs are dropped"),
    ],
)
def test_any_declared_encoding_is_read(data: bytes) -> None:
    """Whatever encoding a peer declares, the characters arrive."""
    root = parse(data)

    assert (root.get("b"), root.text, len(root)) == ("é", "ü", 0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "the message is empty", id="empty"),
        pytest.param(b" \n" * 1000, "nothing but white space", id="white space"),
        pytest.param(b'{"not": "xml"}', 'begins with \'{"not": "xml"}\'', id="JSON"),
        pytest.param(b"<a><b></a>", "line 1, column 11", id="mismatch, with position"),
        pytest.param(b"<a><b>", "was it cut?", id="truncated"),
        pytest.param(b"<a>fish & chips</a>", "write & as &amp;", id="bare ampersand"),
        pytest.param(
            b'<?xml version="1.0" encoding="UTF-8"?><a>\xe9</a>', "declared encoding: UTF-8", id="mislabelled"
        ),
        pytest.param(b'<?xml version="1.0" encoding="klingon"?><a/>', "declare the encoding", id="unknown encoding"),
        pytest.param(b"<a>" * 50_000, "256 elements deep", id="50,000 levels"),
        pytest.param(b"<a>" + b"x" * 10_100_000 + b"</a>", "MTOM part", id="a huge text"),
        pytest.param(b'<a b="' + b"x" * 10_100_000 + b'"/>', "MTOM part", id="a huge attribute"),
        pytest.param(BILLION_LAUGHS, "document type declaration", id="billion laughs"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "leave the DOCTYPE out", id="XXE"
        ),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]><a>&x;</a>'.encode("utf-16"),
            "document type declaration",
            id="XXE in UTF-16",
        ),
    ],
)
def test_what_is_refused_is_named(data: bytes, said: str) -> None:
    """A message that cannot be read is refused with the reason and what to do."""
    with pytest.raises(XmlMalformed) as caught:
        parse(data)

    assert said in str(caught.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No input brings anything but an element or XmlMalformed."""
    try:
        root = parse(data)
    except XmlMalformed:
        return
    assert isinstance(root.tag, str)


@given(st.text())
def test_any_text_can_be_carried(text: str) -> None:
    """What xml_text gives can be written into XML and read back the same."""
    element = etree.Element("a")
    element.text = xml_text(text)

    assert (parse(serialize(element)).text or "") == xml_text(text)


def test_a_path_leads_to_the_line_of_its_nearest_ancestor() -> None:
    """Locating a missing element gives the line of the element that should hold it."""
    root = parse(b"<a>\n<b/>\n<b>\n<c/></b></a>")

    places = Places(root)
    lines = {path: places.line(path) for path in ("/a/b[2]/c/@id", "/a/b[2]/missing", "/a/b", "/a/b[9]", "/a")}

    assert lines == {"/a/b[2]/c/@id": 4, "/a/b[2]/missing": 3, "/a/b": 2, "/a/b[9]": 1, "/a": 1}


@pytest.mark.parametrize("path", ["", "/", "a", "//", "/a/b[", "/a/b[]", "/a/b[x]", "/a/b[0]", "/a/b[-1]", "/a/b[²]"])
def test_a_path_that_is_none_leads_somewhere_harmless(path: str) -> None:
    """A path that a message had a part in, through the ids in it, never fails."""
    assert Places(parse(b"<a>\n<b/>\n</a>")).line(path) in {1, 2}


def test_ids_are_found_wherever_they_stand() -> None:
    """The first element with an id counts."""
    places = Places(parse(b"<a>\n<b id='x/y'/>\n<c><d id='z'/>\n<d id='z'/></c></a>"))

    assert [places.line_of_id(value) for value in ("x/y", "z", "missing")] == [2, 3, None]
