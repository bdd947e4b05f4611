"""The HL7 V3 data types that messages of patient administration use (HL7 V3 2008, Data Types Release 1).

Not modelled: history and validity (``validTime``, ``useablePeriod``), ``translation``, ``originalText`` and
``qualifier`` of codes, ``displayable`` of identifiers.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Self

#: What an OID looks like, for the "expected" part of findings.
OID_WANTED: Final = "an ISO OID such as 2.999.1.2"
TS_WANTED: Final = "an HL7 point in time such as 20240229, 202402291530 or 20240229153000+0100"

_SHOWN_CHARACTERS: Final = 80
_CACHED_CHARACTERS: Final = 128  # longer values are judged anew each time, so that a hostile peer cannot fill the cache
_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_SECOND_ARC_OVER_39: Final = re.compile(r"[01]\.(?:[4-9][0-9]|[1-9][0-9]{2,})(?:\.|$)")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SCHEMA_UID: Final = re.compile(
    r"[0-2](?:\.(?:0|[1-9][0-9]*))*|[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}|[A-Za-z][A-Za-z0-9-]*"
)
#: How values that are no OID usually look, the first that fits says it.
_OID_MISTAKES: Final = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), problem)
    for pattern, problem in (
        (r"", "it is empty"),
        (r"\s.*|.*\s", "it has white space around it"),
        (r"urn:oid:.*", "it has the prefix urn:oid:, which belongs in URIs only"),
        (rf"(?:urn:uuid:)?{_UUID.pattern}", "it is a UUID, not an OID"),
        (r".*[^0-9.].*", "it is a name, not an OID"),
        (r"(?:.*\.)?0[0-9].*", "an arc has a leading zero"),
        (r"\..*|.*\.\..*|.*\.", "an arc is empty"),
        (r"[^.]*", "it is a single number"),
        (r".*", "its first arc is over 2"),
    )
)
_TS: Final = re.compile(r"([0-9]{4}(?:[0-9]{2}){0,5})(\.[0-9]+)?([+-][0-9]{2}(?:[0-9]{2})?)?")
_DATE_DIGITS: Final = 8
_SECONDS_DIGITS: Final = 14
_ISO_CHARACTERS: Final = len("2026-01-31T13:45:09")
_LAST_HOUR, _LAST_MINUTE, _LEAP_SECOND, _WIDEST_ZONE_HOURS = 23, 59, 60, 14


@dataclass(frozen=True, slots=True)
class II:
    """Instance identifier: a root (OID or UUID) and, where the root is an authority, the extension it assigned."""

    root: str = ""
    extension: str = ""
    assigning_authority_name: str = ""
    null_flavor: str = ""

    @property
    def cx(self) -> str:
        """As HL7 V2 and XDS write it: ``extension^^^&root&ISO`` (ITI TF-3: Table 4.2.3.1.7-2, CX)."""
        return f"{self.extension}^^^&{self.root}&ISO"

    @classmethod
    def from_cx(cls, text: str) -> Self | None:
        """The identifier in ``extension^^^&root&ISO``; None where the text is something else."""
        extension, separator, authority = text.rpartition("^^^&")
        root, _, kind = authority.partition("&")
        if not separator or not extension or not root or kind != "ISO":
            return None
        return cls(root, extension)


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a name or an address (ENXP, ADXP): ``kind`` is its element's name (``family``, ``city``).

    Text that stands between parts is a part of no kind. ``qualifier`` is for parts of names.
    """

    kind: str
    text: str
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class PN:
    """Person name, its parts in their order; ``use`` is a blank-separated list of codes such as ``L``."""

    parts: tuple[Part, ...] = ()
    use: str = ""
    null_flavor: str = ""

    @classmethod
    def of(cls, family: str, *given: str, prefix: str = "", suffix: str = "", use: str = "L") -> Self:
        """A name of its usual parts; empty ones are left out."""
        parts = (("prefix", prefix), *(("given", one) for one in given), ("family", family), ("suffix", suffix))
        return cls(tuple(Part(kind, text) for kind, text in parts if text), use)

    @property
    def family(self) -> str:
        """The family names, blank-separated."""
        return self._text("family")

    @property
    def given(self) -> str:
        """The given names, blank-separated."""
        return self._text("given")

    def __str__(self) -> str:
        return " ".join(part.text for part in self.parts if part.text)

    def _text(self, kind: str) -> str:
        return " ".join(part.text for part in self.parts if part.kind == kind)


@dataclass(frozen=True, slots=True)
class AD:
    """Postal address, its parts in their order; ``use`` is a blank-separated list of codes such as ``HP``."""

    parts: tuple[Part, ...] = ()
    use: str = ""
    null_flavor: str = ""

    @classmethod
    def of(
        cls, *lines: str, city: str = "", state: str = "", postal_code: str = "", country: str = "", use: str = ""
    ) -> Self:
        """An address of street lines and its usual other parts; empty ones are left out."""
        parts = (
            *(("streetAddressLine", line) for line in lines),
            ("city", city),
            ("state", state),
            ("postalCode", postal_code),
            ("country", country),
        )
        return cls(tuple(Part(kind, text) for kind, text in parts if text), use)

    def text(self, kind: str) -> str:
        """The texts of all parts of one kind, blank-separated."""
        return " ".join(part.text for part in self.parts if part.kind == kind)


@dataclass(frozen=True, slots=True)
class TEL:
    """Telecommunication address: a URL (``tel:``, ``mailto:`` …) and what it is used for."""

    value: str = ""
    use: str = ""
    null_flavor: str = ""


@dataclass(frozen=True, slots=True)
class CD:
    """Concept descriptor; CE, CV and CS are the same with less."""

    code: str = ""
    code_system: str = ""
    display_name: str = ""
    null_flavor: str = ""


def shown(value: str) -> str:
    """A value of the peer's as findings quote it: bounded, and visible where it is empty or blank."""
    if not value:
        return "nothing"
    return repr(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…")


def oid_problem(value: str) -> str:
    """What is wrong with an ISO OID, in a few words; empty where it is one (ITU-T X.660: arcs, no leading zeros)."""
    return _oid_problem(value) if len(value) <= _CACHED_CHARACTERS else _judge_oid(value)


def ts_problem(value: str) -> str:
    """What is wrong with an HL7 point in time, in a few words; empty where it exists in syntax and calendar.

    TS is ``YYYY[MM[DD[HH[MM[SS[.U…]]]]]][+-ZZ[zz]]`` (HL7 V3 Data Types R1, TS); a zone needs an hour.
    """
    return _ts_problem(value) if len(value) <= _CACHED_CHARACTERS else f"{len(value)} characters"


def is_uuid(value: str) -> bool:
    """Whether a value is a UUID in its usual form, upper or lower case."""
    return _UUID.fullmatch(value) is not None


def is_uid(value: str) -> bool:
    """Whether the HL7 schemas admit a value as a root (type ``uid``: OID, UUID or HL7's reserved names)."""
    return _is_uid(value) if len(value) <= _CACHED_CHARACTERS else _judge_uid(value)


def ts(moment: datetime) -> str:
    """An aware time as TS, to the second, with its zone."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a point in time needs a zone")
    zone = "+0000"
    if offset:
        minutes = int(offset.total_seconds()) // 60
        zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    digits = moment.isoformat(timespec="seconds")[:_ISO_CHARACTERS]
    return digits.replace("-", "").replace("T", "").replace(":", "") + zone


def _judge_oid(value: str) -> str:
    if _OID.fullmatch(value):
        return "its second arc is over 39" if _SECOND_ARC_OVER_39.match(value) else ""
    return next((problem for looks_like, problem in _OID_MISTAKES if looks_like.fullmatch(value)), "")


def _judge_ts(value: str) -> str:
    match = _TS.fullmatch(value)
    if match is None:
        return "it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that"
    digits, fraction, zone = match.groups()
    if fraction and len(digits) < _SECONDS_DIGITS:
        return "it has a fraction without seconds"
    if zone and len(digits) <= _DATE_DIGITS:
        return "it has a zone without a time of day"
    try:
        date(int(digits[:4]), int(digits[4:6] or 1), int(digits[6:8] or 1))
    except ValueError:
        return "there is no such day"
    return _judge_time(digits[_DATE_DIGITS:], zone or "")


def _judge_time(digits: str, zone: str) -> str:
    hour, minute, second = int(digits[:2] or 0), int(digits[2:4] or 0), int(digits[4:6] or 0)
    leap = second == _LEAP_SECOND and minute == _LAST_MINUTE
    if hour > _LAST_HOUR or minute > _LAST_MINUTE or (second > _LAST_MINUTE and not leap):
        return "there is no such time of day"
    if zone and (int(zone[1:3]) > _WIDEST_ZONE_HOURS or int(zone[3:5] or 0) > _LAST_MINUTE):
        return "there is no such zone"
    return ""


def _judge_uid(value: str) -> bool:
    return _SCHEMA_UID.fullmatch(value) is not None


_is_uid = lru_cache(maxsize=4096)(_judge_uid)
_oid_problem = lru_cache(maxsize=4096)(_judge_oid)
_ts_problem = lru_cache(maxsize=4096)(_judge_ts)
