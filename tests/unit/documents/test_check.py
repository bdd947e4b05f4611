"""Templates, tried out: problems are found where the template has them."""

from collections.abc import Callable

import pytest

from ihe_test_util.documents.check import TemplateReport
from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.source import SHIPPED, shipped_text
from ihe_test_util.exchange import Severity

Check = Callable[..., TemplateReport]
CDA = '<ClinicalDocument xmlns="urn:hl7-org:v3">\n{}\n</ClinicalDocument>'


def rules(report: TemplateReport, severity: Severity = Severity.ERROR) -> list[tuple[str, int | None]]:
    """Rule and line of the problems of one severity."""
    return [(problem.rule, problem.line) for problem in report.problems if problem.severity is severity]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_templates_have_no_problem(check: Check, schema: Schema, name: str) -> None:
    """Not even a doubt, and their documents are valid."""
    report = check(shipped_text(name), schema)
    assert report.problems == ()
    assert report.usable


@pytest.mark.parametrize("lines_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("<id>\n<b/>\n</wrong>", 4),
        ("{{ first_name }}\n{% for i in range(3) %}\n<b>\n{% endfor %}", 6),
        ("{% for i in range(3) %}\n<b/>\n{% endfor %}\n<id root={{ patient_id_oid }}/>", 5),
        ("{% if phone %}\n<b/>\n{% else %}\n\n<c>\n{% endif %}", 8),
        ("{% if not phone %}\n\n</c>\n{% endif %}", 4),
        ("{% macro m() %}\n<b/>\n{% endmacro %}\n{{ m() }}{{ m() }}\n{{ m() }}\n\n</c>", 8),
        ("<b a='{{ last_name }}'/>\n{# one\ntwo #}\n</c>", 5),
    ],
)
def test_what_is_not_well_formed_is_found_in_the_template(
    check: Check, template: str, line: int, lines_end: str
) -> None:
    """The line is that of the template, after loops, conditions, macros and remarks, whatever ends lines."""
    report = check(CDA.format(template).replace("\n", lines_end))
    assert rules(report) == [("not-well-formed", line)]


def test_a_column_is_told_where_it_is_the_same(check: Check) -> None:
    """On a line of plain text, the column of the document is that of the template."""
    report = check(CDA.format("{{ first_name }}\n  </wrong>"))
    assert (report.problems[0].line, report.problems[0].column) == (3, 11)


def test_a_root_of_something_else_is_refused(check: Check) -> None:
    """With what was found, and what a CDA document begins with."""
    report = check("\n<html>{{ first_name }}</html>")
    assert rules(report) == [("no-cda", 2)]


def test_errors_of_the_schema_are_found_in_the_template(check: Check, schema: Schema) -> None:
    """The line is that of the template; what both samples show is said once."""
    text = shipped_text("ccd-full")
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if "8867-4" in line)
    broken = text.replace('<code code="8867-4"', '<code kode="8867-4"')
    assert rules(check(broken, schema)) == [("schema", at + 1)]  # the tag ends on the next line, which is what counts
    assert rules(check(broken)) == []


def test_what_fails_only_for_some_patients_is_found(check: Check) -> None:
    """Both kinds of patient are tried; the one for whom it failed is named."""
    report = check(CDA.format("{% if not phone %}\n{{ 1 / 0 }}{% endif %}"))
    assert rules(report) == [("fails", 3)]
    assert "without optional columns" in report.problems[0].sentence


def test_values_that_may_be_empty_are_doubted(check: Check) -> None:
    """An attribute or element without value is a warning with the line; those that are always empty are not ours."""
    report = check(CDA.format('<telecom value="{{ phone_uri }}"/>\n<city>{{ city }}</city><text/><b c=""/>'))
    found = [one for one in report.problems if one.rule == "empty-value"]
    assert [(one.line, one.sentence.split(" is ")[0]) for one in found] == [(2, "telecom/@value"), (3, "city")]


def test_a_document_without_an_id_of_its_own_is_doubted(check: Check) -> None:
    """A registry takes a uniqueId once, and only one it can read."""
    same = check(CDA.format('<id root="2.999.1" extension="1"/>'))
    assert ("same-id", 2) in rules(same, Severity.WARNING)
    unreadable = check(CDA.format('<id root="2.999.1" extension="{{ last_name }} {{ first_name }} {{ birth_time }}"/>'))
    assert ("no-unique-id", 2) in rules(unreadable, Severity.WARNING)


def test_what_every_document_should_say_is_missed(check: Check) -> None:
    """Each need is named with its reason and a placeholder."""
    missing = [one for one in check(CDA.format("")).problems if one.rule == "missing"]
    assert len(missing) == 8
    assert all(one.severity is Severity.WARNING and "{{ " in one.hint for one in missing)


def test_comments_and_instructions_are_tried_too(check: Check) -> None:
    """Placeholders in comments and processing instructions are placeholders, and do no harm there."""
    report = check(
        '<?xml version="1.0"?><?xml-stylesheet href="{{ title }}"?>' + CDA.format("<!-- {{ first_name }} -->")
    )
    assert [one.name for one in report.placeholders] == ["title", "first_name"]
    assert rules(report) == []


def test_text_before_the_declaration_is_found(check: Check) -> None:
    """A blank line at the top is a classic: the XML declaration has to come first."""
    report = check('\n<?xml version="1.0"?>' + CDA.format(""))
    assert [one.line for one in report.problems if one.rule == "not-well-formed"] == [2]
