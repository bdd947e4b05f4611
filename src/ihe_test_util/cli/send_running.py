"""One message on its way: made, signed, sent, and what came of it told."""

import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

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
    from ihe_test_util.api import IheClient
    from ihe_test_util.client.config import ClientConfig
    from ihe_test_util.client.endpoint import Endpoint
    from ihe_test_util.client.retry import Retry

#: Makes the message once the configuration is known.
Make: TypeAlias = Callable[["ClientConfig"], Sendable]
#: Makes the blocks of the header that sign a message.
_Blocks: TypeAlias = Callable[[], Iterable[Element]]
_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
_WORTH: Final = "the request is not what the standard says; a strict server refuses it"


@dataclass(frozen=True, slots=True)
class Result:
    """What an answer brought, for people and for programs."""

    text: str
    data: object


#: Sends a further message of the same conversation; the response.
Ask: TypeAlias = Callable[[AnyTransaction, Any], Awaitable[Any]]
#: Makes a result of an accepted answer, while attachments are still at hand.
Present: TypeAlias = Callable[[Any, Ask], Awaitable[Result]]


def run_send(card: AnyTransaction, options: SendOptions, make: Make, present: Present | None = None) -> None:
    """Make a message, send it, print what came of it, and exit with 0 or 1; with 130 after Ctrl-C.

    With ``present`` an accepted answer is shown as the result that it makes of it.
    """
    exchanges: list[Exchange] = []
    sendable: Sendable | None = None
    verdict: Verdict | None = None
    result: Result | None = None
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
        conversation = _Conversation(endpoint, options, config, blocks, exchanges.append)
        verdict, result = run(conversation.hold(sendable, present))
    except IheTestUtilError as caught:
        error = caught
    except KeyboardInterrupt:
        _interrupted(card, exchanges)
    exchange = exchanges[-1] if exchanges else None
    findings = sendable.findings if sendable is not None else ()
    if options.as_json:
        click.echo(
            send_output.as_json(
                card,
                exchange,
                findings=findings,
                verdict=verdict,
                error=error,
                show=options.show,
                **({} if result is None else {"result": result.data}),
            )
        )
    else:
        _tell(card, options, exchange, verdict, result)
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


def registry_client(config: "ClientConfig", options: SendOptions) -> "IheClient":
    """What asks the registry about documents before a message is made, with the same options as the message."""
    from ihe_test_util.api import IheClient  # noqa: PLC0415 - aiohttp is not needed for --help

    transport = config.transport.model_copy(update={"max_retries": options.retries})
    config = config.model_copy(update={"transport": transport})
    return IheClient(config=config, soap=options.soap, addressing=options.addressing, sign=options.sign)


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


def _tell(
    card: AnyTransaction,
    options: SendOptions,
    exchange: Exchange | None,
    verdict: Verdict | None,
    result: Result | None,
) -> None:
    if exchange is None:
        return
    if options.show:
        send_output.show_exchange(exchange)
    if result is not None:
        click.echo(result.text)
    elif verdict is not None:
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


@dataclass(frozen=True, slots=True)
class _Conversation:
    """A message, its answer, and what is asked because of it."""

    endpoint: "Endpoint"
    options: SendOptions
    config: "ClientConfig"
    blocks: _Blocks
    record: Callable[[Exchange], None]

    async def hold(self, sendable: Sendable, present: Present | None) -> tuple[Verdict, Result | None]:
        """The verdict on the answer, and what an accepted one brought."""
        from ihe_test_util.client.client import Client  # noqa: PLC0415 - aiohttp is not needed for --help
        from ihe_test_util.client.retry import RetryingClient, RetryPolicy  # noqa: PLC0415 - same

        policy = RetryPolicy(self.options.retries, self.config.transport.backoff_factor)
        async with Client(record=self.record, new_uuid=new_uuid, now=now) as client:
            caller = RetryingClient(client, policy, on_retry=_tell_of_retry)

            async def ask(card: AnyTransaction, request: Any) -> Any:  # noqa: ANN401 - of whatever transaction
                return (await caller.call(card, request, self.endpoint, header_blocks=self.blocks)).response

            called = await caller.call(
                sendable.card, sendable.request, self.endpoint, payload=sendable.payload, header_blocks=self.blocks
            )
            wanted = present if called.verdict.accepted else None
            return called.verdict, None if wanted is None else await wanted(called.response, ask)


def _tell_of_retry(retry: "Retry") -> None:
    text = f"{retry.failure.title}; retry {retry.number} of {retry.of} in {retry.wait_s:.1f} s"
    click.echo(text, err=True)
