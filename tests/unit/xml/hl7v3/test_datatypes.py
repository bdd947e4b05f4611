"""Data types of HL7 V3: what is an OID, what is a point in time, and the forms in which identifiers travel."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.xml.hl7v3 import AD, II, PN, Part, is_uid, is_uuid, oid_problem, shown, ts, ts_problem

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(first=st.integers(0, 1), second=st.integers(0, 39), rest=st.lists(st.integers(0, 10**12), max_size=20))
def test_every_oid_is_one(first: int, second: int, rest: list[int]) -> None:
    """Under arcs 0 and 1 the second arc is at most 39, the others are any number; 2 has no such limit."""
    assert oid_problem(".".join(map(str, [first, second, *rest]))) == ""
    assert oid_problem(".".join(map(str, [2, *rest, 7]))) == ""
    assert is_uid(".".join(map(str, [first, second, *rest])))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "it is empty"),
        ("2", "it is a single number"),
        ("3.1", "its first arc is over 2"),
        ("1.40", "its second arc is over 39"),
        ("0.100.1", "its second arc is over 39"),
        ("1.2.03", "an arc has a leading zero"),
        ("01.2", "an arc has a leading zero"),
        ("1..2", "an arc is empty"),
        (".1.2", "an arc is empty"),
        ("1.2.", "an arc is empty"),
        (" 1.2", "it has white space around it"),
        ("1.2\n", "it has white space around it"),
        ("urn:oid:1.2.3", "it has the prefix urn:oid:, which belongs in URIs only"),
        ("URN:OID:1.2.3", "it has the prefix urn:oid:, which belongs in URIs only"),
        ("5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11", "it is a UUID, not an OID"),
        ("urn:uuid:5C1F7A2E-0D1B-4A57-9C39-3F2F5D0E8B11", "it is a UUID, not an OID"),
        ("HOSPITAL", "it is a name, not an OID"),
        ("1.2.x", "it is a name, not an OID"),
        ("1.２", "it is a name, not an OID"),  # noqa: RUF001 - a digit, but not one of ASCII
    ],
)
def test_what_is_no_oid_is_told_why(value: str, problem: str) -> None:
    """Each usual mistake has its own diagnosis."""
    assert oid_problem(value) == problem


@given(st.text())
def test_no_text_breaks_the_judges(value: str) -> None:
    """Anything may stand where an OID or a time should; and what we call an OID the schemas accept too."""
    assert isinstance(ts_problem(value), str)
    assert oid_problem(value) or is_uid(value)


def test_long_values_are_judged_too() -> None:
    """A value of a hostile length gets its verdict like any other."""
    assert oid_problem("1.2" + ".3" * 100_000) == ""
    assert oid_problem("1." * 100_000) == "an arc is empty"
    assert ts_problem("2" * 100_000) == "100000 characters"
    assert not is_uid("x y" * 100_000)


@given(st.datetimes(timezones=ZONES))
def test_every_moment_can_be_written(moment: datetime) -> None:
    """What ts writes has date, time and zone, and is a point in time that exists."""
    text = ts(moment)
    assert ts_problem(text) == ""
    assert datetime.strptime(text, "%Y%m%d%H%M%S%z") == moment.replace(microsecond=0)


def test_a_moment_without_a_zone_cannot_be_written() -> None:
    """A naive time is a mistake of ours."""
    with pytest.raises(ValueError, match="zone"):
        ts(datetime(2024, 2, 29))  # noqa: DTZ001 - the point of the test


def test_a_moment_in_utc() -> None:
    """The zone of UTC is written as +0000."""
    assert ts(datetime(2024, 2, 29, 15, 30, 1, 999_999, tzinfo=UTC)) == "20240229153001+0000"


@pytest.mark.parametrize(
    "value",
    [
        "2024",
        "202402",
        "20240229",
        "2024022923",
        "202402292359",
        "20240229235959",
        "20161231235960",
        "20240229235959.1234",
        "20240229235959.1234-0330",
        "2024022923+0100",
        "202402292359+14",
    ],
)
def test_times_of_every_precision(value: str) -> None:
    """From the year to fractions of a second, with a zone once there is an hour."""
    assert ts_problem(value) == ""


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that"),
        ("2024-02-29", "it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that"),
        ("20240229T12", "it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that"),
        ("2024022", "it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that"),
        ("20240229120000Z", "it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that"),
        ("202402291200.5", "it has a fraction without seconds"),
        ("20240229+0100", "it has a zone without a time of day"),
        ("20230229", "there is no such day"),
        ("202413", "there is no such day"),
        ("20240431", "there is no such day"),
        ("00000101", "there is no such day"),
        ("2024022924", "there is no such time of day"),
        ("202402291260", "there is no such time of day"),
        ("20240229120060", "there is no such time of day"),
        ("20240229120000+1500", "there is no such zone"),
        ("20240229120000+0160", "there is no such zone"),
    ],
)
def test_what_is_no_time_is_told_why(value: str, problem: str) -> None:
    """Syntax, calendar, clock and zone have each their own diagnosis."""
    assert ts_problem(value) == problem


@pytest.mark.parametrize("extension", ["P-1", "a^b", "a&b", "^^^&2.9&ISO", " "])
def test_an_identifier_survives_as_cx(extension: str) -> None:
    """extension^^^&root&ISO can be read back, whatever the extension holds."""
    identifier = II("2.999.1", extension)
    assert identifier.cx == f"{extension}^^^&2.999.1&ISO"
    assert II.from_cx(identifier.cx) == identifier


@pytest.mark.parametrize("text", ["", "P-1", "P-1^^^HOSPITAL", "P-1^^^&2.999.1&UUID", "^^^&2.999.1&ISO", "P-1^^^&&ISO"])
def test_what_is_no_cx_is_none(text: str) -> None:
    """Free text is not taken for an identifier."""
    assert II.from_cx(text) is None


def test_a_name_of_its_usual_parts() -> None:
    """Prefix, given names, family and suffix stand in the order in which they are spoken; empty ones are left out."""
    name = PN.of("Testfall", "Ada", "", "B.", prefix="Dr.")
    assert name.parts == (Part("prefix", "Dr."), Part("given", "Ada"), Part("given", "B."), Part("family", "Testfall"))
    assert (name.given, name.family, name.use, str(name)) == ("Ada B.", "Testfall", "L", "Dr. Ada B. Testfall")


def test_an_address_of_its_usual_parts() -> None:
    """Lines come first, empty parts are left out, parts of one kind can be asked for."""
    address = AD.of("Line 1", "Line 2", city="Teststadt", country="DE", use="HP")
    assert [part.kind for part in address.parts] == ["streetAddressLine", "streetAddressLine", "city", "country"]
    assert (address.text("streetAddressLine"), address.text("state")) == ("Line 1 Line 2", "")


@pytest.mark.parametrize(
    ("value", "expected"), [("", "nothing"), (" ", "' '"), ("a'b", '"a\'b"'), ("x" * 81, f"'{'x' * 80}…'")]
)
def test_quoted_values_are_visible_and_bounded(value: str, expected: str) -> None:
    """Findings show blanks as blanks, and of a long value only its beginning."""
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("value", "uuid", "uid"),
    [
        ("5C1F7A2E-0d1b-4a57-9c39-3f2f5d0e8b11", True, True),
        ("5c1f7a2e0d1b4a579c393f2f5d0e8b11", False, False),
        ("urn:uuid:5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11", False, False),
        ("HOSPITAL-1", False, True),
        ("2", False, True),
        ("", False, False),
    ],
)
def test_roots_as_the_schemas_see_them(value: str, uuid: bool, uid: bool) -> None:  # noqa: FBT001 - columns of a table
    """The schemas admit OIDs, UUIDs and reserved names, and no URIs."""
    assert (is_uuid(value), is_uid(value)) == (uuid, uid)
