"""Who takes a message where it is to go: over the network, or into files in a dry run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.request import prepare
from ihe_test_util.client.retry import Retry, RetryingClient, RetryPolicy
from ihe_test_util.transactions.card import Req, Resp, Transaction, Verdict
from ihe_test_util.xml.io import Element

if TYPE_CHECKING:
    from ihe_test_util.batch.plan import PatientPlan

#: Blocks for the header of a message to an endpoint about a patient (CX), anew for each message.
Assertion: TypeAlias = Callable[[Endpoint, str], Iterable[Element]]
_STALL_S: Final = 60.0


@dataclass(slots=True)
class Attempts:
    """How often a message was sent; counts also while it ends in an error."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a peer said, and the seconds from the message that it answered to its answer."""

    verdict: Verdict
    duration_s: float | None


class Courier(Protocol):
    """Takes one message of a patient to the endpoint of its transaction."""

    async def deliver(
        self, card: Transaction[Req, Resp], request: Req, plan: "PatientPlan", attempts: Attempts
    ) -> Delivered:
        """Send it, with retries, and give the answer.

        Raises:
            IheTestUtilError: there is no answer that could be read, or it is a fault.
        """


def no_blocks(_endpoint: Endpoint, _patient_id: str) -> Iterable[Element]:
    """No assertion."""
    return ()


@dataclass(frozen=True, slots=True)
class NetworkCourier:
    """Sends messages; ``endpoints`` are by the name of the card."""

    client: Client
    endpoints: dict[str, Endpoint]
    policy: RetryPolicy
    assertion: Assertion = no_blocks
    on_retry: Callable[[Retry], None] = lambda _: None

    async def deliver(
        self, card: Transaction[Req, Resp], request: Req, plan: "PatientPlan", attempts: Attempts
    ) -> Delivered:
        """Send the message, with retries; each is the same one, with a new assertion."""
        endpoint = self.endpoints[card.name]

        def blocks() -> Iterable[Element]:
            attempts.count += 1
            return self.assertion(endpoint, plan.patient_id)

        caller = RetryingClient(self.client, self.policy, on_retry=self.on_retry)
        called = await caller.call(
            card, request, endpoint, header_blocks=blocks, message_id=plan.addressing_id(card.code)
        )
        return Delivered(called.verdict, called.exchange.duration_s)


@dataclass(frozen=True, slots=True)
class FileCourier:
    """Writes messages as HTTP would carry them: the body to one file, the headers, for ``curl -H @``, to another."""

    directory: Path
    endpoints: dict[str, Endpoint]
    assertion: Assertion = no_blocks

    async def deliver(
        self, card: Transaction[Req, Resp], request: Req, plan: "PatientPlan", attempts: Attempts
    ) -> Delivered:
        """Write the message; it counts as accepted."""
        del attempts
        endpoint = self.endpoints[card.name]
        unique = iter(range(1_000))
        prepared = prepare(
            card,
            card.build_request(request),
            endpoint,
            new_uuid=lambda: plan.message_ids.uuid(f"{card.code} package {next(unique)}"),
            stall_s=_STALL_S,
            message_id=plan.addressing_id(card.code),
            header_blocks=self.assertion(endpoint, plan.patient_id),
        )
        stem = f"{Path(plan.file_name).stem}.{card.name}"
        path = self.directory / (stem + (".mime" if prepared.payload.attachments else ".xml"))
        prepared.write_to(path)
        headers = "".join(f"{name}: {value}\n" for name, value in prepared.headers if name != "Content-Length")
        path.with_name(f"{stem}.headers").write_text(headers, encoding="utf-8")
        return Delivered(Verdict(accepted=True, status="written"), None)
