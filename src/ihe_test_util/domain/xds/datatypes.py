"""The data types of metadata attributes and whether a text is one (ITI TF-3: 4.2.3.1.7, Table 4.2.3.1.7-2).

Each check is a pure predicate on a text. Those on patients, authors, authorities and the like remember texts seen
lately, for these come again and again.
"""

import re
from functools import lru_cache
from typing import Final

MAX_OID: Final = 64
_REMEMBERED: Final = 1024

_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_DOTTED: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_DTM: Final = re.compile(
    r"[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:[0-5][0-9])?)?)?)?)?"
)
_HASH: Final = re.compile(r"[0-9A-Fa-f]{40}")
_SIZE: Final = re.compile(r"[0-9]{1,19}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_MIME: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;.*)?", re.DOTALL)
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UNIQUE_ID: Final = re.compile(r"[\x21-\x7E]{1,128}")
_SOURCE_PATIENT_INFO: Final = re.compile(r"PID-([1-9][0-9]?)\|(.*)", re.DOTALL)
_HOME: Final = "urn:oid:"
_MAX_EXTENSION: Final = 16

#: Fields of PID that sourcePatientInfo shall not repeat (ITI TF-3: 4.2.3.2.23), and the last field there is.
_PID_FORBIDDEN: Final = frozenset({"2", "4", "12", "19"})
_PID_LAST: Final = 39


@lru_cache(maxsize=_REMEMBERED)
def is_oid(text: str) -> bool:
    """OID: dotted decimal without leading zeros, at most 64 characters."""
    return len(text) <= MAX_OID and _OID.fullmatch(text) is not None


def is_dotted_decimal(text: str) -> bool:
    """What an OID looks like; there is none whose first number exceeds 2, yet sources call themselves so."""
    return len(text) <= MAX_OID and _DOTTED.fullmatch(text) is not None


def is_dtm(text: str) -> bool:
    """DTM: YYYY[MM[DD[hh[mm[ss]]]]] in UTC, without fraction or zone."""
    return _DTM.fullmatch(text) is not None


def is_dtm_to_seconds(text: str) -> bool:
    """DTM with all of its fourteen digits."""
    return len(text) == len("YYYYMMDDhhmmss") and is_dtm(text)


def is_hash(text: str) -> bool:
    """SHA1: forty hexadecimal digits, in either case."""
    return _HASH.fullmatch(text) is not None


def is_size(text: str) -> bool:
    """Integer: the number of bytes in decimal digits."""
    return _SIZE.fullmatch(text) is not None


@lru_cache(maxsize=_REMEMBERED)
def is_language(text: str) -> bool:
    """A language tag by RFC 5646: subtags of up to eight characters."""
    return _LANGUAGE.fullmatch(text) is not None


@lru_cache(maxsize=_REMEMBERED)
def is_mime_type(text: str) -> bool:
    """A media type: type/subtype, parameters allowed."""
    return _MIME.fullmatch(text) is not None


def is_uuid_urn(text: str) -> bool:
    """UUID: ``urn:uuid:`` and lower-case hexadecimal digits in groups of 8-4-4-4-12."""
    return _UUID.fullmatch(text) is not None


def is_document_unique_id(text: str) -> bool:
    """Identifier: printable ASCII without blanks, at most 128 characters (ITI TF-3: 4.2.3.2.26)."""
    return _UNIQUE_ID.fullmatch(text) is not None


def is_oid_with_extension(text: str) -> bool:
    """An OID, or a CDA document id as ``OID^extension`` with an extension of at most 16 characters."""
    root, caret, extension = text.partition("^")
    return is_oid(root) and (not caret or 0 < len(extension) <= _MAX_EXTENSION)


def is_home_community_id(text: str) -> bool:
    """``urn:oid:`` and an OID (ITI TF-3: 4.2.3.2.12)."""
    return text.startswith(_HOME) and is_oid(text[len(_HOME) :])


def is_authority(text: str) -> bool:
    """An assigning authority (HD) of a universal OID: ``&OID&ISO`` without a namespace id."""
    parts = text.split("&")
    return len(parts) == 3 and not parts[0] and parts[2] == "ISO" and is_oid(parts[1])  # noqa: PLR2004 - HD.1 to HD.3


@lru_cache(maxsize=_REMEMBERED)
def is_cx(text: str) -> bool:
    """CX: an id and its assigning authority, ``id^^^&OID&ISO`` and nothing else."""
    parts = text.split("^")
    return len(parts) == 4 and bool(parts[0]) and not (parts[1] or parts[2]) and is_authority(parts[3])  # noqa: PLR2004 - CX.1 to CX.4


def cx_parts(text: str) -> tuple[str, str] | None:
    """The id and the OID of its assigning authority; None where the text is no CX."""
    if not is_cx(text):
        return None
    identifier, _, _, authority = text.split("^")
    return identifier, authority.split("&")[1]


@lru_cache(maxsize=_REMEMBERED)
def is_cxi(text: str) -> bool:
    """CXi: ``id^^^authority^type`` with an optional authority and, as the sixth component, a home community."""
    parts = text.split("^")
    if len(parts) not in (5, 6) or not parts[0] or parts[1] or parts[2] or not parts[4]:
        return False
    authority = parts[3]
    return (not authority or _is_any_authority(authority)) and (len(parts) == 5 or bool(parts[5]))  # noqa: PLR2004 - CXi.5


def _is_any_authority(text: str) -> bool:
    parts = text.split("&")
    return len(parts) == 1 or (len(parts) == 3 and bool(parts[1]) and bool(parts[2]))  # noqa: PLR2004 - HD.1 to HD.3


@lru_cache(maxsize=_REMEMBERED)
def is_xcn(text: str) -> bool:
    """XCN: a person with an id or a name; an assigning authority, where given, is ``&OID&ISO``."""
    parts = text.split("^")
    named = bool(parts[0]) or any(parts[1:3])
    return named and (len(parts) < 9 or not parts[8] or is_authority(parts[8]))  # noqa: PLR2004 - XCN.9


@lru_cache(maxsize=_REMEMBERED)
def is_xon(text: str) -> bool:
    """XON: an organisation with a name; XON.10, where given, is an OID or an id under the authority of XON.6."""
    parts = text.split("^")
    parts += [""] * (10 - len(parts))
    authority, identifier = parts[5], parts[9]
    if authority and not is_authority(authority):
        return False
    return bool(parts[0]) and (not identifier or bool(authority) or is_oid(identifier))


@lru_cache(maxsize=_REMEMBERED)
def is_xtn(text: str) -> bool:
    """XTN: an e-mail address (XTN.3 ``Internet``, XTN.4), or a number with its equipment type in XTN.3."""
    parts = text.split("^")
    parts += [""] * (12 - len(parts))
    if parts[2] == "Internet" or parts[3]:
        return parts[2] == "Internet" and "@" in parts[3][1:-1]
    return bool(parts[2]) and bool(parts[0] or parts[6] or parts[11])


@lru_cache(maxsize=_REMEMBERED)
def is_recipient(text: str) -> bool:
    """A value of intendedRecipient: ``XON|XCN|XTN``, at least one of them (ITI TF-3: 4.2.3.3.7)."""
    parts = text.split("|")
    checks = (is_xon, is_xcn, is_xtn)
    return (
        0 < len(parts) <= len(checks)
        and any(parts)
        and all(not part or check(part) for part, check in zip(parts, checks, strict=False))
    )


@lru_cache(maxsize=_REMEMBERED)
def is_source_patient_info(text: str) -> bool:
    """A value of sourcePatientInfo: ``PID-n|value``; PID-3 is a ``~`` list of CX, PID-7 a DTM."""
    found = _SOURCE_PATIENT_INFO.fullmatch(text)
    if found is None:
        return False
    field, value = found.groups()
    if field in _PID_FORBIDDEN or int(field) > _PID_LAST:
        return False
    if field == "3":
        return all(is_cx(repetition) for repetition in value.split("~"))
    return field != "7" or not value or is_dtm(value)
