"""docs/saml.md keeps up with the code."""

import re
from pathlib import Path

import click
import pytest

from ihe_test_util.cli.saml_commands import saml_group
from ihe_test_util.security.refusals import Reason
from ihe_test_util.security.saml import AssertionSettings
from ihe_test_util.security.xua import AttributeName

TEXT = (Path(__file__).parents[3] / "docs" / "saml.md").read_text(encoding="utf-8")


def test_every_reason_is_explained() -> None:
    """In the table, and none that there is not."""
    rows = TEXT.partition("| Reason |")[2].partition("\n\n")[0].splitlines()[2:]
    named = [name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])]
    assert sorted(named) == sorted(Reason)


def test_every_attribute_and_placeholder_is_named() -> None:
    """By its URN, by its name."""
    assert [name for name in AttributeName if f"`{name}`" not in TEXT] == []
    assert [name for name in AssertionSettings().placeholder_values() if f"`{{{{{name}}}}}`" not in TEXT] == []


@pytest.mark.parametrize("name", ["generate", "verify"])
def test_every_option_is_named(name: str) -> None:
    """Apart from those that speak for themselves."""
    command = saml_group.commands[name]
    options = [option.opts[0] for option in command.params if isinstance(option, click.Option)]
    assert [option for option in options if f"{option}" not in TEXT] == []
