"""A run as JUnit XML, as CI systems read it: one suite, a test case a patient."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from lxml import etree

from ihe_test_util.batch.results import Cause, PatientResult, RunSummary, Status, Stopped, done_status
from ihe_test_util.batch.whole_file import write_whole
from ihe_test_util.xml.io import Element, serialize, xml_text

JUNIT: Final = Path("results", "junit.xml")

#: Readers make a package of what stands before the last dot of a class name.
_CLASS: Final = "ihe-test-util.submit"
_NOT_FINISHED: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.SENDING: "not finished: a message was sent, and its outcome is not known",
        Status.REGISTERED: "not finished: registered, not submitted",
    }
)
_STOPPED: Final[Mapping[Stopped, str]] = MappingProxyType(
    {
        Stopped.NOT: "the run ended early",
        Stopped.INTERRUPTED: "the run was interrupted",
        Stopped.FAIL_FAST: "the run stopped at the first failure",
        Stopped.CRITICAL: "the run stopped: every further patient would have failed, too",
    }
)


def write_junit(path: Path, summary: RunSummary, results: Iterable[PatientResult]) -> None:
    """Write the file; ``results`` are in the order of the CSV file.

    Raises:
        StorageError: it cannot be written.
    """
    write_whole(path, junit_pieces(summary, results), what="the JUnit file")


def junit_pieces(summary: RunSummary, results: Iterable[PatientResult]) -> Iterator[bytes]:
    """The file, piece by piece, in constant memory.

    A patient that failed is a failure, one that was not finished is skipped. A run that ended before its last patient
    has one test case more, with an error, so that it never counts as passed.
    """
    cut_short = summary.stopped is not Stopped.NOT or summary.not_reached > 0
    counts = {
        "tests": str(summary.total - summary.not_reached + cut_short),
        "failures": str(summary.failed),
        "errors": str(int(cut_short)),
        "skipped": str(summary.unfinished - summary.not_reached),
        "time": _seconds(summary.elapsed_s),
    }
    name = {"name": xml_text(f"ihe-test-util submit {Path(summary.csv).name}")}
    # The outer elements are written as tags of their own, around the test cases as they come.
    suite = etree.Element("testsuite", name | counts | {"timestamp": _timestamp(summary)})
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
    yield _open_tag(etree.Element("testsuites", name | counts))
    yield _open_tag(suite)
    yield _line(_properties(summary))
    done = Status.WRITTEN if summary.dry_run else done_status(summary.mode)
    for result in results:
        yield _line(_case(result, done))
    if cut_short:
        yield _line(_run_case(summary))
    yield b"</testsuite>\n</testsuites>\n"


def _open_tag(element: Element) -> bytes:
    return serialize(element, declaration=False).removesuffix(b"/>") + b">\n"


def _line(element: Element) -> bytes:
    return serialize(element, declaration=False) + b"\n"


def _properties(summary: RunSummary) -> Element:
    properties = etree.Element("properties")
    values = {
        "run_id": summary.run_id,
        "mode": summary.mode.value,
        "dry_run": str(summary.dry_run).lower(),
        "seed": str(summary.seed),
        "csv": summary.csv,
        "csv_sha256": summary.csv_sha256,
        "template": summary.template,
        **{f"endpoint {step.value}": url for step, url in summary.endpoints.items()},
    }
    for name, value in values.items():
        etree.SubElement(properties, "property", {"name": name, "value": xml_text(value)})
    return properties


def _case(result: PatientResult, done: Status) -> Element:
    patient = f" {result.patient_id}" if result.patient_id else ""
    time_s = (result.register_s or 0.0) + (result.provide_s or 0.0)
    case = etree.Element(
        "testcase",
        {"name": xml_text(f"row {result.row}{patient}"), "classname": _CLASS, "time": _seconds(time_s)},
    )
    if result.status in {Status.FAILED, Status.INVALID}:
        _fail(case, "failure", result.cause)
    elif result.status is not done:
        message = _NOT_FINISHED.get(result.status, f"not finished: {result.status}")
        etree.SubElement(case, "skipped", {"message": message})
    return case


def _run_case(summary: RunSummary) -> Element:
    """The case that stands for the run as a whole, where it ended early."""
    case = etree.Element("testcase", {"name": "the whole run", "classname": _CLASS, "time": _seconds(0.0)})
    about = f"{_STOPPED[summary.stopped]}; {summary.not_reached:,} of {summary.total:,} patients were not reached"
    found = _fail(case, "error", summary.reason)
    found.set("message", xml_text(f"{about}: {summary.reason.message}" if summary.reason else about))
    if summary.reason is None:
        found.set("type", summary.stopped or "not-reached")
    return case


def _fail(case: Element, kind: str, cause: Cause | None) -> Element:
    found = etree.SubElement(case, kind)
    if cause is not None:
        found.set("message", xml_text(f"{cause.step}: {cause.message}"))
        found.set("type", xml_text(cause.name))
        lines = [cause.message, f"Step: {cause.step}", f"Category: {cause.category}"]
        lines += [f"What to do: {cause.remedy}"] if cause.remedy else []
        found.text = xml_text("\n".join(lines))
    return found


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _timestamp(summary: RunSummary) -> str:
    return summary.started.isoformat(timespec="seconds")
