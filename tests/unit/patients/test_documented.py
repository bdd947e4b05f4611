"""The page about patient files says what the code does."""

from pathlib import Path

from ihe_test_util.patients.columns import COLUMNS
from ihe_test_util.patients.rules import RULES

PAGE = (Path(__file__).parents[3] / "docs" / "csv-format.md").read_text(encoding="utf-8")


def test_every_column_is_on_the_page() -> None:
    """In its order, with what it means and how long it may be."""
    rows = [f"| `{one.name}` | {'yes' if one.required else 'no'} | {one.meaning} | {one.limit} |\n" for one in COLUMNS]
    assert "".join(rows) in PAGE


def test_every_rule_is_on_the_page() -> None:
    """In its order, with its severity and sentence."""
    assert "".join(f"| `{one.name}` | {one.severity.value} | {one.sentence} |\n" for one in RULES) in PAGE
