"""The page about the command line says what the commands say."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ihe_test_util.cli.main import main

PAGE = Path(__file__).parents[3] / "docs/cli.md"


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """All commands below a group, by what is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        yield f"{path} {name}", found
        if isinstance(found, click.Group):
            yield from commands(found, f"{path} {name}")


def test_the_page_is_current(tmp_path: Path) -> None:
    """`make docs` writes it; whoever changes a command or an option runs it."""
    copy = tmp_path / "cli.md"
    copy.write_bytes(PAGE.read_bytes())

    # In a process of its own: click remembers the help option of a command that another test has called.
    subprocess.run([sys.executable, "-m", "ihe_test_util.cli.reference", str(copy)], check=True, capture_output=True)

    assert copy.read_text("utf-8") == PAGE.read_text("utf-8")


def test_every_command_and_every_option_is_there() -> None:
    """Under a heading of its own."""
    sections = dict(
        re.findall(r"^## (ihe-test-util[^\n]*)\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    )
    for path, command in commands(main, "ihe-test-util"):
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[0] in sections[path], path


def test_links_within_the_page_lead_somewhere() -> None:
    """Every line of the overview has its heading."""
    page = PAGE.read_text("utf-8")
    anchors = {heading.replace(" ", "-") for heading in re.findall(r"^## (.*)$", page, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([^)]*)\)", page))
    assert links
    assert links <= anchors


def test_nothing_of_the_terminal_is_left() -> None:
    """Neither controls, nor raw angle brackets outside of blocks and comments."""
    page = PAGE.read_text("utf-8")
    prose = re.sub(r"```.*?```|<!--.*?-->|`[^`\n]*`", "", page, flags=re.DOTALL)
    assert "\b" not in page
    assert "<" not in prose
