"""The columns of a patient file: what each means, and what its ordinary values look like."""

import re
from dataclasses import dataclass
from typing import Final

# Letters of the scripts that most names are written in, and digits. Two are left out that begin a letter of UTF-8
# which was read as Latin-1; values with them, and with all other characters, are looked at closely.
_LETTERS: Final = (
    "A-Za-z0-9\u00c0\u00c1\u00c4-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u0373\u0376\u0377\u0386\u0388-\u038a\u038c"
    "\u038e-\u03a1\u03a3-\u0481\u048a-\u052f\u0531-\u0556\u0561-\u0587\u05d0-\u05ea\u0620-\u064a\u0e01-\u0e30"
    "\u1e00-\u1eff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
)
_NO_PLACEHOLDER: Final = r"(?![Nn](?:ULL|ull|ONE|one|AN|aN|an)(?![a-z]))"
# Possessive repetitions, since nothing that may follow a value can be part of it.
_NAME: Final = f"{_NO_PLACEHOLDER}[{_LETTERS}][{_LETTERS} '\u2019.-]{{0,79}}+(?<! )"
_STREET: Final = f"{_NO_PLACEHOLDER}[{_LETTERS}][{_LETTERS} '\u2019.,#/()°-]{{0,159}}+(?<! )"
_IDENTIFIER: Final = f"{_NO_PLACEHOLDER}[A-Za-z0-9][A-Za-z0-9._/:-]{{0,63}}+"
_OID: Final = r"(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]{0,8}))(?:\.(?:0|[1-9][0-9]{0,38})){0,30}+"
_SSN: Final = (
    r"(?!000|666|123-45-6789|078-05-1120|219-09-9999)(?!(?P<d>[0-9])(?P=d)(?P=d)-(?P=d)(?P=d)-(?P=d){4})"
    r"[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}"
)
_ZIP: Final = r"[0-9]{5}(?:-[0-9]{4})?|[0-9]{6}|[A-Za-z][A-Za-z0-9 -]{0,9}[A-Za-z0-9]"
_PHONE: Final = r"\+?[0-9]{0,3}[ .-]?\(?[0-9]{3,4}\)?[ .-]?[0-9]{2,4}[ .-]?[0-9]{2,4}"
_EMAIL: Final = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@[A-Za-z0-9][A-Za-z0-9-]{0,62}+(?:\.[A-Za-z0-9-]{1,63}){1,8}+"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in the header.

    ``plain`` is a pattern of values that need no closer look; everything it matches is right, not everything that is
    right matches it. ``limit`` is the most characters of a value. ``also`` are names that people give the column and
    that are suggested, not accepted.
    """

    name: str
    meaning: str
    plain: str
    limit: int
    required: bool = False
    also: tuple[str, ...] = ()


_Y: Final = True
#: In the order of PatientRow, and of a file that this tool writes.
COLUMNS: Final = (
    Column("first_name", "given name", _NAME, 200, _Y, ("firstname", "given", "given_name", "forename", "vorname")),
    Column("last_name", "family name", _NAME, 200, _Y,
           ("lastname", "surname", "family", "family_name", "nachname")),
    Column("dob", "date of birth, YYYY-MM-DD, not in the future", "[0-9]{4}-[0-9]{2}-[0-9]{2}", 200, _Y,
           ("date_of_birth", "birth_date", "birthdate", "birthday", "birth", "geburtsdatum")),
    Column("gender", "M (male), F (female), O (other) or U (unknown), in any case", "[MFOUmfou]", 200, _Y,
           ("sex", "administrative_gender", "geschlecht")),
    Column("patient_id_oid", "OID of the authority that assigned patient_id", _OID, 200, _Y,
           ("oid", "patient_oid", "assigning_authority", "assigning_authority_oid", "patientidoid", "id_oid")),
    Column("patient_id", "identifier of the patient; made up where it is empty", _IDENTIFIER, 200, also=
           ("id", "patientid", "pid", "patient")),
    Column("mrn", "medical record number, another identifier of the patient", _IDENTIFIER, 200, also=
           ("medical_record_number", "record_number")),
    Column("ssn", "United States social security number", _SSN, 200, also=("social_security_number", "social")),
    Column("address", "street and number; may have several lines", _STREET, 1000, also=
           ("street", "street_address", "address_line", "address1", "address_line_1")),
    Column("city", "town", _NAME, 200, also=("town", "locality")),
    Column("state", "state or province", _NAME, 200, also=("province", "region")),
    Column("zip", "postal code", _ZIP, 200, also=("zipcode", "zip_code", "postal_code", "postcode", "plz")),
    Column("phone", "telephone number", _PHONE, 200, also=
           ("telephone", "tel", "phone_number", "mobile", "phonenumber")),
    Column("email", "e-mail address", _EMAIL, 200, also=("e-mail", "mail", "email_address", "emailaddress")),
)  # fmt: skip
NAMES: Final = tuple(column.name for column in COLUMNS)
REQUIRED: Final = tuple(column.name for column in COLUMNS if column.required)

#: Columns that ``--export-invalid`` writes before those of the file; they say nothing about a patient.
REJECTED_ROW: Final = "rejected_row"
REJECTED_REASONS: Final = "rejected_reasons"
EXPORTED: Final = (REJECTED_ROW, REJECTED_REASONS)

#: Stands between the values of a row where they are matched at once; no plain value has it.
SEPARATOR: Final = "\x1f"
#: A whole row of plain values, in the order of the columns.
PLAIN_ROW: Final = re.compile(
    SEPARATOR.join(f"(?:{column.plain})" if column.required else f"(?:{column.plain}|)" for column in COLUMNS)
)
