"""Text as it stands in XML, for messages that are written as text: that takes a tenth of what elements take."""

import re
from functools import lru_cache
from typing import Final

_SPECIAL: Final = re.compile(r'[&<>"\t\n\r]')
_IN_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
#: What XML 1.0 cannot carry (2.2): control characters, and two that begin with the same bytes in UTF-8.
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r")
_NO_CHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())
#: Longer ones are looked at anew each time, so that they fill no memory.
_CACHED_CHARACTERS: Final = 128
#: Names that need no thought; every one of HL7 V3 is such.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def attribute(text: str) -> str:
    """A text between the quotation marks of an attribute, with all of its white space (XML 1.0, 3.3.3)."""
    return _known_attribute(text) if len(text) <= _CACHED_CHARACTERS else _attribute(text)


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
    try:
        data = markup.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"XML cannot carry {markup[error.start]!r}") from None
    # A search for all of them would take as long as writing the message.
    if len(data.translate(None, _CONTROLS)) < len(data) or any(one in data for one in _NO_CHARACTERS):
        wrong = next(one for one in markup if (one < " " and one not in "\t\n\r") or one in "\ufffe\uffff")
        raise ValueError(f"XML cannot carry {wrong!r}")
    return data


def _attribute(text: str) -> str:
    return text.translate(_IN_ATTRIBUTE) if _SPECIAL.search(text) else text


# Most are names of schemes and types, which come again and again.
_known_attribute = lru_cache(maxsize=1024)(_attribute)
