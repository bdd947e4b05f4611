"""The page about templates says what the code does."""

import re
from collections.abc import Callable
from pathlib import Path

from ihe_test_util.documents.check import TemplateReport
from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.template_docs import with_tables
from ihe_test_util.errors import BadInput

PAGE = Path(__file__).parents[3] / "docs/ccd-templates.md"


def test_the_tables_of_the_page_are_current() -> None:
    """`make docs` writes them; whoever adds a placeholder or filter runs it."""
    page = PAGE.read_text("utf-8")
    assert with_tables(page) == page


def test_the_template_on_the_page_can_be_used(check: Callable[..., TemplateReport], schema: Schema) -> None:
    """It is complete, valid, and nothing about it is doubtful."""
    found = re.search(r"```xml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    assert check(found[1], schema).problems == ()


def test_the_messages_on_the_page_exist(check: Callable[..., TemplateReport]) -> None:
    """Those of the last table come from the templates that they are about."""
    page = PAGE.read_text("utf-8").partition("## When something goes wrong")[2]
    listed = [row.split("|")[1].strip().strip("… ") for row in page.splitlines() if row.startswith("| ")][1:]
    cda = '<ClinicalDocument xmlns="urn:hl7-org:v3">{}</ClinicalDocument>'
    said = []
    for text in (
        cda.format("{{ x }}{{ city.upper() }}"),
        cda.format("</b>"),
        " <?xml version='1.0'?>" + cda.format(""),
        cda.format('<id root="2.999.1"/><b a="{{ phone }}"/>'),
        cda.format("{#"),
    ):
        said += [problem.sentence for problem in check(text).problems]
    try:
        check(cda.format("ü").encode("latin-1"))
    except BadInput as error:
        said.append(error.message)
    assert listed
    assert [one for one in listed if not any(one in sentence for sentence in said)] == []
