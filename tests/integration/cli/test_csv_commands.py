"""``csv validate`` and ``csv process`` as they are typed."""

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from ihe_test_util.cli.csv_commands import csv_group
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.columns import NAMES
from ihe_test_util.patients.csv_reader import read_patients
from ihe_test_util.patients.model import PatientRow
from tests.support.command import Command
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "examples" / "patients_sample.csv"
HEADER = "first_name,last_name,dob,gender,patient_id_oid,patient_id,phone\n"
GOOD = "Anna,Müller,1980-02-29,F,2.999.1,PAT-1,\n"
BAD = "Ben,,1980-02-30,X,2.999.1,PAT-2,12\n"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return CliRunner()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs commands in a process of their own."""
    return Command(tmp_path, standin="")


def test_the_samples_are_valid(runner: CliRunner) -> None:
    """Both examples pass without a warning; the big one has ten patients, four of them without an id."""
    result = runner.invoke(csv_group, ["validate", str(SAMPLE), "--json"])
    assert result.exit_code == 0
    summary = json.loads(result.output)["summary"]
    assert (summary["valid_rows"], summary["warnings"], summary["generated_ids"]) == (10, 0, 4)
    minimal = runner.invoke(csv_group, ["validate", str(SAMPLE.with_name("patients_minimal.csv"))])
    assert minimal.exit_code == 0
    assert "patients_minimal.csv: valid\n" in minimal.output


def test_the_sample_is_as_diverse_as_it_says() -> None:
    """An infant, somebody over 110, four genders, names in four scripts, values left out."""
    patients = [item for item in read_patients(SAMPLE) if isinstance(item, PatientRow)]
    assert {one.gender for one in patients} == set("MFOU")
    assert min(one.dob.year for one in patients) < 1916
    assert max(one.dob.year for one in patients) >= 2025
    names = "".join(one.first_name + one.last_name for one in patients)
    assert all(letter in names for letter in "é'-伟Еف\u2019\"")
    assert any(not one.phone and not one.city for one in patients)


def test_problems_are_listed_and_summed_up(runner: CliRunner) -> None:
    """A line for each problem with its place and remedy, then counts; exit code 1."""
    Path("p.csv").write_text(HEADER + GOOD + BAD, encoding="utf-8")
    result = runner.invoke(csv_group, ["validate", "p.csv"])
    assert result.exit_code == 1
    assert "error    row 3, dob '1980-02-30': there is no such day; look the date up" in result.output
    assert "warning  row 3, phone '12': this is no telephone number" in result.output
    assert "p.csv: 1 of 2 rows rejected" in result.output
    assert "3 errors, 1 warning" in result.output


def test_warnings_alone_are_valid(runner: CliRunner) -> None:
    """Exit code 0, and the verdict says that there are warnings."""
    Path("p.csv").write_text(HEADER + GOOD.replace(",\n", ",12\n"), encoding="utf-8")
    result = runner.invoke(csv_group, ["validate", "p.csv"])
    assert result.exit_code == 0
    assert "valid, with warnings" in result.output


def test_json_is_one_object_with_all_problems(runner: CliRunner) -> None:
    """Every problem with its parts, and a summary that says what was counted."""
    Path("p.csv").write_text(HEADER + GOOD + BAD, encoding="utf-8")
    result = runner.invoke(csv_group, ["validate", "p.csv", "--json", "--seed", "5"])
    assert result.exit_code == 1
    made = json.loads(result.output)
    assert [(one["rule"], one["column"], one["row"], one["line"]) for one in made["problems"]] == [
        ("missing", "last_name", 3, 3),
        ("dob-no-such-day", "dob", 3, 3),
        ("gender", "gender", 3, 3),
        ("phone", "phone", 3, 3),
    ]
    assert all(one["reason"] and one["suggestion"] for one in made["problems"])
    assert made["summary"]["valid"] is False
    assert made["summary"]["seed"] == 5
    assert made["error"] is None


def test_a_file_that_stops_the_reading_is_an_object_too(runner: CliRunner) -> None:
    """With --json even a file that cannot be opened or read to its end gives one object."""
    Path("p.csv").write_bytes(HEADER.encode() + BAD.encode() + b"\xff")
    for name, rows in (("p.csv", 1), ("missing.csv", 0)):
        result = runner.invoke(csv_group, ["validate", name, "--json"])
        assert result.exit_code == 1
        made = json.loads(result.output)
        assert made["summary"]["rows"] == rows
        assert made["error"]["kind"] == "BadInput"
        assert made["error"]["hint"]


def test_many_problems_are_cut_short_and_counted(runner: CliRunner) -> None:
    """A hundred are listed, or as many as are asked for; the summary counts all."""
    Path("p.csv").write_text(HEADER + BAD * 100, encoding="utf-8")
    usual = runner.invoke(csv_group, ["validate", "p.csv"]).output
    assert usual.count("\nerror ") + usual.startswith("error ") + usual.count("\nwarning ") == 100
    assert "and 300 more; --max-problems 0 shows them all" in usual
    assert "300 errors" in usual
    every = runner.invoke(csv_group, ["validate", "p.csv", "--max-problems", "0"]).output
    assert " more; " not in every
    some = json.loads(runner.invoke(csv_group, ["validate", "p.csv", "--json", "--max-problems", "2"]).output)
    assert (len(some["problems"]), some["summary"]["errors"]) == (2, 300)


def test_rejected_rows_are_exported_mended_and_accepted(runner: CliRunner) -> None:
    """The export says why, is rejected for the same reasons, and is accepted once it is mended."""
    Path("p.csv").write_text(HEADER + GOOD + BAD.replace("Ben", "=Ben"), encoding="utf-8")
    result = runner.invoke(csv_group, ["validate", "p.csv", "--export-invalid", "bad.csv"])
    assert "1 cell in bad.csv would be run as a formula" in result.output
    text = Path("bad.csv").read_text(encoding="utf-8")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["rejected_row"], row["first_name"]) == ("3", "=Ben")
    assert "there is no such day" in row["rejected_reasons"]
    assert runner.invoke(csv_group, ["validate", "bad.csv"]).exit_code == 1
    Path("bad.csv").write_text(
        text.replace("=Ben,,1980-02-30,X,", "Ben,Li,1980-02-28,O,").replace(",12\n", ",\n"), encoding="utf-8"
    )
    mended = runner.invoke(csv_group, ["validate", "bad.csv"])
    assert mended.exit_code == 0
    assert "0 warnings" in mended.output


def test_an_export_is_there_when_nothing_was_rejected(runner: CliRunner) -> None:
    """Scripts find a file with a header, not the one of last time."""
    Path("bad.csv").write_text("of last time")
    Path("p.csv").write_text(HEADER + GOOD, encoding="utf-8")
    assert runner.invoke(csv_group, ["validate", "p.csv", "--export-invalid", "bad.csv"]).exit_code == 0
    assert Path("bad.csv").read_text() == "rejected_row,rejected_reasons," + HEADER.replace("\n", "\r\n")[:-2] + "\n"


def test_nothing_is_written_when_the_file_ends_early(runner: CliRunner) -> None:
    """Half an output would pass for a whole one."""
    Path("p.csv").write_bytes(HEADER.encode() + GOOD.encode() + BAD.encode() + b"\xff")
    arguments = ["process", "p.csv", "--output", "out.csv", "--export-invalid", "bad.csv"]
    result = runner.invoke(csv_group, arguments)
    assert isinstance(result.exception, BadInput)
    assert "not read to its end" in result.output
    assert [path.name for path in Path().iterdir()] == ["p.csv"]


def test_process_writes_patients_with_their_ids(runner: CliRunner) -> None:
    """The same seed writes the same file twice, byte for byte, and that file is valid and complete."""
    for name in ("a.csv", "b.csv"):
        result = runner.invoke(csv_group, ["process", str(SAMPLE), "--seed", "3", "--output", name])
        assert result.exit_code == 0
        assert "10 patients" in result.output
        assert "4 made up, by seed 3" in result.output
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(Path("a.csv").read_text(encoding="utf-8"))))
    assert list(rows[0]) == list(NAMES)
    assert sum(row["patient_id"].startswith("TEST-") for row in rows) == 4
    assert runner.invoke(csv_group, ["validate", "a.csv"]).exit_code == 0


def test_process_leaves_rejected_rows_out(runner: CliRunner) -> None:
    """The good ones are written all the same; the exit code says that there were others."""
    Path("p.csv").write_text(HEADER + BAD + GOOD, encoding="utf-8")
    result = runner.invoke(csv_group, ["process", "p.csv", "--output", "out.jsonl"])
    assert result.exit_code == 1
    (line,) = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["patient_id"] == "PAT-1"


def test_process_says_that_ids_are_random_without_a_seed(runner: CliRunner) -> None:
    """And what to do about it."""
    result = runner.invoke(csv_group, ["process", str(SAMPLE)])
    assert "random; --seed N makes the same ones each time" in result.output


def test_output_never_replaces_the_input(runner: CliRunner) -> None:
    """For either file that is written, by any spelling of its name."""
    Path("p.csv").write_text(HEADER + GOOD, encoding="utf-8")
    for option in ("--output", "--export-invalid"):
        result = runner.invoke(csv_group, ["process", "p.csv", option, "./p.csv"])
        assert "would replace the file that is read" in str(result.exception)
    assert Path("p.csv").read_text(encoding="utf-8") == HEADER + GOOD


def test_standard_output_takes_patients_or_an_object(runner: CliRunner) -> None:
    """Not both."""
    result = runner.invoke(csv_group, ["process", str(SAMPLE), "--output", "-", "--json"])
    assert "would both write to standard output" in str(result.exception)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("patient.csv", "there is no such file", "is patients.csv meant?"),
        ("nothing/here.csv", "there is no such file", "name a CSV file"),
        ("folder", "this is a directory, not a file", "folder/inside.csv"),
    ],
)
def test_a_file_that_cannot_be_opened(name: str, message: str, hint: str, runner: CliRunner) -> None:
    """What is wrong, the absolute path that was looked at, and what may be meant."""
    Path("patients.csv").write_text(HEADER + GOOD, encoding="utf-8")
    Path("folder").mkdir()
    Path("folder/inside.csv").touch()
    error = runner.invoke(csv_group, ["validate", name]).exception
    assert isinstance(error, BadInput)
    assert (error.message, error.where) == (message, str(Path(name).absolute()))
    assert hint in error.hint


def test_a_file_that_may_not_be_read(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """No permission is said as such; the refusal is the operating system's, or played where the tests may read all."""
    path = Path("secret.csv")
    path.write_text(HEADER + GOOD, encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "open", refuse)
    error = runner.invoke(csv_group, ["validate", "secret.csv"]).exception
    assert isinstance(error, BadInput)
    assert error.message == "the file may not be read"
    assert "chmod u+r" in error.hint


def test_a_pipe_in_and_a_pipe_out(command: Command) -> None:
    """Standard input is read, patients go to standard output, the report to standard error."""
    line = command.line("csv", "process", "-", "--output", "-", "--format", "jsonl")
    data = (HEADER + BAD + GOOD).encode()
    environ = command.environ({"PYTHONIOENCODING": "latin-1"})
    done = subprocess.run(line, input=data, env=environ, capture_output=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert json.loads(done.stdout.decode("utf-8"))["last_name"] == "Müller"
    assert b"standard input: 1 of 2 rows rejected" in done.stderr


def test_errors_are_told_with_what_to_do(command: Command) -> None:
    """The whole command: message, place, remedy, exit code 1, no traceback."""
    (command.directory / "p.csv").write_text("first_name;last_name;dob\nA;B;C\n")
    done = command("csv", "validate", "p.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the columns are separated by semicolons, not by commas\n")
    assert "--delimiter ';'" in done.stderr
    assert done.stdout == ""


def test_a_reader_that_goes_away_is_no_error_of_ours(command: Command) -> None:
    """As with ``| head``: no traceback and no message."""
    (command.directory / "p.csv").write_text(HEADER + GOOD * 50_000, encoding="utf-8")
    with command.begin("csv", "process", "p.csv", "--output", "-") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("first_name")
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode != 0
    assert "Error" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_terminal_that_knows_no_letters_but_ascii(options: tuple[str, ...], command: Command) -> None:
    """What it cannot show is escaped; the report is whole, and JSON is JSON."""
    text = HEADER + GOOD.replace("Müller", "\u4f1f\U0001f600").replace("F", "X")
    (command.directory / "p.csv").write_text(text.replace("2.999.1", "\U0001f600"), encoding="utf-8")
    done = command("csv", "validate", "p.csv", *options, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "no OID" in done.stdout
    if options:
        assert "\U0001f600" in [one["value"] for one in json.loads(done.stdout)["problems"]]


def test_a_common_extension_is_no_likeness(runner: CliRunner) -> None:
    """All are .csv; what is meant is told by the name before it."""
    Path("p.csv").write_text(HEADER + GOOD)

    result = runner.invoke(csv_group, ["validate", "nope.csv"])

    assert isinstance(result.exception, BadInput)
    assert result.exception.hint == "name a CSV file, or - for standard input"
