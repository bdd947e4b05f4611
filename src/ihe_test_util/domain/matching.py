"""When two names are the same, and which patients fit what somebody looks for."""

import unicodedata
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from ihe_test_util.domain.patients import NameSought, Patient, Sought
from ihe_test_util.xml.hl7v3 import AD, II, PN

DAY_DIGITS: Final = 8
#: Longer names are compared by their beginnings.
NAME_CHARACTERS: Final = 200
_LATEST: Final = "9"


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def normalized(text: str) -> str:
    """A name without differences that people do not mean: case, width of characters, runs of blanks."""
    text = text[:NAME_CHARACTERS]
    return text.lower() if text.isalpha() and text.isascii() else _folded(text)[:NAME_CHARACTERS]


def day_of(birth_time: str) -> str:
    """The day of a point in time; empty where it is less precise than that."""
    day = birth_time[:DAY_DIGITS]
    return day if len(day) == DAY_DIGITS and day.isdigit() else ""


def key_of(name: PN) -> tuple[str, str]:
    """Family and given names as they are compared."""
    family: list[str] = []
    given: list[str] = []
    for part in name.parts:
        if part.kind == "family":
            family.append(part.text)
        elif part.kind == "given":
            given.append(part.text)
    return normalized(" ".join(family)), normalized(" ".join(given))


def fits(patient: Patient, sought: Sought) -> bool:
    """Whether a patient fits everything that is sought."""
    return (
        (not sought.identifiers or any(_has(patient, one) for one in sought.identifiers))
        and (not sought.names or any(_is_called(patient, one) for one in sought.names))
        and (not sought.gender or patient.gender == sought.gender)
        and (not sought.births or any(_born_within(patient.birth_time, *one) for one in sought.births))
        and (not sought.addresses or any(_lives_at(patient, one) for one in sought.addresses))
        and (not sought.telecoms or bool({one.value for one in sought.telecoms} & _numbers(patient)))
    )


def _has(patient: Patient, identifier: II) -> bool:
    return any(
        one.root == identifier.root and one.extension == identifier.extension
        for one in (*patient.identifiers, *patient.other_ids)
    )


def _is_called(patient: Patient, sought: NameSought) -> bool:
    family, given = normalized(sought.family), normalized(sought.given)
    for name in patient.names:
        its_family, its_given = key_of(name)
        if _like(its_family, family) and (_like(its_given, given) or _like(its_given.partition(" ")[0], given)):
            return True
    return False


def _like(text: str, pattern: str) -> bool:
    if not pattern or text == pattern:
        return True
    return "*" in pattern and fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))


def _born_within(birth_time: str, low: str, high: str) -> bool:
    if not birth_time:
        return False
    if low == high:
        # As precise as both of them are: a year that is sought fits every day of it, and a year that is known each
        # day that is sought.
        length = min(len(low), len(birth_time))
        return birth_time[:length] == low[:length]
    return birth_time[: len(low)] >= low and birth_time[: len(high)] <= (high or _LATEST)


def _lives_at(patient: Patient, sought: AD) -> bool:
    wanted = [(part.kind, normalized(part.text)) for part in sought.parts if part.text]
    return any(
        all(
            any(part.kind == kind and _like(normalized(part.text), text) for part in one.parts) for kind, text in wanted
        )
        for one in patient.addresses
    )


def _numbers(patient: Patient) -> set[str]:
    return {one.value for one in patient.telecoms}
