"""A patient written in one line: ``id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna, birth=1980-02-29``.

Pairs ``key=value`` stand between commas or semicolons; blanks around keys, values and separators do not count. A
value that holds a comma, a semicolon or a leading quote stands in double quotes, a quote in it is doubled.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import BadInput
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL, Part, oid_problem
from ihe_test_util.xml.io import xml_text

#: Every key: what it means.
KEYS: Final = {
    "id": "identifier with its assigning authority: PAT-1^^^&2.999.1.2&ISO (may be repeated)",
    "family": "family name",
    "given": "given name (may be repeated)",
    "prefix": "title before the name",
    "suffix": "what follows the name",
    "birth": "date of birth: YYYY-MM-DD",
    "gender": "M, F, O (other) or U (unknown)",
    "street": "street and number (may be repeated)",
    "city": "town",
    "state": "state or province",
    "zip": "postal code",
    "country": "country",
    "phone": "telephone number (may be repeated)",
    "email": "e-mail address (may be repeated)",
    "other-id": "identifier that somebody else assigned, written like id (may be repeated)",
}
_ALIASES: Final = {
    "first_name": "given",
    "last_name": "family",
    "dob": "birth",
    "birthdate": "birth",
    "sex": "gender",
    "address": "street",
    "postal_code": "zip",
    "postal-code": "zip",
    "tel": "phone",
    "patient_id": "id",
    "patient-id": "id",
}
#: What people call them otherwise; too far off to be found by spelling, or not clear enough to be taken.
_MEANT: Final = {
    "name": "family and given",
    "surname": "family",
    "lastname": "family",
    "forename": "given",
    "firstname": "given",
    "middle": "given (it may be repeated)",
    "middle_name": "given (it may be repeated)",
    "title": "prefix",
    "birthday": "birth",
    "birth_date": "birth",
    "date_of_birth": "birth",
    "postcode": "zip",
    "town": "city",
    "telephone": "phone",
    "mobile": "phone",
    "mail": "email",
    "mrn": "id or other-id",
    "ssn": "other-id",
}
_REPEATABLE: Final = frozenset({"id", "given", "street", "phone", "email", "other-id"})
#: Code of administrativeGenderCode (HL7 V3 AdministrativeGender); an unknown gender is left out.
_GENDERS: Final = {
    "m": "M",
    "male": "M",
    "f": "F",
    "female": "F",
    "o": "UN",
    "other": "UN",
    "un": "UN",
    "u": "",
    "unknown": "",
}
_PAIR: Final = re.compile(
    r'\s*(?P<key>[^=,;"]*?)\s*=\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>(?!")[^,;]*?))\s*(?:[,;]|\Z)'
)
_DATE: Final = re.compile(r"([0-9]{4})(?:-?([0-9]{2})(?:-?([0-9]{2}))?)?")
_CX: Final = "EXTENSION^^^&OID&ISO, as in PAT-1^^^&2.999.1.2&ISO"
_SHOWN_CHARACTERS: Final = 80


def patient_from_text(texts: Sequence[str], *, today: date) -> Patient:
    """The patient that one or several texts describe together.

    Raises:
        BadInput: all that is wrong with them, one problem a line.
    """
    problems: list[str] = []
    values: dict[str, list[str]] = {key: [] for key in KEYS}
    for text in texts:
        for key, value in _pairs(text, problems):
            _sort_in(key, value, values, problems)
    identifiers = tuple(_identifier("id", value, problems) for value in values["id"])
    others = tuple(_identifier("other-id", value, problems) for value in values["other-id"])
    birth = _birth(values["birth"][0], today, problems) if values["birth"] else ""
    gender = _gender(values["gender"][0], problems) if values["gender"] else ""
    if not values["id"]:
        problems.append(f"id is missing: the patient needs an identifier, {_CX}")
    if not values["family"] and not values["given"]:
        problems.append("family is missing: the patient needs a name")
    if problems:
        _refuse(problems)
    address = _address(values)
    return Patient(
        identifiers=identifiers,
        names=(_name(values),),
        gender=gender,
        birth_time=birth,
        addresses=(address,) if address.parts else (),
        telecoms=_telecoms(values),
        other_ids=others,
    )


def _pairs(text: str, problems: list[str]) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text) and text[at:].strip():
        found = _PAIR.match(text, at)
        if found is None:
            rest = text[at:].strip()
            shown = re.split("[,;]", rest)[0].strip() if "=" not in rest.partition(",")[0] else rest
            problems.append(
                f"{shown[:_SHOWN_CHARACTERS]!r} is no key=value; a value with a comma or semicolon stands in quotes,"
                ' as in family="Smith, Jr"'
            )
            return
        quoted = found["quoted"]
        yield found["key"], found["plain"] if quoted is None else quoted.replace('""', '"')
        at = found.end()


def _sort_in(key: str, value: str, values: dict[str, list[str]], problems: list[str]) -> None:
    name = key.lower()
    name = _ALIASES.get(name, name)
    if name not in KEYS:
        near = difflib.get_close_matches(name, [*KEYS, *_ALIASES], n=1)
        likely = _MEANT.get(name.replace("-", "_").replace(" ", "_")) or (near[0] if near else "")
        meant = f"did you mean {likely}?" if likely else f"known are {', '.join(KEYS)}"
        problems.append(f"{key[:_SHOWN_CHARACTERS]!r} is no key for a patient; {meant}")
    elif xml_text(value) != value:
        problems.append(f"{name} has a character that XML cannot carry: {value[:_SHOWN_CHARACTERS]!r}")
    elif not value:
        problems.append(f"{name} is empty; leave it out if it is not known")
        values[name].append(value)
    elif values[name] and name not in _REPEATABLE:
        problems.append(f"{name} is given twice: {values[name][0]!r} and {value[:_SHOWN_CHARACTERS]!r}")
    else:
        values[name].append(value)


def _identifier(key: str, value: str, problems: list[str]) -> II:
    found = II.from_cx(value)
    if found is None:
        cut = value.rstrip("^") != value or "^" not in value
        hint = "; quote the whole text, since & ends a command in the shell" if cut else ""
        if value:
            problems.append(f"{key}={value[:_SHOWN_CHARACTERS]} is no identifier; expected {_CX}{hint}")
        return II()
    problem = oid_problem(found.root)
    if problem:
        problems.append(f"{key}={value[:_SHOWN_CHARACTERS]}: {found.root!r} is no OID: {problem}")
    return found


def _birth(value: str, today: date, problems: list[str]) -> str:
    match = _DATE.fullmatch(value)
    if match is None:
        if value:
            problems.append(f"birth={value[:_SHOWN_CHARACTERS]} is no date; expected YYYY-MM-DD, as in 1980-02-29")
        return ""
    year, month, day = match.groups()
    try:
        born = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        problems.append(f"birth={value}: there is no such day; expected YYYY-MM-DD, as in 1980-02-29")
        return ""
    if born > today:
        problems.append(f"birth={value} is in the future; today is {today.isoformat()}")
    return "".join(part for part in (year, month, day) if part)


def _gender(value: str, problems: list[str]) -> str:
    if value and value.lower() not in _GENDERS:
        problems.append(f"gender={value[:_SHOWN_CHARACTERS]} is not known; expected M, F, O (other) or U (unknown)")
    return _GENDERS.get(value.lower(), "")


def _name(values: dict[str, list[str]]) -> PN:
    kinds = ("prefix", "given", "family", "suffix")
    return PN(tuple(Part(kind, text) for kind in kinds for text in values[kind]), "L")


def _address(values: dict[str, list[str]]) -> AD:
    def one(key: str) -> str:
        return next(iter(values[key]), "")

    return AD.of(
        *values["street"],
        city=one("city"),
        state=one("state"),
        postal_code=one("zip"),
        country=one("country"),
        use="HP",
    )


def _telecoms(values: dict[str, list[str]]) -> tuple[TEL, ...]:
    phones = [value if value.startswith("tel:") else f"tel:{'-'.join(value.split())}" for value in values["phone"]]
    mails = [value if value.startswith("mailto:") else f"mailto:{value}" for value in values["email"]]
    return tuple(TEL(value, "HP") for value in (*phones, *mails))


def _refuse(problems: list[str]) -> None:
    if len(problems) == 1:
        raise BadInput(problems[0])
    raise BadInput("\n".join([f"the patient has {len(problems)} problems:", *(f"  {one}" for one in problems)]))
