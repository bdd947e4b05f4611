"""``ihe-test-util mock requests``: the journal of exchanges, read with or without the server."""

import sys
from pathlib import Path

import click

from ihe_test_util.cli.mock_commands import config_option
from ihe_test_util.cli.mock_files import data_dir_of
from ihe_test_util.cli.mock_requests_output import (
    entry_as_json,
    entry_as_line,
    exchange_as_json,
    show_exchange,
    show_table,
)
from ihe_test_util.cli.output import wants_colour
from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Exchange, Message
from ihe_test_util.store.journal_reader import JournalReader
from ihe_test_util.store.journal_rows import JournalEntry


@click.group("requests", invoke_without_command=True, subcommand_metavar="[show ID]")
@click.option(
    "--tail",
    "count",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="How many exchanges.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--failed", "failed_only", is_flag=True, help="Only those that did not end in success.")
@click.option("--transaction", default="", metavar="CODE", help="Only this transaction, such as ITI-41.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@config_option
@click.pass_context
def requests_group(
    ctx: click.Context,
    *,
    count: int,
    follow: bool,
    failed_only: bool,
    transaction: str,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """List the last exchanges of the journal that match, oldest first, and with -f what comes after them.

    The server need not run. Times are in UTC. The journal is bounded (journal_max_exchanges and journal_max_bytes in
    the configuration): the oldest make room for new ones.

    \b
    Examples:
      ihe-test-util mock requests                                the last 20
      ihe-test-util mock requests --failed --tail 5
      ihe-test-util mock requests -f --transaction ITI-41
      ihe-test-util mock requests show 4f3a9c                    one of them, all there is
      ihe-test-util mock requests --json | jq -r 'select(.duration_ms > 1000) | .id'

    \b
    Errors to expect:
      there is no journal      no server has run on this data_dir; the message says where it was looked for
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    if ctx.invoked_subcommand is not None:
        ctx.obj = config_path
        return
    reader = JournalReader(data_dir_of(config_path))
    entries = reader.tail(count or 1, failed_only=failed_only, transaction=transaction)
    last_seq = entries[-1].seq if entries else 0
    _show(entries if count else [], as_json=as_json, follow=follow)
    if follow:
        for entry in reader.follow(after=last_seq, failed_only=failed_only, transaction=transaction):
            click.echo(entry_as_json(entry) if as_json else entry_as_line(entry), color=wants_colour())


@requests_group.command("show", short_help="Show one exchange in full.")
@click.argument("exchange_id", metavar="ID")
@click.option("--raw", is_flag=True, help="Only the message, byte for byte, as it was on the wire.")
@click.option(
    "--part", "number", type=click.IntRange(min=1), metavar="N", help="Only the bytes of the N-th attachment."
)
@click.option("--response", is_flag=True, help="The response only; also with --raw and --part.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@config_option
@click.pass_context
def show(
    ctx: click.Context,
    exchange_id: str,
    *,
    raw: bool,
    number: int | None,
    response: bool,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Show one exchange: request and response, indented for reading, and what was found wrong.

    ID is as the list and the log have it; its first or last characters will do when no other exchange has them. Of
    an MTOM package --raw gives the root part, the SOAP message; --part gives the attachments.

    \b
    Examples:
      ihe-test-util mock requests show 641b7e3f5c2a9d04e1f
      ihe-test-util mock requests show d04e1f --response
      ihe-test-util mock requests show d04e1f --raw > request.xml
      ihe-test-util mock requests show d04e1f --part 1 > document.xml

    \b
    Errors to expect:
      there is no exchange with this id …      it made room for newer ones, or the journal was purged
      more than one exchange has an id …       give more of it
      there is no part …                       the message says how many there are
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    if sum((raw, number is not None, as_json)) > 1:
        raise click.UsageError("--raw, --part and --json exclude each other")
    reader = JournalReader(data_dir_of(config_path or ctx.obj))
    exchange = reader.get(exchange_id)
    message = exchange.response if response else exchange.request
    if raw:
        click.echo(message.body, nl=False)
    elif number is not None:
        _write_part(reader, exchange, message, number)
    elif as_json:
        click.echo(exchange_as_json(exchange))
    else:
        show_exchange(exchange, response_only=response)


def _show(entries: list[JournalEntry], *, as_json: bool, follow: bool) -> None:
    if as_json:
        for entry in entries:
            click.echo(entry_as_json(entry))
    elif not entries:
        if not follow:
            click.echo("No exchange in the journal matches.", err=True)
    elif sys.stdout.isatty() and not follow:
        show_table(entries)
    else:
        for entry in entries:
            click.echo(entry_as_line(entry), color=wants_colour())


def _write_part(reader: JournalReader, exchange: Exchange, message: Message, number: int) -> None:
    if number > len(message.parts):
        count = len(message.parts)
        raise BadInput(
            f"there is no part {number}",
            where=f"exchange {exchange.id}",
            expected=f"1 to {count}" if count else "none: the message has no attachments",
        )
    for chunk in reader.part_content(message.parts[number - 1]).chunks():
        click.echo(chunk, nl=False)
