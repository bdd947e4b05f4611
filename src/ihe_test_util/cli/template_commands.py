"""``ihe-test-util template``: templates of clinical documents, tried out and filled in."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ihe_test_util.cli import template_output as output
from ihe_test_util.cli.output import show_error, wants_colour
from ihe_test_util.documents.source import SHIPPED, shipped_text
from ihe_test_util.errors import BadInput, IheTestUtilError

if TYPE_CHECKING:
    from ihe_test_util.documents.schema import Schema

#: Names the schema where no option does.
_SCHEMA_VARIABLE: Final = "IHE_TEST_CDA_SCHEMA"

_schema_option = click.option(
    "--schema",
    "schema_path",
    type=click.Path(path_type=Path),
    envvar=_SCHEMA_VARIABLE,
    show_envvar=True,
    metavar="FILE.xsd",
    help="Validate documents with this schema too (HL7's CDA_SDTC.xsd; it does not come along).",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


@click.group("template", no_args_is_help=True)
def template_group() -> None:
    """Make clinical documents (CDA, C-CDA) from templates with placeholders.

    Two templates come along: ccd-minimal and ccd-full, both Continuity of Care Documents (C-CDA R2.1). Your own are
    XML files with placeholders such as {{ first_name }}.

    \b
    Examples:
      ihe-test-util template show ccd-minimal > mine.xml       a template to begin with
      ihe-test-util template placeholders                      what can stand in it
      ihe-test-util template validate mine.xml
      ihe-test-util template process mine.xml patients.csv --output documents
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@template_group.command("validate", short_help="List placeholders, and all that is wrong with a template.")
@click.argument("template", metavar="FILE")
@_schema_option
@_json_option
def validate(*, template: str, schema_path: Path | None, as_json: bool) -> None:
    """List the placeholders of a template and all that is wrong with it.

    FILE is a template, or the name of one that comes along. It is filled in for two patients made up here, one with
    every column and one without the optional ones; the documents have to be well-formed CDA, and valid where there is
    a schema. Exit code 0 where documents can be made from it, else 1.

    \b
    Examples:
      ihe-test-util template validate mine.xml
      ihe-test-util template validate mine.xml --schema CDA/infrastructure/cda/CDA_SDTC.xsd
      ihe-test-util template validate mine.xml --json | jq '.problems[] | select(.severity == "error")'

    \b
    Errors to expect:
      there is no placeholder 'frist_name'       with the line, and the nearest that there is
      the document is not well-formed XML …      with the line of the template that it comes from
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.documents.check import check_template  # noqa: PLC0415 - Jinja is not needed for --help

    report = check_template(template, schema=_schema(schema_path))
    text = output.report_as_json(report) if as_json else output.report_as_text(report)
    click.echo(text, color=wants_colour())
    if not report.usable:
        raise click.exceptions.Exit(1)


@template_group.command("process", short_help="Make a document for each patient of a CSV file.")
@click.argument("template", metavar="TEMPLATE")
@click.argument("csv", metavar="CSV", type=click.Path(allow_dash=True, path_type=Path))
@click.option(
    "--output",
    "directory",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the documents go; made if it is not there.",
)
@click.option("--seed", type=int, metavar="N", help="The same identifiers, times and bytes for the same N.")
@click.option(
    "--now", "at", metavar="ISO", help="When the documents say they were written, as in 2026-01-12T09:30:00+01:00."
)
@_schema_option
@_json_option
def process(
    *,
    template: str,
    csv: Path,
    directory: Path,
    seed: int | None,
    at: str | None,
    schema_path: Path | None,
    as_json: bool,
) -> None:
    """Fill in a template for each patient of a CSV file: one document a patient.

    TEMPLATE is a file, or ccd-minimal or ccd-full; CSV is a file, or - for standard input. Rows with errors are
    reported and passed over. A document is written whole or not at all, and replaces one of its name. With --seed
    everything is the same each time, also the time of writing (2026-01-01, unless --now says another).

    Exit code 0 where every row became a document, else 1.

    \b
    Examples:
      ihe-test-util template process ccd-full patients.csv --output documents
      ihe-test-util template process mine.xml patients.csv --output documents --seed 7
      ihe-test-util template process ccd-minimal - --output documents --json < patients.csv

    \b
    Errors to expect:
      the template cannot be used: …       template validate says more
      row 4, dob '2031-01-01': …           csv validate says more
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.documents.template import Template  # noqa: PLC0415 - Jinja is not needed for --help
    from ihe_test_util.documents.writing import DocumentWriter  # noqa: PLC0415
    from ihe_test_util.patients.csv_reader import read_patients  # noqa: PLC0415

    writer = DocumentWriter(
        Template.load(template),
        directory,
        clock=lambda: datetime.now(UTC),
        new_uuid=lambda: str(uuid.uuid4()),
        seed=seed,
        at=_moment(at),
        schema=_schema(schema_path),
    )
    show: Any = output.ProcessJson if as_json else output.ProcessText
    source: Any = "-" if str(csv) == "-" else csv
    try:
        with show(writer) as shown:
            for item in read_patients(source, seed=seed):
                shown.item(item)
    except IheTestUtilError as error:
        if not as_json:
            raise
        show_error(error)  # the object has it already
        raise click.exceptions.Exit(error.exit_code) from None
    if shown.failed:
        raise click.exceptions.Exit(1)


@template_group.command("placeholders", short_help="List what may stand in a template.")
@_json_option
def placeholders(*, as_json: bool) -> None:
    """List every placeholder that templates may use.

    \b
    Examples:
      ihe-test-util template placeholders
      ihe-test-util template placeholders --json | jq -r '.[].name'
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    click.echo(output.placeholders_as_json() if as_json else output.placeholders_as_text())


@template_group.command("show", short_help="Print a template that comes along.")
@click.argument("name", type=click.Choice(SHIPPED))
def show(*, name: str) -> None:
    """Print a template that comes along, to make your own from.

    \b
    Examples:
      ihe-test-util template show ccd-full > mine.xml
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    click.echo(shipped_text(name), nl=False)


def _schema(path: Path | None) -> "Schema | None":
    from ihe_test_util.documents.schema import Schema  # noqa: PLC0415 - lxml is not needed for --help

    return None if path is None else Schema.load(path)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "this is no point in time", where="--now", got=text, expected="ISO 8601, as 2026-01-12T09:30:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
