"""One message on its way: made, signed, sent, and what came of it told."""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import click

from ihe_test_util.cli import send_output
from ihe_test_util.cli.output import show_warning
from ihe_test_util.cli.send_messages import Sendable
from ihe_test_util.cli.send_options import SendOptions
from ihe_test_util.cli.transport_warnings import warn_of_transport
from ihe_test_util.errors import BadInput, IheTestUtilError, PeerFault
from ihe_test_util.exchange import Exchange, Finding
from ihe_test_util.runtime.event_loop import run
from ihe_test_util.transactions.card import AnyTransaction, Verdict
from ihe_test_util.xml.io import Element

if TYPE_CHECKING:
    from ihe_test_util.client.config import ClientConfig
    from ihe_test_util.client.endpoint import Endpoint
    from ihe_test_util.client.retry import Retry

#: Makes the message once the configuration is known.
Make: TypeAlias = Callable[["ClientConfig"], Sendable]
#: Makes the blocks of the header that sign a message.
_Blocks: TypeAlias = Callable[[], Iterable[Element]]
_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
_WORTH: Final = "the request is not what the standard says; a strict server refuses it"


def run_send(card: AnyTransaction, options: SendOptions, make: Make) -> None:
    """Make a message, send it, print what came of it, and exit with 0 or 1; with 130 after Ctrl-C."""
    exchanges: list[Exchange] = []
    sendable: Sendable | None = None
    verdict: Verdict | None = None
    error: IheTestUtilError | None = None
    try:
        config = options.configuration(card)
        endpoint = options.endpoint(card, config)
        sendable = make(config)
        blocks = _blocks(options, config, sendable, endpoint)
        for doubt in sendable.doubts:
            show_warning(doubt)
        if options.dry_run or options.output_request is not None:
            _rehearse(card, options, sendable, endpoint, blocks)
            return
        warn_of_transport([endpoint], without_use=options.only_for_https)
        verdict = run(
            _send(card, sendable, endpoint, record=exchanges.append, options=options, config=config, blocks=blocks)
        )
    except IheTestUtilError as caught:
        error = caught
    except KeyboardInterrupt:
        _interrupted(card, exchanges)
    exchange = exchanges[-1] if exchanges else None
    findings = sendable.findings if sendable is not None else ()
    if options.as_json:
        click.echo(
            send_output.as_json(card, exchange, findings=findings, verdict=verdict, error=error, show=options.show)
        )
    else:
        _tell(card, options, exchange, verdict)
        if verdict is None or not verdict.accepted:
            send_output.show_findings(_not_told(findings, verdict, error), _WORTH)
    if error is not None and not options.as_json:
        raise error
    if verdict is None or not verdict.accepted:
        click.get_current_context().exit(1 if error is None else error.exit_code)


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def new_uuid() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


def _blocks(options: SendOptions, config: "ClientConfig", sendable: Sendable, endpoint: "Endpoint") -> _Blocks:
    """What signs the message, by the configuration, where --sign is given."""
    if not options.sign:
        return tuple
    from ihe_test_util.batch.assertions import assertion_for  # noqa: PLC0415 - aiohttp is not needed for --help
    from ihe_test_util.client.config import AssertionPer  # noqa: PLC0415 - heavy

    if config.certificates.cert_path is None:
        raise BadInput(
            "--sign needs a certificate and its key", hint="--cert FILE --key FILE, or certificates.cert_path"
        )
    sign = assertion_for(config, clock=now, new_uuid=new_uuid, per=AssertionPer.MESSAGE)
    patient_id = next(iter(sendable.card.patient_ids(sendable.request)), "")
    return lambda: sign(endpoint, patient_id)


def _interrupted(card: AnyTransaction, exchanges: Sequence[Exchange]) -> None:
    unknown = f"; whether {card.code} took effect is unknown: look there before sending it again" if exchanges else ""
    click.echo(f"\nInterrupted before an answer came{unknown}.", err=True)
    click.get_current_context().exit(_INTERRUPTED)


def _not_told(
    findings: Sequence[Finding], verdict: Verdict | None, error: IheTestUtilError | None
) -> Sequence[Finding]:
    """The findings of rules that the server's refusal does not name itself, as our mock's does."""
    said = " ".join((verdict.status, *verdict.details)) if verdict is not None else ""
    if isinstance(error, PeerFault):
        said = f"{error.reason} {error.detail}"
    named = set(re.findall(r"[A-Z][A-Z0-9]*-[0-9]+", said))
    return [finding for finding in findings if finding.rule not in named]


def _tell(card: AnyTransaction, options: SendOptions, exchange: Exchange | None, verdict: Verdict | None) -> None:
    if exchange is None:
        return
    if options.show:
        send_output.show_exchange(exchange)
    if verdict is not None:
        send_output.show_verdict(card, exchange, verdict)
    send_output.show_findings(exchange.findings, "the answer is not quite what the standards say")


def _rehearse(
    card: AnyTransaction, options: SendOptions, sendable: Sendable, endpoint: "Endpoint", blocks: _Blocks
) -> None:
    prepared = sendable.prepare(endpoint, new_uuid, blocks())
    written_to = ""
    if options.output_request is not None:
        written_to = str(options.output_request)
        prepared.write_to(options.output_request)
    url = endpoint.address
    if options.as_json:
        click.echo(send_output.prepared_as_json(card, prepared, url, sendable.findings, written_to))
        return
    send_output.show_prepared(prepared, url, written_to)
    send_output.show_findings(sendable.findings, _WORTH)


async def _send(
    card: AnyTransaction,
    sendable: Sendable,
    endpoint: "Endpoint",
    *,
    record: Callable[[Exchange], None],
    options: SendOptions,
    config: "ClientConfig",
    blocks: _Blocks,
) -> Verdict:
    from ihe_test_util.client.client import Client  # noqa: PLC0415 - aiohttp is not needed for --help
    from ihe_test_util.client.retry import RetryingClient, RetryPolicy  # noqa: PLC0415 - same

    policy = RetryPolicy(options.retries, config.transport.backoff_factor)
    async with Client(record=record, new_uuid=new_uuid, now=now) as client:
        caller = RetryingClient(client, policy, on_retry=_tell_of_retry)
        called = await caller.call(card, sendable.request, endpoint, payload=sendable.payload, header_blocks=blocks)
    return called.verdict


def _tell_of_retry(retry: "Retry") -> None:
    text = f"{retry.failure.title}; retry {retry.number} of {retry.of} in {retry.wait_s:.1f} s"
    click.echo(text, err=True)
