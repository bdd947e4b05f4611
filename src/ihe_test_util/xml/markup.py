"""Text as it stands in XML, for messages that are written as text: that takes a tenth of what elements take."""

import re
from typing import Final

_SPECIAL: Final = re.compile(r'[&<>"\t\n\r]')
_IN_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
#: What XML 1.0 cannot carry (2.2).
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Names that need no thought; every one of HL7 V3 is such.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def attribute(text: str) -> str:
    """A text between the quotation marks of an attribute, with all of its white space (XML 1.0, 3.3.3)."""
    return text.translate(_IN_ATTRIBUTE) if _SPECIAL.search(text) else text


def content(text: str) -> str:
    """A text between tags, with all of its line ends (XML 1.0, 2.11)."""
    return text.translate(_IN_TEXT) if _SPECIAL.search(text) else text


def element(name: str, inner: str = "", /, **attributes: str) -> str:
    """An element around markup, with those attributes that are not empty."""
    head = f"<{name}"
    for key, value in attributes.items():
        if value:
            head += f' {key}="{attribute(value)}"'
    return f"{head}>{inner}</{name}>" if inner else f"{head}/>"


def name(text: str) -> str:
    """The text, where it can be the name of an element.

    Raises:
        ValueError: it cannot.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"no name of an element: {text!r}")
    return text


def utf8(markup: str) -> bytes:
    """Markup as bytes.

    Raises:
        ValueError: a text in it that XML cannot carry.
    """
    if (wrong := _NOT_XML.search(markup)) is not None:
        raise ValueError(f"XML cannot carry {wrong[0]!r}")
    return markup.encode()
