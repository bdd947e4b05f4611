"""Values that are allowed and yet look wrong: each doubt is a line of a table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ihe_test_util.patients.columns import NAMES

_TEXT: Final = frozenset({"first_name", "last_name", "address", "city", "state"})
_NUMBERS: Final = frozenset({"patient_id", "mrn", "ssn", "zip", "phone"})
_ALL: Final = frozenset(NAMES)
#: Columns where an error says already that anything odd is wrong.
_EXACT: Final = frozenset({"dob", "gender", "patient_id_oid"})
_LOOSE: Final = _ALL - _EXACT

#: What bytes 0x80 to 0x9F are in Windows-1252, escaped because many look like something else.
_WINDOWS_1252: Final = re.escape(bytes(set(range(0x80, 0xA0)) - set(b"\x81\x8d\x8f\x90\x9d")).decode("cp1252"))


@dataclass(frozen=True, slots=True)
class _Doubt:
    """What a value of these columns looks like when the rule is broken."""

    rule: str
    columns: frozenset[str]
    looks_like: re.Pattern[str]
    reason: str
    suggestion: str


def _looks(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


# A sign is the start of a telephone number unless more than digits and what is written between them follows.
_FORMULA: Final = _looks("\\s*(?:[=@\uff1d\uff20]|[-+\uff0d\uff0b](?![0-9 ().-]*(?:(?:x|ext[.]?) *[0-9]+)?\\Z))")
_DOUBTS: Final = (
    _Doubt("formula", _ALL, _FORMULA,
           "a spreadsheet program would run this as a formula",
           "remove the first character if it is not meant; the value is used as it stands"),
    _Doubt("rounded-number", _NUMBERS, _looks(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+\Z"),
           "a spreadsheet program has rounded this number",
           "format the column as text, and enter the number again"),
    _Doubt("placeholder", _LOOSE, _looks(
               r"(?:NULL|null|None|NONE|none|NaN|nan|NAN|n/a|N/A|undefined|\(null\)|#\S+[!?A])\Z"),
           "this looks like a placeholder for a missing value",
           "leave the cell empty if it is not known"),
    _Doubt("line-break", _LOOSE - {"address"}, _looks(r".*[\r\n]"),
           "there is a line break in the value",
           "remove it; a blank is used in its place"),
    _Doubt("invisible", _ALL, _looks(".*[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"),
           "there is an invisible character in the value",
           "enter the value again; it is used as it stands"),
    _Doubt("wrong-encoding", _TEXT, _looks(
               ".*(?:[\u00c2\u00c3][\u0080-\u00bf" + _WINDOWS_1252 + "]|\u00e2\u20ac)"),
           "this looks like UTF-8 that was read as Latin-1",
           "export the file again, as UTF-8"),
    _Doubt("lost-character", _TEXT, _looks(r".*(?:\ufffd|\w\?|\?\w)"),
           "a character seems to have been lost",
           "export the file again, as UTF-8"),
    _Doubt("phone", frozenset({"phone"}), _looks(
               r"(?!\+?(?:[ ()./-]*[0-9]){7,15}[ )]*(?:(?:x|ext\.?) *[0-9]{1,6})?\Z)"),
           "this is no telephone number of 7 to 15 digits",
           "write it like +1 555 010 0199; it is used as it stands"),
    _Doubt("email", frozenset({"email"}), _looks(r"(?![^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+\Z)"),
           "this is no e-mail address",
           "write it like anna@example.org; it is used as it stands"),
    _Doubt("ssn-format", frozenset({"ssn"}), _looks(r"(?![0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{4}\Z)"),
           "this is no social security number of nine digits",
           "write it like 987-65-4320; it is used as it stands"),
    _Doubt("ssn-impossible", frozenset({"ssn"}),
           _looks(r"(?:(?:000|666)[ -]?..[ -]?....|...[ -]?00[ -]?....|...[ -]?..[ -]?0000)\Z"),
           "no such number can have been issued: 000, 666, 00 or 0000 stands where it never does",
           "invented patients may have 987-65-4320 to 987-65-4329, which are reserved"),
    _Doubt("ssn-well-known", frozenset({"ssn"}),
           _looks(r"(?:123-?45-?6789|078-?05-?1120|219-?09-?9999|([0-9])\1\1-?\1\1-?\1{4})\Z"),
           "this number stands for any number; many systems refuse it",
           "invented patients may have 987-65-4320 to 987-65-4329, which are reserved"),
    _Doubt("blank-in-id", frozenset({"patient_id", "mrn"}), _looks(r"\S+ "),
           "there is a blank in the identifier",
           "is it one identifier? it is used as it stands"),
)  # fmt: skip


def is_formula(value: str) -> bool:
    """Whether a spreadsheet program would run a value, with or without blanks before it."""
    return _FORMULA.match(value) is not None


def doubts(column: str, value: str) -> Iterator[tuple[str, str, str]]:
    """Rule, reason and suggestion of each doubt about a value without blanks around it."""
    for doubt in _DOUBTS:
        if column in doubt.columns and doubt.looks_like.match(value):
            yield doubt.rule, doubt.reason, doubt.suggestion
