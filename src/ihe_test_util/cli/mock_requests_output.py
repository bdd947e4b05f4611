"""What ``mock requests`` prints: exchanges as lines, as a table, in full, as JSON."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any, Final

import click

from ihe_test_util.cli.output import wants_colour
from ihe_test_util.exchange import Exchange, Finding, Message, Outcome, PartRecord, Severity
from ihe_test_util.store.journal_rows import JournalEntry

_OUTCOMES: Final = {
    Outcome.SUCCESS: "green",
    Outcome.REJECTED: "red",
    Outcome.FAULT: "red",
    Outcome.SIMULATED: "yellow",
    Outcome.ABORTED: "magenta",
}
_SEVERITIES: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
#: What a peer may have sent that a terminal would obey.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ONE_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SHOWN_CHARACTERS: Final = 200_000
_WIDE: Final = 200
#: On terminals with fewer columns the table shows the end of each id, which ``show`` takes as well, and no peer.
_ROOMY: Final = 120
_SHORT_ID: Final = 8


def entry_as_line(entry: JournalEntry) -> str:
    """One exchange on one line."""
    one = entry.exchange
    outcome = click.style(f"{one.outcome.value:<9}", fg=_OUTCOMES[one.outcome])
    what = one.transaction or f"{one.method} {one.target}"
    return (
        f"{_time(one)}  {one.id}  {_line(what):<7}  {outcome}  {one.http_status:>3}  {_duration(one):>9}"
        f"  {_line(one.peer)}  {_line(one.summary)}{_found(one)}"
    )


def entry_as_json(entry: JournalEntry) -> str:
    """One exchange as one JSON object on one line, without bodies."""
    head = _head(entry.exchange)
    sizes = {"request_bytes": entry.request_bytes, "response_bytes": entry.response_bytes}
    return json.dumps({**head, **sizes, "findings": [asdict(finding) for finding in entry.exchange.findings]})


def exchange_as_json(exchange: Exchange) -> str:
    """All of an exchange as one JSON object; bodies as text, bytes that are no UTF-8 replaced."""
    return json.dumps(
        {
            **_head(exchange),
            "request": _message_as_json(exchange.request),
            "response": _message_as_json(exchange.response),
            "findings": [asdict(finding) for finding in exchange.findings],
        },
        indent=2,
    )


def show_table(entries: Sequence[JournalEntry]) -> None:
    """Write a table as wide as the terminal."""
    from rich.console import Console  # noqa: PLC0415 - 50 ms that other output does not need
    from rich.table import Table  # noqa: PLC0415 - same
    from rich.text import Text  # noqa: PLC0415 - same

    console = Console()
    narrow = console.width < _ROOMY
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Time (UTC)", "ID", "Code", "Outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("HTTP", "Duration"):
        table.add_column(name, no_wrap=True, justify="right")
    if not narrow:
        table.add_column("Peer", no_wrap=True)
    table.add_column("Summary", overflow="fold")
    for entry in entries:
        one = entry.exchange
        table.add_row(
            f"{one.started:%H:%M:%S}" if narrow else f"{one.started:%Y-%m-%d %H:%M:%S}",
            one.id[-_SHORT_ID:] if narrow else one.id,
            Text(_line(one.transaction or one.target)),
            Text(one.outcome.value, style=_OUTCOMES[one.outcome]),
            str(one.http_status),
            _duration(one),
            *(() if narrow else (Text(_line(one.peer)),)),
            Text(_line(one.summary) + _found(one)),
        )
    console.print(table)


def show_exchange(exchange: Exchange, *, response_only: bool) -> None:
    """Write an exchange for people: what happened, what was found, request and response."""
    text = StringIO()
    if not response_only:
        outcome = click.style(exchange.outcome.value, fg=_OUTCOMES[exchange.outcome], bold=True)
        for label, value in (
            ("Exchange", exchange.id),
            ("Time", f"{_time(exchange)}, took {_duration(exchange)}"),
            ("Peer", _line(exchange.peer)),
            ("Transaction", f"{exchange.transaction or 'none recognised'} {exchange.interaction}".strip()),
            ("Outcome", f"{outcome}: {_line(exchange.summary)}"),
        ):
            text.write(f"{label + ':':<13}{value}\n")
        _write_findings(text, exchange.findings)
        _write_message(text, f"Request: {_line(exchange.method)} {_line(exchange.target)}", exchange.request)
        text.write("\n")
    status = f"Response: HTTP {exchange.http_status}" if exchange.http_status else "Response: none was sent"
    _write_message(text, status, exchange.response)
    click.echo(text.getvalue().rstrip("\n"), color=wants_colour())


def _write_findings(text: StringIO, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    text.write(f"\n{click.style(f'Findings: {len(findings)}', bold=True)}\n")
    for one in findings:
        severity = click.style(one.severity.value, fg=_SEVERITIES[one.severity])
        text.write(f"  {severity} {one.rule}: {_line(one.sentence)}\n")
        where = one.path + (f" (line {one.line})" if one.line else "")
        for label, value in (("at", where), ("got", one.got), ("expected", one.want), ("see", one.section)):
            if value:
                text.write(f"    {label + ':':<10}{_line(value)}\n")


def _write_message(text: StringIO, title: str, message: Message) -> None:
    from ihe_test_util.xml.io import pretty  # noqa: PLC0415 - lxml, which lists do not need

    text.write(f"\n{click.style(title, bold=True)}\n")
    text.writelines(f"  {_line(name)}: {_line(value)}\n" for name, value in message.headers)
    if message.body:
        body = pretty(message.body).rstrip()
        cut = len(body) - _SHOWN_CHARACTERS
        text.write(f"\n{_CONTROLS.sub(_escaped, body[:_SHOWN_CHARACTERS])}\n")
        if cut > 0:
            text.write(f"… {cut:,} more characters; --raw gives all of it\n")
    else:
        text.write("\n(no body was kept)\n")
    text.writelines(f"\nPart {number}: {_part(part)}\n" for number, part in enumerate(message.parts, 1))


def _part(part: PartRecord) -> str:
    return f"<{_line(part.content_id)}> {_line(part.content_type)}, {part.size:,} bytes, SHA-1 {part.sha1}"


def _message_as_json(message: Message) -> dict[str, Any]:
    return {
        "headers": [list(header) for header in message.headers],
        "body": message.body.decode("utf-8", "replace"),
        "parts": [
            {"content_id": one.content_id, "content_type": one.content_type, "size": one.size, "sha1": one.sha1}
            for one in message.parts
        ],
    }


def _head(exchange: Exchange) -> dict[str, Any]:
    return {
        "id": exchange.id,
        "started": _time(exchange),
        "duration_ms": round(exchange.duration_s * 1000, 3),
        "peer": exchange.peer,
        "method": exchange.method,
        "target": exchange.target,
        "transaction": exchange.transaction,
        "interaction": exchange.interaction,
        "outcome": exchange.outcome.value,
        "failed": exchange.failed,
        "http_status": exchange.http_status,
        "summary": exchange.summary,
    }


def _time(exchange: Exchange) -> str:
    return exchange.started.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _duration(exchange: Exchange) -> str:
    return f"{exchange.duration_s * 1000:,.1f} ms"


def _found(exchange: Exchange) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in exchange.findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in exchange.findings)
    counted = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return f" [{', '.join(counted)}]" if counted else ""


def _line(text: str) -> str:
    shown = _ONE_LINE.sub(_escaped, text)
    return shown if len(shown) <= _WIDE else shown[: _WIDE - 1] + "…"


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"
