"""Content types and part headers as they come over the wire (RFC 2045, 2046, 2387; XOP 1.0, 4.1)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol, Self

from ihe_test_util.errors import MimeMalformed

MULTIPART_RELATED: Final = "multipart/related"
XOP_XML: Final = "application/xop+xml"

_MEDIA_TYPE: Final = re.compile(r"\s*+([^\s;=\"/]++/[^\s;=\"/]++)")
# Unquoted values may hold what RFC 2045 forbids there (/ : = < >): peers send boundary=uuid:1 and start=<a@b>.
# Possessive throughout, so that no header takes more than one pass.
_PARAMETER: Final = re.compile(
    r'\s*+;\s*+(?:([^\s;="]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^";]*+))\s*+(?=;|\Z))?+', re.DOTALL
)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_HEADER_LINE: Final = re.compile(
    r"^([!-9;-~]++)[ \t]*+:[ \t]*+((?:[^\x00-\x20\x7f]++|[ \t]++(?![ \t\r\n]))*+)[ \t]*+\r?\n", re.MULTILINE
)
_FOLD: Final = re.compile(r"\r?\n[ \t]++(?=[^ \t\r\n])")
_SHOWN_CHARACTERS: Final = 80

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContentType:
    """A Content-Type header (RFC 2045, 5.1): media type and parameter names in lower case, values as sent."""

    media_type: str
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a Content-Type header: parameters in any order, quoted or not, with or without blanks.

        Raises:
            MimeMalformed: no ``type/subtype``, something that is no parameter, or one that is given two values.
        """
        media_type = _MEDIA_TYPE.match(text)
        if media_type is None:
            raise _malformed("is empty" if not text.strip() else "begins with no media type", text, 0)
        found: dict[str, str] = {}
        position = media_type.end()
        while position < len(text):
            match = _PARAMETER.match(text, position)
            if match is None:
                if not text[position:].strip():
                    break
                raise _malformed("holds something that is not a parameter", text, position)
            name, value, plain = match.groups()
            if name is not None:
                name = name.lower()
                if value is None:
                    value = plain.rstrip()
                elif "\\" in value:
                    value = _QUOTED_PAIR.sub(r"\1", value)
                if name in found and found[name].lower() != value.lower():
                    raise _malformed(f"gives two values of {name}", text, position)
                found.setdefault(name, value)
            position = match.end()
        return cls(media_type.group(1).lower(), tuple(found.items()))

    def param(self, name: str) -> str | None:
        """Value of a parameter, None where it is absent; names know no case."""
        wanted = name.lower()
        for known, value in self.params:
            if known == wanted:
                return value
        return None

    def __str__(self) -> str:
        return "; ".join([self.media_type, *(f"{name}={quoted(value)}" for name, value in self.params)])


def quoted(value: str) -> str:
    """A parameter value as a quoted string (RFC 2045, 5.1; RFC 822, 3.3)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def action_of(content_type: ContentType) -> str:
    """The SOAP action that a content type carries, empty where it carries none.

    A parameter of its own (RFC 3902; gSOAP, Axis2), or inside ``start-info`` (WS-I BP 2.0; Metro, CXF).
    """
    action = content_type.param("action")
    if action is None:
        inner = _nested(content_type.param("start-info"))
        action = inner.param("action") if inner else None
    return (action or "").strip()


class RootPart(Protocol):
    """A part, as far as its label goes."""

    @property
    def content_type(self) -> str:
        """As sent, empty where there is none."""


class Packed(Protocol):
    """A package with its root part."""

    @property
    def root(self) -> RootPart:
        """The part with the SOAP envelope."""


def soap_media_type(content_type: ContentType, package: Packed | None = None) -> str:
    """Media type of the SOAP message itself, which XOP packaging hides; empty where nothing says it.

    Asked in this order: the content type where it is no multipart, its ``start-info``, the root part's ``type``,
    the root part's own media type (SOAP with attachments), the package's ``type``.
    """
    if not content_type.media_type.startswith("multipart/"):
        return content_type.media_type
    inner = _nested(content_type.param("start-info"))
    if inner:
        return inner.media_type
    root = _nested(package.root.content_type) if package else None
    told = [_nested(root.param("type")), root] if root else []
    told.append(_nested(content_type.param("type")))
    return next((each.media_type for each in told if each and each.media_type != XOP_XML), "")


def bare_id(content_id: str) -> str:
    """A Content-ID or ``start`` without blanks and angle brackets (RFC 2392, 2)."""
    text = content_id.strip()
    return text[1:-1].strip() if text[:1] == "<" and text[-1:] == ">" else text


@dataclass(frozen=True, slots=True)
class PartHead:
    """The headers of a part as sent, and what three of them say; empty where a header is absent."""

    headers: Headers
    content_id: str
    content_type: str
    transfer_encoding: str


def read_part_head(block: bytes, *, part: int, offset: int) -> PartHead:
    """The headers of part number ``part``: lines that each end with CRLF or LF, after the one that ends a delimiter.

    ``block`` begins ``offset`` bytes into the package. Folded lines are joined; of two headers with one name the
    first counts.

    Raises:
        MimeMalformed: a line without a name and a colon, or with a control character.
    """
    text = block.decode("utf-8", "replace").partition("\n")[2]
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    found: list[tuple[str, str]] = _HEADER_LINE.findall(text)
    if len(found) != text.count("\n"):
        raise _bad_header(text, block, part, offset)
    named = {name.lower(): value for name, value in reversed(found)}
    return PartHead(
        tuple(found),
        bare_id(named.get("content-id", "")),
        named.get("content-type", ""),
        named.get("content-transfer-encoding", "").partition(";")[0].strip().lower(),
    )


@lru_cache(maxsize=64)  # a peer says the same with each message
def _nested(value: str | None) -> ContentType | None:
    if not value:
        return None
    try:
        return ContentType.parse(value)
    except MimeMalformed:
        return None  # only a hint stands there: what counts is the action and namespace in the envelope


def _bad_header(text: str, block: bytes, part: int, offset: int) -> MimeMalformed:
    line = next(line for line in text.split("\n") if not _HEADER_LINE.fullmatch(f"{line}\n"))
    at = max(block.find(line.encode()), 0)
    return MimeMalformed(
        f"a header of part {part} cannot be read",
        where=f"part {part}, byte {offset + at}",
        got=repr(line[:_SHOWN_CHARACTERS].rstrip("\r")),
        expected="Name: value, and an empty line before the content",
        hint="is the empty line between headers and content missing?",
    )


def _malformed(what: str, text: str, position: int) -> MimeMalformed:
    return MimeMalformed(
        f"the content type {what}",
        where=f"Content-Type, character {position + 1}",
        got=repr(text[position : position + _SHOWN_CHARACTERS]),
        expected='type/subtype; name=value; name="value"',
    )
