"""What a peer says, in a form that does no harm to the terminal it is shown on."""

import re
from typing import Final

_SHOWN_CHARACTERS: Final = 200
_NOT_SHOWABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+")
_OBEYED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def showable(text: str) -> str:
    """A peer's text in one line of at most 200 characters, without anything that a terminal would obey."""
    line = _NOT_SHOWABLE.sub(" ", text).strip()
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS] + "…"


def harmless(text: str) -> str:
    """A peer's text with its line ends, but without anything else that a terminal would obey."""
    return _OBEYED.sub("\ufffd", text)
