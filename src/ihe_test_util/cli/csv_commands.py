"""``ihe-test-util csv``: patient files, checked and written again."""

import functools
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, TextIO, TypeAlias

import click

from ihe_test_util.cli.csv_output import JsonReport, Report, TextReport, Written
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.csv_reader import PatientCsv
from ihe_test_util.patients.export import RejectedRows, csv_writer, json_writer, replacing
from ihe_test_util.patients.model import PatientRow, RejectedRow
from ihe_test_util.patients.survey import Survey

_STDIN: Final = Path("-")
_SHOWN_PROBLEMS: Final = 100

Format: TypeAlias = Literal["csv", "jsonl"]


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """What both commands are given; ``max_problems`` is None where all are to be shown."""

    file: Path
    delimiter: str
    seed: int | None
    export_invalid: Path | None
    max_problems: int | None
    as_json: bool
    output: Path | None = None
    form: Format = "csv"


def _csv_options(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options that both commands take, as ``options``."""

    @functools.wraps(command)
    def with_options(**values: Any) -> None:  # noqa: ANN401 - as click gives them
        shared = [one.name for one in fields(CsvOptions) if one.default is MISSING]
        command(options=CsvOptions(**{name: values.pop(name) for name in shared}), **values)

    decorators = (
        click.argument("file", type=click.Path(path_type=Path, allow_dash=True)),
        click.option("--delimiter", default=",", show_default=True, help="What separates columns: , ; | or tab."),
        click.option("--seed", type=int, metavar="N", help="Make the same ids each time where the file gives none."),
        click.option(
            "--export-invalid", type=click.Path(path_type=Path), metavar="FILE",
            help="Write the rejected rows here, with their reasons, to be mended.",
        ),
        click.option(
            "--max-problems", type=click.IntRange(min=0), metavar="N",
            help=f"Show no more than N problems, 0 for all.  [default: {_SHOWN_PROBLEMS}; with --json all]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
    )  # fmt: skip
    wrapped: Callable[..., None] = with_options
    for decorator in reversed(decorators):
        wrapped = decorator(wrapped)
    return wrapped


@click.group("csv", no_args_is_help=True)
def csv_group() -> None:
    """Check patients in a CSV file, and write it again with everything in its place.

    docs/csv-format.md describes the columns and every rule.

    \b
    Examples:
      ihe-test-util csv validate examples/patients_sample.csv
      ihe-test-util csv process patients.csv --seed 1 --output patients.jsonl
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@csv_group.command("validate", short_help="Report all that is wrong or doubtful in a file.")
@_csv_options
def validate(*, options: CsvOptions) -> None:
    """Check every row of FILE, and report all that is wrong or doubtful; - is standard input.

    Exit code 0 when every row can be used, warnings or not, else 1.

    \b
    Examples:
      ihe-test-util csv validate patients.csv
      ihe-test-util csv validate patients.csv --export-invalid rejected.csv
      ihe-test-util csv validate patients.csv --delimiter ';'
      ihe-test-util csv validate patients.csv --json | jq .summary
      xz -dc patients.csv.xz | ihe-test-util csv validate -

    \b
    Errors to expect:
      the file is not UTF-8                 convert it: the message has the command
      the columns are separated by …        --delimiter
      the column … is missing               rename it in the header: the message names the likely one
      a quote opens on line … and does …    close it there
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    _run(options)


@csv_group.command("process", short_help="Write the patients again, in normal form.")
@click.option("--output", "-o", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE",
              help="Write the patients here, with their ids; - is standard output.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]),
              help="CSV, or a JSON object a line.  [default: by the name of the output]")  # fmt: skip
@_csv_options
def process(*, output: Path | None, form: Format | None, options: CsvOptions) -> None:
    """Read the patients of FILE as a submission would, and write them in normal form; - is standard input.

    The output has every column in its usual place, values without blanks around them, upper-case genders, and an id for
    each patient: TEST- and a UUID where the file gives none. Rejected rows are left out. Exit code 0 when there are
    none, else 1; the output is written in either case, unless the file cannot be read to its end.

    \b
    Examples:
      ihe-test-util csv process patients.csv --seed 1 --output patients-with-ids.csv
      ihe-test-util csv process patients.csv --seed 1 --output patients.jsonl --export-invalid rejected.csv
      ihe-test-util csv process patients.csv --output - --format jsonl | jq .patient_id

    \b
    Errors to expect:
      those of csv validate
      this would replace the file …         name another --output
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    if output is not None and output == _STDIN and options.as_json:
        raise BadInput("--json and --output - would both write to standard output", hint="name a file for one of them")
    by_name: Format = "jsonl" if output is not None and output.suffix in {".jsonl", ".ndjson"} else "csv"
    _run(replace(options, output=output, form=form or by_name))


def _run(options: CsvOptions) -> None:
    report: Report
    if options.as_json:
        report = JsonReport(options.max_problems)
    else:
        shown = _SHOWN_PROBLEMS if options.max_problems is None else options.max_problems
        report = TextReport(shown, to_stderr=options.output == _STDIN)
    report.begin("standard input" if options.file == _STDIN else str(options.file))
    survey, written = Survey(), Written(seed=options.seed)
    error: BadInput | None = None
    try:
        _read(options, survey, report, written)
    except BadInput as caught:
        error = caught
        written = Written(seed=options.seed)
    report.end(survey, written, error)
    if error is not None and not options.as_json:
        raise error
    if error is not None or survey.rejected:
        click.get_current_context().exit(1)


def _read(options: CsvOptions, survey: Survey, report: Report, written: Written) -> None:
    """Read the file once, from beginning to end; what is written takes its place when all of it is there."""
    source = None if options.file == _STDIN else options.file
    with ExitStack() as stack:
        patients = stack.enter_context(PatientCsv(source or "-", seed=options.seed, delimiter=options.delimiter))
        write: Callable[[PatientRow], None] | None = None
        rejected: RejectedRows | None = None
        if options.output is not None:
            to_stdout = options.output == _STDIN
            sink = stack.enter_context(_standard_output() if to_stdout else replacing(options.output, source=source))
            write = csv_writer(sink) if options.form == "csv" else json_writer(sink)
            written.output = options.output
        if options.export_invalid is not None:
            invalid = stack.enter_context(replacing(options.export_invalid, source=source))
            rejected = RejectedRows(
                invalid, header=patients.header, delimiter=patients.delimiter, mark=patients.had_bom
            )
        for item in patients:
            for problem in survey.add(item):
                report.problem(problem)
            if write is not None and isinstance(item, PatientRow):
                write(item)
            elif rejected is not None and isinstance(item, RejectedRow):
                rejected.write(item)
        written.blank_rows = patients.blank_rows
        if rejected is not None:
            written.export, written.formulas = options.export_invalid, rejected.formulas


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output as UTF-8 whose line ends are left as they are, on every platform."""
    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield stream
    finally:
        stream.detach()
