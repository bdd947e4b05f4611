"""What every command prints in the same way: errors, and whether there is colour."""

import json
import os
from contextlib import suppress

import click

from ihe_test_util.errors import IheTestUtilError


def wants_colour() -> bool | None:
    """False where the user said so by NO_COLOR (no-color.org); None leaves it to whether this is a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def show_error(error: IheTestUtilError) -> None:
    """Write an error to stderr, a line for each thing it says; the exit code tells those who do not read it."""
    with suppress(OSError):
        _write_error(error)


def _write_error(error: IheTestUtilError) -> None:
    message = error.message.replace("\n", "\n  ")
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {message}", err=True, color=wants_colour())
    for label, value in (("at", error.where), ("got", error.got), ("expected", error.expected), ("try", error.hint)):
        if value:
            click.echo(f"  {label + ':':<10}{value}", err=True)
    for note in getattr(error, "__notes__", ()):
        click.echo(note, err=True)


def error_fields(error: IheTestUtilError) -> dict[str, object]:
    """An error as part of the object that ``--json`` prints."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "got": error.got,
        "expected": error.expected,
        "hint": error.hint,
    }


def show_refusal(error: IheTestUtilError, *, exit_code: int, as_json: bool) -> int:
    """Write an error to stderr, with ``--json`` also one object to stdout in place of the result; the exit code."""
    show_error(error)
    if as_json:
        details = [note.strip() for note in getattr(error, "__notes__", ())]
        shown = {"error": error_fields(error) | {"details": details}, "exit_code": exit_code}
        with suppress(OSError):  # it may be the error that standard output takes nothing
            click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    return exit_code


def show_warning(text: str) -> None:
    """Write a warning to stderr, if anybody reads it."""
    with suppress(OSError):
        click.echo(f"{click.style('Warning:', fg='yellow')} {text}", err=True, color=wants_colour())
