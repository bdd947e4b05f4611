"""The tables of causes in the documentation are those of the code."""

from pathlib import Path

from ihe_test_util.client.failure_docs import with_tables
from ihe_test_util.failures import FAILURES

PAGE = Path(__file__).parents[3] / "docs" / "troubleshooting.md"


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    """After a change of failures: make docs."""
    page = PAGE.read_text("utf-8")

    assert with_tables(page) == page


def test_the_page_has_every_cause_with_its_remedy() -> None:
    """Nothing can fail for a reason that is not explained."""
    page = PAGE.read_text("utf-8")

    for failure in FAILURES:
        assert (
            f"| `{failure.cause}` | {failure.category} | {failure.lasting} | {failure.title} | {failure.remedy} |"
            in page
        )
