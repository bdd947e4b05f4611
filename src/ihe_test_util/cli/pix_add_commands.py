"""``ihe-test-util pix-add``: patients of a file registered (ITI-44)."""

import click

from ihe_test_util.cli.batch_options import BatchOptions, batch_options


@click.group("pix-add", no_args_is_help=True)
def pix_add_group() -> None:
    """Register patients of a CSV file: Patient Identity Feed HL7 V3 (ITI-44).

    \b
    Examples:
      ihe-test-util pix-add register patients.csv
      ihe-test-util send pix-add --help            one patient only
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@pix_add_group.command("register", short_help="Register each patient of a CSV file.")
@batch_options
@click.option("--endpoint", metavar="URL", help="Where to register.  [env var: IHE_TEST_PIX_ADD_URL]")
def register(*, options: BatchOptions, endpoint: str | None) -> None:
    """Register each patient of CSV, and write down the identifiers that the acknowledgements give.

    CSV is a file, or - for standard input. This is submit --pix-only: it goes on after an interruption with --resume,
    and its results let submit --iti41-only submit the documents. Exit codes are those of submit.

    \b
    Examples:
      ihe-test-util pix-add register patients.csv --output registered.json
      ihe-test-util pix-add register patients.csv --endpoint https://pix.example.org/feed --ca ca.pem
      ihe-test-util pix-add register patients.csv --dry-run
      ihe-test-util pix-add register --resume output/results/results.jsonl

    \b
    Errors to expect:
      the connection was refused         exit 3: start the mock with ihe-test-util mock start -b
      AE: …                              exit 2: the PIX manager's own words for each patient it refuses
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.batch.results import Mode  # noqa: PLC0415 - not needed for --help
    from ihe_test_util.cli.batch_running import run_job  # noqa: PLC0415 - same

    run_job(options, mode=Mode.PIX_ONLY, urls={"pix_add_url": endpoint})
