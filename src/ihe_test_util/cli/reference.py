"""The commands of ``docs/cli.md``, made from the commands themselves.

``python -m ihe_test_util.cli.reference docs/cli.md`` writes them into the page, between its markers; a test keeps page
and code the same.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import click

from ihe_test_util.cli.main import main
from ihe_test_util.settings.tables import table, with_sections, write_sections

_NAME: Final = "ihe-test-util"
#: Where click begins a paragraph whose line breaks are kept.
_KEPT: Final = "\b"
_LONGEST: Final = 200
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "\\*", "`": "\\`"})


def with_commands(page: str) -> str:
    """The page with its generated sections written afresh.

    Raises:
        KeyError: a marker whose name stands for no section.
    """
    return with_sections(page, _SECTIONS)


def _all(context: click.Context) -> Iterator[click.Context]:
    """A command and those below it, in the order of their groups."""
    yield context
    for below in _below(context):
        yield from _all(below)


def _below(context: click.Context) -> Iterator[click.Context]:
    """The commands of a group, without hidden ones."""
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield click.Context(command, info_name=name, parent=context, **command.context_settings)


def _root() -> click.Context:
    return click.Context(main, info_name=_NAME, **main.context_settings)


def _overview() -> str:
    return _listing(_all(_root()))


def _listing(contexts: Iterable[click.Context]) -> str:
    return table(
        ("Command", "What it does"),
        (
            (f"[`{one.command_path}`](#{one.command_path.replace(' ', '-')})", _words(_in_short(one.command)))
            for one in contexts
        ),
    )


def _in_short(command: click.Command) -> str:
    """The first sentence of the help text."""
    return command.get_short_help_str(limit=_LONGEST)


def _commands() -> str:
    return "\n".join(map(_command, _all(_root())))


def _command(context: click.Context) -> str:
    command = context.command
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    parts = [f"## {context.command_path}", _fenced(usage), *_paragraphs(command)]
    described = (one.get_help_record(context) for one in command.get_params(context) if isinstance(one, click.Option))
    options = [one for one in described if one is not None]
    parts.append(table(("Option", "Meaning"), ((f"`{name}`", _words(text)) for name, text in options)).rstrip())
    if isinstance(command, click.Group):
        parts.append(_listing(_below(context)).rstrip())
    return "\n\n".join(parts) + "\n"


def _paragraphs(command: click.Command) -> Iterator[str]:
    """The help text: paragraphs as they are, those with kept line breaks as a block below their first line."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if not paragraph.startswith(_KEPT):
            yield _words(" ".join(paragraph.split()))
            continue
        first, _, rest = paragraph.removeprefix(_KEPT).strip("\n").partition("\n")
        if rest and first == first.lstrip():
            yield _words(first)
            yield _fenced(textwrap.dedent(rest))
        else:
            yield _fenced(textwrap.dedent(paragraph.removeprefix(_KEPT).strip("\n")))


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _words(text: str) -> str:
    return text.translate(_ESCAPED)


_SECTIONS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"overview": _overview, "commands": _commands})

if __name__ == "__main__":
    write_sections(sys.argv[1:], _SECTIONS)
