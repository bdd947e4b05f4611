"""Each rule for the rows of a patient file, broken; and what breaks none."""

from collections.abc import Callable, Iterable

import pytest

from ihe_test_util.exchange import Severity
from ihe_test_util.patients.columns import REQUIRED
from ihe_test_util.patients.csv_reader import Item
from ihe_test_util.patients.model import PatientRow, Problem, RejectedRow
from ihe_test_util.patients.rules import RULES

Read = Callable[..., list[Item]]
Table = Callable[..., str]
Problems = Callable[[Iterable[Item]], list[Problem]]


# Every rule, with what breaks it: changes to the good row, and where the problem is.
BROKEN: list[tuple[str, str, dict[str, str]]] = [
    *(("missing", name, {name: " "}) for name in REQUIRED),
    ("too-long", "city", {"city": "x" * 201}),
    ("control-character", "last_name", {"last_name": "a\x00b"}),
    ("control-character", "email", {"email": "a\x1b[2J@example.org"}),
    ("dob-format", "dob", {"dob": "29.02.1980"}),
    ("dob-format", "dob", {"dob": "1980-W01-1"}),
    ("dob-format", "dob", {"dob": "\uff11\uff19\uff18\uff10-01-01"}),
    ("dob-no-such-day", "dob", {"dob": "1981-02-29"}),
    ("dob-no-such-day", "dob", {"dob": "0000-01-01"}),
    ("dob-future", "dob", {"dob": "2026-01-03"}),
    ("gender", "gender", {"gender": "female"}),
    ("oid", "patient_id_oid", {"patient_id_oid": "1.2.03"}),
    ("oid", "patient_id_oid", {"patient_id_oid": "1.40.1"}),
    ("oid", "patient_id_oid", {"patient_id_oid": "urn:oid:2.999"}),
    ("id-separator", "patient_id", {"patient_id": "1^^^&2.999&ISO"}),
    ("id-separator", "mrn", {"mrn": "A&B"}),
    ("dob-age", "dob", {"dob": "1905-01-02"}),
    ("phone", "phone", {"phone": "12345"}),
    ("phone", "phone", {"phone": "1234567890123456"}),
    ("phone", "phone", {"phone": "call me"}),
    ("email", "email", {"email": "anna at example.org"}),
    ("email", "email", {"email": "anna@localhost"}),
    ("ssn-format", "ssn", {"ssn": "12-345-6789"}),
    ("ssn-impossible", "ssn", {"ssn": "666-12-3456"}),
    ("ssn-impossible", "ssn", {"ssn": "123-00-3456"}),
    ("ssn-impossible", "ssn", {"ssn": "123120000"}),
    ("ssn-well-known", "ssn", {"ssn": "078-05-1120"}),
    ("ssn-well-known", "ssn", {"ssn": "222-22-2222"}),
    ("zip-leading-zero", "zip", {"zip": "2110", "state": "ma"}),
    ("formula", "first_name", {"first_name": "=cmd|' /C calc'!A0"}),
    ("formula", "city", {"city": "@SUM(A1)"}),
    ("formula", "address", {"address": "-2+3+cmd|' /C calc'!A0"}),
    ("formula", "state", {"state": "\uff1d1"}),
    ("rounded-number", "mrn", {"mrn": "1.23E+11"}),
    ("placeholder", "city", {"city": "NULL"}),
    ("placeholder", "last_name", {"last_name": "None"}),
    ("placeholder", "mrn", {"mrn": "#N/A"}),
    ("line-break", "city", {"city": "Neu\nUlm"}),
    ("blank-in-id", "patient_id", {"patient_id": "PAT 1"}),
    ("invisible", "last_name", {"last_name": "Do\u200be"}),
    ("wrong-encoding", "last_name", {"last_name": "MÃ¼ller"}),
    ("wrong-encoding", "last_name", {"last_name": "O\u00e2\u20ac\u2122Neil"}),
    ("wrong-encoding", "city", {"city": "Stra\u00c3\u0178e"}),
    ("lost-character", "first_name", {"first_name": "Jos\ufffd"}),
    ("lost-character", "first_name", {"first_name": "J?rg"}),
]


@pytest.mark.parametrize(("rule", "column", "change"), BROKEN)
def test_each_rule_finds_what_breaks_it(
    rule: str, column: str, change: dict[str, str], read: Read, table: Table, problems_of: Problems
) -> None:
    """The problem names its rule, column, row and value; an error rejects the row and a warning does not."""
    items = read(table(change))
    found = problems_of(items)
    assert (rule, column, 2) in [(one.rule, one.column, one.row) for one in found]
    problem = next(one for one in found if one.rule == rule)
    assert problem.value in (change[column].strip(), change[column].strip()[:79] + "…")
    assert problem.reason
    assert problem.suggestion
    rejected = [item for item in items if isinstance(item, RejectedRow)]
    assert bool(rejected) == any(one.severity is Severity.ERROR for one in found)


@pytest.mark.parametrize(
    "change",
    [
        {"first_name": "Mary-Jane O'Neil", "last_name": "d\u2019Arc"},
        {"first_name": "伟", "last_name": "王"},
        {"first_name": "Nguyễn", "last_name": "क्षितिज"},
        {"first_name": "JOÃO", "last_name": "Null"},
        {"last_name": "MÍŠA"},
        {"dob": "1905-01-03"},
        {"dob": "2026-01-02"},
        {"patient_id_oid": "1.39.0"},
        {"patient_id": "TEST-0b7a3c1e-0000-4000-8000-000000000002"},
        {"ssn": "987 65 4320"},
        {"phone": "(555) 010-0199"},
        {"phone": "+1 555 010 0199 ext. 42"},
        {"phone": "030/5550100"},
        {"zip": "1010", "state": "Wien"},
        {"zip": "SW1A 1AA"},
        {"email": "o'neil+test@sub.example.org"},
        {"email": "jörg@müller.example"},
        {"address": "5 Rue de l\u2019Église, 3º\n2nd floor (left)"},
    ],
)
def test_what_is_right_is_not_doubted(change: dict[str, str], read: Read, table: Table) -> None:
    """Names of the world, old and new people, numbers in their usual forms."""
    (patient,) = read(table(change))
    assert isinstance(patient, PatientRow)


def test_a_row_has_all_its_problems_at_once(read: Read, table: Table) -> None:
    """Errors and warnings of a rejected row come together, with the cells as they stood."""
    (rejected,) = read(table({"dob": "x", "gender": "?", "phone": "1", "last_name": ""}))
    assert isinstance(rejected, RejectedRow)
    assert [one.rule for one in rejected.problems] == ["missing", "dob-format", "gender", "phone"]
    assert rejected.cells[:4] == ("Anna", "", "x", "?")


def test_a_long_value_is_quoted_in_part(read: Read, table: Table) -> None:
    """A problem never carries more than 80 characters of a value."""
    (rejected,) = read(table({"city": "x" * 100_000}))
    assert isinstance(rejected, RejectedRow)
    assert len(rejected.problems[0].value) == 80


def test_every_rule_is_broken_somewhere() -> None:
    """The table of rules has none that these tests do not know."""
    tested = {rule for rule, _, _ in BROKEN}
    elsewhere = {"cells", "quoting", "row-too-long", "duplicate-id", "duplicate-patient", "duplicates-unchecked"}
    assert tested | elsewhere | {"unknown-column"} == {rule.name for rule in RULES}
