"""What ``submit`` says of mistakes before anything is sent, and at its end."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import without_warning

RESULTS = "output/results/results.jsonl"
LOCKED = {"pix_add_behavior.failing_patients": {"PAT-0": {"code": "Sender", "reason": "locked"}}}


@pytest.mark.parametrize(("output", "word"), [(".", "this is a directory"), ("-", "not to standard output")])
async def test_a_summary_without_a_file_is_refused_before_anything_is_sent(bench: Any, output: str, word: str) -> None:
    """Found out at the end, it would cost the outcome of the run."""
    bench.patients(1)
    done = await bench.run("submit", "patients.csv", "--output", output)
    assert done.returncode == 1
    assert word in done.stderr
    assert not bench.path("output").exists()


async def test_wrong_options_are_invalid_input(bench: Any) -> None:
    """Exit code 2 would say that some patients failed."""
    bench.patients(1)
    for wrong in (("--concurrency", "0"), ("--concurency", "3"), ("--soap", "1.3"), ("--output-dir", "patients.csv")):
        assert (await bench.run("submit", "patients.csv", *wrong)).returncode == 1


async def test_one_is_no_plural(start_bench: Any) -> None:
    """One patient, one row."""
    bench = await start_bench(LOCKED)
    bench.patients(1)
    done = await bench.run("submit", "patients.csv")
    assert done.stdout.startswith("0 of 1 patient submitted, 1 failed;")
    assert "      row 2\n" in done.stdout


async def test_a_finished_run_says_that_nothing_was_left(bench: Any) -> None:
    """Not that it did nothing at zero patients a second."""
    bench.patients(2)
    await bench.run("submit", "patients.csv")
    done = await bench.run("submit", "--resume", RESULTS)
    assert done.returncode == 0
    assert done.stdout.startswith("2 of 2 patients submitted; nothing was left to do\n")


@pytest.mark.parametrize("given", ["output", "output/results"])
async def test_a_directory_to_resume_leads_to_the_file_in_it(bench: Any, given: str) -> None:
    """The message has the option as it has to be."""
    bench.patients(1)
    await bench.run("submit", "patients.csv")
    done = await bench.run("submit", "--resume", given)
    assert done.returncode == 1
    assert f"--resume {Path(RESULTS)}" in done.stderr


async def test_another_mode_is_one_difference(bench: Any) -> None:
    """That registrations have no template is no news."""
    bench.patients(1)
    await bench.run("submit", "patients.csv")
    done = await bench.run("pix-add", "register", "--resume", RESULTS)
    assert done.returncode == 1
    assert "the run was one of mode all, not pix-only\n" in done.stderr
    assert "template" not in done.stderr


async def test_a_changed_file_of_patients_is_named_once(bench: Any) -> None:
    """A path that is the same need not be compared."""
    bench.patients(1)
    await bench.run("submit", "patients.csv")
    bench.patients(2)
    done = await bench.run("submit", "--resume", RESULTS)
    assert done.returncode == 1
    assert f"the file of patients has changed: {bench.path('patients.csv')}\n" in done.stderr


async def test_quiet_is_quiet_about_earlier_results(bench: Any) -> None:
    """Only errors and the exit code."""
    bench.patients(1)
    await bench.run("submit", "patients.csv", "--quiet")
    done = await bench.run("submit", "patients.csv", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert bench.path("output", "results", "results-1.jsonl").exists()


async def test_json_is_there_for_errors_too(bench: Any) -> None:
    """Of the input, and of a certificate: one object, with the exit code."""
    bench.patients(1)
    for wrong, code in ((("nope.csv",), 1), (("patients.csv", "--cert", "nope.pem"), 3)):
        done = await bench.run("submit", *wrong, "--json")
        found = json.loads(done.stdout)
        assert found["exit_code"] == done.returncode == code
        assert found["error"]["message"] in done.stderr


async def test_the_way_out_of_semicolons_is_one_that_there_is(bench: Any) -> None:
    """submit has no option for the delimiter; the command that the message has makes a file that it takes."""
    path = bench.path(bench.patients(1))
    path.write_text(path.read_text().replace(",", ";"))
    done = await bench.run("submit", "patients.csv")
    assert done.returncode == 1
    assert "csv process FILE --delimiter ';' --output NEW.csv" in done.stderr
    assert (
        await bench.run("csv", "process", "patients.csv", "--delimiter", ";", "--output", "new.csv")
    ).returncode == 0
    assert (await bench.run("submit", "new.csv")).returncode == 0


async def test_rows_that_cannot_be_used_are_no_reason_to_resume(bench: Any) -> None:
    """The file has to be the same for that; the way that is named leads to the end."""
    path = bench.path(bench.patients(2))
    path.write_text(path.read_text().replace("Given1,Family1,1980-01-01", "Given1,Family1,1.1.1980"))
    done = await bench.run("submit", "patients.csv", "--skip-invalid")
    assert done.returncode == 2
    assert "To go on" not in done.stdout
    assert "--resume" not in bench.path("output", "results", "report.html").read_text()
    assert "--export-invalid rejected.csv" in done.stdout
    await bench.run("csv", "validate", "patients.csv", "--export-invalid", "rejected.csv")
    rejected = bench.path("rejected.csv")
    rejected.write_text(rejected.read_text().replace("1.1.1980,F", "1980-01-01,F"))
    second = await bench.run("submit", "rejected.csv", "--output-dir", "second")
    assert (second.returncode, without_warning(second.stderr)) == (0, "")
    assert second.stdout.startswith("1 of 1 patient submitted;")


async def test_a_summary_that_cannot_be_written_is_critical_and_all_is_told(bench: Any) -> None:
    """What was done is said all the same; the exit code is 3."""
    bench.patients(2)
    bench.path("taken").write_text("")
    done = await bench.run("submit", "patients.csv", "--output", "taken/summary.json")
    assert done.returncode == 3
    assert done.stdout.startswith("2 of 2 patients submitted;")
    assert "the summary cannot be written" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
async def test_a_full_disk_under_the_audit_is_critical_and_says_how_to_go_on(bench: Any) -> None:
    """Not an error without a place, and exit code 1."""
    bench.patients(2)
    audit = bench.path("output", "audit")
    audit.mkdir(parents=True)
    (audit / "exchanges.jsonl").symlink_to("/dev/full")
    done = await bench.run("submit", "patients.csv")
    assert done.returncode == 3
    assert "the audit cannot be written" in done.stderr
    assert f"ihe-test-util submit --resume {Path(RESULTS)}" in done.stderr
    (audit / "exchanges.jsonl").unlink()
    again = await bench.run("submit", "--resume", RESULTS)
    assert again.returncode == 0


async def test_a_wrong_url_is_not_to_be_typed_again(bench: Any) -> None:
    """What is printed to go on has the URL that stopped the run; so it says what to change."""
    bench.patients(1)
    done = await bench.run("submit", "patients.csv", "--pix-add-url", f"{bench.peer.url}/pix/ad")
    assert done.returncode == 3
    assert "To go on, with the URL mended: ihe-test-util submit patients.csv" in done.stdout
    again = await bench.run("submit", "--resume", RESULTS, "--pix-add-url", f"{bench.peer.url}/pix/add")
    assert (again.returncode, again.stdout.startswith("1 of 1 patient submitted;")) == (0, True)
