"""How a client of a whole domain sends any transaction: where, as whom, and how often."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from ihe_test_util.api import checked
from ihe_test_util.batch.assertions import assertion_for
from ihe_test_util.client.client import Called, Client
from ihe_test_util.client.config import AssertionPer, ClientConfig, load_client_config
from ihe_test_util.client.configured import endpoint_for, retry_policy
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.retry import RetryingClient
from ihe_test_util.errors import BadInput, Refused
from ihe_test_util.exchange import Exchange
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction, Req, Resp, Transaction
from ihe_test_util.xml.io import Element


class Caller:
    """The endpoints of a domain, and who we are; an asynchronous context manager around one pool of connections."""

    def __init__(
        self,
        base_url: str = "",
        *,
        config: ClientConfig | Path | None = None,
        soap: SoapVersion | str = SoapVersion.V12,
        addressing: bool = True,
        sign: bool = False,
        record: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.config = config if isinstance(config, ClientConfig) else load_client_config(config).config
        if sign and self.config.certificates.cert_path is None:
            raise BadInput("there is nothing to sign with", where="certificates.cert_path", expected="a certificate")
        self._base_url = checked.base_url(base_url)
        self._soap = checked.soap_version(soap)
        self._addressing = addressing
        self._client = Client(record=record, new_uuid=new_uuid, now=now)
        self._caller = RetryingClient(self._client, retry_policy(self.config))
        self._sign = (
            assertion_for(self.config, clock=now, new_uuid=new_uuid, per=AssertionPer.MESSAGE) if sign else None
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def endpoint(self, card: AnyTransaction) -> Endpoint:
        """Where and how a transaction is sent."""
        endpoint = endpoint_for(self.config, card, soap=self._soap, addressing=self._addressing)
        return replace(endpoint, url=self._base_url + card.path) if self._base_url else endpoint

    async def ask(self, card: Transaction[Req, Resp], request: Req) -> Called[Resp]:
        """Send a request of any transaction; an answer that says no is no error here, its verdict says so."""
        endpoint = self.endpoint(card)

        def blocks() -> Sequence[Element]:
            if self._sign is None:
                return ()
            return tuple(self._sign(endpoint, next(iter(card.patient_ids(request)), "")))

        return await self._caller.call(card, request, endpoint, header_blocks=blocks)

    async def demand(self, card: Transaction[Req, Resp], request: Req) -> Called[Resp]:
        """As ``ask``, for who wants a yes.

        Raises:
            Refused: the peer said no.
        """
        called = await self.ask(card, request)
        verdict = called.verdict
        if not verdict.accepted:
            raise Refused(f"{card.code} was refused: {verdict.status}", codes=verdict.codes, details=verdict.details)
        return called


def new_uuid() -> str:
    """A UUID without its URN."""
    return str(uuid4())


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
