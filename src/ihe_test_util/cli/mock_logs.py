"""``ihe-test-util mock logs``: the server's log, read with or without the server."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from ihe_test_util.cli.mock_commands import config_option
from ihe_test_util.cli.mock_files import log_file_of
from ihe_test_util.errors import BadInput
from ihe_test_util.mock_server.lifecycle import ELSEWHERE
from ihe_test_util.mock_server.log_follow import LogFollower, RecordSieve, Sieve
from ihe_test_util.mock_server.logs import (
    LogFilter,
    LogRecord,
    as_text,
    compile_pattern,
    head_at,
    parse_since,
    tail,
    tail_records,
)
from ihe_test_util.runtime.log_format import backup, parse_head

_POLL_S: Final = 0.1
_COLOURS: Final = {"DEBUG": "bright_black", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
#: What a log may hold that a terminal would obey: lines that others wrote.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Printer:
    """Writes lines, coloured by the level of their record where colour is wanted."""

    def __init__(self) -> None:
        self._colour: str | None = None

    def lines(self, lines: Iterable[bytes]) -> bool:
        """Write them; whether there were any."""
        shown = [self._styled(line) for line in lines]
        if shown:
            click.echo("\n".join(shown))
        return bool(shown)

    def _styled(self, line: bytes) -> str:
        head = parse_head(line)
        if head is not None:
            self._colour = _COLOURS.get(head.level)
        text = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", as_text(line).removesuffix("\r"))
        return click.style(text, fg=self._colour) if self._colour else text


@click.command("logs")
@click.option(
    "--tail", "count", type=click.IntRange(min=0), default=50, show_default=True, metavar="N", help="How many lines."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option(
    "--level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    help="Only records of this level or worse.",
)
@click.option("--grep", metavar="REGEX", help="Only lines that this regular expression finds something in.")
@click.option("--since", metavar="10m|ISO", help="Only records from then on: an age, or a time in ISO 8601.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a record; --tail then counts records.")
@config_option
def logs(
    *,
    count: int,
    follow: bool,
    level: str | None,
    grep: str | None,
    since: str | None,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Show the last lines of the server's log that match, and with -f what comes after them.

    The lines of a stack trace or of a logged message have the level of their record. With --json a record is
    found by --grep when any of its lines is. The server need not run. Times in the log are in UTC.

    \b
    Examples:
      ihe-test-util mock logs                                 the last 50 lines
      ihe-test-util mock logs -f                              and what comes
      ihe-test-util mock logs --level WARNING --since 1h
      ihe-test-util mock logs --grep 'ITI-41.*fault' --tail 5
      ihe-test-util mock logs --since 2026-01-31T13:45 --json | jq -r .message

    \b
    Errors to expect:
      There is no log file                 no server has run here; the message says where it was looked for
      Invalid regular expression: …        with the character where it goes wrong
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    wanted = LogFilter(
        level.upper() if level else None,
        parse_since(since, datetime.now(UTC)) if since else None,
        compile_pattern(grep) if grep is not None else None,
    )
    path = log_file_of(config_path)
    if not path.exists() and not backup(path, 1).exists():
        raise BadInput("There is no log file", where=str(path), hint=f"ihe-test-util mock start -b; {ELSEWHERE}")
    if as_json:
        _show_json(path, count, wanted, follow=follow)
    else:
        _show_text(path, count, wanted, follow=follow)


def _show_text(path: Path, count: int, wanted: LogFilter, *, follow: bool) -> None:
    printer = _Printer()
    if not follow:
        if not printer.lines(tail(path, count, wanted)) and count:
            _say_that_nothing_matches(path)
        return
    follower = LogFollower(path)
    place = follower.place
    printer.lines(tail(path, count, wanted, end=place))
    sieve = Sieve(wanted, head_at(path, place) if place and wanted.needs_heads else None)
    for lines in _news(follower):
        printer.lines(sieve.lines(lines))


def _show_json(path: Path, count: int, wanted: LogFilter, *, follow: bool) -> None:
    follower = LogFollower(path) if follow else None
    records = list(tail_records(path, count, wanted, end=follower.place if follower else None))
    for record in records:
        click.echo(_as_json(record))
    if follower is None:
        if not records and count:
            _say_that_nothing_matches(path)
    else:
        sieve = RecordSieve(wanted)
        for lines in _news(follower):
            for record in sieve.records(lines) if lines else sieve.rest():
                click.echo(_as_json(record))


def _say_that_nothing_matches(path: Path) -> None:
    click.echo(f"Nothing in {path} matches.", err=True)


def _news(follower: LogFollower) -> Iterator[tuple[bytes, ...]]:
    """What comes, for ever; nothing where a look found nothing."""
    while True:
        news = follower.look()
        if news.note:
            click.echo(f"-- {news.note} --", err=True)
        yield news.lines
        if not news.lines:
            time.sleep(_POLL_S)


def _as_json(record: LogRecord) -> str:
    head = record.head
    return json.dumps(
        {
            "time": head.stamp if head else None,
            "level": head.level if head else None,
            "logger": head.logger if head else None,
            "message": record.message,
        },
        ensure_ascii=False,
    )
