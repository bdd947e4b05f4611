"""Files that are not quite CSV: what is rejected, what stops the reading, and what is said."""

from collections.abc import Callable, Iterable
from datetime import date
from io import BytesIO

import pytest

from ihe_test_util.errors import BadInput
from ihe_test_util.patients import lines
from ihe_test_util.patients.csv_reader import Item, PatientCsv, read_patients
from ihe_test_util.patients.model import PatientRow, Problem, RejectedRow

Read = Callable[..., list[Item]]
Table = Callable[..., str]
Problems = Callable[[Iterable[Item]], list[Problem]]


def test_wrong_numbers_of_values(header: str, read: Read, problems_of: Problems) -> None:
    """Too few and too many values reject the row, not the file; rows of nothing are passed over."""
    items = read(f"{header}\nA,B\n,,,,,,,,,,,,,\n\nA,B,C,1980-01-01,F,2.999,,,,,,,,,\n")
    assert [(one.rule, one.column, one.row) for one in problems_of(items)] == [("cells", "", 2), ("cells", "", 5)]


def test_blank_rows_are_counted(header: str) -> None:
    """Rows without a value are no problem, and no patient."""
    with PatientCsv(BytesIO(f"{header}\n\n,,,,,,,,,,,,,\nA,B,1980-01-01,F,2.999,,,,,,,,,\n".encode())) as patients:
        assert len(list(patients)) == 1
        assert patients.blank_rows == 2


def test_a_quote_that_goes_on_too_far_is_suspected(header: str, read: Read) -> None:
    """Where two lines melt into one row, the missing quote is what is said."""
    good = "A,B,1980-01-01,F,2.999,X,,,,,,,,"
    (rejected,) = read(f'{header}\nA,"B,1980-01-01,F,2.999,X,,,,,,,,\n{good}"\n')
    assert isinstance(rejected, RejectedRow)
    assert "goes on to line 3: is a quote not closed?" in rejected.problems[0].suggestion


def test_text_after_a_quoted_value_rejects_the_row_only(header: str, read: Read) -> None:
    """The row's text is kept as its only cell, and reading goes on with the next line."""
    good = "A,B,1980-01-01,F,2.999,X,,,,,,,,"
    rejected, patient = read(f'{header}\n"A" B,C,,\n{good}\n')
    assert isinstance(rejected, RejectedRow)
    assert rejected.cells == ('"A" B,C,,',)
    assert (rejected.problems[0].rule, rejected.problems[0].value) == ("quoting", " B")
    assert isinstance(patient, PatientRow)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("size", [200_000, 10_000_000])
def test_a_giant_value_rejects_its_row_only(
    size: int, quote: str, header: str, read: Read, problems_of: Problems
) -> None:
    """Neither 200 kB nor 10 MB in one field stop the reading, and little of it is kept."""
    good = "A,B,1980-01-01,F,2.999,X,,,,,,,,"
    giant = f"{quote}{'x' * size}{quote},B,1980-01-01,F,2.999,X,,,,,,,,"
    items = read(f"{header}\n{good}\n{giant}\n{good.replace('X', 'Y')}\n")
    assert [type(item) for item in items] == [PatientRow, RejectedRow, PatientRow]
    assert [(one.rule, one.column, one.row) for one in problems_of(items)] == [("row-too-long", "", 3)]
    assert [item.row for item in items] == [2, 3, 4]


def test_a_giant_value_at_the_end(header: str, read: Read, problems_of: Problems) -> None:
    """The last line may be the one that is too long, with or without its end."""
    items = read(f"{header}\nA,B,1980-01-01,F,2.999,X,,,,,,,,\n{'x' * 2_000_000}")
    assert [(one.rule, one.column, one.row) for one in problems_of(items)] == [("row-too-long", "", 3)]


@pytest.mark.parametrize(("delimiter", "given"), [(";", ";"), ("\t", "tab"), ("\t", "\\t"), ("|", "|")])
def test_other_delimiters_have_to_be_named(delimiter: str, given: str, read: Read, table: Table) -> None:
    """A file with another delimiter is refused with the option to give, and read with it."""
    text = table({}).replace(",", delimiter)
    with pytest.raises(BadInput, match="the columns are separated by") as refused:
        read(text)
    assert "--delimiter" in refused.value.hint
    assert len(read(text, delimiter=given)) == 1


STOPPED: list[tuple[str, bytes, str, str]] = [
    ("empty", b"", "the file is empty", "begin with the line first_name"),
    ("mark only", b"\xef\xbb\xbf", "the file is empty", ""),
    ("blank lines", b"\n\r\n , \n", "the file is empty", ""),
    ("header only", b"first_name,last_name,dob,gender,patient_id_oid\n\n", "no patient", "add a line"),
    ("no header", b"Anna,Doe,1980-01-01,F,2.999\n", "the first line is no header", "rename"),
    ("misnamed", b"firstname,surname,birthdate,sex,patient_id_oid\n", "'firstname' meant for it", "rename"),
    ("one missing", b"first_name,last_name,gender,patient_id_oid\n", "the column dob is missing", "rename"),
    ("twice", b"first_name,last_name,dob,gender,patient_id_oid,DOB\n", "dob is there twice: columns 3 and 6", "remove"),
    ("sep=", b"sep=;\nfirst_name;last_name\n", "a note for Excel", "--delimiter ';'"),
    ("quoted semicolons", b'"first_name";"last_name";"dob"\n', "separated by semicolons", "--delimiter ';'"),
    ("quoted badly", b'"first_name" ,last_name\n', "the header cannot be read", "quote"),
    ("workbook", b"PK\x03\x04rest", "it is an Excel or OpenDocument workbook", "CSV UTF-8"),
    ("old workbook", b"\xd0\xcf\x11\xe0rest", "an old Excel workbook", "CSV UTF-8"),
    ("gzip", b"\x1f\x8b\x08", "compressed with gzip", "gunzip"),
    ("UTF-16", "first_name".encode("utf-16"), "not UTF-8 but UTF-16", "iconv -f UTF-16 "),
    ("UTF-16 without a mark", "first_name".encode("utf-16-le"), "not UTF-8 but UTF-16", "iconv -f UTF-16LE"),
    ("UTF-16 backwards", "first_name".encode("utf-16-be"), "not UTF-8 but UTF-16", "iconv -f UTF-16BE"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message", "hint"), [one[1:] for one in STOPPED], ids=[one[0] for one in STOPPED])
def test_what_is_no_patient_file_says_what_to_do(data: bytes, message: str, hint: str, read: Read) -> None:
    """One error that says what the file is, and the way out."""
    with pytest.raises(BadInput) as refused:
        read(data)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.where


def test_latin_1_is_named_with_its_place(header: str, today: date) -> None:
    """The rows before it are given; then the byte, its offset, its line, and what it would be."""
    good = f"{header}\r\nA,B,1980-01-01,F,2.999,X,,,,,,,,\r\n".encode()
    reading = read_patients(BytesIO(good + "José,B,1980-01-01".encode("cp1252")), today=today)
    assert isinstance(next(reading), PatientRow)
    with pytest.raises(BadInput, match="the file is not UTF-8") as refused:
        next(reading)
    assert f"byte {len(good) + 3}, line 3" in refused.value.where
    assert "0xE9" in refused.value.got
    assert "José" in refused.value.got
    assert "iconv -f WINDOWS-1252 -t UTF-8" in refused.value.hint


def test_a_character_cut_off_at_the_end(header: str, read: Read) -> None:
    """Half a character at the end of the file is not UTF-8 either."""
    with pytest.raises(BadInput, match="the file is not UTF-8"):
        read(f"{header}\nA,B".encode() + "é".encode()[:1])


@pytest.mark.parametrize("after", [0, 3, 50_000])
def test_a_quote_that_never_closes_names_its_line(after: int, header: str, read: Read) -> None:
    """The line on which it opened, not the one on which the reader gave up, though the row began earlier."""
    good = "A,B,1980-01-01,F,2.999,X,,,,,,,,\n"
    opening = 'C,D,1980-01-01,F,2.999,,,,"1 Main St\nApt 2","Ulm,,,,\n'
    with pytest.raises(BadInput) as refused:
        read(f"{header}\n{good}{opening}{good * after}")
    assert "a quote opens on line 4 (cell 10 of row 3)" in refused.value.message
    assert "line 4" in refused.value.where


def test_a_row_without_end_is_given_up_in_bounded_memory(header: str, read: Read) -> None:
    """Quoted line breaks in cell after cell make a row of any length; it is not read for ever."""
    with pytest.raises(BadInput, match="row 2 begins on line 2 and goes on for more than"):
        read(f"{header}\n" + '"a\n",' * 2_000_000)


def test_unknown_columns_are_doubted(header: str, read: Read) -> None:
    """They are named once, with the column that may be meant, and not used."""
    text = header.replace("email", "e-mail") + ",shoe size,\nA,B,1980-01-01,F,2.999,X,,,,,,,,a@b.org,43,\n"
    *problems, patient = read(text)
    assert [(one.rule, one.column, one.row) for one in problems if isinstance(one, Problem)] == [
        ("unknown-column", "e-mail", 1),
        ("unknown-column", "shoe size", 1),
        ("unknown-column", "", 1),
    ]
    assert isinstance(problems[0], Problem)
    assert problems[0].suggestion == "is email meant?"
    assert isinstance(patient, PatientRow)
    assert patient.email == ""


def test_a_header_of_a_million_columns_is_read_in_no_time(read: Read) -> None:
    """Suggestions are sought for the first hundred unknown columns only."""
    with pytest.raises(BadInput, match="dob is missing"):
        read("first_name,last_name," + "x," * 400_000)


def test_errors_hold_nothing_that_a_terminal_obeys(read: Read) -> None:
    """Escape sequences in a header are shown, not sent."""
    with pytest.raises(BadInput) as refused:
        read("first_name,\x1b[2Jlast_name,dob\n")
    assert "\x1b" not in str(refused.value)
    assert "\\x1b" in refused.value.got


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "a", "\n"])
def test_what_cannot_delimit(delimiter: str, read: Read) -> None:
    """The option is checked before the file is."""
    with pytest.raises(BadInput, match="this cannot separate columns"):
        read("", delimiter=delimiter)


def test_a_line_without_end_is_given_up(header: str, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no line ends at all, as a device of zeros, is not read for ever."""
    monkeypatch.setattr(lines, "MAX_DROPPED_CHARACTERS", 3_000_000)
    with pytest.raises(BadInput, match="goes on for more than 3,000,000 characters"):
        read(f"{header}\n" + "x" * 5_000_000)
    assert len(read(f"{header}\n" + "x" * 2_000_000 + "\nA,B,1980-01-01,F,2.999,X,,,,,,,,\n")) == 2
