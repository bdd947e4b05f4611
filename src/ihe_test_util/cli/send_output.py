"""What the ``send`` commands print."""

import json
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from ihe_test_util import failures
from ihe_test_util.cli.output import show_warning
from ihe_test_util.client.text import harmless
from ihe_test_util.errors import IheTestUtilError, NoSoapAnswer, PeerFault, Unreachable
from ihe_test_util.exchange import MOCK_EXCHANGE_HEADER, Exchange, Finding, Message, Severity
from ihe_test_util.transactions.card import AnyTransaction, Verdict
from ihe_test_util.xml.io import pretty

if TYPE_CHECKING:
    from ihe_test_util.client.request import Prepared  # aiohttp is not needed for --help

_LISTED: Final = 10


def show_verdict(card: AnyTransaction, exchange: Exchange, verdict: Verdict) -> None:
    """Write what came of it, for people."""
    word, colour = ("accepted", "green") if verdict.accepted else ("rejected", "red")
    click.echo(f"{card.code} {card.title}: {click.style(word, fg=colour, bold=True)}")
    rows = [
        ("Status", verdict.status),
        *((label[:1].upper() + label[1:], value) for label, value in verdict.identifiers),
    ]
    rows += [("Detail" if verdict.accepted else "Reason", detail) for detail in verdict.details]
    rows += [("Sent to", exchange.peer), ("HTTP", f"{exchange.http_status}, {exchange.duration_s * 1000:.1f} ms")]
    if at_mock := exchange.response.header(MOCK_EXCHANGE_HEADER):
        rows.append(("At the mock", f"ihe-test-util mock requests show {at_mock}"))
    width = max(len(label) for label, _ in rows) + 2
    for label, value in rows:
        click.echo(f"  {label:<{width}}{harmless(value)}")


def show_findings(findings: Sequence[Finding], what: str) -> None:
    """Warn of what a message does otherwise than the standards say."""
    worth = [finding for finding in findings if finding.severity is not Severity.INFO]
    if not worth:
        return
    show_warning(what)
    for finding in worth[:_LISTED]:
        click.echo(f"  {finding}", err=True)
    if len(worth) > _LISTED:
        click.echo(f"  … and {len(worth) - _LISTED} more; --json lists them all", err=True)


def show_exchange(exchange: Exchange) -> None:
    """Write request and answer, indented."""
    _show_message(f"POST {exchange.target}", exchange.request)
    _show_message(f"HTTP {exchange.http_status}" if exchange.http_status else "no answer", exchange.response)


def show_prepared(prepared: "Prepared", url: str, written_to: str) -> None:
    """Write what would have been sent, and how to send it without this tool where it was written to a file."""
    if not written_to:
        click.echo(pretty(prepared.xml))
        for part in prepared.payload.attachments:
            click.echo(f"+ part <{part.content_id}> {part.content_type}, {part.content.size:,} bytes")
        return
    click.echo(f"Written to {written_to}: {prepared.body.length:,} bytes. Nothing was sent. To send it with curl:")
    headers = " ".join(
        f"-H {shlex.quote(f'{name}: {value}')}" for name, value in prepared.headers if name != "Content-Length"
    )
    click.echo(f"  curl {headers} --data-binary @{shlex.quote(written_to)} {shlex.quote(url)}")


def as_json(
    card: AnyTransaction,
    exchange: Exchange | None,
    *,
    findings: Sequence[Finding],
    verdict: Verdict | None = None,
    error: IheTestUtilError | None = None,
    show: bool = False,
    **more: object,
) -> str:
    """One object with everything there is to know."""
    return json.dumps(
        {
            "transaction": card.code,
            "interaction": card.name,
            "success": verdict is not None and verdict.accepted,
            "status": verdict.status if verdict else None,
            "identifiers": [{"label": label, "value": value} for label, value in verdict.identifiers]
            if verdict
            else [],
            "details": list(verdict.details) if verdict else [],
            "error": None if error is None else _error(error),
            "failure": _failure(verdict, error),
            **({} if exchange is None else _exchange(exchange, show=show)),
            "request_findings": [_finding(one) for one in findings],
            **more,
        },
        indent=2,
        ensure_ascii=False,
    )


def prepared_as_json(
    card: AnyTransaction, prepared: "Prepared", url: str, findings: Sequence[Finding], written_to: str
) -> str:
    """One object that says what would have been sent."""
    return json.dumps(
        {
            "transaction": card.code,
            "interaction": card.name,
            "dry_run": True,
            "url": url,
            "headers": dict(prepared.headers),
            "bytes": prepared.body.length,
            "written_to": written_to or None,
            "message": prepared.xml.decode(),
            "request_findings": [_finding(one) for one in findings],
        },
        indent=2,
        ensure_ascii=False,
    )


def _exchange(exchange: Exchange, *, show: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "mock_exchange": exchange.response.header(MOCK_EXCHANGE_HEADER) or None,
        "url": exchange.peer,
        "outcome": exchange.outcome.value,
        "http_status": exchange.http_status or None,
        "started": exchange.started.isoformat(),
        "duration_ms": round(exchange.duration_s * 1000, 3),
        "answer_findings": [_finding(one) for one in exchange.findings],
    }
    if show:
        shown["request"] = _message(exchange.request)
        shown["answer"] = _message(exchange.response)
    return shown


def _failure(verdict: Verdict | None, error: IheTestUtilError | None) -> dict[str, str] | None:
    """The cause as runs count it (``failures``), with its category and remedy; None for a success."""
    if error is not None:
        failure = error.failure
    elif verdict is not None and not verdict.accepted:
        failure = failures.of_refusal(verdict.codes)
    else:
        return None
    return {"cause": failure.cause, "category": failure.category.value, "remedy": failure.remedy}


def _error(error: IheTestUtilError) -> dict[str, object]:
    shown: dict[str, object] = {
        "kind": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "got": error.got,
        "expected": error.expected,
        "hint": error.hint,
    }
    if isinstance(error, PeerFault):
        shown |= {"code": error.code.value, "subcode": error.subcode, "reason": error.reason, "detail": error.detail}
    elif isinstance(error, NoSoapAnswer):
        shown |= {"content_type": error.content_type, "retry_after_s": error.retry_after_s}
    elif isinstance(error, Unreachable):
        shown |= {"sent": error.sent}
    return shown


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "sentence": finding.sentence,
        "section": finding.section,
        "path": finding.path,
        "got": finding.got,
        "expected": finding.want,
        "line": finding.line,
    }


def _message(message: Message) -> dict[str, object]:
    return {
        "headers": [list(header) for header in message.headers],
        "body": message.body.decode("utf-8", "replace"),
        "parts": [
            {"content_id": part.content_id, "content_type": part.content_type, "size": part.size, "sha1": part.sha1}
            for part in message.parts
        ],
    }


def _show_message(title: str, message: Message) -> None:
    click.echo(f"--- {title}")
    for name, value in message.headers:
        click.echo(f"{name}: {harmless(value)}")
    click.echo()
    click.echo(harmless(pretty(message.body)) if message.body else "(no body)")
    for part in message.parts:
        click.echo(f"+ part <{part.content_id}> {part.content_type}, {part.size:,} bytes")
