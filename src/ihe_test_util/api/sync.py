"""The same client for code that does not await."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from ihe_test_util.api.client import IheClient, Provided, Updated
from ihe_test_util.api.queries import Values
from ihe_test_util.client.client import Called
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.registry.queries.catalogue import StoredQuery
from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, View
from ihe_test_util.exchange import Exchange
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import Req, Resp, Transaction
from ihe_test_util.transactions.iti18 import LEAF_CLASS, StoredQueryResponse
from ihe_test_util.transactions.iti41 import DocumentDraft
from ihe_test_util.transactions.iti43 import RetrievedDocument
from ihe_test_util.transactions.update.revision import Changes
from ihe_test_util.xml.ebrim import AnyObject

T = TypeVar("T")


class SyncIheClient:
    """IheClient without ``await``: a context manager with an event loop of its own. Not for use inside another loop.

    Raises, beside what IheClient does, RuntimeError outside of its ``with`` and where an event loop runs already.
    """

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
        self._client = IheClient(base_url, config=config, soap=soap, addressing=addressing, sign=sign, record=record)
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        if _loop_runs():
            raise RuntimeError("an event loop runs here already: async with IheClient(…), and await its methods")
        self._runner = asyncio.Runner()
        self._run(self._client.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        with runner:
            runner.run(self._client.__aexit__(kind, error, trace))

    def ask(self, card: Transaction[Req, Resp], request: Req) -> Called[Resp]:
        """As ``IheClient.ask``."""
        return self._run(self._client.ask(card, request))

    def demand(self, card: Transaction[Req, Resp], request: Req) -> Called[Resp]:
        """As ``IheClient.demand``."""
        return self._run(self._client.demand(card, request))

    def register(self, patient: Patient | str) -> str:
        """As ``IheClient.register``."""
        return self._run(self._client.register(patient))

    def revise(self, patient: Patient | str) -> str:
        """As ``IheClient.revise``."""
        return self._run(self._client.revise(patient))

    def merge(self, surviving: Patient | str, *, subsumed: str) -> str:
        """As ``IheClient.merge``."""
        return self._run(self._client.merge(surviving, subsumed=subsumed))

    def identifiers(self, patient_id: str, *domains: str) -> tuple[str, ...]:
        """As ``IheClient.identifiers``."""
        return self._run(self._client.identifiers(patient_id, *domains))

    def find_patients(
        self,
        *,
        family: str = "",
        given: str = "",
        gender: str = "",
        birth_date: str = "",
        patient_id: str = "",
        domains: Sequence[str] = (),
        at_once: int | None = None,
    ) -> tuple[Patient, ...]:
        """As ``IheClient.find_patients``."""
        return self._run(
            self._client.find_patients(
                family=family,
                given=given,
                gender=gender,
                birth_date=birth_date,
                patient_id=patient_id,
                domains=domains,
                at_once=at_once,
            )
        )

    def provide(
        self,
        *documents: DocumentDraft | Path | bytes,
        patient_id: str,
        title: str = "",
        source_patient_id: str = "",
        replaces: DocumentEntry | str = "",
    ) -> Provided:
        """As ``IheClient.provide``."""
        return self._run(
            self._client.provide(
                *documents,
                patient_id=patient_id,
                title=title,
                source_patient_id=source_patient_id,
                replaces=replaces,
            )
        )

    def query(
        self, query: StoredQuery | str, *, returning: str = LEAF_CLASS, **arguments: Values
    ) -> StoredQueryResponse:
        """As ``IheClient.query``."""
        return self._run(self._client.query(query, returning=returning, **arguments))

    def find_documents(
        self, patient_id: str, *, status: Values = "approved", **arguments: Values
    ) -> tuple[DocumentEntry, ...]:
        """As ``IheClient.find_documents``."""
        return self._run(self._client.find_documents(patient_id, status=status, **arguments))

    def retrieve(self, *documents: DocumentEntry | str, repository: str = "") -> tuple[RetrievedDocument, ...]:
        """As ``IheClient.retrieve``."""
        return self._run(self._client.retrieve(*documents, repository=repository))

    def entry_uuid(self, document: DocumentEntry | str) -> str:
        """As ``IheClient.entry_uuid``."""
        return self._run(self._client.entry_uuid(document))

    def update(
        self, latest: DocumentEntry | Folder | str, *, propagate: bool = True, **changes: Unpack[Changes]
    ) -> Updated:
        """As ``IheClient.update``."""
        return self._run(self._client.update(latest, propagate=propagate, **changes))

    def restricted_update(self, latest: DocumentEntry | str, **changes: Unpack[Changes]) -> Updated:
        """As ``IheClient.restricted_update``."""
        return self._run(self._client.restricted_update(latest, **changes))

    def set_status(self, latest: DocumentEntry | Folder | str, status: str) -> Updated:
        """As ``IheClient.set_status``."""
        return self._run(self._client.set_status(latest, status))

    def remove_metadata(self, *objects: View | AnyObject | str) -> None:
        """As ``IheClient.remove_metadata``."""
        self._run(self._client.remove_metadata(*objects))

    def remove_documents(self, *documents: DocumentEntry | str, repository: str = "") -> None:
        """As ``IheClient.remove_documents``."""
        self._run(self._client.remove_documents(*documents, repository=repository))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._runner is None or _loop_runs():
            work.close()  # else Python warns that it was never awaited
            raise RuntimeError(
                "the client is used outside of its context: with SyncIheClient(…) as ihe"
                if self._runner is None
                else "an event loop runs here already: async with IheClient(…), and await its methods"
            )
        return self._runner.run(work)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
