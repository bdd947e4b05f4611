"""What is wrong with the values of one row, and what is doubtful about them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from ihe_test_util.exchange import Severity
from ihe_test_util.patients.columns import COLUMNS, NAMES, Column
from ihe_test_util.patients.dates import oldest_birth, suggest_date
from ihe_test_util.patients.doubts import doubts
from ihe_test_util.patients.model import Problem
from ihe_test_util.patients.rules import problem
from ihe_test_util.xml.hl7v3 import oid_problem
from ihe_test_util.xml.io import xml_text

GENDER: Final = NAMES.index("gender")
_SSN: Final = NAMES.index("ssn")
_STATE: Final = NAMES.index("state")
_ZIP: Final = NAMES.index("zip")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GENDERS: Final = frozenset("MFOU")
_MEANT_GENDERS: Final = MappingProxyType(
    {
        **dict.fromkeys(("MALE", "MAN", "BOY", "1"), "M"),
        **dict.fromkeys(("FEMALE", "WOMAN", "GIRL", "W", "2"), "F"),
        **dict.fromkeys(("OTHER", "UN", "X", "D", "DIVERS", "NB", "NON-BINARY"), "O"),
        **dict.fromkeys(("UNKNOWN", "UNK", "ASKU", "NI", "N/A", "?", "0", "9"), "U"),
    }
)
_LINE_BREAK: Final = re.compile(r"\s*[\r\n]+\s*")
_NINE_DIGITS: Final = re.compile(r"([0-9]{3})[ -]?([0-9]{2})[ -]?([0-9]{4})")
_SHORT_ZIP: Final = re.compile(r"[0-9]{3,4}(?:-[0-9]{4})?")
#: States and territories of the USA whose ZIP codes begin with 0.
_ZERO_STATES: Final = frozenset({"CT", "MA", "ME", "NH", "NJ", "PR", "RI", "VI", "VT"})
_IF_MISSING: Final = MappingProxyType(
    {
        "dob": "write YYYY-MM-DD",
        "gender": "write U if it is not known",
        "patient_id_oid": "write the OID of the authority that assigns the patient's identifier",
    }
)


@dataclass(slots=True)
class Checked:
    """The values of a row without blanks around them, in the order of ``COLUMNS``, and what was found.

    ``dob`` is None where there is no usable date; then there is an error, too.
    """

    row: int
    line: int
    values: list[str]
    dob: date | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def rejected(self) -> bool:
        """Whether there is an error."""
        return any(one.severity is Severity.ERROR for one in self.problems)

    def note(self, rule: str, column: str, value: str, reason: str, suggestion: str) -> None:
        """Add a problem of a cell."""
        found = problem(
            rule, row=self.row, line=self.line, column=column, value=value, reason=reason, suggestion=suggestion
        )
        self.problems.append(found)


def check(values: Sequence[str], *, row: int, line: int, today: date) -> Checked:
    """Look at every value closely; ``values`` are in the order of ``COLUMNS``."""
    checked = Checked(row, line, [value.strip() for value in values])
    for place, column in enumerate(COLUMNS):
        value = checked.values[place]
        if not value:
            if column.required:
                suggestion = _IF_MISSING.get(column.name, "every patient needs one")
                checked.note("missing", column.name, "", "there is no value", suggestion)
        elif _is_usable(checked, column, value):
            for rule, reason, suggestion in doubts(column.name, value):
                checked.note(rule, column.name, value, reason, suggestion)
            value = _LINE_BREAK.sub("\n" if column.name == "address" else " ", value)
            checked.values[place] = value
            if column.name in _CHECKS:
                _CHECKS[column.name](checked, value, today)
    _check_zip(checked)
    return checked


def _is_usable(checked: Checked, column: Column, value: str) -> bool:
    if len(value) > column.limit:
        reason = f"the value has {len(value):,} characters"
        checked.note("too-long", column.name, value, reason, f"shorten it to {column.limit:,} at most")
        return False
    clean = xml_text(value)
    if clean != value:
        code = next(ord(one) for one, other in zip(value, clean, strict=True) if one != other)
        reason = f"there is a {'NUL' if code == 0 else f'control character U+{code:04X}'} in the value"
        checked.note("control-character", column.name, value, reason, "remove it: XML cannot carry it")
        return False
    return True


def _check_dob(checked: Checked, value: str, today: date) -> None:
    if not _DATE.fullmatch(value):
        checked.note("dob-format", "dob", value, "this is not written YYYY-MM-DD", suggest_date(value))
        return
    try:
        born = date.fromisoformat(value)
    except ValueError:
        suggestion = "look the date up: it is year, month, day"
        checked.note("dob-no-such-day", "dob", value, "there is no such day", suggestion)
        return
    checked.dob = born
    if born > today:
        checked.note("dob-future", "dob", value, f"this is after today, {today}", "look the date up")
    elif born < oldest_birth(today):
        reason = f"the patient would be about {today.year - born.year} years old"
        checked.note("dob-age", "dob", value, reason, "look the date up; it is used as it stands")


def _check_gender(checked: Checked, value: str, _: date) -> None:
    code = value.upper()
    if code in _GENDERS:
        checked.values[GENDER] = code
        return
    meant = _MEANT_GENDERS.get(code)
    suggestion = f"write {meant}" if meant else "write M (male), F (female), O (other) or U (unknown)"
    checked.note("gender", "gender", value, "this is none of M, F, O, U", suggestion)


def _check_oid(checked: Checked, value: str, _: date) -> None:
    reason = oid_problem(value)
    if reason:
        bare = value.removeprefix("urn:oid:")
        right = bare != value and not oid_problem(bare)
        suggestion = f"write {bare}" if right else "write numbers between dots, as in 2.999.1.2"
        checked.note("oid", "patient_id_oid", value, f"this is no OID: {reason}", suggestion)


def _identifier_check(column: str) -> Callable[[Checked, str, date], None]:
    def check_identifier(checked: Checked, value: str, _: date) -> None:
        if "^" in value or "&" in value:
            suggestion = "write the identifier alone; its OID goes into patient_id_oid"
            checked.note("id-separator", column, value, "^ and & separate the parts of an identifier (CX)", suggestion)

    return check_identifier


def _write_ssn(checked: Checked, value: str, _: date) -> None:
    match = _NINE_DIGITS.fullmatch(value)
    if match:
        checked.values[_SSN] = "-".join(match.groups())


def _check_zip(checked: Checked) -> None:
    code, state = checked.values[_ZIP], checked.values[_STATE].upper()
    if state in _ZERO_STATES and _SHORT_ZIP.fullmatch(code):
        first, dash, rest = code.partition("-")
        suggestion = f"write {first.zfill(5)}{dash}{rest}, and format the column as text in the spreadsheet program"
        checked.note("zip-leading-zero", "zip", code, f"ZIP codes of {state} begin with 0", suggestion)


_CHECKS: Final = MappingProxyType(
    {
        "dob": _check_dob,
        "gender": _check_gender,
        "patient_id_oid": _check_oid,
        "patient_id": _identifier_check("patient_id"),
        "mrn": _identifier_check("mrn"),
        "ssn": _write_ssn,
    }
)
