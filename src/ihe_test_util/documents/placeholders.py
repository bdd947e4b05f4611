"""The placeholders of templates: one table, from which values, checks and documentation come."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from ihe_test_util.documents.settings import Organization
from ihe_test_util.documents.subject import Subject, mailto_uri, tel_uri
from ihe_test_util.xml.hl7v3 import ts


class Group(StrEnum):
    """Where the value of a placeholder comes from."""

    PATIENT = "Columns of the CSV file"
    DERIVED = "What follows from them"
    DOCUMENT = "The document"
    ORIGIN = "Author, organization, custodian"
    FUNCTION = "Functions"


@dataclass(frozen=True, slots=True)
class Definition:
    """A placeholder that templates may use; ``optional`` means that its value is empty where nothing is known.

    ``call`` is how a function is written, empty for a plain value.
    """

    name: str
    group: Group
    meaning: str
    value: Callable[[Subject], object]
    optional: bool = False
    call: str = ""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder as one template uses it, and the lines on which it does; ``definition`` is None for an unknown."""

    name: str
    lines: tuple[int, ...]
    definition: Definition | None


@dataclass(frozen=True, slots=True)
class Need:
    """Something that every document should say: any one of ``names`` says it."""

    names: tuple[str, ...]
    what: str
    why: str


def _column(name: str, meaning: str, *, optional: bool = False) -> Definition:
    get = attrgetter(f"row.{name}")
    return Definition(name, Group.PATIENT, meaning, get, optional)


def _derived(name: str, meaning: str, value: Callable[[Subject], object], *, optional: bool = False) -> Definition:
    return Definition(name, Group.DERIVED, meaning, value, optional)


def _document(name: str, meaning: str, value: Callable[[Subject], object]) -> Definition:
    return Definition(name, Group.DOCUMENT, meaning, value)


def _function(call: str, meaning: str) -> Definition:
    name = call.partition("(")[0]
    return Definition(name, Group.FUNCTION, meaning, attrgetter(name), call=call)


def _origin(prefix: str, who: str, of: Callable[[Subject], Organization]) -> tuple[Definition, ...]:
    def one(name: str, meaning: str, value: Callable[[Organization], str]) -> Definition:
        optional = name not in {"oid", "name"}
        return Definition(
            f"{prefix}_{name}", Group.ORIGIN, meaning.format(who=who), lambda subject: value(of(subject)), optional
        )

    return (
        one("oid", "OID of the {who}", attrgetter("oid")),
        one("name", "name of the {who}", attrgetter("name")),
        one("phone_uri", "telephone of the {who} as `tel:` URI", lambda organization: tel_uri(organization.phone)),
        one("address", "street and number of the {who}", attrgetter("address")),
        one("city", "its town", attrgetter("city")),
        one("state", "its state or province", attrgetter("state")),
        one("zip", "its postal code", attrgetter("zip")),
        one("country", "its country", attrgetter("country")),
    )


_TABLE: Final = (
    _column("first_name", "given name"),
    _column("last_name", "family name"),
    Definition(
        "dob",
        Group.PATIENT,
        "date of birth as YYYY-MM-DD; for `birthTime/@value` use `birth_time`",
        lambda it: it.row.dob.isoformat(),
    ),
    _column("gender", "M, F, O or U as in the file; for `administrativeGenderCode/@code` use `gender_code`"),
    _column("patient_id_oid", "OID of the authority that assigned `patient_id`"),
    _column("patient_id", "the patient's identifier, given or generated"),
    _column("mrn", "medical record number", optional=True),
    _column("ssn", "social security number", optional=True),
    _column("address", "street and number", optional=True),
    _column("city", "town", optional=True),
    _column("state", "state or province", optional=True),
    _column("zip", "postal code", optional=True),
    _column("phone", "telephone number as in the file; for `telecom/@value` use `phone_uri`", optional=True),
    _column("email", "e-mail address as in the file; for `telecom/@value` use `email_uri`", optional=True),
    _derived("full_name", "given and family name", lambda it: f"{it.row.first_name} {it.row.last_name}"),
    _derived("birth_time", "date of birth as HL7 TS, YYYYMMDD", attrgetter("birth_time")),
    _derived("gender_code", "code of AdministrativeGender: M, F, UN", attrgetter("gender_code"), optional=True),
    _derived("gender_display", "Male, Female, Undifferentiated or Unknown", attrgetter("gender_display")),
    _derived("age", "completed years when the document was written, a number", attrgetter("age")),
    _derived("age_text", "the age in words: 6 days, 14 months, 45 years", attrgetter("age_text")),
    _derived("phone_uri", "telephone number as `tel:` URI", lambda it: tel_uri(it.row.phone), optional=True),
    _derived("email_uri", "e-mail address as `mailto:` URI", lambda it: mailto_uri(it.row.email), optional=True),
    _derived(
        "mrn_oid",
        "OID of the authority that assigned `mrn`, from the settings",
        lambda it: it.settings.mrn_oid or f"{it.settings.organization.oid}.1",
    ),
    _derived("country", "country of the address, from the settings", attrgetter("settings.country")),
    _derived("row_number", "row of the CSV file, as a spreadsheet counts", attrgetter("row.row")),
    _document("title", "title of the document", attrgetter("settings.title")),
    _document(
        "document_id",
        "the document's OID (2.25 and a UUID as a number), for `id/@root`",
        lambda it: it.ids.oid("document"),
    ),
    _document("document_uuid", "the same UUID in its usual form", lambda it: it.ids.uuid("document")),
    _document("set_id", "OID for `setId/@root`", lambda it: it.ids.oid("set")),
    _document("version_number", "1, for `versionNumber/@value`", lambda _: 1),
    _document("creation_time", "moment of writing as HL7 TS with zone", lambda it: ts(it.now)),
    _document("now", "another name of `creation_time`", lambda it: ts(it.now)),
    _document("creation_date", "day of writing as HL7 TS, YYYYMMDD", attrgetter("creation_date")),
    _document("language", "language of the document", attrgetter("settings.language")),
    _document("confidentiality", "code of HL7 Confidentiality: N, R or V", attrgetter("settings.confidentiality")),
    Definition(
        "author_id_oid", Group.ORIGIN, "OID under which `author_id` was assigned", attrgetter("settings.author.id_oid")
    ),
    Definition("author_id", Group.ORIGIN, "identifier of the author", attrgetter("settings.author.id"), optional=True),
    Definition(
        "author_prefix",
        Group.ORIGIN,
        "title before the author's name",
        attrgetter("settings.author.prefix"),
        optional=True,
    ),
    Definition(
        "author_first_name",
        Group.ORIGIN,
        "given name of the author",
        attrgetter("settings.author.first_name"),
        optional=True,
    ),
    Definition("author_last_name", Group.ORIGIN, "family name of the author", attrgetter("settings.author.last_name")),
    *_origin("organization", "author's organization", lambda it: it.settings.organization),
    *_origin("custodian", "organization that keeps the document", lambda it: it.custodian),
    _function("uuid(key)", "a UUID of this document: the same for the same key, as in `uuid(1)` or `uuid('problem')`"),
    _function("oid(key)", "the same as an OID under 2.25"),
    _function("days_ago(n)", "the day n days before the writing as YYYYMMDD, but none before the patient was born"),
)

#: Every placeholder, by its name.
PLACEHOLDERS: Final[Mapping[str, Definition]] = MappingProxyType({one.name: one for one in _TABLE})

#: What a template is warned about where it does not say it.
NEEDS: Final = (
    Need(("patient_id",), "the patient's identifier", "nobody can tell whose document it is"),
    Need(
        ("patient_id_oid",), "the authority that assigned the patient's identifier", "an identifier alone is not unique"
    ),
    Need(("first_name", "full_name"), "the patient's given name", "the header of a CDA document names the patient"),
    Need(("last_name", "full_name"), "the patient's family name", "the header of a CDA document names the patient"),
    Need(("birth_time", "dob"), "the date of birth", "C-CDA R2.1 demands birthTime"),
    Need(("gender_code", "gender"), "the gender", "C-CDA R2.1 demands administrativeGenderCode"),
    Need(("creation_time", "now", "creation_date"), "when the document was written", "CDA demands effectiveTime"),
    Need(
        ("document_id", "document_uuid", "uuid", "oid"),
        "an identifier of its own for each document",
        "a registry refuses two documents under one uniqueId",
    ),
)
