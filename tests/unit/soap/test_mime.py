"""Content types and part headers as real peers write them."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import MimeMalformed
from ihe_test_util.soap.mime import ContentType, action_of, bare_id, read_part_head, soap_media_type

ACTION: Final = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"


def test_parameters_are_found_in_any_order_and_case() -> None:
    """Media type and names are lower case, values are as sent, names asked for in any case."""
    content_type = ContentType.parse('Multipart/Related;Start="<A@b>" ; BOUNDARY=Abc; type="application/xop+xml"')
    assert content_type.media_type == "multipart/related"
    assert [name for name, _ in content_type.params] == ["start", "boundary", "type"]
    assert content_type.param("boundary") == content_type.param("Boundary") == "Abc"
    assert content_type.param("charset") is None


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("multipart/related;boundary=uuid:1-2", "boundary", "uuid:1-2"),
        ("multipart/related; boundary===AbC/d==; type=application/xop+xml", "boundary", "==AbC/d=="),
        ("multipart/related; start=<SOAP-ENV:Envelope>", "start", "<SOAP-ENV:Envelope>"),
        ("multipart/related; action=urn:ihe:a:b ; x=1", "action", "urn:ihe:a:b"),
        ('text/xml;charset="utf-8"', "charset", "utf-8"),
        ("text/xml ; charset = utf-8 ;", "charset", "utf-8"),
        ('a/b; x="say \\"hi\\" and \\\\"', "x", 'say "hi" and \\'),
        ('a/b; x="semi;colon=in"; y=2', "x", "semi;colon=in"),
        ('a/b; x=""; y=2', "x", ""),
        ("a/b; x=; y=2", "x", ""),
        ("a/b;; x=1;;", "x", "1"),
        ("a/b; x=1; X=1", "x", "1"),
        ("text/xml; charset=utf-8; charset=UTF-8", "charset", "utf-8"),
    ],
)
def test_values_are_read_as_peers_write_them(text: str, name: str, value: str) -> None:
    """Quoted or not, with escapes, with characters that RFC 2045 wants quoted, with empty parameters between."""
    assert ContentType.parse(text).param(name) == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("xml", "begins with no media type"),
        ("; charset=utf-8", "begins with no media type"),
        ('text/xml; charset="utf-8', "not a parameter"),
        ("text/xml; charset", "not a parameter"),
        ("text/xml charset=utf-8", "not a parameter"),
        ('text/xml; start-info="a/b; action="urn:x""', "not a parameter"),
        ("multipart/related; boundary=a; boundary=b", "two values of boundary"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, sentence: str) -> None:
    """A broken content type says what is wrong and at which character."""
    with pytest.raises(MimeMalformed, match=sentence) as caught:
        ContentType.parse(text)
    assert caught.value.where.startswith("Content-Type, character ")


def test_a_long_run_of_blanks_takes_one_pass() -> None:
    """A hostile header costs time in proportion to its length."""
    with pytest.raises(MimeMalformed):
        ContentType.parse("a/b; x=" + " " * 500_000 + '"')


@given(
    st.lists(
        st.tuples(
            st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8),
            st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
        ),
        unique_by=lambda pair: pair[0],
        max_size=5,
    )
)
def test_a_content_type_survives_being_written(params: list[tuple[str, str]]) -> None:
    """str() of a content type is read back as the same content type, whatever the values hold."""
    content_type = ContentType("multipart/related", tuple(params))
    assert ContentType.parse(str(content_type)) == content_type


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in any other way than by its own error."""
    try:
        ContentType.parse(text)
    except MimeMalformed as error:
        assert error.message  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    "text",
    [
        f'application/soap+xml; charset=UTF-8; action="{ACTION}"',
        f'multipart/related; boundary=b; action="{ACTION}"',
        f'multipart/related; boundary=b; start-info="application/soap+xml; action=\\"{ACTION}\\""',
        f'multipart/related;start-info="application/soap+xml;action=\\"{ACTION}\\"";boundary=b',
        f'multipart/related; start-info="application/soap+xml; action={ACTION}"; boundary=b',
    ],
)
def test_the_action_is_found_wherever_a_peer_puts_it(text: str) -> None:
    """As a parameter of its own (gSOAP, Axis2), or escaped inside start-info (Metro, CXF)."""
    assert action_of(ContentType.parse(text)) == ACTION


@pytest.mark.parametrize(
    "text",
    ["text/xml", 'multipart/related; start-info="application/soap+xml"', 'multipart/related; start-info="nonsense"'],
)
def test_no_action_is_an_empty_one(text: str) -> None:
    """Where the content type has no action, there is none."""
    assert action_of(ContentType.parse(text)) == ""


class _Root:
    def __init__(self, content_type: str) -> None:
        self.content_type = content_type


class _Package:
    def __init__(self, root: str) -> None:
        self.root = _Root(root)


@pytest.mark.parametrize(
    ("outer", "root", "expected"),
    [
        ("text/xml; charset=utf-8", None, "text/xml"),
        ('multipart/related; start-info="application/soap+xml; action=\\"x\\""', None, "application/soap+xml"),
        ('multipart/related; type="application/xop+xml"', 'application/xop+xml; type="text/xml"', "text/xml"),
        (
            'multipart/related; type="application/xop+xml"',
            'application/xop+xml;type="application/soap+xml;action=\\"x\\""',
            "application/soap+xml",
        ),
        ('multipart/related; type="text/xml"', "text/xml; charset=utf-8", "text/xml"),
        ('multipart/related; type="text/xml"', None, "text/xml"),
        ('multipart/related; type="text/xml"', "", "text/xml"),
        ('multipart/related; type="application/xop+xml"', "application/xop+xml", ""),
        ("multipart/related", None, ""),
        ('multipart/related; start-info="<root>"', 'application/xop+xml; type="text/xml"', "text/xml"),
    ],
)
def test_the_soap_media_type_is_found_under_the_packaging(outer: str, root: str | None, expected: str) -> None:
    """start-info says it, else the root part's type, else the media types themselves."""
    package = None if root is None else _Package(root)
    assert soap_media_type(ContentType.parse(outer), package) == expected


@pytest.mark.parametrize(
    ("sent", "bare"), [("<a@b>", "a@b"), (" <a@b>\t", "a@b"), ("a@b", "a@b"), ("", ""), ("<a", "<a"), ("<>", "")]
)
def test_a_content_id_is_compared_without_angle_brackets(sent: str, bare: str) -> None:
    """Only a pair of them is taken off."""
    assert bare_id(sent) == bare


def test_part_headers_know_no_case_and_may_be_folded() -> None:
    """Names in any case, values without surrounding blanks, folded lines joined; all headers are kept as sent."""
    head = read_part_head(
        b'\r\nContent-type:application/xop+xml;\r\n\ttype="text/xml"  \r\nCONTENT-ID : <a@b>\r\n'
        b"Content-Transfer-Encoding: Binary; x\r\nX-Empty:\r\n",
        part=1,
        offset=0,
    )
    assert head.content_type == 'application/xop+xml; type="text/xml"'
    assert (head.content_id, head.transfer_encoding) == ("a@b", "binary")
    assert [name for name, _ in head.headers] == ["Content-type", "CONTENT-ID", "Content-Transfer-Encoding", "X-Empty"]


@pytest.mark.parametrize(
    ("block", "byte"),
    [
        (b"\r\nContent-Type: a/b\r\nno colon here\r\n", 121),
        (b"\r\nContent-Type: a/b\r\ntwo words: value\r\n", 121),
        (b"\r\nContent-Type: a/b\r\n: no name\r\n", 121),
        (b"\r\nContent-Type: a/b\r\n   \r\nX: y\r\n", 121),
        (b"\r\nX: \x00\r\n", 102),
        (b"\nX: a\rb\n", 101),
        (b"\r\n folded onto nothing\r\n", 102),
        (b"\r\n\xff: x\r\n", 100),
    ],
)
def test_a_header_line_that_is_none_is_shown(block: bytes, byte: int) -> None:
    """The diagnosis names part and byte and shows the line."""
    with pytest.raises(MimeMalformed, match="a header of part 3 cannot be read") as caught:
        read_part_head(block, part=3, offset=100)
    assert caught.value.where == f"part 3, byte {byte}"
    assert caught.value.got
