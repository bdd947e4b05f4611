"""What a template may say, and what it is told when it says more."""

from collections.abc import Callable

import pytest

from ihe_test_util.documents.check import TemplateReport
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput

Check = Callable[[str], TemplateReport]


@pytest.mark.parametrize(
    ("fragment", "rule"),
    [
        ("{{ ''.__class__ }}", "no-attributes"),
        ("{{ ''['__class__'] }}", "no-attributes"),
        ("{{ first_name.__init__.__globals__ }}", "no-attributes"),
        ("{{ first_name.upper() }}", "no-attributes"),
        ("{{ uuid.__self__.row }}", "no-attributes"),
        ("{% for i in range(3) %}{{ loop.__class__ }}{% endfor %}", "no-attributes"),
        ("{{ 'x'.format(1) }}", "no-attributes"),
        ("{{ first_name|attr('__class__') }}", "unknown-filter"),
        ("{{ first_name|safe }}", "unknown-filter"),
        ("{{ first_name|map('upper') }}", "unknown-filter"),
        ("{{ first_name|center(1000000000) }}", "unknown-filter"),
        ("{% include '/etc/passwd' %}", "not-allowed"),
        ("{% import 'os' as os %}", "not-allowed"),
        ("{% from 'os' import path %}", "not-allowed"),
        ("{% extends '/etc/passwd' %}", "not-allowed"),
        ("{% block body %}{% endblock %}", "not-allowed"),
        ("{% filter upper %}x{% endfilter %}", "not-allowed"),
        ("{% macro m() %}{% endmacro %}{% call m() %}{% endcall %}", "not-allowed"),
        ("{{ 9**9**9 }}", "not-allowed"),
        ("{% for i in [1] recursive %}{% endfor %}", "not-allowed"),
        ("{% set x = {'a': 1} %}", "not-allowed"),
        ("{{ uuid(*[1]) }}", "not-allowed"),
        ("{{ self }}", "unknown-placeholder"),
        ("{{ cycler }}", "unknown-placeholder"),
        ("{{ lipsum(5) }}", "no-function"),
        ("{{ dict() }}", "no-function"),
        ("{{ first_name() }}", "no-function"),
        ("{{ 'x' is callable }}", "unknown-test"),
        ("{% autoescape false %}{% endautoescape %}", "not-allowed"),
        ("{% do 1 %}", "syntax"),
        ("{{ first_name", "syntax"),
        ("{% if first_name %}", "syntax"),
        ("{# never closed", "syntax"),
        ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", "doctype"),
        ("\x07", "control-character"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_line(check: Check, fragment: str, rule: str) -> None:
    """Nothing leads to files, to Python's objects, or around the escape, and the template is not even run."""
    report = check(f"<a>\n<b>\n{fragment}</b></a>")
    assert not report.usable
    assert (rule, 3) in [(problem.rule, problem.line) for problem in report.problems]


def test_a_template_that_is_refused_cannot_be_loaded() -> None:
    """Loading says all problems at once, with their lines."""
    with pytest.raises(BadInput) as refused:
        Template.from_bytes(b"<a>{{ frist_name }}\n{{ x.y }}</a>", "mine.xml")
    assert refused.value.where == "mine.xml"
    assert "line 1, column 7: there is no placeholder 'frist_name'" in refused.value.message
    assert "line 2" in refused.value.message


def test_one_problem_is_said_in_one_line() -> None:
    """The error has the place, and what to write instead."""
    with pytest.raises(BadInput) as refused:
        Template.from_bytes(b"<a>\n  {{ frist_name }}</a>", "mine.xml")
    assert refused.value.where == "mine.xml, line 2, column 6"
    assert refused.value.hint == "did you mean first_name?"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("frist_name", "first_name"),
        ("PATIENT_ID", "patient_id"),
        ("given_name", "first_name"),
        ("sex", "gender_code"),
        ("postal_code", "zip"),
        ("birthtime", "birth_time"),
        ("custodian_adress", "custodian_address"),
    ],
)
def test_a_misspelt_placeholder_is_told_the_nearest(check: Check, wrong: str, meant: str) -> None:
    """By its letters, or by what other tools call it."""
    problems = [one for one in check(f"<a>{{{{ {wrong} }}}}</a>").problems if one.rule == "unknown-placeholder"]
    assert [one.hint for one in problems] == [f"did you mean {meant}?"]


def test_a_value_of_an_object_is_told_the_placeholder(check: Check) -> None:
    """patient.first_name, as other tools write it, is answered with the placeholder of that name, once."""
    errors = [one for one in check("<a>{{ patient.first_name }}</a>").problems if one.severity == "error"]
    assert [one.hint for one in errors] == ["write {{ first_name }}"]


def test_every_use_of_a_placeholder_is_listed(check: Check) -> None:
    """Each with its lines, in the order of the first use; names that the template sets itself are none."""
    report = check(
        "<a>{{ last_name }}\n{% set mine = 1 %}{{ mine }}{{ first_name }}\n"
        "{% if phone %}{{ last_name }}{% endif %}{% for i in range(2) %}{{ i }}{{ loop.index }}{% endfor %}</a>"
    )
    assert [(one.name, one.lines) for one in report.placeholders] == [
        ("last_name", (1, 3)),
        ("first_name", (2,)),
        ("phone", (3,)),
    ]
    assert all(one.definition for one in report.placeholders)


def test_a_doctype_in_a_comment_is_none(check: Check) -> None:
    """Only a declaration is refused, not its letters in comments, sections and remarks."""
    report = check("<a><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE y>]]>{# <!DOCTYPE z> #}</a>")
    assert "doctype" not in [problem.rule for problem in report.problems]


@pytest.mark.parametrize("depth", [500, 20_000])
def test_expressions_nested_without_end_are_refused(check: Check, depth: int) -> None:
    """The parser's stack is not the user's problem: it is a sentence, not a crash."""
    for text in ("{{ " + "[" * depth + "1" + "]" * depth + " }}", "{{ " + "1+" * depth + "1 }}"):
        report = check(f"<a>{text}</a>")
        assert [one.rule for one in report.problems if one.severity == "error"]


def test_blocks_nested_deeper_than_python_can_are_refused(check: Check) -> None:
    """Python nests twenty loops; the template is told instead of failing."""
    report = check("<a>" + "{% for i in [1] %}" * 40 + "{% endfor %}" * 40 + "</a>")
    assert "syntax" in [problem.rule for problem in report.problems]
