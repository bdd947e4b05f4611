"""What the ``template`` commands print."""

import json
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import click

from ihe_test_util.cli.output import show_error, show_warning, wants_colour
from ihe_test_util.documents.placeholders import PLACEHOLDERS, Group, Placeholder
from ihe_test_util.errors import BadInput, IheTestUtilError, StorageError
from ihe_test_util.exchange import Severity
from ihe_test_util.patients.model import PatientRow, Problem, RejectedRow

if TYPE_CHECKING:
    from ihe_test_util.documents.check import TemplateReport
    from ihe_test_util.documents.problems import TemplateProblem
    from ihe_test_util.documents.writing import DocumentWriter

_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_LINES_SHOWN: Final = 8
_NAME_WIDTH: Final = 24


def report_as_text(report: "TemplateReport") -> str:
    """A report for people."""
    counts = Counter(problem.severity for problem in report.problems)
    number = len(report.placeholders)
    said = [f"{number} placeholder{'' if number == 1 else 's'}"]
    said += [f"{counts[one]} {one}{'' if counts[one] == 1 else 's'}" for one in _COLOURS if counts[one]]
    verdict = click.style("usable", fg="green") if report.usable else click.style("not usable", fg="red", bold=True)
    parts = [f"{report.name}: {verdict}; {', '.join(said)}"]
    if report.placeholders:
        parts += ["", "Placeholders", *(_placeholder_line(one) for one in report.placeholders)]
    if report.problems:
        parts += ["", "Problems", *(line for one in report.problems for line in _problem_lines(one))]
    parts += ["", _tried(report)]
    return "\n".join(parts)


def report_as_json(report: "TemplateReport") -> str:
    """A report for programs."""
    return json.dumps(
        {
            "template": report.name,
            "usable": report.usable,
            "schema": str(report.schema) if report.schema else None,
            "placeholders": [
                {"name": one.name, "lines": list(one.lines), "known": one.definition is not None}
                for one in report.placeholders
            ],
            "problems": [
                {
                    "severity": one.severity,
                    "rule": one.rule,
                    "line": one.line,
                    "column": one.column,
                    "sentence": one.sentence,
                    "got": one.got,
                    "hint": one.hint,
                }
                for one in report.problems
            ],
        },
        indent=2,
        ensure_ascii=False,
    )


def placeholders_as_text() -> str:
    """Every placeholder, by groups."""
    parts: list[str] = []
    for group in Group:
        parts += ["", group.value] if parts else [group.value]
        for one in PLACEHOLDERS.values():
            if one.group is group:
                written = one.call or one.name
                parts.append(f"  {written:<{_NAME_WIDTH}}{one.meaning}{' (may be empty)' if one.optional else ''}")
    return "\n".join(parts)


def placeholders_as_json() -> str:
    """Every placeholder, for programs."""
    known = [
        {
            "name": one.name,
            "group": one.group.name.lower(),
            "meaning": one.meaning,
            "may_be_empty": one.optional,
            "call": one.call or None,
        }
        for one in PLACEHOLDERS.values()
    ]
    return json.dumps(known, indent=2, ensure_ascii=False)


class _Process:
    """Writes the documents of a run; ``failed`` once any row did not become one."""

    def __init__(self, writer: "DocumentWriter") -> None:
        self._writer = writer
        self.written = self.rejected = self.not_written = self.warnings = 0

    @property
    def failed(self) -> bool:
        """Whether a row did not become a document."""
        return bool(self.rejected or self.not_written)

    def item(self, item: PatientRow | RejectedRow | Problem) -> None:
        """Take what comes from the CSV file.

        Raises:
            StorageError: a document could not be written; neither could the next.
        """
        if isinstance(item, PatientRow):
            self._patient(item)
        elif isinstance(item, RejectedRow):
            self.rejected += 1
            self._show_rejected(item)
        else:
            self.warnings += 1
            self._show_problem(item)

    def _patient(self, row: PatientRow) -> None:
        try:
            path, document = self._writer.write(row)
        except StorageError:
            raise
        except BadInput as error:
            self.not_written += 1
            self._show_failed(row, error)
            return
        self.written += 1
        shown: dict[str, Any] = {
            "row": row.row,
            "line": row.line,
            "status": "written",
            "patient_id": row.patient_id,
            "patient_id_oid": row.patient_id_oid,
            "file": str(path),
            "unique_id": document.unique_id,
            "size": document.content.size,
            "sha1": document.content.sha1,
        }
        self._show_written(row, shown, document.replaced)

    def _show_written(self, row: PatientRow, shown: dict[str, Any], replaced: tuple[str, ...]) -> None:
        raise NotImplementedError

    def _show_failed(self, row: PatientRow, error: IheTestUtilError) -> None:
        raise NotImplementedError

    def _show_rejected(self, row: RejectedRow) -> None:
        raise NotImplementedError

    def _show_problem(self, problem: Problem) -> None:
        raise NotImplementedError


class ProcessText(_Process):
    """Problems as they come, to stderr; a summary at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        said = [f"{self.written} document{'' if self.written == 1 else 's'} written to {self._writer.directory}"]
        if self.rejected:
            said.append(f"{self.rejected} row{'' if self.rejected == 1 else 's'} rejected")
        if self.not_written:
            said.append(f"{self.not_written} not made")
        if error is not None:
            said.append("then stopped")
        click.echo(", ".join(said))

    def _show_written(self, row: PatientRow, shown: dict[str, Any], replaced: tuple[str, ...]) -> None:
        del shown
        if replaced:
            columns = ", ".join(replaced)
            show_warning(f"row {row.row}, {columns}: characters that XML cannot carry were replaced by U+FFFD")

    def _show_failed(self, row: PatientRow, error: IheTestUtilError) -> None:
        click.echo(f"Row {row.row}:", err=True)
        show_error(error)

    def _show_rejected(self, row: RejectedRow) -> None:
        for problem in row.problems:
            self._show_problem(problem)

    def _show_problem(self, problem: Problem) -> None:
        label = click.style(f"{problem.severity.capitalize()}:", fg=_COLOURS[problem.severity])
        click.echo(f"{label} {problem}", err=True, color=wants_colour())


class ProcessJson(_Process):
    """One JSON object, written as it grows, so that a million rows need no memory."""

    def __enter__(self) -> Self:
        head = {"template": self._writer.template.name, "output": str(self._writer.directory)}
        click.echo(json.dumps(head)[:-1] + ', "rows": [', nl=False)
        self._separator = "\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tail: dict[str, Any] = {
            "written": self.written,
            "rejected": self.rejected,
            "not_made": self.not_written,
            "warnings": self.warnings,
            "error": None if error is None else str(error),
        }
        click.echo("\n], " + json.dumps(tail, ensure_ascii=False)[1:])

    def _show(self, shown: dict[str, Any]) -> None:
        click.echo(self._separator + json.dumps(shown, ensure_ascii=False), nl=False)
        self._separator = ",\n"

    def _show_written(self, row: PatientRow, shown: dict[str, Any], replaced: tuple[str, ...]) -> None:
        del row
        self._show({**shown, "replaced": list(replaced)})

    def _show_failed(self, row: PatientRow, error: IheTestUtilError) -> None:
        self._show({"row": row.row, "line": row.line, "status": "not made", "error": str(error)})

    def _show_rejected(self, row: RejectedRow) -> None:
        problems = [_problem_as_json(one) for one in row.problems]
        self._show({"row": row.row, "line": row.line, "status": "rejected", "problems": problems})

    def _show_problem(self, problem: Problem) -> None:
        found = _problem_as_json(problem)
        self._show({"row": problem.row, "line": problem.line, "status": "warning", "problems": [found]})


def _problem_as_json(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "rule": problem.rule,
        "column": problem.column,
        "value": problem.value,
        "reason": problem.reason,
        "suggestion": problem.suggestion,
    }


def _placeholder_line(placeholder: Placeholder) -> str:
    shown = ", ".join(map(str, placeholder.lines[:_LINES_SHOWN]))
    more = len(placeholder.lines) - _LINES_SHOWN
    unknown = "" if placeholder.definition else click.style("  unknown", fg="red")
    plural = "" if len(placeholder.lines) == 1 else "s"
    return f"  {placeholder.name:<{_NAME_WIDTH}}line{plural} {shown}{f' and {more} more' if more > 0 else ''}{unknown}"


def _problem_lines(problem: "TemplateProblem") -> list[str]:
    label = click.style(f"{problem.severity:<8}", fg=_COLOURS[problem.severity])
    place = f"{problem.place}: " if problem.place else ""
    lines = [f"  {label}{place}{problem.sentence}"]
    lines += [f"          {name}: {value}" for name, value in (("got", problem.got), ("try", problem.hint)) if value]
    return lines


def _tried(report: "TemplateReport") -> str:
    if report.schema:
        return f"Tried with two patients made up here; schema: {report.schema}"
    return "Tried with two patients made up here; not validated: --schema FILE.xsd does"
