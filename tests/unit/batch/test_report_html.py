"""The report for people: complete, harmless whatever is in it, and usable by everybody."""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from lxml.html import HtmlElement

from ihe_test_util.batch.report_html import MOST_GROUPS, MOST_PATIENTS, report_pieces, write_report
from ihe_test_util.batch.results import Cause, Mode, PatientResult, RunSummary, Status, Step, Stopped
from ihe_test_util.batch.run import RunOptions
from ihe_test_util.errors import StorageError
from ihe_test_util.failures import REJECTED, Category
from tests.support.runs import CAUSE, failed, submitted, summary_of

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}&amp;\x00\x1b]0;\u202e"


def page_of(
    results: Iterable[PatientResult], summary: RunSummary, *, resume_command: str = "", concurrency: int = 8
) -> HtmlElement:
    """The page, parsed."""
    how = RunOptions(concurrency)
    return html.document_fromstring(
        "".join(report_pieces(summary, results, options=how, resume_command=resume_command))
    )


def text_of(element: HtmlElement, path: str = ".") -> str:
    """The text of the first element at a path, with single blanks."""
    return " ".join(str(element.find(path).text_content()).split())


def rows_of(page: HtmlElement) -> list[list[str]]:
    """The cells of the table of patients."""
    lines = page.findall(".//table[@class='patients']/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in line] for line in lines]


def test_counts_and_rates_are_told() -> None:
    """How many there are, succeeded and failed, in numbers and per cent, and how fast."""
    results = [submitted(2), submitted(3), failed(4, "no")]
    page = page_of(results, summary_of(results, elapsed_s=0.5, handled=3))
    told = {text_of(one, "dt"): text_of(one, "dd") for one in page.findall(".//dl[@class='numbers']/div")}
    assert text_of(page, ".//h1") == "2 of 3 patients submitted"
    assert told == {
        "patients": "3",
        "succeeded (66.6 %)": "2",
        "failed (33.3 %)": "1",
        "not finished": "0",
        "patients a second": "6.0",
        "taken": "500 ms",
    }


@pytest.mark.parametrize(
    ("results", "values", "headline"),
    [
        ([submitted(2)], {}, "The patient submitted"),
        ([submitted(2), submitted(3)], {}, "All 2 patients submitted"),
        ([PatientResult(2, 2, Status.REGISTERED)], {"mode": Mode.PIX_ONLY, "total": 2}, "1 of 2 patients registered"),
        ([PatientResult(2, 2, Status.WRITTEN)] * 2, {"dry_run": True}, "All 2 patients written, nothing sent"),
        ([], {"total": 0}, "0 of 0 patients submitted"),
    ],
)
def test_the_headline_says_what_it_came_to(
    results: list[PatientResult], values: dict[str, object], headline: str
) -> None:
    """In the words of what was asked for."""
    page = page_of(results, summary_of(results, **values))
    assert text_of(page, ".//h1") == headline
    assert text_of(page, ".//title").startswith(headline)


def test_failures_are_grouped_by_cause_with_the_remedy() -> None:
    """Each cause once: what it is called, what was said, how often, in which rows, what to do."""
    results = [*(failed(row, f"code {row}") for row in range(2, 16)), failed(16, "quite different")]
    page = page_of(results, summary_of(results))
    first, second = page.findall(".//article")
    assert text_of(first, "h3") == REJECTED.title
    assert "14 patients" in text_of(first)
    assert "code 2" in text_of(first)
    assert "What to do: mend it" in text_of(first)
    assert "2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 4 more" in text_of(first)
    assert "Row 16" in text_of(second)


def test_causes_without_end_are_cut() -> None:
    """With a word on how many more there are."""
    results = [failed(row, "x" * row) for row in range(2, MOST_GROUPS + 5)]
    page = page_of(results, summary_of(results))
    assert len(page.findall(".//article")) == MOST_GROUPS
    assert "3 more causes" in text_of(page, ".//section[@aria-labelledby='failures']")


def test_a_run_that_stopped_says_why_and_how_to_go_on() -> None:
    """The reason, its remedy, and the command."""
    results = [failed(2, "refused", Category.CRITICAL)]
    summary = summary_of(results, total=9, stopped=Stopped.CRITICAL, reason=CAUSE)
    page = page_of(results, summary, resume_command="ihe-test-util submit --resume 'a b'")
    verdict = text_of(page, ".//header")
    assert CAUSE.message in verdict
    assert CAUSE.remedy in verdict
    assert text_of(page, ".//code[@class='command']") == "ihe-test-util submit --resume 'a b'"
    assert "8 of 9 patients were not reached" in text_of(page, ".//section[@aria-labelledby='patients']")


def test_a_run_that_succeeded_is_not_to_go_on() -> None:
    """There is nothing to resume."""
    page = page_of([submitted(2)], summary_of([submitted(2)]), resume_command="ihe-test-util submit")
    assert page.find(".//code[@class='command']") is None


def test_the_chart_counts_every_answer() -> None:
    """As bars, in the description for those who do not see it, and summed up in the table."""
    results = [submitted(row, 0.001 * row) for row in range(2, 102)]
    page = page_of(results, summary_of(results))
    figures = page.findall(".//figure")
    assert len(figures) == 2
    for figure in figures:
        about = str(figure.find(".//desc").text)
        bars = figure.findall(".//rect")
        assert sum(int(count) for count in re.findall(r": (\d+)[,.]", about)) == 100
        assert len(bars) == len([count for count in re.findall(r": (\d+)[,.]", about) if count != "0"])
        assert all(float(bar.get("x")) >= 0 and float(bar.get("y")) >= 0 for bar in bars)
    assert [text_of(line, "td") for line in page.findall(".//table[@class='latency']/tbody/tr")] == ["100", "100"]


def test_without_answers_there_is_no_chart() -> None:
    """A dry run has no latency."""
    results = [PatientResult(2, 2, Status.WRITTEN)]
    page = page_of(results, summary_of(results, dry_run=True))
    assert page.findall(".//figure") == []


def test_every_patient_has_a_line() -> None:
    """Row, ids, outcome, durations, messages sent, document and cause."""
    done = replace(submitted(2, 0.25), patient_id="A", registered_id="B", document="documents/a b.xml", resent=True)
    results = [done, failed(3, "no")]
    page = page_of(results, summary_of(results))
    assert rows_of(page) == [
        ["2", "Aregistered as B", "submitted", "250 ms", "250 ms", "2", "a b.xmlsent again with the same ids"],
        ["3", "", "failed", "–", "–", "0", "ITI-41: no"],  # noqa: RUF001 - the dash of the page
    ]
    assert page.find(".//table[@class='patients']//a").get("href") == "../documents/a%20b.xml"


def test_a_long_table_is_cut_and_says_so() -> None:
    """Those that did not succeed come first, all in the order of the file."""
    results = [failed(row, "no") if row % 500 == 0 else submitted(row) for row in range(2, 3002)]
    page = page_of(iter(results), summary_of(results))
    numbers = [int(row[0].replace(",", "")) for row in rows_of(page)]
    assert len(numbers) == MOST_PATIENTS
    assert numbers == sorted(numbers)
    assert {500, 1000, 1500, 2000, 2500, 3000} <= set(numbers)
    assert "The table has 1,000 of 3,000 patients" in text_of(page, ".//section[@aria-labelledby='patients']")


def test_more_failures_than_fit_are_cut_as_well() -> None:
    """The table is bounded, whatever happens."""
    results = [failed(row, "no") for row in range(2, MOST_PATIENTS + 100)]
    assert len(rows_of(page_of(iter(results), summary_of(results)))) == MOST_PATIENTS


def test_the_run_is_described() -> None:
    """When, against what, with which options."""
    summary = summary_of([submitted(2)], resumed=True, resent=1, retried=2)
    page = page_of([submitted(2)], summary, concurrency=12)
    facts = {text_of(line, "th"): text_of(line, "td") for line in page.findall(".//table[@class='facts']//tr")}
    assert facts["Registration (PIX Add, ITI-44)"] == "http://a"
    assert facts["Submission (Provide and Register, ITI-41)"] == "http://b"
    assert facts["How"] == "12 at a time, resumed"
    assert facts["Started"] == "2026-03-01 12:00:00 UTC"
    assert facts["Seed"] == "7"
    assert facts["Template"] == "ccd-minimal"


def assert_harmless(page: HtmlElement) -> None:
    """Nothing is run, nothing is fetched, nothing leads away."""
    assert {element.tag for element in page.iter(html.etree.Element)}.isdisjoint(
        {"script", "img", "iframe", "object", "embed", "link", "form", "base", "b"}
    )
    for element in page.iter(html.etree.Element):
        assert not [name for name in element.attrib if name.startswith("on") or name in {"src", "srcset", "style"}]
        assert element.get("href", "../").startswith("../")
    style = page.find(".//style").text
    assert "url(" not in style
    assert "@import" not in style
    policy = page.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    assert policy.startswith("default-src 'none'")


def hostile_run(text: str) -> tuple[list[PatientResult], RunSummary]:
    """A run in which everything that may be a text is this one."""
    cause = Cause(Step.PROVIDE, text, text, Category.PERMANENT, text)
    result = PatientResult(
        2, 2, Status.FAILED, text, text, text, text, text, f"documents/{text}", cause=cause, notes=(text,)
    )
    values = {"csv": text, "template": text, "run_id": text, "endpoints": {Step.REGISTER: text}, "reason": cause}
    return [result], summary_of([result], **values)


def test_a_patient_named_script_is_text() -> None:
    """Seen as it is written, and never obeyed."""
    results, summary = hostile_run(HOSTILE)
    page = page_of(results, summary, resume_command=HOSTILE)
    assert_harmless(page)
    assert "<script>alert(1)</script>" in rows_of(page)[0][1]
    assert "{{ 7*7 }}" in rows_of(page)[0][1]
    assert "\x00" not in page.text_content()


@given(text=st.text(max_size=60))
def test_any_text_stays_text(text: str) -> None:
    """In every place of the page: its structure is always the same."""
    results, summary = hostile_run(text)
    plain = page_of(*hostile_run("plain"), resume_command="plain")
    page = page_of(results, summary, resume_command=text or "plain")
    assert_harmless(page)
    if text:
        assert [
            one.tag for one in page.iter(html.etree.Element) if one.tag not in {"br", "a", "bdi", "p", "strong"}
        ] == [one.tag for one in plain.iter(html.etree.Element) if one.tag not in {"br", "a", "bdi", "p", "strong"}]


def test_a_link_leads_to_the_document_of_any_name() -> None:
    """Blanks, quotes, # and ? are part of the name."""
    name = 'documents/a b#c?d"é.xml'
    results = [replace(submitted(2), document=name)]
    link = page_of(results, summary_of(results)).find(".//table[@class='patients']//a")
    assert unquote(link.get("href")) == f"../{name}"
    assert not set('#?"') & set(link.get("href"))


def test_the_page_is_accessible() -> None:
    """Language, one first heading and no level left out, table headers, names of pictures, light and dark."""
    results = [submitted(2), failed(3, "no")]
    page = page_of(results, summary_of(results))
    levels = [int(one.tag[1]) for one in page.iter("h1", "h2", "h3", "h4")]
    assert page.get("lang") == "en"
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in page.iter("table"):
        assert table.findall(".//th")
        assert all(head.get("scope") in {"row", "col"} for head in table.iter("th"))
    for picture in page.iter("svg"):
        assert picture.get("role") == "img"
        named = [page.get_element_by_id(one) for one in picture.get("aria-labelledby", "").split()]
        assert picture.get("aria-label") or all(one.text_content() for one in named)
        assert picture.get("aria-label") or named
    identifiers = [one.get("id") for one in page.iter(html.etree.Element) if one.get("id")]
    assert len(identifiers) == len(set(identifiers))
    style = page.find(".//style").text
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_the_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """A run of results that breaks leaves the earlier report as it was."""

    def breaking() -> Iterable[PatientResult]:
        yield submitted(2)
        raise RuntimeError("broken")

    path = tmp_path / "results" / "report.html"
    write_report(path, summary_of([submitted(2)]), [submitted(2)], options=RunOptions())
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="broken"):
        write_report(path, summary_of([submitted(2)]), breaking(), options=RunOptions())
    assert path.read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="the report cannot be written"):
        write_report(tmp_path / "file" / "report.html", summary_of([]), [], options=RunOptions())
