"""What is done for one patient, in order: document, registration (ITI-44), submission (ITI-41)."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from ihe_test_util import failures
from ihe_test_util.batch.courier import Attempts, Courier
from ihe_test_util.batch.document_ids import DocumentIds
from ihe_test_util.batch.messages import MessageSettings, registered_id, registration, submission
from ihe_test_util.batch.plan import PatientPlan, Planner
from ihe_test_util.batch.results import Cause, Mode, PatientResult, Status, Step
from ihe_test_util.batch.run import Record
from ihe_test_util.client.text import harmless
from ihe_test_util.documents.document import Document
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import IheTestUtilError, StorageError
from ihe_test_util.failures import Category, Failure
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.card import Req, Resp, Transaction, Verdict

_LOG: Final = logging.getLogger("ihe_test_util.batch")
_MOST_OF_A_MESSAGE: Final = 500
_MOST_NOTES: Final = 5
#: How a registry recognizes a submission that it has; of one that was sent again, this says that it had arrived.
_SUBMITTED_BEFORE: Final = "XDSDuplicateUniqueIdInRegistry"
_NOTE_SUBMITTED_BEFORE: Final = "sent again, and recognized by its uniqueId as submitted before"
_HINT_SAYS_MORE: Final = frozenset({failures.BAD_INPUT.cause, failures.UNEXPECTED.cause})


class Registrations(Protocol):
    """What an earlier run registered."""

    def find(self, row: int, patient_id: str) -> str:
        """The identifier that the registration of a patient gave; empty where there was none."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Does what is left to do for a patient; ``documents`` is the directory of documents below ``output_dir``."""

    mode: Mode
    dry_run: bool
    planner: Planner
    settings: MessageSettings
    courier: Courier
    output_dir: Path
    documents: Path
    document_ids: DocumentIds
    template: Template | None = None
    registrations: Registrations | None = None

    async def __call__(self, row: PatientRow, known: PatientResult | None, record: Record) -> PatientResult:
        """The outcome for one row; see ``run.Handle``."""
        part = _Part(self, self.planner.plan(row), known, record)
        return await part.go()


class _Failed(Exception):
    """One step failed; ``cause`` says why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


class _Part:
    """One patient's way through the steps; ``state`` is how far it has come."""

    def __init__(self, steps: Steps, plan: PatientPlan, known: PatientResult | None, record: Record) -> None:
        self._steps = steps
        self._plan = plan
        self._known = known
        self._record = record
        self._attempts = Attempts()
        self._step = Step.DOCUMENT
        self._state = PatientResult(
            plan.row.row,
            plan.row.line,
            Status.SENDING,
            patient_id=plan.patient_id,
            message_id="" if steps.mode is Mode.ITI41_ONLY else plan.message_id,
            registered_id=known.registered_id if known else "",
            register_s=known.register_s if known else None,
            resent=known is not None and _may_have_been_sent(known),
        )

    async def go(self) -> PatientResult:
        steps = self._steps
        try:
            document = self._document() if steps.template is not None else None
            if steps.mode is not Mode.ITI41_ONLY and not self._state.registered_id:
                await self._register()
            if document is not None:
                await self._provide(document)
        except _Failed as failed:
            return self._outcome(Status.FAILED, failed.cause)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - one patient's data may bring a bug to light; it must not cost the others
            _LOG.exception("row %d: a fault of ihe-test-util itself", self._plan.row.row)
            return self._outcome(Status.FAILED, _bug(self._step, error))
        if steps.dry_run:
            return self._outcome(Status.WRITTEN)
        return self._outcome(Status.REGISTERED if document is None else Status.SUBMITTED)

    def _outcome(self, status: Status, cause: Cause | None = None) -> PatientResult:
        before = self._known.attempts if self._known else 0
        return replace(self._state, status=status, cause=cause, attempts=before + self._attempts.count)

    def _document(self) -> Document:
        steps, plan = self._steps, self._plan
        if steps.template is None:
            raise TypeError("a run without a template makes no documents")
        try:
            document = steps.template.document(
                plan.row, now=plan.now, ids=plan.document_ids, settings=steps.settings.settings
            )
            steps.document_ids.claim(plan, document)
            if self._known is not None and self._known.sha1 not in {"", document.content.sha1}:
                raise _other_document(self._known)
            path = steps.documents / plan.file_name
            _write(path, document.content.read())
        except IheTestUtilError as error:
            raise _Failed(_cause(Step.DOCUMENT, error)) from error
        self._state = replace(
            self._state,
            document_id=document.unique_id,
            submission_set_id=plan.submission_set_id,
            document=path.relative_to(steps.output_dir).as_posix(),
            sha1=document.content.sha1,
            size=document.content.size,
        )
        return document

    async def _register(self) -> None:
        plan = self._plan
        self._record(self._state)
        request = registration(plan, self._steps.settings)
        verdict, duration_s = await self._deliver(Step.REGISTER, pix_add.SPEC, request)
        identifier, note = registered_id(plan, [value for _, value in verdict.identifiers])
        self._state = replace(
            self._state,
            registered_id=identifier,
            register_s=duration_s,
            notes=(*self._state.notes, *([note] * bool(note))),
        )
        if self._steps.template is not None and not self._steps.dry_run:
            self._record(self._outcome(Status.REGISTERED))

    async def _provide(self, document: Document) -> None:
        if not self._state.registered_id:
            self._find_registration()
            self._record(self._state)
        elif self._known is not None and self._known.status is Status.FAILED:
            # That it failed is no longer known once it is sent again.
            self._record(self._outcome(Status.REGISTERED))
        request = submission(self._plan, document, self._state.registered_id, self._steps.settings)
        _, duration_s = await self._deliver(Step.PROVIDE, iti41.SPEC, request)
        self._state = replace(self._state, provide_s=duration_s)

    def _find_registration(self) -> None:
        registrations, plan = self._steps.registrations, self._plan
        found = registrations.find(plan.row.row, plan.patient_id) if registrations else plan.patient_id
        if not found:
            message = "the patient is not registered by the results of --pix-results"
            remedy = (
                "Register the patient first: submit CSV --pix-only with the same --seed, and give its results here."
            )
            raise _Failed(Cause(Step.PROVIDE, "not-registered", message, Category.PERMANENT, remedy))
        self._state = replace(self._state, registered_id=found)

    async def _deliver(self, step: Step, card: Transaction[Req, Resp], request: Req) -> tuple[Verdict, float | None]:
        self._step = step
        before = self._attempts.count
        try:
            delivered = await self._steps.courier.deliver(card, request, self._plan, self._attempts)
        except IheTestUtilError as error:
            raise _Failed(_cause(step, error)) from error
        verdict = delivered.verdict
        if not verdict.accepted:
            sent_before = self._state.resent or self._attempts.count - before > 1
            if sent_before and set(verdict.codes) == {_SUBMITTED_BEFORE}:
                self._state = replace(self._state, notes=(*self._state.notes, _NOTE_SUBMITTED_BEFORE))
                return verdict, delivered.duration_s
            message = "; ".join((verdict.status, *verdict.details))
            raise _Failed(_cause_of(step, failures.of_refusal(verdict.codes), message))
        if verdict.details:
            said = (f"{step}: {harmless(detail)[:_MOST_OF_A_MESSAGE]}" for detail in verdict.details[:_MOST_NOTES])
            self._state = replace(self._state, notes=(*self._state.notes, *said))
        return verdict, delivered.duration_s


def _may_have_been_sent(known: PatientResult) -> bool:
    """Whether a message that is to be sent now may have been received before."""
    if known.status is Status.FAILED:
        return known.cause is not None and known.cause.name == failures.OUTCOME_UNKNOWN.cause
    return known.status in {Status.SENDING, Status.REGISTERED}


def _cause(step: Step, error: IheTestUtilError) -> Cause:
    failure = error.failure
    message = f"{error.message} (got: {error.got})" if error.got else error.message
    more = error.hint and (failure.category is Category.CRITICAL or failure.cause in _HINT_SAYS_MORE)
    return _cause_of(step, failure, message, error.hint if more else "")


def _cause_of(step: Step, failure: Failure, message: str, remedy: str = "") -> Cause:
    category = Category.CRITICAL if failure.lasting is Category.CRITICAL else failure.category
    return Cause(step, failure.cause, harmless(message[:_MOST_OF_A_MESSAGE]), category, remedy or failure.remedy)


def _bug(step: Step, error: Exception) -> Cause:
    return _cause_of(step, failures.UNEXPECTED, f"{type(error).__name__}: {error}")


def _other_document(known: PatientResult) -> StorageError:
    return StorageError(
        "the document would not be the one that may have been sent under the same uniqueId before",
        where=known.document,
        hint="does the template draw on something else than patient and run? begin a new run",
    )


def _write(path: Path, data: bytes) -> None:
    # The name is the patient's own, so that what a killed process left behind is written over.
    partial = path.with_name(f".{path.name}.tmp")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(
            "the document cannot be written", where=str(path), got=error.strerror or str(error)
        ) from error
