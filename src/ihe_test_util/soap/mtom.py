"""MTOM (SOAP 1.2 Message Transmission Optimization Mechanism) and XOP 1.0: base64 content as parts of a package."""

import binascii
import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote

from lxml import etree

from ihe_test_util.content import CHUNK_BYTES, Attachment, Content
from ihe_test_util.errors import BadInput, MessageMalformed, MimeMalformed, StorageError
from ihe_test_util.exchange import Finding
from ihe_test_util.soap.mime import XOP_XML, quoted
from ihe_test_util.soap.package import Package, Part
from ihe_test_util.soap.package_faults import listed
from ihe_test_util.soap.package_findings import package_findings
from ihe_test_util.soap.transfer import WHITE_SPACE, base64_flaw
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.xop import INCLUDE

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")  # RFC 2046, 5.1.1, without the blank
_CONTENT_ID: Final = re.compile(r"[!-;=?-~]{1,900}")  # printable, no blank, no angle bracket: RFC 5322, 2.1.1 for 900
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e]{1,900}")
_COALESCED_BYTES: Final = 64 * 1024
_SHOWN_CHARACTERS: Final = 200
#: Files open at once for one package, and what the system says when it has none left.
_MOST_HELD: Final = 32
_NONE_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE})


class InlineAttachments:
    """The content of a message that came without a package: base64 text only."""

    def content_of(self, element: Element) -> Content:
        """The base64 content of an element.

        Raises:
            MimeMalformed: an xop:Include, which has nothing to refer to.
            MessageMalformed: text that is not base64.
        """
        found = _include_in(element)
        if found is None:
            return _inline(element)
        raise MimeMalformed(
            "an xop:Include refers to a part, but the message is no multipart/related package",
            where=_place(found),
            got=repr((found.get("href") or "")[:_SHOWN_CHARACTERS]),
            expected="base64 text, or a package with the part that the Include names",
            hint=f'switch MTOM on in the sender, so that the message goes out as multipart/related; type="{XOP_XML}"',
        )


class XopAttachments:
    """The content of a message that came in a package; remembers which parts were referred to."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._parts = {part.content_id: part for part in package.parts if part.content_id}
        self._used: set[str] = set()

    def content_of(self, element: Element) -> Content:
        """The content of an element that holds base64 text or a single xop:Include.

        Raises:
            MimeMalformed: an Include that points nowhere, to the envelope itself, or outside the package.
            MessageMalformed: text that is not base64.
        """
        found = _include_in(element)
        if found is None:
            return _inline(element)
        reference = _reference(found)
        # RFC 2392, 2: percent-decoded, "+" stands for itself; some peers send the id as it is, percent signs and all
        for content_id in (unquote(reference), reference):
            part = self._parts.get(content_id)
            if part is not None:
                self._used.add(content_id)
                return part.content
            if content_id and content_id == self._package.root.content_id:
                raise MimeMalformed(
                    "an xop:Include points to the root part, the message that it stands in",
                    where=_place(found),
                    got=repr(found.get("href")),
                    expected=f"another part: {listed(self._parts)}",
                )
        raise MimeMalformed(
            "an xop:Include points to a part that is not in the package",
            where=_place(found),
            got=repr((found.get("href") or "")[:_SHOWN_CHARACTERS]),
            expected=f"the Content-ID of a part that is there: {listed(self._parts)}",
            hint="" if self._parts else "the package has no part with a Content-ID beside the root part",
        )

    def unreferenced(self) -> tuple[Part, ...]:
        """The parts beside the root that nothing pointed to so far."""
        return tuple(part for part in self._package.parts if part.content_id not in self._used)

    def findings(self) -> tuple[Finding, ...]:
        """What the package does otherwise than the standards say, though it could be read; for afterwards."""
        return package_findings(self._package, self.unreferenced())


@dataclass(frozen=True, slots=True)
class MtomBody:
    """An MTOM package as an HTTP body: its Content-Type, its exact length in bytes, and its bytes, as often as asked.

    ``chunks`` raises StorageError when a document is no longer what it was when the package was written.
    """

    content_type: str
    length: int
    pieces: tuple[bytes | Content, ...] = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in chunks for a socket."""
        return _stream(self.pieces, {})

    def hold(self) -> "HeldBody":
        """The same with its documents opened, so that they can be sent though they are removed meanwhile.

        Raises:
            StorageError: a document is gone already.
        """
        return HeldBody.of(self)


@dataclass(frozen=True, slots=True)
class HeldBody:
    """An MTOM package whose documents are open, as many as ``_MOST_HELD`` of them; to be closed."""

    body: MtomBody
    _descriptors: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def of(cls, body: MtomBody) -> Self:
        """The package with its documents opened; where an open file cannot be removed, there is no need to."""
        held = cls(body)
        if os.name == "nt":
            return held
        paths = dict.fromkeys(piece.path for piece in body.pieces if isinstance(piece, Content) and piece.path)
        for path in islice(paths, _MOST_HELD):
            try:
                held._descriptors[path] = os.open(path, os.O_RDONLY)
            except OSError as error:
                if error.errno in _NONE_LEFT:
                    break  # they are opened when it is their turn
                held.close()
                raise _unreadable(path, error) from error
        return held

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.body.length

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in chunks for a socket."""
        return _stream(self.body.pieces, self._descriptors)

    def close(self) -> None:
        """Let the documents go; done twice it does nothing more."""
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


def write_package(
    root: bytes,
    attachments: Sequence[Attachment],
    *,
    soap_version: SoapVersion,
    action: str,
    boundary: str,
    root_id: str,
) -> MtomBody:
    """Pack an envelope (UTF-8) and what its xop:Include elements refer to (XOP 1.0, 4.1; MTOM, 3.2).

    ``boundary`` must be new and random, such as ``uuid:`` and a version 4 UUID: documents are not searched for it,
    since reading them twice would double the work and 122 random bits are in no document that existed before.

    Raises:
        BadInput: a Content-ID, content type, action or boundary that cannot stand in a header, or one id twice.
    """
    _check("boundary", boundary, _BOUNDARY)
    _check("action", action, _HEADER_TEXT, optional=True)
    _check_ids([root_id, *(attachment.content_id for attachment in attachments)])
    media_type = soap_version.media_type
    head = _part_head(f'{XOP_XML}; charset=UTF-8; type="{media_type}"', root_id)
    pieces: list[bytes | Content] = [f"--{boundary}\r\n{head}".encode("ascii"), root]
    for attachment in attachments:
        content_type = attachment.content_type or "application/octet-stream"
        _check("content type of a part", content_type, _HEADER_TEXT)
        head = _part_head(content_type, attachment.content_id)
        pieces += [f"\r\n--{boundary}\r\n{head}".encode("ascii"), attachment.content]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    length = sum(piece.size if isinstance(piece, Content) else len(piece) for piece in pieces)
    return MtomBody(_package_type(boundary, root_id, soap_version, action), length, tuple(pieces))


def _package_type(boundary: str, root_id: str, soap_version: SoapVersion, action: str) -> str:
    text = (
        f'multipart/related; type="{XOP_XML}"; boundary="{boundary}"; start="<{root_id}>";'
        f' start-info="{soap_version.media_type}"'
    )
    if soap_version is SoapVersion.V11 or not action:
        return text  # SOAP 1.1 has the SOAPAction header for it
    # As a parameter of its own, and the last one: Axis2 and gSOAP look only there and do not undo \" inside
    # start-info, CXF searches the whole header for action=, Metro goes by wsa:Action and the body.
    return f"{text}; action={quoted(action)}"


def _part_head(content_type: str, content_id: str) -> str:
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{content_id}>\r\n\r\n"


def _stream(pieces: Iterable[bytes | Content], descriptors: Mapping[Path, int]) -> Iterator[bytes]:
    """The pieces in turn, small ones joined: each chunk is a write to a socket."""
    held = bytearray()
    for piece in pieces:
        for chunk in _exactly(piece, descriptors) if isinstance(piece, Content) else (piece,):
            if len(held) + len(chunk) > _COALESCED_BYTES:
                if held:
                    yield bytes(held)
                    held.clear()
                if len(chunk) > _COALESCED_BYTES:
                    yield chunk
                    continue
            held += chunk
    yield bytes(held)


def _exactly(content: Content, descriptors: Mapping[Path, int]) -> Iterator[bytes]:
    """The bytes of a content, as many as the length of the package was computed with."""
    left = content.size
    descriptor = descriptors.get(content.path) if content.path is not None else None
    try:
        for chunk in content.chunks() if descriptor is None else _read_all(descriptor):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    except OSError as error:
        raise _unreadable(content.path, error) from error
    if left:
        raise StorageError(
            "a document changed while it was sent",
            where=str(content.path),
            got=f"{abs(left):,} bytes {'more' if left < 0 else 'fewer'} than before",
            expected=f"{content.size:,} bytes",
        )


def _read_all(descriptor: int) -> Iterator[bytes]:
    """The bytes of an open file from its first; several may read it at a time."""
    at = 0
    while chunk := os.pread(descriptor, CHUNK_BYTES, at):
        at += len(chunk)
        yield chunk


def _unreadable(path: Path | None, error: OSError) -> StorageError:
    return StorageError("a document cannot be read while it is sent", where=str(path), got=error.strerror or str(error))


def _check(what: str, value: str, pattern: re.Pattern[str], *, optional: bool = False) -> None:
    if pattern.fullmatch(value) or (optional and not value):
        return
    raise BadInput(
        f"the {what} cannot stand in a MIME header",
        got=f"{value[:80]!r} ({len(value)} characters)",
        expected="printable ASCII characters, no line end"
        + ("" if pattern is _HEADER_TEXT else ", no blank, no angle bracket"),
    )


def _check_ids(content_ids: Sequence[str]) -> None:
    for content_id in content_ids:
        _check("Content-ID of a part", content_id, _CONTENT_ID)
    if len(set(content_ids)) < len(content_ids):
        twice = next(content_id for content_id in content_ids if content_ids.count(content_id) > 1)
        raise BadInput(
            "two parts of a package were given the same Content-ID",
            got=repr(twice),
            expected="a Content-ID of its own for each part, the root part included",
        )


def _include_in(element: Element) -> Element | None:
    if not len(element):
        return None
    child = element[0]
    if child.tag != INCLUDE:
        name = etree.QName(child)
        raise MessageMalformed(
            f"<{etree.QName(element).localname}> holds an element where base64 content was expected",
            where=_place(child),
            got=f"<{name.localname}> in namespace {name.namespace!r}",
            expected=f"base64 text, or <Include> in namespace {ns.XOP!r}",
        )
    if len(element) > 1 or (element.text or "").strip() or (child.tail or "").strip():
        raise MimeMalformed(
            "an xop:Include is not the only content of its element",
            where=_place(child),
            got=f"{len(element)} child element(s)"
            + (" and text" if (element.text or "").strip() or (child.tail or "").strip() else ""),
            expected="the Include alone, which stands for all of the content (XOP 1.0, 2.1)",
        )
    return child


def _reference(found: Element) -> str:
    href = found.get("href")
    if href is None:
        raise MimeMalformed(
            "an xop:Include has no href attribute",
            where=_place(found),
            got=", ".join(str(name) for name in found.attrib) or "no attribute",
            expected='href="cid:..." with the Content-ID of a part (XOP 1.0, 2.1)',
        )
    href = href.strip()
    if href[:4].lower() != "cid:":
        raise MimeMalformed(
            "an xop:Include points outside the package; nothing was fetched",
            where=_place(found),
            got=repr(href[:_SHOWN_CHARACTERS]),
            expected='href="cid:...": XOP allows only parts of the same package (XOP 1.0, 4.1)',
            hint="send the document as a part of the message",
        )
    return href[4:]


def _inline(element: Element) -> Content:
    text = (element.text or "").encode("ascii", "replace")
    try:
        return Content.of(binascii.a2b_base64(text.translate(None, WHITE_SPACE), strict_mode=True))
    except binascii.Error:
        position, got = base64_flaw(text)
        raise MessageMalformed(
            f"the content of <{etree.QName(element).localname}> is not base64",
            where=f"{_place(element)}, character {position + 1}",
            got=got,
            expected="A-Z a-z 0-9 + / in groups of four, padded with = (XML Schema 2, 3.2.16)",
        ) from None


def _place(element: Element) -> str:
    names = [etree.QName(element).localname, *(etree.QName(above).localname for above in element.iterancestors())]
    return f"/{'/'.join(reversed(names))} (line {element.sourceline})"
