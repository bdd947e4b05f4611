"""What the ``csv`` commands print, problem by problem as they are found."""

import json
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from ihe_test_util.cli.output import error_fields, wants_colour
from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Severity
from ihe_test_util.patients.model import Problem
from ihe_test_util.patients.survey import Survey

_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


@dataclass(slots=True)
class Written:
    """What was written, and how; ``formulas`` counts cells of the export that a spreadsheet program would run."""

    seed: int | None = None
    blank_rows: int = 0
    output: Path | None = None
    export: Path | None = None
    formulas: int = 0


class Report(ABC):
    """A report that is printed while the file is read, so that it may be longer than memory."""

    @abstractmethod
    def begin(self, name: str) -> None:
        """Name the file."""

    @abstractmethod
    def problem(self, problem: Problem) -> None:
        """Show a problem."""

    @abstractmethod
    def end(self, survey: Survey, written: Written, error: BadInput | None) -> None:
        """Sum up; with an error where the file could not be read to its end."""


class TextReport(Report):
    """For people: a line a problem, ``most`` lines at most (0: all), then what there is of each kind."""

    def __init__(self, most: int, *, to_stderr: bool) -> None:
        self._most = most
        self._count = 0
        self._err = to_stderr
        self._name = ""

    def begin(self, name: str) -> None:
        """Name the file."""
        self._name = name

    def problem(self, problem: Problem) -> None:
        """Show a problem."""
        self._count += 1
        if not self._most or self._count <= self._most:
            word = click.style(f"{problem.severity.value:<9}", fg=_COLOURS.get(problem.severity))
            self._say(f"{word}{problem}")

    def end(self, survey: Survey, written: Written, error: BadInput | None) -> None:
        """Sum up."""
        hidden = self._count - self._most if self._most else 0
        if hidden > 0:
            self._say(f"… and {hidden:,} more; --max-problems 0 shows them all")
        if error is not None and not survey.rows:
            return  # the error says it all
        if self._count:
            self._say("")
        verdict, colour = _verdict(survey, error)
        self._say(f"{self._name}: {click.style(verdict, fg=colour, bold=True)}")
        blank = f"; {written.blank_rows:,} blank" if written.blank_rows else ""
        self._say(f"  Rows       {survey.rows:,}: {survey.valid:,} valid, {survey.rejected:,} rejected{blank}")
        self._say(f"  Problems   {_count(survey.errors, 'error')}, {_count(survey.warnings, 'warning')}")
        for (severity, rule, column), count in survey.causes.most_common():
            self._say(f"    {count:>9,}  {severity.value:<8} {rule:<18} {column}".rstrip())
        self._tell_ids(survey, written)
        self._tell_files(survey, written)

    def _tell_ids(self, survey: Survey, written: Written) -> None:
        if survey.generated_ids:
            how = (
                "random; --seed N makes the same ones each time" if written.seed is None else f"by seed {written.seed}"
            )
            self._say(f"  Ids        {survey.generated_ids:,} made up, {how}")

    def _tell_files(self, survey: Survey, written: Written) -> None:
        if written.output is not None:
            self._say(f"  Output     {written.output}: {_count(survey.valid, 'patient')}")
        if written.export is not None:
            self._say(
                f"  Rejected   {written.export}: {_count(survey.rejected, 'row')}, to be mended and validated again"
            )
        if written.formulas:
            self._say(
                f"  Caution    {_count(written.formulas, 'cell')} in {written.export} would be run as a formula by a"
                " spreadsheet program; nothing was changed in them"
            )

    def _say(self, text: str) -> None:
        click.echo(text, err=self._err, color=wants_colour())


class JsonReport(Report):
    """For programs: one object, written piece by piece; ``most`` problems at most (None and 0: all)."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._count = 0

    def begin(self, name: str) -> None:
        """Begin the object."""
        click.echo(f'{{\n  "file": {_json(name)},\n  "problems": [', nl=False)

    def problem(self, problem: Problem) -> None:
        """Write a problem as an object."""
        if self._most and self._count >= self._most:
            return
        fields = {
            "severity": problem.severity.value,
            "rule": problem.rule,
            "row": problem.row,
            "line": problem.line,
            "column": problem.column or None,
            "value": problem.value,
            "reason": problem.reason,
            "suggestion": problem.suggestion,
        }
        click.echo(f"{',' if self._count else ''}\n    {_json(fields)}", nl=False)
        self._count += 1

    def end(self, survey: Survey, written: Written, error: BadInput | None) -> None:
        """End the object."""
        summary = {
            "valid": error is None and not survey.rejected,
            "rows": survey.rows,
            "valid_rows": survey.valid,
            "rejected_rows": survey.rejected,
            "blank_rows": written.blank_rows,
            "errors": survey.errors,
            "warnings": survey.warnings,
            "generated_ids": survey.generated_ids,
            "seed": written.seed,
            "problems_listed": self._count,
            "causes": [
                {"severity": severity.value, "rule": rule, "column": column or None, "count": count}
                for (severity, rule, column), count in survey.causes.most_common()
            ],
            "output": _path(written.output),
            "export_invalid": _path(written.export),
            "export_formula_cells": written.formulas,
        }
        click.echo("\n  ]," if self._count else "],")
        click.echo(f'  "summary": {_json(summary)},')
        click.echo(f'  "error": {_json(None if error is None else error_fields(error))}\n}}')


def _verdict(survey: Survey, error: BadInput | None) -> tuple[str, str]:
    if error is not None:
        return "not read to its end", "red"
    if survey.rejected:
        return f"{survey.rejected:,} of {survey.rows:,} rows rejected", "red"
    return ("valid, with warnings", "yellow") if survey.warnings else ("valid", "green")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _json(value: object) -> str:
    # JSON escapes what a console cannot show in its own way, which others could not read.
    return json.dumps(value, ensure_ascii="utf" not in (sys.stdout.encoding or "").lower())
