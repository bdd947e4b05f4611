"""XOP content, by reference or inline, and packages as they are written."""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.content import Attachment, Content
from ihe_test_util.errors import BadInput, MessageMalformed, MimeMalformed, StorageError
from ihe_test_util.soap.mime import ContentType, action_of, soap_media_type
from ihe_test_util.soap.mtom import InlineAttachments, XopAttachments, write_package
from ihe_test_util.soap.multipart import Package, Part, read_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, parse

ACTION: Final = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
XOP_TYPE: Final = "application/xop+xml"
TYPE: Final = ContentType.parse(f'multipart/related; type="{XOP_TYPE}"; boundary=b0')

Capture = Callable[[str], tuple[ContentType, bytes]]


def package(*content_ids: str, content_type: ContentType = TYPE, root_type: str = XOP_TYPE) -> Package:
    """A package with a root part <root> and a document for each id, holding the id."""
    parts = tuple(
        Part(content_id, "text/plain", (), Content.of(content_id.encode()), number)
        for number, content_id in enumerate(content_ids, 2)
    )
    return Package(Part("root", root_type, (), Content.of(b"<a/>"), 1), parts, content_type)


def document(inner: str) -> Element:
    """A Document element with this content."""
    return parse(f'<Document xmlns:xop="{ns.XOP}">{inner}</Document>'.encode())


def include_of(href: str) -> Element:
    """A Document element that refers to a part."""
    return document(f'<xop:Include href="{href}"/>')


@pytest.mark.parametrize("name", ["cxf", "metro", "gsoap", "axis2"])
def test_documents_of_real_stacks_are_found(name: str, capture: Capture) -> None:
    """The Include of CXF, Metro, gSOAP and Axis2 leads to the document, and nothing is odd about the package."""
    content_type, data = capture(name)
    read = read_package(data, content_type)
    attachments = XopAttachments(read)
    element = next(parse(read.root.content.read()).iter(f"{{{ns.XDSB}}}Document"))
    assert attachments.content_of(element).read().startswith(b"First line\r\n")
    assert attachments.unreferenced() == ()
    assert attachments.findings() == ()
    assert soap_media_type(content_type, read) == ("text/xml" if name == "axis2" else "application/soap+xml")


@pytest.mark.parametrize(
    ("href", "content_id"),
    [
        ("cid:uuid-1@urn%3Aihe%3Aiti%3Axds-b%3A2007", "uuid-1@urn:ihe:iti:xds-b:2007"),
        ("cid:a+b@example.org", "a+b@example.org"),
        ("cid:a%2Bb@example.org", "a+b@example.org"),
        ("CID:doc", "doc"),
        (" cid:doc ", "doc"),
        ("cid:rootpart*1@x", "rootpart*1@x"),
        ("cid:50%25@x", "50%@x"),
        ("cid:a%3Ab", "a%3Ab"),
        ("cid:%C3%A9", "\u00e9"),
        ("cid:SOAP-ENV:Envelope", "SOAP-ENV:Envelope"),
    ],
)
def test_a_cid_is_percent_decoded(href: str, content_id: str) -> None:
    """RFC 2392: decoded, "+" stands for itself; an id that was not encoded is found as it is."""
    attachments = XopAttachments(package("other", content_id))
    assert attachments.content_of(include_of(href)).read() == content_id.encode()
    assert [part.content_id for part in attachments.unreferenced()] == ["other"]


def test_one_part_may_be_referred_to_twice() -> None:
    """Two elements may hold the same content."""
    attachments = XopAttachments(package("d"))
    assert attachments.content_of(include_of("cid:d")) == attachments.content_of(include_of("cid:d"))
    assert attachments.unreferenced() == ()


def test_white_space_around_an_include_is_passed_over() -> None:
    """A pretty-printed message is read."""
    assert XopAttachments(package("d")).content_of(document('\n  <xop:Include href="cid:d"/>\n')).read() == b"d"


@pytest.mark.parametrize(
    "href", ["http://example.org/doc.xml", "https://example.org/", "file:///etc/passwd", "doc", "", "//host/x", "#d"]
)
def test_nothing_outside_the_package_is_fetched(href: str) -> None:
    """XOP allows only cid, and the diagnosis says that nothing was fetched."""
    with pytest.raises(MimeMalformed, match="points outside the package; nothing was fetched") as caught:
        XopAttachments(package("d")).content_of(include_of(href))
    assert caught.value.got == repr(href)
    assert "only parts of the same package" in caught.value.expected
    assert caught.value.where == "/Document/Include (line 1)"


def test_an_include_may_not_point_to_the_root_part() -> None:
    """The message cannot be its own attachment."""
    with pytest.raises(MimeMalformed, match="points to the root part") as caught:
        XopAttachments(package("d")).content_of(include_of("cid:root"))
    assert caught.value.expected == "another part: <d>"


@pytest.mark.parametrize(("ids", "known"), [(("d", "e"), "<d>, <e>"), ((), "none")])
def test_an_include_that_points_nowhere_lists_what_is_there(ids: tuple[str, ...], known: str) -> None:
    """The Content-IDs of the package are named."""
    with pytest.raises(MimeMalformed, match="a part that is not in the package") as caught:
        XopAttachments(package(*ids)).content_of(include_of("cid:missing@x"))
    assert caught.value.got == "'cid:missing@x'"
    assert caught.value.expected.endswith(known)


def test_an_empty_cid_points_to_no_part_without_content_id() -> None:
    """A part without Content-ID cannot be referred to."""
    with pytest.raises(MimeMalformed, match="not in the package"):
        XopAttachments(package("")).content_of(include_of("cid:"))


def test_an_include_needs_an_href() -> None:
    """The attributes that are there are named."""
    with pytest.raises(MimeMalformed, match="has no href attribute") as caught:
        XopAttachments(package("d")).content_of(document('<xop:Include ref="cid:d"/>'))
    assert caught.value.got == "ref"


@pytest.mark.parametrize(
    "inner",
    [
        'SGVsbG8=<xop:Include href="cid:d"/>',
        '<xop:Include href="cid:d"/>SGVsbG8=',
        '<xop:Include href="cid:d"/><xop:Include href="cid:d"/>',
    ],
)
def test_an_include_stands_alone(inner: str) -> None:
    """It stands for all of the content of its element (XOP 1.0, 2.1)."""
    with pytest.raises(MimeMalformed, match="not the only content of its element"):
        XopAttachments(package("d")).content_of(document(inner))


def test_another_element_is_no_base64() -> None:
    """An Include in a wrong namespace is shown with it."""
    with pytest.raises(MessageMalformed, match="holds an element where base64") as caught:
        XopAttachments(package("d")).content_of(document('<Include href="cid:d"/>'))
    assert caught.value.got == "<Include> in namespace None"
    assert ns.XOP in caught.value.expected


@pytest.mark.parametrize("attachments", [InlineAttachments(), XopAttachments(package("d"))])
@pytest.mark.parametrize("text", ["SGVsbG8=", "\n  SGVs\r\n\tbG8 =\n"])
def test_inline_base64_is_read_with_or_without_a_package(
    attachments: InlineAttachments | XopAttachments, text: str
) -> None:
    """XOP is optional for each element; white space is allowed in base64."""
    assert attachments.content_of(document(text)).read() == b"Hello"


def test_an_empty_element_has_empty_content() -> None:
    """No bytes are base64 for no bytes."""
    assert InlineAttachments().content_of(document("")).size == 0


@given(st.binary(max_size=200))
def test_inline_content_is_byte_exact(data: bytes) -> None:
    """Whatever was encoded comes back."""
    assert InlineAttachments().content_of(document(b64encode(data).decode())).read() == data


@pytest.mark.parametrize(
    ("text", "position", "got"),
    [
        ("SGVs*G8=", 5, "the character '*'"),
        ("SGVs bG8\u00e9", 9, "the character '?'"),
        ("SGVsbG8=SGVs", 9, "data after the padding"),
        ("SGVsbG8\n", 8, "an end that is no whole group of four"),
        ("=AAA", 2, "data after the padding"),
        ("SGVsb===", 9, "an end that is no whole group of four"),
        ("-_-_", 1, "the character '-'"),
    ],
)
def test_text_that_is_not_base64_is_shown_with_its_place(text: str, position: int, got: str) -> None:
    """The diagnosis names the element, its line, and the character."""
    with pytest.raises(MessageMalformed, match="the content of <Document> is not base64") as caught:
        InlineAttachments().content_of(document(text))
    assert caught.value.where == f"/Document (line 1), character {position}"
    assert caught.value.got == got


def test_an_include_without_a_package_has_nothing_to_point_to() -> None:
    """The hint says how to send a package."""
    with pytest.raises(MimeMalformed, match="no multipart/related package") as caught:
        InlineAttachments().content_of(include_of("cid:d"))
    assert caught.value.got == "'cid:d'"
    assert "MTOM" in caught.value.hint


def test_soap_with_attachments_is_read_with_findings() -> None:
    """A package that is not announced as XOP is read, and told."""
    swa = package("d", content_type=ContentType.parse("multipart/related; type=text/xml"), root_type="text/xml")
    attachments = XopAttachments(swa)
    assert attachments.content_of(include_of("cid:d")).read() == b"d"
    assert [(finding.rule, finding.got) for finding in attachments.findings()] == [
        ("MIME-01", "'text/xml'"),
        ("MIME-03", "'text/xml'"),
    ]


def test_parts_that_nothing_points_to_are_findings() -> None:
    """Each is named by number, id and size."""
    attachments = XopAttachments(package("d", "", "e"))
    attachments.content_of(include_of("cid:d"))
    assert [part.number for part in attachments.unreferenced()] == [3, 4]
    found = attachments.findings()
    assert [(finding.rule, finding.path) for finding in found] == [("MIME-02", "part 3"), ("MIME-02", "part 4")]
    assert "no Content-ID" in found[0].got
    assert "<e>, 1 bytes" in found[1].got


@pytest.mark.parametrize(
    ("headers", "rules"),
    [
        ((("Content-Length", "8589934592"),), ["MIME-04"]),
        ((("content-length", "4"),), []),
        ((("Content-Length", "99"), ("Content-Transfer-Encoding", "base64")), []),
    ],
)
def test_a_content_length_that_is_not_the_size_is_a_finding(
    headers: tuple[tuple[str, str], ...], rules: list[str]
) -> None:
    """The boundary counts; what a part says about its length is only compared."""
    plain = package()
    odd = replace(plain, root=replace(plain.root, headers=headers))
    assert [finding.rule for finding in XopAttachments(odd).findings()] == rules


def write(
    *attachments: Attachment,
    root: bytes = b"<a/>",
    version: SoapVersion = SoapVersion.V12,
    action: str = ACTION,
    boundary: str = "uuid:b0",
    root_id: str = "root@example.org",
) -> tuple[str, int, bytes]:
    """Content type, stated length and bytes of a package."""
    written = write_package(root, attachments, soap_version=version, action=action, boundary=boundary, root_id=root_id)
    return written.content_type, written.length, b"".join(written.chunks())


def test_a_package_is_written_as_peers_want_it() -> None:
    """Content type, part headers, delimiters and CRLF, to the byte."""
    content_type, length, data = write(Attachment("d@example.org", "text/plain", Content.of(b"doc\n")))
    assert content_type == (
        'multipart/related; type="application/xop+xml"; boundary="uuid:b0"; start="<root@example.org>";'
        f' start-info="application/soap+xml"; action="{ACTION}"'
    )
    assert data == (
        b"--uuid:b0\r\n"
        b'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        b"Content-Transfer-Encoding: binary\r\n"
        b"Content-ID: <root@example.org>\r\n"
        b"\r\n"
        b"<a/>\r\n"
        b"--uuid:b0\r\n"
        b"Content-Type: text/plain\r\n"
        b"Content-Transfer-Encoding: binary\r\n"
        b"Content-ID: <d@example.org>\r\n"
        b"\r\n"
        b"doc\n\r\n"
        b"--uuid:b0--\r\n"
    )
    assert length == len(data)


@pytest.mark.parametrize(
    ("version", "action", "found"),
    [(SoapVersion.V12, ACTION, ACTION), (SoapVersion.V12, "", ""), (SoapVersion.V11, ACTION, "")],
)
def test_the_action_travels_in_the_content_type_of_soap_1_2_only(version: SoapVersion, action: str, found: str) -> None:
    """SOAP 1.1 has its own HTTP header for it."""
    content_type = ContentType.parse(write(version=version, action=action)[0])
    assert action_of(content_type) == found
    assert content_type.param("start-info") == version.media_type


def test_a_file_is_streamed_in_chunks(tmp_path: Path) -> None:
    """Length is known before, no chunk holds the whole document, and the package can be sent again."""
    path = tmp_path / "document"
    path.write_bytes(bytes(range(256)) * 8000)
    written = write_package(
        b"<a/>",
        [Attachment("d", "application/pdf", Content.of_file(path)), Attachment("e", "", Content.of(b"x" * 70_000))],
        soap_version=SoapVersion.V12,
        action="",
        boundary="b0",
        root_id="root",
    )
    chunks = list(written.chunks())
    assert max(len(chunk) for chunk in chunks) <= 256 * 1024
    assert all(chunks)
    assert written.length == sum(len(chunk) for chunk in chunks)
    assert list(written.chunks()) == chunks
    read = read_package(b"".join(chunks), ContentType.parse(written.content_type))
    assert read.parts[0].content.read() == path.read_bytes()
    assert read.parts[1].content_type == "application/octet-stream"


def test_a_small_package_is_one_chunk() -> None:
    """One write to the socket."""
    written = write_package(
        b"<a/>",
        [Attachment("d", "text/plain", Content.of(b"doc"))],
        soap_version=SoapVersion.V12,
        action="",
        boundary="b0",
        root_id="root",
    )
    assert len(list(written.chunks())) == 1


@pytest.mark.parametrize("now", [b"", b"short", b"much longer than before"])
def test_a_document_that_changed_is_not_sent(now: bytes, tmp_path: Path) -> None:
    """Bytes that do not fit the length that was announced end the sending."""
    path = tmp_path / "document"
    path.write_bytes(b"as it was")
    attachment = Attachment("d", "text/plain", Content.of_file(path))
    written = write_package(
        b"<a/>", [attachment], soap_version=SoapVersion.V12, action="", boundary="b0", root_id="root"
    )
    path.write_bytes(now)
    with pytest.raises(StorageError, match="changed while it was sent"):
        b"".join(written.chunks())
    path.unlink()
    with pytest.raises(StorageError, match="cannot be read") as caught:
        b"".join(written.chunks())
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize("text", ["a\r\nX-Injected: 1", "a\nb", "a b", "<a>", "\u00e9", "", "a\x00", "x" * 901])
def test_a_content_id_cannot_inject_a_header(text: str) -> None:
    """Root part and attachments alike."""
    with pytest.raises(BadInput, match="the Content-ID of a part cannot stand in a MIME header"):
        write(Attachment(text, "text/plain", Content.of(b"")))
    with pytest.raises(BadInput, match="the Content-ID of a part"):
        write(root_id=text)


@pytest.mark.parametrize("text", ["text/plain\r\nX: 1", "text/plain\n", "t\u00e9xt/plain", "text/plain\x00"])
def test_a_content_type_or_action_cannot_inject_a_header(text: str) -> None:
    """What comes from metadata or from the user is checked."""
    with pytest.raises(BadInput, match="the content type of a part"):
        write(Attachment("d", text, Content.of(b"")))
    with pytest.raises(BadInput, match="the action"):
        write(action=text)


@pytest.mark.parametrize("text", ["", "b" * 71, "a b", 'a"b', "a\r\n", "\u00e9"])
def test_a_boundary_is_one_that_rfc_2046_allows(text: str) -> None:
    """1 to 70 characters of its list."""
    with pytest.raises(BadInput, match="the boundary"):
        write(boundary=text)


@pytest.mark.parametrize("ids", [("d", "d"), ("root@example.org",)])
def test_each_part_has_an_id_of_its_own(ids: tuple[str, ...]) -> None:
    """An id given twice is told before anything is sent."""
    with pytest.raises(BadInput, match="the same Content-ID") as caught:
        write(*(Attachment(each, "text/plain", Content.of(b"")) for each in ids))
    assert re.search(re.escape(ids[0]), caught.value.got)


def test_quotes_in_an_action_are_escaped() -> None:
    """It comes back as it was."""
    assert action_of(ContentType.parse(write(action='urn:"x"\\y')[0])) == 'urn:"x"\\y'


def test_findings_are_written_with_element_paths() -> None:
    """An error deep in a message names the way there."""
    root = etree.Element("Envelope")
    etree.SubElement(etree.SubElement(root, "Body"), "Document").text = "*"
    with pytest.raises(MessageMalformed) as caught:
        InlineAttachments().content_of(parse(etree.tostring(root))[0][0])
    assert caught.value.where.startswith("/Envelope/Body/Document (line 1)")
