"""The table of transactions in the documentation."""

from pathlib import Path

from ihe_test_util.cli.domain_docs import with_tables
from ihe_test_util.cli.main import main
from ihe_test_util.transactions.table import TRANSACTIONS

PAGE = Path(__file__).parents[3] / "docs" / "domain.md"


def test_the_page_says_what_the_cards_say() -> None:
    """``make docs`` was run after the last change of a card."""
    page = PAGE.read_text(encoding="utf-8")

    assert with_tables(page) == page
    assert all(f"`{card.path}`" in page for card in TRANSACTIONS)


def test_the_commands_it_names_exist() -> None:
    """What the table says of the command line is there."""
    page = PAGE.read_text(encoding="utf-8")

    names = set(main.list_commands(None))  # type: ignore[arg-type]  # the context is not looked at

    assert {"pix", "pdq", "query", "retrieve", "submit", "send"} <= names
    assert "`pdq --at-once`" in page
