"""Bytes to elements and back: the one XML parser of this package, hardened, and the one serialiser."""

import re
from typing import Final, cast

from lxml import etree

from ihe_test_util.errors import XmlMalformed

Element = etree._Element  # noqa: SLF001 - lxml has no public name for the class of its elements

#: libxml2's own ceilings with ``huge_tree`` off: elements nested, bytes in one text node or attribute.
MAX_DEPTH: Final = 256
MAX_TEXT_BYTES: Final = 10_000_000
#: Our own: libxml2 takes some 125 bytes of memory for an element that is written with four.
MAX_TAGS: Final = 500_000

_DECLARATION: Final = "<?xml version='1.0' encoding='UTF-8'?>\n"
_XML_DECLARATION: Final = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHOWN_BYTES: Final = 40
_PROLOG_BYTES: Final = 4096
_HINTS: Final[dict[int, str]] = {
    etree.ErrorTypes.ERR_NAME_TOO_LONG: f"no text, attribute or name may exceed {MAX_TEXT_BYTES:,} bytes;"
    " send a large document as an MTOM part",
    etree.ErrorTypes.ERR_RESOURCE_LIMIT: f"at most {MAX_DEPTH} elements deep and {MAX_TEXT_BYTES:,} bytes"
    " in one text or attribute; send a large document as an MTOM part",
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING: "declare the encoding that was used to write the bytes, best UTF-8",
    etree.ErrorTypes.ERR_INVALID_CHAR: "a character that XML does not allow must be left out before sending",
    etree.ErrorTypes.ERR_INVALID_ENCODING: "declare the encoding that was used to write the bytes, best UTF-8",
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "send an XML document",
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "close each element with its own name, in the order of nesting",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "the document ends in the middle: was it cut?",
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: "write & as &amp;",
    etree.ErrorTypes.ERR_NAME_REQUIRED: "write & as &amp; and < as &lt; in text",
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: "without a DTD there are only &amp; &lt; &gt; &quot; &apos;",
}


def parse(data: bytes, *, what: str = "message", drop_comments: bool = True) -> Element:
    """Parse untrusted bytes and return the root element.

    No DTD, no entity, no network access, at most ``MAX_DEPTH`` levels; comments and processing
    instructions are dropped, unless somebody has to refuse them. ``what`` names the bytes in errors.

    Raises:
        XmlMalformed: not well-formed, wrongly encoded, with a document type declaration, or beyond a limit.
    """
    if len(data) > MAX_TAGS and (tags := data.count(b"<")) > MAX_TAGS:
        raise XmlMalformed(
            f"the {what} has too many tags",
            got=f"{tags:,}",
            expected=f"at most {MAX_TAGS:,}",
            hint="send it in several messages",
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=drop_comments,
        remove_pis=drop_comments,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _diagnosis(error, data, what) from None
    except (LookupError, ValueError) as error:
        raise XmlMalformed(f"the {what} is not XML that can be read", got=str(error)) from None
    if has_dtd(root):
        raise _dtd_refused(what)
    return root


def serialize(element: Element, *, declaration: bool = True) -> bytes:
    """UTF-8 bytes of an element, without tail; byte for byte the same for the same tree."""
    # libxml2's own UTF-8 output costs half as much again as text that Python encodes.
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    return (_DECLARATION + text if declaration else text).encode()


def xml_text(text: str) -> str:
    """The text with each character that XML 1.0 cannot carry (controls, lone surrogates) replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def pretty(data: bytes) -> str:
    """An indented rendering for people to read; what is not XML comes back as text."""
    try:
        root = parse(data)
    except XmlMalformed:
        return data.decode("utf-8", "replace")
    etree.indent(root)
    return etree.tostring(root, encoding="unicode", with_tail=False)


class Places:
    """Where the elements of a message stand in the XML as it arrived, found by path or by id.

    Looking up any number of places costs no more than going through the message once.
    """

    def __init__(self, root: Element) -> None:
        self._root = root
        self._children: dict[Element, dict[str, list[Element]]] = {}
        self._ids: dict[str, Element] | None = None

    def line(self, path: str) -> int | None:
        """Line of the element that a slash-separated path of local names leads to, or of its nearest ancestor.

        The path begins with the root's own name (``/PRPA_IN201301UV02/sender/device``); ``[n]`` picks the n-th of a
        name, a trailing ``/@attribute`` or ``/text()`` names the element that bears it.
        """
        here = self._root
        for step in path.strip("/").split("/")[1:]:
            name, _, index = step.partition("[")
            number = index.removesuffix("]")
            position = int(number) - 1 if number.isascii() and number.isdecimal() else 0
            children = self._named(here).get(name, ())
            if not 0 <= position < len(children):
                break
            here = children[position]
        return line_of(here)

    def line_of_id(self, value: str) -> int | None:
        """Line of the first element with an attribute ``id`` of this value; None where there is none."""
        if self._ids is None:
            self._ids = {}
            for element in self._root.iter():
                self._ids.setdefault(element.get("id", ""), element)
        found = self._ids.get(value)
        return None if found is None else line_of(found)

    def _named(self, element: Element) -> dict[str, list[Element]]:
        known = self._children.get(element)
        if known is None:
            known = self._children[element] = {}
            for child in element:
                known.setdefault(child.tag.rpartition("}")[2], []).append(child)
        return known


def line_of(element: Element) -> int | None:
    """The 1-based line on which an element begins in the XML as it arrived."""
    return cast("int | None", element.sourceline)


def has_dtd(root: Element) -> bool:
    """Whether the element's document has a document type declaration."""
    # The stubs say that internalDTD is always there; lxml gives None for a document without one.
    return bool(getattr(root.getroottree().docinfo, "doctype", ""))


def _dtd_refused(what: str) -> XmlMalformed:
    return XmlMalformed(
        f"the {what} has a document type declaration",
        where="<!DOCTYPE",
        expected="none: SOAP forbids it (SOAP 1.2 Part 1, 5) and entities are a way to attack a parser",
        hint="leave the DOCTYPE out",
    )


def _diagnosis(error: etree.XMLSyntaxError, data: bytes, what: str) -> XmlMalformed:
    if not data.strip(b"\x00\t\r\n "):
        return XmlMalformed(
            f"the {what} is empty" if not data else f"the {what} holds nothing but white space",
            got=f"{len(data)} bytes",
            expected="an XML document",
        )
    if b"<!DOCTYPE" in data[:_PROLOG_BYTES]:
        return _dtd_refused(what)
    line, column = error.position
    code: int = getattr(error, "code", 0)  # the stubs do not know it
    declared = _XML_DECLARATION.match(data[:200])
    reason = (error.msg or "it is not well-formed").rsplit(", line ", 1)[0]
    hint = _HINTS.get(code, "")
    if data.lstrip().startswith(b"--"):
        hint = "this looks like a MIME package: its Content-Type is multipart/related with the boundary that it uses"
    if not hint and not data.rstrip(b"\x00\t\r\n ").endswith((b">", b">\x00")):
        hint = _HINTS[etree.ErrorTypes.ERR_TAG_NOT_FINISHED]
    if code == etree.ErrorTypes.ERR_INVALID_ENCODING and declared:
        reason += f" (declared encoding: {declared.group(1).decode('ascii')})"
    malformed = XmlMalformed(
        f"the {what} is not well-formed XML: {reason}",
        where=f"line {line}, column {column}",
        got=f"begins with {data[:_SHOWN_BYTES].decode('utf-8', 'backslashreplace')!r}"
        if code == etree.ErrorTypes.ERR_DOCUMENT_EMPTY
        else "",
        hint=hint,
    )
    malformed.position = (line, column)
    return malformed
