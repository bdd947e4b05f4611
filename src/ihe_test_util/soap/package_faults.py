"""Every way in which a multipart/related package contradicts itself, told so that its sender can mend it."""

import re
from collections.abc import Iterable
from typing import Final

from ihe_test_util.errors import MessageTooLarge, MimeMalformed
from ihe_test_util.soap.mime import MULTIPART_RELATED, ContentType

#: RFC 2046, 5.1.1 allows 70 characters of fewer kinds; longer and other ones do no harm.
BOUNDARY: Final = re.compile(r"[\x20-\x7e]{1,200}")
#: The line that a body uses as its delimiter, whatever the header says.
_BOUNDARY_LINE: Final = re.compile(rb"(?:\A|\n)--([!-~][ -~]{0,199}?)(?:--)?[ \t]*+(?:\r?\n|\Z)")
_SHOWN_IDS: Final = 20
_SHOWN_BYTES: Final = 60


def place(part: int, content_id: str, offset: int) -> str:
    """Where something is wrong: part number (1-based), its Content-ID, byte offset in the package."""
    return f"part {part}" + (f" (Content-ID <{content_id}>)" if content_id else "") + f", byte {offset}"


def listed(content_ids: Iterable[str]) -> str:
    """The Content-IDs there are, the first of them when there are many."""
    known = list(content_ids)
    shown = ", ".join(f"<{content_id}>" for content_id in known[:_SHOWN_IDS])
    more = len(known) - _SHOWN_IDS
    return (shown or "none") + (f" and {more} more" if more > 0 else "")


def not_related(content_type: ContentType) -> MimeMalformed:
    """A package of another kind."""
    return MimeMalformed(
        "the message is not a multipart/related package",
        where="Content-Type",
        got=content_type.media_type,
        expected=f'{MULTIPART_RELATED}; type="application/xop+xml" (XOP 1.0, 4.1)',
    )


def no_boundary(content_type: ContentType) -> MimeMalformed:
    """No boundary parameter, or an empty one."""
    return MimeMalformed(
        "the content type of the package has no boundary parameter",
        where="Content-Type",
        got=str(content_type),
        expected='boundary="..." with the text that separates the parts (RFC 2046, 5.1.1)',
        hint="let the library that writes the package set the Content-Type header too",
    )


def bad_boundary(boundary: str) -> MimeMalformed:
    """A boundary that no body can contain."""
    return MimeMalformed(
        "the boundary parameter cannot be a boundary",
        where="Content-Type",
        got=f"{boundary[:_SHOWN_BYTES]!r} ({len(boundary)} characters)",
        expected="1 to 70 printable ASCII characters (RFC 2046, 5.1.1)",
    )


def boundary_not_found(marker: bytes, body: bytes) -> MimeMalformed:
    """The announced boundary is not where the body begins; ``body`` is its beginning."""
    announced = marker[2:].decode("ascii")
    other = _BOUNDARY_LINE.search(body)
    if not body:
        return MimeMalformed(
            "the package is empty", where="body", got="0 bytes", expected=f"parts, separated by --{announced}"
        )
    if other:
        return MimeMalformed(
            "header and body disagree: the Content-Type announces another boundary than the body uses",
            where=f"Content-Type; body, byte {other.start(1) - 2}",
            got=f"boundary={announced!r} in the header, {other.group(1).decode('ascii')!r} in the body",
            expected="the same boundary in both",
            hint="a gateway that writes the body anew must set its Content-Type too",
        )
    plain = body.lstrip().startswith(b"<")
    return MimeMalformed(
        "the boundary that the Content-Type announces is not in the body",
        where="body, byte 0",
        got=f"begins with {body[:_SHOWN_BYTES]!r}",
        expected=f"a line --{announced}",
        hint="the body is bare XML: send it with the content type of SOAP, or as a package" if plain else "",
    )


def no_parts(offset: int) -> MimeMalformed:
    """Only the closing delimiter."""
    return MimeMalformed(
        "the package is empty: it is closed before its first part",
        where=f"body, byte {offset}",
        got="the closing delimiter",
        expected="a root part with the SOAP envelope",
    )


def too_many_parts(limit: int, offset: int) -> MimeMalformed:
    """More parts than anybody means to send."""
    return MimeMalformed(
        "the package has too many parts",
        where=place(limit + 1, "", offset),
        got=f"more than {limit:,} parts",
        expected=f"at most {limit:,}",
        hint="send fewer documents in one message",
    )


def headers_too_large(part: int, offset: int, limit: int) -> MimeMalformed:
    """Headers of a part, or of all parts, beyond their limit."""
    return MimeMalformed(
        f"the headers of the package's parts, at part {part}, are too large",
        where=place(part, "", offset),
        got=f"more than {limit:,} bytes",
        expected=f"at most {limit:,} bytes, then an empty line",
        hint="is the empty line between headers and content missing?",
    )


def too_large(limit: int) -> MessageTooLarge:
    """A package beyond the limit for messages."""
    return MessageTooLarge(
        "the package is too large",
        where=f"body, byte {limit}",
        got=f"more than {limit:,} bytes",
        expected=f"at most {limit:,} bytes",
        hint="raise the limit of the receiver, or send fewer documents in one message",
    )


def same_id(content_id: str, first: int, second: int, offset: int) -> MimeMalformed:
    """Two parts that a reference cannot tell apart."""
    return MimeMalformed(
        "two parts have the same Content-ID",
        where=place(second, content_id, offset),
        got=f"<{content_id}> for part {first} and for part {second}",
        expected="a Content-ID of its own for each part (RFC 2045, 7)",
    )


def root_missing(content_type: ContentType, content_ids: Iterable[str], parts: int) -> MimeMalformed:
    """``start`` names no part."""
    return MimeMalformed(
        "the start parameter names a root part that is not in the package",
        where="Content-Type",
        got=f"start={content_type.param('start')!r}; Content-IDs in {parts} part(s): {listed(content_ids)}",
        expected="start with the Content-ID of the part that holds the envelope (RFC 2387, 3.2)",
        hint="leave start out if the envelope is the first part",
    )


def cut(part: int, content_id: str, offset: int, *, in_headers: bool, rest: bytes, marker: bytes) -> MimeMalformed:
    """The package ends before its closing delimiter; ``rest`` is what was left over."""
    closing = f"{marker.decode('ascii')}--"
    if in_headers and not rest.strip(b" \t\r\n"):
        message = f"the closing delimiter is missing: the package ends where part {part} should begin"
        where, got = f"body, byte {offset}", "the end, after a delimiter that announces another part"
    elif in_headers:
        message = f"the package is cut in the middle of the headers of part {part}"
        where, got = place(part, "", offset), f"the end, after {rest[-_SHOWN_BYTES:]!r}"
    elif marker in rest:
        message = f"the closing delimiter is missing: the package ends with a delimiter that closes only part {part}"
        where, got = place(part, content_id, offset), repr(rest)
    else:
        message = f"the package is cut in the middle of part {part}: the closing delimiter is missing"
        where, got = place(part, content_id, offset), "the end of the body"
    return MimeMalformed(
        message,
        where=where,
        got=got,
        expected=f"more content, then {closing}",
        hint="was the connection closed early, or the Content-Length of the message too small?",
    )
