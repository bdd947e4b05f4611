"""Trying again: the same message, with the same ids, after errors that pass by themselves.

Of a library (tenacity) only the loop would be left over: the wait depends on what the peer asked for, chance has to be
given for tests, and a refusal for being busy is an answer, not an error.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ihe_test_util import failures
from ihe_test_util.client.client import Called, Client, HeaderBlocks
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.errors import IheTestUtilError, NoSoapAnswer, PeerFault
from ihe_test_util.failures import Category, Failure
from ihe_test_util.transactions.card import Payload, Req, Resp, Transaction

_LOG: Final = logging.getLogger("ihe_test_util.client")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after how many seconds.

    ``backoff_factor`` are the seconds before the first retry; each further one waits twice as long, and chance
    shortens every wait to half at most, so that those who failed together do not come back together.
    ``longest_wait_s`` bounds each wait; a peer that asks for a longer one (Retry-After) is not asked again.
    """

    max_retries: int = 3
    backoff_factor: float = 1.0
    longest_wait_s: float = 60.0

    def wait_s(self, retry: int, chance: float, asked_s: float | None = None) -> float | None:
        """How long to wait before a retry, counted from 1; None where there is to be none. ``chance`` is in [0, 1)."""
        if retry > self.max_retries or (asked_s is not None and asked_s > self.longest_wait_s):
            return None
        backoff = min(self.backoff_factor * 2.0 ** (retry - 1), self.longest_wait_s) * (1 - chance / 2)
        return backoff + (asked_s or 0.0)


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry that is about to be: the ``number``-th of at most ``of``, after ``wait_s``, because of ``failure``."""

    number: int
    of: int
    wait_s: float
    failure: Failure


class RetryingClient:
    """Calls transactions as ``Client`` does, and again after transient failures.

    ``chance`` gives numbers in [0, 1); ``on_retry`` is told of each retry before its wait.
    """

    def __init__(
        self,
        client: Client,
        policy: RetryPolicy,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        on_retry: Callable[[Retry], None] | None = None,
    ) -> None:
        self._client = client
        self._policy = policy
        self._sleep = sleep
        self._chance = chance
        self._on_retry = on_retry

    async def call(
        self,
        card: Transaction[Req, Resp],
        request: Req,
        endpoint: Endpoint,
        *,
        payload: Payload | None = None,
        header_blocks: HeaderBlocks = tuple,
        message_id: str = "",
    ) -> Called[Resp]:
        """As ``Client.call``; every try carries the same message id. An answer "busy" is tried again too.

        Raises:
            IheTestUtilError: what the last try raised, with a note on how often it was tried.
        """
        message_id = message_id or self._client.new_message_id()
        for retry in range(1, self._policy.max_retries + 2):
            try:
                called = await self._client.call(
                    card, request, endpoint, payload=payload, header_blocks=header_blocks, message_id=message_id
                )
            except IheTestUtilError as error:
                if error.category is not Category.TRANSIENT:
                    raise
                if not await self._pause(card.code, endpoint, retry, error.failure, _asked_s(error)):
                    error.add_note(_given_up(retry, _asked_s(error)))
                    raise
                continue
            failure = failures.of_refusal(called.verdict.codes)
            if called.verdict.accepted or failure.category is not Category.TRANSIENT:
                return called
            if not await self._pause(card.code, endpoint, retry, failure):
                return called
        raise AssertionError("the policy has no retry after the last")  # pragma: no cover

    async def _pause(
        self, code: str, endpoint: Endpoint, retry: int, failure: Failure, asked_s: float | None = None
    ) -> bool:
        """Wait before a retry; False where there is to be none."""
        wait_s = self._policy.wait_s(retry, self._chance(), asked_s)
        if wait_s is None:
            return False
        most = self._policy.max_retries
        _LOG.info(
            "%s to %s: %s; retry %d of %d in %.1f s", code, endpoint.host_port, failure.cause, retry, most, wait_s
        )
        if self._on_retry is not None:
            self._on_retry(Retry(retry, most, wait_s, failure))
        await self._sleep(wait_s)
        return True


def _asked_s(error: IheTestUtilError) -> float | None:
    return error.retry_after_s if isinstance(error, NoSoapAnswer | PeerFault) else None


def _given_up(tries: int, asked_s: float | None) -> str:
    often = "tried once" if tries == 1 else f"tried {tries} times, with the same ids"
    return f"  {often}" + (f"; the server asks to wait {asked_s:g} s" if asked_s else "")
