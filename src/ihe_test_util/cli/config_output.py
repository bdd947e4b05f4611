"""What the commands print about a configuration, the server's or the client's."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ihe_test_util.cli.output import show_warning
from ihe_test_util.errors import ConfigError

if TYPE_CHECKING:
    from ihe_test_util.settings.loading import Loaded


def show_configuration(
    loaded: "Loaded[Any]", *, as_json: bool, doubts: Sequence[str] = (), title: str = "Valid:", brief: bool = False
) -> None:
    """Write every value of a sound configuration and where it was set; ``brief``, only those that were set."""
    settings = loaded.effective()
    file = str(loaded.path.absolute()) if loaded.path else None
    warnings = [*loaded.warnings, *doubts]
    if as_json:
        rows = [setting._asdict() for setting in settings]
        click.echo(json.dumps({"valid": True, "file": file, "settings": rows, "warnings": warnings}, indent=2))
        return
    for warning in warnings:
        show_warning(warning)
    click.echo(f"{click.style(title, fg='green')} {file or 'no file; defaults and environment'}")
    shown = [setting for setting in settings if not brief or setting.source != "default"]
    width = max((len(setting.field) for setting in shown), default=0)
    for setting in shown:
        value = json.dumps(setting.value, ensure_ascii=False)
        click.echo(f"  {setting.field:<{width}}  {value}  {click.style(f'({setting.source})', dim=True)}")
    if brief:
        click.echo(f"  {len(settings) - len(shown)} other values are the defaults; config show lists them all")


def show_refused(error: ConfigError) -> None:
    """Write as one JSON object what is wrong with a configuration."""
    problems = [{"where": problem.where} | asdict(problem) for problem in error.problems]
    click.echo(json.dumps({"valid": False, "problems": problems}, indent=2, ensure_ascii=False))
