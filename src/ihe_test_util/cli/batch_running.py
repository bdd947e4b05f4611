"""A job from the command line: checks, warnings, progress, signals, summary, exit code."""

import asyncio
import shlex
import shutil
import signal
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from ihe_test_util.cli import standard_output
from ihe_test_util.cli.batch_options import BatchOptions
from ihe_test_util.cli.batch_output import show_summary
from ihe_test_util.cli.batch_progress import Show, showing
from ihe_test_util.cli.output import show_refusal
from ihe_test_util.errors import BadInput, CertificateError, ConfigError, StorageError

if TYPE_CHECKING:
    from ihe_test_util.batch.job import Job
    from ihe_test_util.batch.results import Mode, RunSummary
    from ihe_test_util.batch.run import Stop

_CRITICAL: Final = 3


def run_job(
    options: BatchOptions,
    *,
    mode: "Mode | None",
    urls: Mapping[str, str | None],
    template: str | None = None,
    pix_results: Path | None = None,
) -> NoReturn:
    """Do it, and exit by its outcome: 0, 1, 2, 3, or 130."""
    context = click.get_current_context()
    try:
        code = _run(options, mode, dict(urls), template, pix_results)
    except (CertificateError, StorageError) as error:
        code = show_refusal(error, exit_code=_CRITICAL, as_json=options.as_json)
    context.exit(code)


def _run(
    options: BatchOptions,
    mode: "Mode | None",
    urls: dict[str, str | None],
    template: str | None,
    pix_results: Path | None,
) -> int:
    # aiohttp, Jinja and pydantic are not needed for --help.
    from ihe_test_util.batch.assertions import assertion_for  # noqa: PLC0415 - explained above
    from ihe_test_util.batch.job import SUMMARY, Job, JobOptions  # noqa: PLC0415 - same
    from ihe_test_util.batch.run import RunOptions  # noqa: PLC0415 - same
    from ihe_test_util.cli.batch_choices import choose  # noqa: PLC0415 - same
    from ihe_test_util.cli.transport_warnings import warn_of_transport  # noqa: PLC0415 - same
    from ihe_test_util.client.configured import endpoint_for  # noqa: PLC0415 - same
    from ihe_test_util.client.tls_context import check_tls  # noqa: PLC0415 - same
    from ihe_test_util.runtime.tuning import tuned  # noqa: PLC0415 - same
    from ihe_test_util.soap.version import SoapVersion  # noqa: PLC0415 - same
    from ihe_test_util.transactions import iti41, pix_add  # noqa: PLC0415 - same

    _check_output(options.output)
    chosen = choose(options, urls)
    config, choices = chosen.config, chosen.choices
    soap = SoapVersion(choices.soap) if choices.soap else SoapVersion.V12
    endpoints = {
        card.name: endpoint_for(config, card, soap=soap, addressing=choices.addressing is not False)
        for card in (pix_add.SPEC, iti41.SPEC)
    }
    if not chosen.dry_run:
        check_tls(endpoints.values())
    job_options = JobOptions(
        csv=options.csv,
        output_dir=chosen.directory,
        config=config,
        endpoints=endpoints,
        mode=mode,
        template=template,
        pix_results=pix_results,
        seed=options.seed,
        resume=options.resume,
        dry_run=chosen.dry_run,
        skip_invalid=choices.skip_invalid,
        assertion=assertion_for(config, clock=lambda: datetime.now(UTC), new_uuid=_new_uuid, per=chosen.per),
        run=RunOptions(options.concurrency, options.checkpoint_interval, options.fail_fast),
        choices=choices,
    )
    with tuned(), Job(job_options) as job, _logging(job, config.logging.level):
        if not chosen.dry_run:
            told = not (options.quiet or options.as_json)
            warn_of_transport(job.endpoints_in_use, verbose=told, without_use=options.only_for_https)
        with showing(job.progress, quiet=options.quiet or options.as_json) as show:
            for note in chosen.notes:
                show.say(note)
            try:
                summary = _go(job, show, quiet=options.quiet)
            except StorageError as error:
                command = click.get_current_context().command_path
                error.add_note(f"To go on, once that is mended: {command} --resume {job.checkpoint.path}")
                raise
        path = options.output or chosen.directory / SUMMARY
        unwritten = _write(job, summary, path)
        unsaid = standard_output.told(lambda: _tell(options, job, summary, path, is_written=unwritten is None))
    troubles = [error for error in (unwritten, unsaid) if error is not None]
    for trouble in troubles:
        show_refusal(trouble, exit_code=_CRITICAL, as_json=False)
    return _CRITICAL if troubles else summary.exit_code


def _tell(options: BatchOptions, job: "Job", summary: "RunSummary", path: Path, *, is_written: bool) -> None:
    from ihe_test_util.batch.report_html import REPORT  # noqa: PLC0415 - loaded already

    if options.as_json:
        _print_summary(job, summary, path if is_written else None)
    elif not options.quiet or summary.exit_code:
        show_summary(summary, path, job.options.output_dir / REPORT, _resume_command(summary))


def _write(job: "Job", summary: "RunSummary", path: Path) -> StorageError | None:
    """Write summary and reports; where the disk does not take them, what was done is to be told all the same."""
    from ihe_test_util.batch.summary import write_summary  # noqa: PLC0415 - loaded already

    try:
        write_summary(path, summary, job.checkpoint)
        _write_reports(job, summary)
    except StorageError as error:
        return error
    return None


def _print_summary(job: "Job", summary: "RunSummary", written: Path | None) -> None:
    """The summary on standard output: as it was just written, so that a patient's result is not made up twice."""
    from ihe_test_util.batch.summary import summary_pieces  # noqa: PLC0415 - loaded already

    if written is None:
        sys.stdout.buffer.writelines(summary_pieces(summary, job.checkpoint.results()))
    else:
        with written.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _check_output(path: Path | None) -> None:
    """See that the summary has a name to go under, before a run is made whose outcome could not be written."""
    if path is None:
        return
    if str(path) == "-":
        hint = "--json prints the summary; without --output it is DIR/results/summary.json"
        raise BadInput("the summary goes into a file, not to standard output", where="--output", hint=hint)
    if path.is_dir():
        hint = f"name a file in it, as {path / 'summary.json'}"
        raise BadInput("this is a directory, not a file", where=f"--output {path}", hint=hint)


def _go(job: "Job", show: Show, *, quiet: bool) -> "RunSummary":
    from ihe_test_util.batch.job import Watch  # noqa: PLC0415 - loaded already
    from ihe_test_util.batch.run import Stop  # noqa: PLC0415 - same
    from ihe_test_util.runtime.event_loop import run  # noqa: PLC0415 - same

    if job.set_aside is not None and not quiet:
        show.say(f"Results of an earlier run are kept as {job.set_aside}")

    async def main() -> "RunSummary":
        stop = Stop()
        with _signals(stop, show):
            return await job.run(stop, Watch(show.result, show.retry))

    return run(main())


def _write_reports(job: "Job", summary: "RunSummary") -> None:
    """The page for people and the file for CI."""
    from ihe_test_util.batch.junit import JUNIT, write_junit  # noqa: PLC0415 - lxml is loaded already
    from ihe_test_util.batch.report_html import REPORT, write_report  # noqa: PLC0415 - same

    directory, how = job.options.output_dir, job.options.run
    results = job.checkpoint.results
    write_junit(directory / JUNIT, summary, results())
    write_report(directory / REPORT, summary, results(), options=how, resume_command=_resume_command(summary))


@contextmanager
def _signals(stop: "Stop", show: Show) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask for the end; asked twice, what is in flight is given up."""
    from ihe_test_util.batch.results import Stopped  # noqa: PLC0415 - loaded already

    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.asked:
            stop.hurry()
            return
        show.say("Stopping: what is in flight may finish. Once more gives it up.")
        stop.ask(Stopped.INTERRUPTED)

    def handler(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(ask)

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextmanager
def _logging(job: "Job", level: str) -> Iterator[None]:
    from ihe_test_util.batch.job import LOG  # noqa: PLC0415 - loaded already
    from ihe_test_util.runtime.log_setup import close_logging, set_up_logging  # noqa: PLC0415 - same

    try:
        set_up_logging(job.options.output_dir / LOG, level, setting="--output-dir")
    except ConfigError as error:
        raise StorageError(error.message, where=error.where, got=error.got, hint=error.hint) from error
    try:
        yield
    finally:
        close_logging()


def _resume_command(summary: "RunSummary") -> str:
    """How to go on: what was typed, with --resume."""
    words = sys.argv[1:] if sys.argv else []
    if "--resume" not in words:
        words = [*words, "--resume", str(summary.results)]
    return shlex.join(["ihe-test-util", *words])


def _new_uuid() -> str:
    return str(uuid.uuid4())
