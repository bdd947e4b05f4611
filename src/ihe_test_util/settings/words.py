"""Words for messages about configuration: values, ranges and near names as a person would write them."""

import difflib
import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

_LONGEST_VALUE: Final = 60
_LISTED: Final = 12
_USER_INFO: Final = re.compile(r"(?<=://)([^/?#@\s]*):[^/?#@\s]*@")


def printable(text: str) -> str:
    """The text with what a terminal would obey, or UTF-8 cannot carry, written as an escape; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text)


def without_password(text: str) -> str:
    """The text, with asterisks for the password of a URL (RFC 3986, 3.2.1)."""
    return _USER_INFO.sub(r"\1:***@", text) if "://" in text else text


def value(got: object) -> str:
    """A value as JSON writes it, shortened; containers by their kind."""
    if isinstance(got, dict):
        return "an object"
    if isinstance(got, list):
        return "a list"
    shown = without_password(str(got)) if isinstance(got, str | Path) else got
    text = json.dumps(shown, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"


def near(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?``, or nothing where nothing is near."""
    names = {other.lower().replace("_", "-"): other for other in known}
    close = difflib.get_close_matches(name.lower().replace("_", "-"), names, n=1, cutoff=0.6)
    return f'; did you mean "{names[close[0]]}"?' if close else ""


def nearest(name: str, known: Collection[str]) -> str:
    """``; did you mean …?``, or the list of what is known where nothing is near."""
    return near(name, known) or (f"; known here: {', '.join(_shown(known))}" if known else "")


def _shown(names: Collection[str]) -> list[str]:
    shown = sorted(names)
    return [*shown[:_LISTED], "…"] if len(shown) > _LISTED else shown
