"""JUnit XML: what CI systems count, and well-formed whatever is in it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.batch.junit import junit_pieces, write_junit
from ihe_test_util.batch.results import Cause, Mode, PatientResult, RunSummary, Status, Step, Stopped
from ihe_test_util.errors import StorageError
from ihe_test_util.failures import REJECTED, Category
from ihe_test_util.xml.io import Element, parse, xml_text
from tests.support.runs import CAUSE, failed, submitted, summary_of


def suite_of(results: Iterable[PatientResult], summary: RunSummary) -> Element:
    """The one suite of the file, with what it says of itself checked against what it holds."""
    root = parse(b"".join(junit_pieces(summary, results)))
    (suite,) = root.findall("testsuite")
    for element in (root, suite):
        assert int(element.get("tests", "")) == len(suite.findall("testcase"))
        assert int(element.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(element.get("errors", "")) == len(suite.findall("testcase/error"))
        assert int(element.get("skipped", "")) == len(suite.findall("testcase/skipped"))
    return suite


def test_every_patient_is_a_case_with_its_time() -> None:
    """Registration and submission together, in seconds."""
    results = [replace(submitted(2, 0.25), patient_id="A"), submitted(3)]
    suite = suite_of(results, summary_of(results))
    assert [case.get("name") for case in suite.findall("testcase")] == ["row 2 A", "row 3"]
    assert [case.get("time") for case in suite.findall("testcase")] == ["0.500", "0.020"]
    assert [len(case) for case in suite.findall("testcase")] == [0, 0]
    assert suite.get("name") == "ihe-test-util submit patients.csv"
    assert suite.get("timestamp") == "2026-03-01T12:00:00+00:00"
    assert suite.get("time") == "2.000"


def test_a_failure_has_cause_and_remedy() -> None:
    """In one line, and in full."""
    results = [submitted(2), failed(3, "no <such> patient"), PatientResult(4, 4, Status.INVALID)]
    failure, other = suite_of(results, summary_of(results)).findall("testcase/failure")
    assert failure.get("type") == REJECTED.cause
    assert failure.get("message") == "ITI-41: no <such> patient"
    assert failure.text is not None
    assert "Category: permanent" in failure.text
    assert "What to do: mend it" in failure.text
    assert not other.keys()


def test_what_was_not_finished_is_skipped() -> None:
    """Neither passed nor failed."""
    results = [PatientResult(2, 2, Status.SENDING), PatientResult(3, 3, Status.REGISTERED), submitted(4)]
    found = suite_of(results, summary_of(results)).findall("testcase/skipped")
    assert [one.get("message") for one in found] == [
        "not finished: a message was sent, and its outcome is not known",
        "not finished: registered, not submitted",
    ]


@pytest.mark.parametrize(
    ("status", "values"),
    [(Status.REGISTERED, {"mode": Mode.PIX_ONLY}), (Status.WRITTEN, {"dry_run": True})],
)
def test_what_was_to_be_done_is_done(status: Status, values: dict[str, object]) -> None:
    """A patient passes where nothing is left to do."""
    results = [PatientResult(2, 2, status)]
    assert suite_of(results, summary_of(results, **values)).findall("testcase/*") == []


@pytest.mark.parametrize("stopped", list(Stopped))
def test_a_run_that_ended_early_never_passes(stopped: Stopped) -> None:
    """It has one case more, with the reason."""
    suite = suite_of([submitted(2)], summary_of([submitted(2)], total=1001, stopped=stopped))
    (error,) = suite.findall("testcase/error")
    assert "1,000 of 1,001 patients were not reached" in error.get("message", "")
    assert error.get("type")


def test_the_reason_of_a_stop_is_told() -> None:
    """With what to do."""
    results = [failed(2, "nobody is there", Category.CRITICAL)]
    summary = summary_of(results, stopped=Stopped.CRITICAL, reason=CAUSE)
    (error,) = suite_of(results, summary).findall("testcase/error")
    assert error.get("type") == CAUSE.name
    assert error.get("message", "").endswith(CAUSE.message)
    assert CAUSE.remedy in (error.text or "")


def test_the_run_is_described_by_properties() -> None:
    """So that a CI system shows against what it was."""
    suite = suite_of([submitted(2)], summary_of([submitted(2)]))
    properties = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
    assert properties["endpoint ITI-44"] == "http://a"
    assert properties["seed"] == "7"


@given(text=st.text(max_size=60))
def test_any_text_is_carried(text: str) -> None:
    """Well-formed, and the same text again but for characters that XML cannot carry."""
    cause = Cause(Step.PROVIDE, text, text, Category.PERMANENT, text)
    results = [PatientResult(2, 2, Status.FAILED, text, cause=cause)]
    summary = summary_of(results, csv=f"/data/{text}", template=text, run_id=text, endpoints={Step.REGISTER: text})
    suite = suite_of(results, summary)
    (case,) = suite.findall("testcase")
    assert case.get("name") == xml_text(f"row 2 {text}").removesuffix("" if text else " ")
    assert case[0].get("message") == xml_text(f"ITI-41: {text}")
    assert case[0].get("type") == xml_text(text)


def test_the_results_are_not_held() -> None:
    """Pieces come as results do."""
    taken = []

    def results() -> Iterable[PatientResult]:
        for row in range(2, 1002):
            taken.append(row)
            yield submitted(row)

    pieces = junit_pieces(summary_of([submitted(2)] * 1000), results())
    first = next(piece for piece in pieces if b"<testcase" in piece)
    assert etree.fromstring(first).get("name") == "row 2"
    assert taken == [2]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """As an error about this machine's disk."""
    write_junit(tmp_path / "new" / "junit.xml", summary_of([submitted(2)]), [submitted(2)])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["junit.xml"]
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="the JUnit file cannot be written"):
        write_junit(tmp_path / "file" / "junit.xml", summary_of([]), [])
