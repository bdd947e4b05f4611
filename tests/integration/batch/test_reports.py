"""What a run leaves for people and for CI, as it is typed, against a mock server."""

from pathlib import Path
from typing import Any

import pytest
from lxml import html
from lxml.etree import _Element as Element
from lxml.html import HtmlElement

from ihe_test_util.xml.io import parse

HEADER = "first_name,last_name,dob,gender,patient_id_oid,patient_id\n"


def reports(results: Path) -> tuple[HtmlElement, Element]:
    """The page and the one suite."""
    page = html.document_fromstring((results / "report.html").read_text("utf-8"))
    return page, parse((results / "junit.xml").read_bytes())[0]


async def test_a_run_leaves_a_page_and_a_junit_file(bench: Any) -> None:
    """Both say what happened to each patient; the links of the page lead to the documents; stdout names the page."""
    rows = "Ann,Doe,1980-01-01,F,2.999.1.2,<script>\nBob,Doe,1980-01-01,Q,2.999.1.2,B-2\n"
    bench.path("patients.csv").write_text(HEADER + rows)
    done = await bench.run("submit", "patients.csv", "--skip-invalid")
    assert done.returncode == 2
    assert f"Report  {Path('output', 'results', 'report.html')}" in done.stdout
    page, suite = reports(bench.path("output", "results"))
    links = [link.get("href") for link in page.iter("a")]
    assert page.find(".//h1").text == "1 of 2 patients submitted"
    assert page.find(".//script") is None
    assert len(links) == 1
    assert bench.path("output", "results", links[0]).is_file()
    assert [case.get("name") for case in suite.findall("testcase")] == ["row 2 <script>^^^&2.999.1.2&ISO", "row 3"]
    assert len(suite.findall("testcase/failure")) == 1


@pytest.mark.parametrize(
    "args", [("submit", "patients.csv", "--dry-run"), ("pix-add", "register", "patients.csv", "--output-dir", "output")]
)
async def test_other_runs_leave_them_as_well(bench: Any, args: tuple[str, ...]) -> None:
    """Dry runs and registrations."""
    bench.patients(2)
    done = await bench.run(*args)
    assert done.returncode == 0
    page, suite = reports(bench.path("output", "results"))
    assert page.find(".//h1").text.startswith("All 2 patients ")
    assert suite.get("tests") == "2"
    assert suite.findall("testcase/*") == []


async def test_a_resumed_run_reports_on_the_whole(bench: Any) -> None:
    """What an earlier process did is in it, and that it was resumed; the way to go on names --resume once."""
    bench.patients(3)
    first = await bench.run("submit", "patients.csv", IHE_TEST_ITI41_URL="http://127.0.0.1:1/nobody")
    assert first.returncode == 3
    page, suite = reports(bench.path("output", "results"))
    assert page.find(".//code[@class='command']").text.count("--resume") == 1
    assert suite.get("errors") == "1"
    done = await bench.run("submit", "--resume", "output/results/results.jsonl")
    assert done.returncode == 0
    page, suite = reports(bench.path("output", "results"))
    assert page.find(".//h1").text == "All 3 patients submitted"
    assert "The run was resumed" in page.text_content()
    assert suite.findall("testcase/*") == []
