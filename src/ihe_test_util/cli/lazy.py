"""Command groups whose commands are imported when they are called; their names and short help are known before."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is, and what ``--help`` of its group says of it."""

    module: str
    attribute: str
    short_help: str

    def is_there(self) -> bool:
        """Whether this installation has it."""
        return find_spec(self.module) is not None

    def load(self) -> click.Command:
        """Import it."""
        command = getattr(import_module(self.module), self.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.module}.{self.attribute} is not a command")
        return command


class LazyGroup(click.Group):
    """A group with a table of commands that are imported when called, beside those that it has at once."""

    def __init__(self, *args: Any, table: Mapping[str, LazyCommand] | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - handed on to click
        super().__init__(*args, **kwargs)
        self._table = dict(table or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in the order of the table."""
        later = [name for name, command in self._table.items() if name not in self.commands and command.is_there()]
        return [*self.commands, *later]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in self._table and self._table[cmd_name].is_there():
            found = self._table[cmd_name].load()
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; a misspelt name is answered with the nearest ones."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their short help; nothing is imported for it."""
        rows = []
        for name in self.list_commands(ctx):
            lazy = self._table.get(name)
            rows.append((name, lazy.short_help if lazy else self.commands[name].get_short_help_str(limit=90)))
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
