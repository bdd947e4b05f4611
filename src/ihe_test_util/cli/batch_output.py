"""What is printed at the end of a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ihe_test_util import failures
from ihe_test_util.cli.output import wants_colour

if TYPE_CHECKING:
    from ihe_test_util.batch.results import FailureGroup, Latencies, RunSummary

_GROUPS_SHOWN: Final = 20
_MILLI: Final = 1000
#: What stops a run again when the same is typed again.
_URL_TO_MEND: Final = frozenset({failures.WRONG_ADDRESS.cause, failures.UNKNOWN_HOST.cause})


def show_summary(summary: "RunSummary", path: Path, report: Path, resume_command: str) -> None:
    """Print counts, rates, causes of failure with their remedies, and how to go on."""
    click.echo(_headline(summary), color=wants_colour())
    from ihe_test_util.batch.results import Step  # noqa: PLC0415 - loaded already

    for step, latencies in ((Step.REGISTER, summary.register), (Step.PROVIDE, summary.provide)):
        if latencies.count or any(group.cause.step is step for group in summary.failures):
            click.echo(f"  {step:<8}{summary.endpoints.get(step, '')}  {_latencies(latencies)}")
    for group in summary.failures[:_GROUPS_SHOWN]:
        _show_group(group)
    if len(summary.failures) > _GROUPS_SHOWN:
        click.echo(f"  … and {len(summary.failures) - _GROUPS_SHOWN} more causes, in the summary")
    click.echo(f"  Report  {report}")
    click.echo(f"  Summary {path}")
    click.echo(f"  Results {summary.results}")
    if summary.left_to_do:
        reason = summary.reason
        mended = ", with the URL mended" if reason is not None and reason.name in _URL_TO_MEND else ""
        click.echo(f"To go on{mended}: {resume_command}")


def _headline(summary: "RunSummary") -> str:
    done = {"all": "submitted", "pix-only": "registered", "iti41-only": "submitted"}[summary.mode]
    if summary.dry_run:
        done = "written, nothing sent"
    patients = "patient" if summary.total == 1 else "patients"
    text = f"{summary.succeeded:,} of {summary.total:,} {patients} {done}"
    if summary.failed:
        text += click.style(f", {summary.failed:,} failed", fg="red")
    if summary.unfinished:
        text += click.style(f", {summary.unfinished:,} not finished", fg="yellow")
    text = click.style(text, fg="green" if summary.exit_code == 0 else None, bold=True)
    if summary.handled or not summary.resumed:
        text += f"; {summary.handled:,} in {summary.elapsed_s:.1f} s, {summary.patients_per_s:.1f} a second"
    elif not summary.stopped:
        text += "; nothing was left to do"
    if summary.resent:
        text += f"; {summary.resent:,} sent again with the same ids"
    return f"{text}; {summary.stopped}" if summary.stopped else text


def _show_group(group: "FailureGroup") -> None:
    cause = group.cause
    rows = ", ".join(map(str, group.rows)) + (" …" if group.count > len(group.rows) else "")
    count = click.style(f"{group.count:,}x", bold=True)
    click.echo(f"  {count} {cause.step}, {cause.category}: {cause.message}", color=wants_colour())
    click.echo(f"      {'row' if group.count == 1 else 'rows'} {rows}")
    if cause.remedy:
        click.echo(f"      try: {cause.remedy}")


def _latencies(latencies: "Latencies") -> str:
    if not latencies.count:
        return "nothing was acknowledged"
    p50, p95, most = (f"{value * _MILLI:.0f}" for value in (latencies.p50_s, latencies.p95_s, latencies.most_s))
    return f"{p50} ms (median), {p95} ms (95 %), {most} ms (longest)"
