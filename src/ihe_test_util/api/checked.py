"""Arguments as people write them, checked before anything is sent."""

import reprlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from ihe_test_util.content import Content
from ihe_test_util.domain.patients import NameSought, Patient, Sought
from ihe_test_util.domain.xds.metadata import Author, Code, DocumentEntry, Folder, SubmissionSet, View
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.inline import patient_from_text
from ihe_test_util.settings.words import near
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.update.revision import CODE_LISTS, CODES, OF_ENTRIES, OF_FOLDERS, Changes
from ihe_test_util.xml.ebrim import AnyObject, ObjectRef, RegistryObject, urns
from ihe_test_util.xml.hl7v3 import II, oid_problem, ts_problem

_CX: Final = "EXTENSION^^^&OID&ISO, as in PAT-1^^^&2.999.1.2&ISO"
_STATUSES: Final[Mapping[str, str]] = MappingProxyType({"approved": urns.APPROVED, "deprecated": urns.DEPRECATED})
_GENDERS: Final = ("M", "F", "UN")
#: YYYY, YYYYMM, YYYYMMDD.
_DATE_DIGITS: Final = frozenset({4, 6, 8})


def base_url(text: str) -> str:
    """The URL that paths are put behind.

    Raises:
        BadInput: it is no text; or it has a query or a fragment.
    """
    if not isinstance(text, str):
        raise BadInput("this is no URL", got=type(text).__name__, expected="http://host:port")
    parts = urlsplit(text)
    if parts.query or parts.fragment:
        raise BadInput("a base URL has no query and no fragment", got=text, expected="http://host:port")
    return text.rstrip("/")


def soap_version(version: SoapVersion | str) -> SoapVersion:
    """The version of SOAP, also by its number.

    Raises:
        BadInput: there is no such version.
    """
    try:
        return SoapVersion(version)
    except ValueError:
        raise BadInput("there is no such version of SOAP", got=str(version), expected="1.1 or 1.2") from None


def patient(given: Patient | str) -> Patient:
    """A patient, also from a line of ``key=value``.

    Raises:
        BadInput: what is wrong with the line.
    """
    if isinstance(given, Patient):
        return given
    if not isinstance(given, str):
        raise BadInput("this is no patient", got=type(given).__name__, expected="a Patient, or a line of key=value")
    return patient_from_text([given], today=datetime.now(UTC).astimezone().date())


def identifier(text: object, where: str = "") -> II:
    """A patient's identifier from its CX.

    Raises:
        BadInput: it is none.
    """
    found = II.from_cx(text) if isinstance(text, str) else None
    if found is None:
        got = text if isinstance(text, str) else type(text).__name__
        raise BadInput("this is no patient identifier", where=where, got=got, expected=_CX)
    return found


def oids(values: Sequence[str], where: str = "") -> Sequence[str]:
    """Identification domains.

    Raises:
        BadInput: one is no OID; or a text was given for a list of them.
    """
    if isinstance(values, str):
        raise BadInput("one text was given for a list of OIDs", where=where, got=values, expected=f"[{values!r}]")
    for value in values:
        if problem := oid_problem(value):
            raise BadInput(f"this is no OID: {problem}", where=where, got=value, expected="numbers between dots")
    return values


def birth_date(text: str, where: str = "birth_date") -> str:
    """A date as HL7 has it, from one with or without hyphens.

    Raises:
        BadInput: it is none.
    """
    digits = text.replace("-", "")
    known = digits.isascii() and digits.isdecimal() and len(digits) in _DATE_DIGITS
    if text and (not known or ts_problem(digits)):
        raise BadInput("this is no date", where=where, got=text, expected="YYYY-MM-DD, YYYY-MM or YYYY")
    return digits


def sought(family: str, given: str, gender: str, birth: str, patient_id: str) -> Sought:
    """Whom to look for.

    Raises:
        BadInput: nothing was said of them; a gender, a date or an identifier that is none.
    """
    if gender and gender.upper() not in _GENDERS:
        raise BadInput("this is no administrative gender", where="gender", got=gender, expected=", ".join(_GENDERS))
    day = birth_date(birth)
    found = Sought(
        identifiers=(identifier(patient_id, "patient_id"),) if patient_id else (),
        names=(NameSought(family, given),) if family or given else (),
        gender=gender.upper(),
        births=((day, day),) if day else (),
    )
    if found.is_empty:
        raise BadInput("whom to look for?", expected="family, given, gender, birth_date or patient_id")
    return found


def changes(latest: DocumentEntry | Folder, given: Changes) -> None:
    """What shall be otherwise in a new version.

    Raises:
        BadInput: nothing; or an attribute that such an object has not, or that no update changes; a value of another
            type than the attribute has; a wrong patient.
    """
    known = OF_ENTRIES if isinstance(latest, DocumentEntry) else OF_FOLDERS
    kind = "document entry" if isinstance(latest, DocumentEntry) else "folder"
    if not given:
        raise BadInput("there is nothing to update", expected=", ".join(sorted(known)))
    for name in given:
        if name not in known:
            raise BadInput(
                f"a new version of a {kind} has no {name!r}{near(name, known)}", expected=", ".join(sorted(known))
            )
    for name, value in given.items():
        _typed(name, value)
    if "patient_id" in given:
        identifier(given["patient_id"], "patient_id")


def _typed(name: str, value: object) -> None:
    """An attribute is a text, a code, or a list of codes or authors."""
    if name in CODES:
        good, expected = isinstance(value, Code), "a Code"
    elif name in CODE_LISTS or name == "authors":
        member = Code if name in CODE_LISTS else Author
        good = isinstance(value, list | tuple) and all(isinstance(one, member) for one in value)
        expected = f"a list of {member.__name__}s"
    else:
        good, expected = isinstance(value, str), "a text"
    if not good:
        raise BadInput("this is no value for the attribute", where=name, got=reprlib.repr(value), expected=expected)


def document(named: DocumentEntry | str) -> DocumentEntry | str:
    """A document by its entry or its name.

    Raises:
        BadInput: it is neither; a list of documents is none.
    """
    if not isinstance(named, DocumentEntry | str):
        hint = "several are several arguments, as in *documents" if isinstance(named, list | tuple) else ""
        raise BadInput(
            "this is no document", got=type(named).__name__, expected="its entry, entryUUID or uniqueId", hint=hint
        )
    return named


def updatable(latest: DocumentEntry | Folder | str) -> DocumentEntry | Folder | str:
    """What can be updated: a document by its entry or its name, or a folder.

    Raises:
        BadInput: it is neither.
    """
    return latest if isinstance(latest, Folder) else document(latest)


def status(text: str) -> str:
    """An availabilityStatus from its word, as a URN.

    Raises:
        BadInput: there is no such status.
    """
    urn = _STATUSES.get(str(text).lower())
    if urn is None:
        raise BadInput("there is no such status", got=str(text), expected=" or ".join(_STATUSES))
    return urn


def entry_uuid(named: View | AnyObject | str) -> str:
    """The entryUUID of an object of a registry, or the name that was given for it.

    Raises:
        BadInput: it is neither.
    """
    match named:
        case str():
            return named
        case DocumentEntry() | SubmissionSet() | Folder():
            return named.entry_uuid
        case RegistryObject() | ObjectRef():
            return named.id
    raise BadInput(
        "this is no object of a registry", got=type(named).__name__, expected="a view, an object, an entryUUID"
    )


def at_least_one(where: str, number: int | None) -> int | None:
    """A number of things.

    Raises:
        BadInput: it is less than one.
    """
    if number is not None and number < 1:
        raise BadInput("this is too few", where=where, got=str(number), expected="1 or more")
    return number


def content(document: Path | bytes) -> Content:
    """The bytes of a document, also from a file.

    Raises:
        BadInput: the file cannot be read; or it is neither.
    """
    if isinstance(document, bytes):
        return Content.of(document)
    if not isinstance(document, Path):
        raise BadInput("this is no document", got=type(document).__name__, expected="a Path, bytes or a DocumentDraft")
    try:
        if document.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        return Content.of_file(document)
    except OSError as error:
        raise BadInput("the document cannot be read", where=str(document), got=error.strerror or str(error)) from None
