"""``template`` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ihe_test_util.cli.template_commands import template_group
from ihe_test_util.documents.placeholders import PLACEHOLDERS
from ihe_test_util.errors import BadInput

CSV = """\
first_name,last_name,dob,gender,patient_id_oid,patient_id,phone
Anna,O'Neill & <Sons>,1980-02-29,F,2.999.10.1,PAT-1,+1-555-555-0142
小龙,李,2025-12-01,M,2.999.10.1,,
Future,Born,2999-01-01,M,2.999.10.1,PAT-3,
"""
XSD = Path(__file__).parents[3].parent / "shared/schemas/cda/infrastructure/cda/CDA_SDTC.xsd"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands in a directory with a CSV file of two patients and a row that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IHE_TEST_CDA_SCHEMA", raising=False)
    Path("patients.csv").write_text(CSV, "utf-8")
    return CliRunner()


def test_validate_shows_placeholders_and_problems(runner: CliRunner) -> None:
    """What it shows of a template with a slip: the line, and the nearest placeholder; exit code 1."""
    Path("mine.xml").write_text('<ClinicalDocument xmlns="urn:hl7-org:v3">\n{{ frist_name }}</ClinicalDocument>')
    result = runner.invoke(template_group, ["validate", "mine.xml"])
    assert result.exit_code == 1
    assert "mine.xml: not usable; 1 placeholder, 1 error" in result.output
    assert "line 2, column 4: there is no placeholder 'frist_name'" in result.output
    assert "try: did you mean first_name?" in result.output


def test_validate_as_json(runner: CliRunner) -> None:
    """One object, with all that a program needs; exit code 0 with doubts alone."""
    Path("mine.xml").write_text('<ClinicalDocument xmlns="urn:hl7-org:v3">{{ phone }}</ClinicalDocument>')
    result = runner.invoke(template_group, ["validate", "mine.xml", "--json"])
    report = json.loads(result.output)
    assert result.exit_code == 0
    assert report["usable"] is True
    assert report["schema"] is None
    assert report["placeholders"] == [{"name": "phone", "lines": [1], "known": True}]
    assert {problem["severity"] for problem in report["problems"]} == {"warning"}


@pytest.mark.skipif(not XSD.is_file(), reason="the schemas are not beside the project (../shared/schemas)")
def test_validate_uses_the_schema_of_option_or_environment(runner: CliRunner) -> None:
    """Either way the report names it; a document that it does not take makes the template unusable."""
    Path("mine.xml").write_text('<ClinicalDocument xmlns="urn:hl7-org:v3">{{ phone }}</ClinicalDocument>')
    assert runner.invoke(template_group, ["validate", "mine.xml", "--schema", str(XSD)]).exit_code == 1
    result = runner.invoke(template_group, ["validate", "ccd-full"], env={"IHE_TEST_CDA_SCHEMA": str(XSD)})
    assert result.exit_code == 0
    assert str(XSD) in result.output


@pytest.mark.parametrize(
    ("content", "says"), [("<a/>", "no XML Schema"), ("nonsense", "no XML Schema"), (None, "read")]
)
def test_a_schema_that_is_none_is_refused(runner: CliRunner, content: str | None, says: str) -> None:
    """With its path, before anything is tried."""
    if content is not None:
        Path("x.xsd").write_text(content)
    result = runner.invoke(template_group, ["validate", "ccd-minimal", "--schema", "x.xsd"])
    assert isinstance(result.exception, BadInput)
    assert says in result.exception.message
    assert result.exception.where == "x.xsd"


def test_process_writes_a_document_for_each_patient(runner: CliRunner) -> None:
    """Two patients, two files, one row reported: exit code 1 for the row."""
    result = runner.invoke(template_group, ["process", "ccd-full", "patients.csv", "--output", "out"])
    assert result.exit_code == 1
    assert "2 documents written to out, 1 row rejected" in result.stdout
    assert "row 4, dob '2999-01-01'" in result.stderr
    assert len(list(Path("out").iterdir())) == 2


def test_process_with_a_seed_is_reproducible(runner: CliRunner) -> None:
    """Byte for byte, names included; --now is the only other thing that matters."""
    options = ["process", "ccd-full", "patients.csv", "--seed", "7", "--output"]
    for directory in ("a", "b"):
        runner.invoke(template_group, [*options, directory])
    runner.invoke(template_group, [*options, "c", "--now", "2026-02-03T04:05:06+01:00"])
    made = {name: {one.name: one.read_bytes() for one in Path(name).iterdir()} for name in "abc"}
    assert made["a"] == made["b"]
    assert set(made["a"]) == set(made["c"])
    assert all(b"20260203040506+0100" in data for data in made["c"].values())


def test_process_as_json_accounts_for_every_row(runner: CliRunner) -> None:
    """One object: each row with what became of it, then the counts."""
    result = runner.invoke(
        template_group, ["process", "ccd-minimal", "-", "--output", "out", "--json", "--seed", "1"], input=CSV
    )
    report = json.loads(result.stdout)
    assert [(one["row"], one["status"]) for one in report["rows"]] == [(2, "written"), (3, "written"), (4, "rejected")]
    assert (report["written"], report["rejected"], report["not_made"], report["error"]) == (2, 1, 0, None)
    for one in report["rows"][:2]:
        assert Path(one["file"]).stat().st_size == one["size"]
        assert one["unique_id"].startswith("2.25.")
    assert report["rows"][2]["problems"][0]["rule"] == "dob-future"


def test_one_patient_for_whom_the_template_fails_stops_no_other(runner: CliRunner) -> None:
    """It is reported with the template's line, and counted."""
    Path("mine.xml").write_text(
        '<ClinicalDocument xmlns="urn:hl7-org:v3">\n{% if not phone %}{{ 1 / 0 }}{% endif %}</ClinicalDocument>'
    )
    result = runner.invoke(template_group, ["process", "mine.xml", "patients.csv", "--output", "out"])
    assert result.exit_code == 1
    assert "1 document written to out, 1 row rejected, 1 not made" in result.stdout
    assert "mine.xml, line 2" in result.stderr


def test_a_csv_that_ends_in_the_middle_leaves_complete_json(runner: CliRunner) -> None:
    """What was read before it is there, the counts too, and what went wrong."""
    Path("broken.csv").write_bytes(CSV.encode() + b"M\xfcller,B,1980-01-01,F,2.999.1,P,\n")
    result = runner.invoke(template_group, ["process", "ccd-minimal", "broken.csv", "--output", "out", "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["written"] == 2
    assert report["error"]


@pytest.mark.parametrize(
    ("options", "where"),
    [(["--now", "yesterday"], "--now"), (["--schema", "nowhere.xsd"], "nowhere.xsd")],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_written(
    runner: CliRunner, options: list[str], where: str
) -> None:
    """The error names the option, or the file."""
    result = runner.invoke(template_group, ["process", "ccd-minimal", "patients.csv", "--output", "out", *options])
    assert isinstance(result.exception, BadInput)
    assert result.exception.where == where
    assert not Path("out").exists()


def test_show_prints_a_template_that_can_be_used(runner: CliRunner) -> None:
    """Into a file and back: the way to a template of one's own."""
    Path("mine.xml").write_bytes(runner.invoke(template_group, ["show", "ccd-full"]).stdout_bytes)
    assert runner.invoke(template_group, ["validate", "mine.xml"]).exit_code == 0


def test_placeholders_lists_them_all(runner: CliRunner) -> None:
    """As text and as JSON."""
    text = runner.invoke(template_group, ["placeholders"]).output
    listed = json.loads(runner.invoke(template_group, ["placeholders", "--json"]).output)
    assert [one["name"] for one in listed] == list(PLACEHOLDERS)
    assert all(name in text for name in PLACEHOLDERS)
