"""What the log says of an exchange: one line at INFO without patient data, the message itself at DEBUG."""

import logging
from collections import Counter
from typing import Final

from ihe_test_util.exchange import Exchange, Message, Outcome, Severity
from ihe_test_util.xml.io import pretty

_LOG: Final = logging.getLogger("ihe_test_util.mock_server.requests")
#: A simulated failure is what the configuration asked for; these are what somebody has to mend.
_TO_LOOK_AT: Final = frozenset({Outcome.FAULT, Outcome.REJECTED, Outcome.ABORTED})
_RULES_SHOWN: Final = 20
#: What is pretty-printed for a person; beyond that the journal has it.
_SHOWN_BYTES: Final = 64 * 1024


def log_exchange(exchange: Exchange, ids: str) -> None:
    """Log an exchange; ``ids`` are its identifiers, shortened by its transaction's room."""
    level = logging.WARNING if exchange.outcome in _TO_LOOK_AT else logging.INFO
    _LOG.log(
        level,
        "%s %s %s %d %.1f ms %s",
        exchange.id,
        exchange.transaction or f"{exchange.method} {exchange.target}",
        str(exchange.outcome),
        exchange.http_status,
        exchange.duration_s * 1000,
        f"{exchange.summary} {ids}" if ids else exchange.summary,
    )
    if exchange.findings:
        _log_findings(exchange)
    if _LOG.isEnabledFor(logging.DEBUG):
        _LOG.debug("%s request from %s: %s", exchange.id, exchange.peer, _shown(exchange.request))
        _LOG.debug("%s response: %s", exchange.id, _shown(exchange.response))


def _log_findings(exchange: Exchange) -> None:
    """One record for all of them, a line a rule: what stands in the message stays out, it may be patient data."""
    told = [finding for finding in exchange.findings if finding.severity is not Severity.INFO]
    times = Counter(finding.rule for finding in told)
    first = {finding.rule: finding for finding in reversed(told)}
    lines = [
        f"{rule} ({finding.severity.value}{f', {times[rule]} times' if times[rule] > 1 else ''}): {finding.sentence};"
        f" at {finding.path}{f' (line {finding.line})' if finding.line else ''}; {finding.section}"
        for rule, finding in sorted(first.items())
    ]
    if len(lines) > _RULES_SHOWN:
        lines = [
            *lines[:_RULES_SHOWN],
            f"… and {len(lines) - _RULES_SHOWN} rules more: mock requests show {exchange.id}",
        ]
    if lines:
        answered = "processed all the same" if exchange.outcome is Outcome.SUCCESS else "answered: " + exchange.summary
        _LOG.warning("%s %s breaks rules, %s\n%s", exchange.id, exchange.transaction, answered, "\n".join(lines))


def _shown(message: Message) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in message.headers)
    body = pretty(message.body[:_SHOWN_BYTES]) if message.body else "(no body)"
    parts = "".join(
        f"\npart {part.content_id}: {part.content_type}, {part.size:,} bytes, SHA-1 {part.sha1}"
        for part in message.parts
    )
    return f"\n{headers}\n\n{body}{parts}"
