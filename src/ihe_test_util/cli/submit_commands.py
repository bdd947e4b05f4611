"""``ihe-test-util submit``: a file of patients through the whole workflow."""

from pathlib import Path
from typing import Final

import click

from ihe_test_util.cli.batch_options import BatchOptions, batch_options
from ihe_test_util.errors import BadInput

_FILE: Final = click.Path(path_type=Path)


@click.command("submit")
@batch_options
@click.option(
    "--ccd-template", "template", metavar="TEMPLATE", help="A file, ccd-minimal or ccd-full.  [default: ccd-minimal]"
)
@click.option("--pix-only", is_flag=True, help="Register patients, submit nothing.")
@click.option("--iti41-only", is_flag=True, help="Submit documents of patients that are registered already.")
@click.option(
    "--pix-results", type=_FILE, metavar="FILE", help="With --iti41-only: results of the run that registered them."
)
@click.option("--pix-add-url", metavar="URL", help="Where to register.  [env var: IHE_TEST_PIX_ADD_URL]")
@click.option("--iti41-url", metavar="URL", help="Where to submit.  [env var: IHE_TEST_ITI41_URL]")
def submit(
    *,
    options: BatchOptions,
    template: str | None,
    pix_only: bool,
    iti41_only: bool,
    pix_results: Path | None,
    pix_add_url: str | None,
    iti41_url: str | None,
) -> None:
    """Make a document for each patient of CSV, register the patient, submit the document.

    CSV is a file, or - for standard input. For each patient a clinical document is made from the template, the patient
    is registered (PIX Add, ITI-44), and the document is submitted (ITI-41) under the identifier that the
    acknowledgement gives. One patient's failure does not stop the others. Everything goes into one directory:
    documents, results, a log, and an audit of every exchange.

    A run that was interrupted, even by kill -9, goes on with --resume: nothing that was acknowledged is sent again,
    and what may have been received is sent again with the same ids, so that the server can tell. Patients that failed
    are tried again.

    \b
    Exit code:
      0    every patient succeeded
      1    the input cannot be used: CSV, template, configuration, options
      2    some patients failed, or were not finished
      3    critical: endpoint unreachable, certificate unusable, disk full …; the run stopped
      130  interrupted by Ctrl-C; --resume goes on

    \b
    Examples:
      ihe-test-util submit patients.csv
      ihe-test-util submit patients.csv --ccd-template ccd-full --output-dir out --concurrency 16
      ihe-test-util submit patients.csv --dry-run --seed 7
      ihe-test-util submit --resume output/results/results.jsonl
      ihe-test-util submit patients.csv --pix-only --output-dir pix
      ihe-test-util submit patients.csv --iti41-only --pix-results pix/results/results.jsonl
      ihe-test-util submit patients.csv --cert mocks/client-cert.pem --key mocks/client-key.pem --assertion-per run

    \b
    Errors to expect:
      the connection was refused            exit 3: start the mock with ihe-test-util mock start -b
      3 rows of 10 cannot be used           exit 1: nothing was sent; csv validate shows why
      the certificate expired on …          exit 3: nothing was sent
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.batch.results import Mode  # noqa: PLC0415 - not needed for --help
    from ihe_test_util.cli.batch_running import run_job  # noqa: PLC0415 - same

    if pix_only and iti41_only:
        raise BadInput("--pix-only and --iti41-only exclude each other", hint="leave both out for the whole workflow")
    if pix_results is not None and not iti41_only:
        raise BadInput("--pix-results goes with --iti41-only only")
    if iti41_only and pix_results is None and options.resume is None:
        raise BadInput(
            "--iti41-only needs the results of the run that registered the patients",
            hint="--pix-results DIR/results/results.jsonl",
        )
    mode = Mode.PIX_ONLY if pix_only else Mode.ITI41_ONLY if iti41_only else None
    urls = {"pix_add_url": pix_add_url, "iti41_url": iti41_url}
    run_job(options, mode=mode, urls=urls, template=template, pix_results=pix_results)
