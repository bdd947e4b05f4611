"""The page about stored queries has the tables that the catalogue makes."""

from pathlib import Path

from ihe_test_util.cli.query_docs import with_queries
from ihe_test_util.domain.registry.queries.catalogue import STORED_QUERIES

PAGE = Path(__file__).parents[3] / "docs" / "stored-queries.md"


def test_the_tables_of_the_page_are_those_of_the_catalogue() -> None:
    """After a change of queries: make docs."""
    page = PAGE.read_text("utf-8")

    assert with_queries(page) == page


def test_every_query_and_parameter_is_there() -> None:
    """By title, id and name."""
    page = PAGE.read_text("utf-8")

    assert [one.title for one in STORED_QUERIES if f"### {one.title}\n" not in page or one.id not in page] == []
    assert [one.name for query in STORED_QUERIES for one in query.parameters if f"| `{one.name}` |" not in page] == []
