"""A whole job: options in, patients registered and documents submitted, a summary out."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Self
from uuid import uuid4

from ihe_test_util.batch.audit import Audit
from ihe_test_util.batch.checkpoint import Checkpoint, RunHeader
from ihe_test_util.batch.choices import Choices
from ihe_test_util.batch.courier import Assertion, Courier, FileCourier, NetworkCourier, no_blocks
from ihe_test_util.batch.document_ids import DocumentIds, check_documents
from ihe_test_util.batch.messages import MessageSettings
from ihe_test_util.batch.plan import Planner, content_digest
from ihe_test_util.batch.registrations import AnyRegistrations, CheckpointRegistrations, load_registrations
from ihe_test_util.batch.results import Cause, Mode, PatientResult, RunSummary, Step, Stopped
from ihe_test_util.batch.resuming import check_same_run, move_aside
from ihe_test_util.batch.run import Progress, Run, RunOptions, Stop
from ihe_test_util.batch.steps import Steps
from ihe_test_util.batch.summary import tally_of
from ihe_test_util.batch.survey import InvalidPatients, Survey, Unchanged, digest_of, is_stream, kept, survey_of
from ihe_test_util.client.client import Client
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.client.configured import retry_policy
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.retry import Retry
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.failures import BAD_INPUT, Category
from ihe_test_util.patients.csv_reader import read_patients
from ihe_test_util.patients.model import PatientRow, RejectedRow
from ihe_test_util.transactions import iti41, pix_add

if TYPE_CHECKING:
    from ihe_test_util.transactions.card import AnyTransaction

RESULTS: Final = Path("results", "results.jsonl")
SUMMARY: Final = Path("results", "summary.json")
INPUT: Final = Path("results", "input.csv")
AUDIT: Final = Path("audit", "exchanges.jsonl")
LOG: Final = Path("logs", "ihe-test-util.log")
DOCUMENTS: Final = "documents"
MESSAGES: Final = "messages"
DEFAULT_TEMPLATE: Final = "ccd-minimal"
STDIN: Final = Path("-")

#: The step that a mode leaves out.
_UNUSED: Final = MappingProxyType({Mode.PIX_ONLY: Step.PROVIDE, Mode.ITI41_ONLY: Step.REGISTER})
#: Every reader of JSON keeps an integer of that size.
_SEED_BITS: Final = 53


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job is to do; ``csv`` is ``-`` for standard input.

    ``csv``, ``mode``, ``template`` and ``pix_results`` are None where they were not given; then they are those of the
    run to ``resume``. ``endpoints`` are by the name of the card, ``assertion`` gives the blocks that sign messages.
    ``choices`` are kept with the results for whoever resumes the run.
    """

    csv: Path | None
    output_dir: Path
    config: ClientConfig
    endpoints: dict[str, Endpoint]
    mode: Mode | None = None
    template: str | Path | None = None
    pix_results: Path | None = None
    seed: int | None = None
    resume: Path | None = None
    dry_run: bool = False
    skip_invalid: bool = False
    assertion: Assertion = no_blocks
    run: RunOptions = field(default_factory=RunOptions)
    choices: Choices = field(default_factory=Choices)


@dataclass(slots=True)
class Watch:
    """Who is told of what, while a job runs."""

    on_result: Callable[[PatientResult], None] = lambda _: None
    on_retry: Callable[[Retry], None] = lambda _: None


class Job:
    """A job that is ready to run; a context manager around the files that it needs."""

    def __init__(self, options: JobOptions) -> None:
        self.options = options
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Read and check everything, before anything is sent.

        Raises:
            BadInput: something that was given cannot be used; ``InvalidPatients`` for rows of the file.
            StorageError: the output directory cannot be written.
        """
        with ExitStack() as stack:
            self._prepare(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _prepare(self, stack: ExitStack) -> None:
        earlier: Checkpoint | None = None
        if self.options.resume is not None:
            earlier = stack.enter_context(Checkpoint.resume(self.options.resume))
            self.options = _completed(self.options, earlier.header)
        options = self.options
        self.mode = options.mode or Mode.ALL
        self.settings = message_settings(options.config)
        template = options.template or DEFAULT_TEMPLATE
        self.template = None if self.mode is Mode.PIX_ONLY else Template.load(template)
        self.registrations = self._registrations(stack)
        self.csv = self._csv(earlier)
        header = self._header(earlier)
        self._unchanged = Unchanged(self.csv, header.csv_sha256)
        self.survey: Survey = survey_of(self.csv, seed=header.seed)
        if self.survey.rejected and not options.skip_invalid:
            raise InvalidPatients(self.csv, self.survey)
        if earlier is not None:
            check_same_run(earlier, header, explicit_seed=options.seed)
            earlier.check_rows(self.survey.last_row)
        if self.template is not None:
            check_documents(self.template, Planner(header), self.settings, self.survey.first)
        self.set_aside: Path | None = None
        if earlier is not None:
            if header != earlier.header:
                earlier.change_header(header)
            self.checkpoint = earlier
        else:
            _make_directories(options)
            self.set_aside = move_aside(options.output_dir / RESULTS)
            self.checkpoint = stack.enter_context(Checkpoint.create(options.output_dir / RESULTS, header))
        self.progress = Progress(self.survey.total)

    def _registrations(self, stack: ExitStack) -> AnyRegistrations | None:
        path = self.options.pix_results
        if path is None:
            return None
        registrations = load_registrations(path)
        if isinstance(registrations, CheckpointRegistrations):
            stack.enter_context(registrations.checkpoint)
        return registrations

    def _csv(self, earlier: Checkpoint | None) -> Path:
        given = self.options.csv
        if given is None:
            raise BadInput("which patients?", hint="name a CSV file, or - for standard input")
        if given == STDIN and earlier is not None:
            return Path(earlier.header.csv)
        if given == STDIN:
            return kept("-", self.options.output_dir / INPUT)
        return kept(given, self.options.output_dir / INPUT) if is_stream(given) else given

    def _header(self, earlier: Checkpoint | None) -> RunHeader:
        """What this run is; of an earlier part of it, what was made up then is taken over."""
        options = self.options
        digest = self.template.digest if self.template is not None else ""
        before = earlier.header if earlier is not None else None
        drawn = self.registrations.seed if self.registrations is not None else secrets.randbits(_SEED_BITS)
        return RunHeader(
            run_id=before.run_id if before else str(uuid4()),
            mode=self.mode,
            started=before.started if before else datetime.now(UTC).replace(microsecond=0),
            seed=before.seed if before else drawn if options.seed is None else options.seed,
            seeded=before.seeded if before else options.seed is not None,
            csv=str(self.csv.absolute()),
            csv_sha256=digest_of(self.csv),
            template=str(options.template or DEFAULT_TEMPLATE) if self.template is not None else "",
            content=content_digest(digest, self.settings),
            pix_add_url=self._url(pix_add.SPEC.name),
            iti41_url=self._url(iti41.SPEC.name),
            pix_results=str(options.pix_results.absolute()) if options.pix_results else "",
            dry_run=options.dry_run,
            choices=options.choices.skipping(skip_invalid=options.skip_invalid),
        )

    def _url(self, name: str) -> str:
        endpoint = self.options.endpoints.get(name)
        return endpoint.address if endpoint is not None else ""

    @property
    def endpoints_in_use(self) -> tuple[Endpoint, ...]:
        """Where messages of this job go."""
        unused = _UNUSED.get(self.mode)
        cards: dict[Step, AnyTransaction] = {Step.REGISTER: pix_add.SPEC, Step.PROVIDE: iti41.SPEC}
        return tuple(self.options.endpoints[card.name] for step, card in cards.items() if step is not unused)

    async def run(self, stop: Stop, watch: Watch) -> RunSummary:
        """Work through the patients, and sum up.

        Raises:
            StorageError: results or documents cannot be written any more.
            BadInput: the file of patients cannot be read on.
        """
        options = self.options
        clock = time.perf_counter()
        if options.dry_run:
            files = FileCourier(options.output_dir / MESSAGES, options.endpoints, options.assertion)
            await self._run(files, stop, watch)
        else:
            policy = retry_policy(options.config)
            with Audit(options.output_dir / AUDIT) as audit:
                async with Client(record=audit.record, log_messages=not options.config.logging.redact_pii) as client:
                    courier = NetworkCourier(client, options.endpoints, policy, options.assertion, watch.on_retry)
                    await self._run(courier, stop, watch)
        return self._summary(stop, time.perf_counter() - clock)

    async def _run(self, courier: Courier, stop: Stop, watch: Watch) -> None:
        options = self.options
        steps = Steps(
            self.mode,
            options.dry_run,
            Planner(self.checkpoint.header),
            self.settings,
            courier,
            options.output_dir,
            options.output_dir / DOCUMENTS,
            DocumentIds(self.checkpoint.results),
            self.template,
            self.registrations,
        )
        run = Run(self._rows(stop), steps, self.checkpoint, self.progress, stop, options.run, watch.on_result)
        await run.go()

    def _rows(self, stop: Stop) -> Iterator[PatientRow | RejectedRow]:
        """The rows of the file; they end with a stop where it cannot be read on, or is no longer the same."""
        try:
            for item in read_patients(self.csv, seed=self.checkpoint.header.seed):
                self._check_unchanged()
                if isinstance(item, PatientRow | RejectedRow):
                    yield item
            self._check_unchanged()  # it may have been cut
        except BadInput as error:
            stop.ask(Stopped.CRITICAL, Cause(Step.CSV, BAD_INPUT.cause, error.message, Category.CRITICAL, error.hint))

    def _check_unchanged(self) -> None:
        if not self._unchanged:
            raise BadInput(
                "the file of patients was changed while the run was going on",
                where=str(self.csv),
                hint="Resume the run with the file as it was, or begin a new one with the file as it is.",
            )

    def _summary(self, stop: Stop, elapsed_s: float) -> RunSummary:
        header = self.checkpoint.header
        urls = {Step.REGISTER: header.pix_add_url, Step.PROVIDE: header.iti41_url}
        unused = _UNUSED.get(header.mode)
        summary = RunSummary(
            run_id=header.run_id,
            mode=header.mode,
            dry_run=header.dry_run,
            started=header.started,
            finished=datetime.now(UTC),
            elapsed_s=elapsed_s,
            csv=header.csv,
            csv_sha256=header.csv_sha256,
            template=header.template,
            seed=header.seed,
            endpoints={step: url for step, url in urls.items() if step is not unused},
            total=self.survey.total,
            not_reached=0,
            handled=self.progress.handled,
            resumed=self.options.resume is not None,
            stopped=stop.why,
            reason=stop.cause,
            results=self.checkpoint.path,
        )
        return tally_of(self.checkpoint.results()).into(summary)


def _completed(options: JobOptions, header: RunHeader) -> JobOptions:
    """The options, with those of the run to go on with for what was not given."""
    before = Path(header.pix_results) if header.pix_results else None
    return replace(
        options,
        csv=options.csv or Path(header.csv),
        mode=options.mode or header.mode,
        template=options.template or header.template or None,
        pix_results=options.pix_results or before,
        skip_invalid=options.skip_invalid or header.choices.skip_invalid,
    )


def message_settings(config: ClientConfig) -> MessageSettings:
    """What the configuration says of all messages."""
    identifiers, metadata = config.identifiers, config.metadata
    return MessageSettings(
        identifiers.sender_oid,
        identifiers.receiver_oid,
        identifiers.source_oid,
        config.mrn_oid,
        metadata.mime_type,
        metadata.codes,
        metadata.content_type_code.value,
        metadata.xds_author,
        metadata.document_settings,
    )


def _make_directories(options: JobOptions) -> None:
    names = ["logs", DOCUMENTS, "results", "audit"]
    if options.dry_run:
        names.append(MESSAGES)
    try:
        for name in names:
            (options.output_dir / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            "the output directory cannot be made",
            where=str(options.output_dir.absolute()),
            got=error.strerror or str(error),
            hint="name another by --output-dir",
        ) from error
