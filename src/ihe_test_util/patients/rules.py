"""What a patient file is held to, a line for each rule; the names stay the same over releases."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ihe_test_util.exchange import Severity
from ihe_test_util.patients.model import Problem, shown


@dataclass(frozen=True, slots=True)
class CsvRule:
    """A rule by its name; breaking it is an error, which rejects the row, or a warning."""

    name: str
    severity: Severity
    sentence: str


_E: Final = Severity.ERROR
_W: Final = Severity.WARNING

RULES: Final = (
    CsvRule("cells", _E, "a row has as many values as the header has columns"),
    CsvRule("quoting", _E, "nothing but a delimiter or the end of the line follows a closing quote"),
    CsvRule("row-too-long", _E, "a line has at most 1,048,576 characters, a value at most 131,072"),
    CsvRule("missing", _E, "a required column has a value in every row"),
    CsvRule("too-long", _E, "a value is not longer than its column allows"),
    CsvRule("control-character", _E, "a value has only characters that XML can carry: no NUL, no other controls"),
    CsvRule("dob-format", _E, "a date of birth is written YYYY-MM-DD"),
    CsvRule("dob-no-such-day", _E, "a date of birth is in the calendar"),
    CsvRule("dob-future", _E, "a date of birth is not in the future"),
    CsvRule("gender", _E, "a gender is M, F, O or U, in upper or lower case"),
    CsvRule("oid", _E, "patient_id_oid is an ISO object identifier"),
    CsvRule("id-separator", _E, "an identifier has neither ^ nor &, which separate its parts in XDS metadata (CX)"),
    CsvRule("dob-age", _W, "nobody is older than 120 years"),
    CsvRule("duplicate-id", _W, "no two rows have the same identifier under the same OID, or the same ssn"),
    CsvRule("duplicate-patient", _W, "no two rows without patient_id describe the same person"),
    CsvRule("duplicates-unchecked", _W, "there are no more identifiers than can be compared"),
    CsvRule("phone", _W, "a telephone number has 7 to 15 digits"),
    CsvRule("email", _W, "an e-mail address has a name, an @ and a domain"),
    CsvRule("ssn-format", _W, "a social security number has nine digits: 987-65-4320"),
    CsvRule("ssn-impossible", _W, "a social security number has no part of zeros only and does not begin with 666"),
    CsvRule("ssn-well-known", _W, "a social security number is none of those that stand for any number"),
    CsvRule("zip-leading-zero", _W, "a ZIP code of a state where they begin with 0 has all its five digits"),
    CsvRule("formula", _W, "no value would be run as a formula by a spreadsheet program"),
    CsvRule("rounded-number", _W, "no identifier or number was rounded by a spreadsheet program"),
    CsvRule("placeholder", _W, "a value that is not known is left empty"),
    CsvRule("line-break", _W, "only an address has line breaks"),
    CsvRule("blank-in-id", _W, "an identifier has no blanks in it"),
    CsvRule("invisible", _W, "a value has no invisible characters"),
    CsvRule("wrong-encoding", _W, "the file was not read in another encoding before it was saved as UTF-8"),
    CsvRule("lost-character", _W, "no character was lost when the file was converted"),
    CsvRule("unknown-column", _W, "the header has no columns that are not used"),
)

_SEVERITY: Final = MappingProxyType({rule.name: rule.severity for rule in RULES})


def problem(
    rule: str, *, row: int, line: int, reason: str, suggestion: str, column: str = "", value: str = ""
) -> Problem:
    """The breaking of a rule, the value bounded in length."""
    return Problem(row, line, column, shown(value), reason, suggestion, rule, _SEVERITY[rule])
