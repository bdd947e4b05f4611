"""``ihe-test-util``: the commands, and the one place where an error becomes a message and an exit code."""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final, NoReturn

import click

from ihe_test_util import __version__
from ihe_test_util.cli import standard_output
from ihe_test_util.cli.lazy import LazyCommand, LazyGroup
from ihe_test_util.cli.output import show_error, show_refusal, wants_colour
from ihe_test_util.errors import IheTestUtilError
from ihe_test_util.private_files import private_files

_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
_TRACE_VARIABLE: Final = "IHE_TEST_UTIL_TRACEBACK"
#: Their exit code 2 says something else, or there is none: a command line that cannot be used is invalid input.
_USAGE_IS_INPUT: Final = frozenset({"submit", "pix-add", "csv", "template"})
_INVALID_INPUT: Final = 1
#: What they write others may read; of the mock, the server and `mock data` know better.
_FOR_ALL: Final = frozenset({"mock", "certs", "config"})

_COMMANDS: Final = {
    "mock": LazyCommand(
        "ihe_test_util.cli.mock_commands", "mock_group", "Start, stop and watch a mock IHE domain; keep its data."
    ),
    "submit": LazyCommand(
        "ihe_test_util.cli.submit_commands", "submit", "Patients of a CSV file: documents made, registered, submitted."
    ),
    "pix-add": LazyCommand(
        "ihe_test_util.cli.pix_add_commands", "pix_add_group", "Register the patients of a CSV file (ITI-44)."
    ),
    "send": LazyCommand(
        "ihe_test_util.cli.send_commands", "send_group", "Send one message to a server and show its answer."
    ),
    "query": LazyCommand("ihe_test_util.cli.query_commands", "query_group", "Ask a document registry (ITI-18)."),
    "pix": LazyCommand("ihe_test_util.cli.find_commands", "pix_group", "Ask who is who: PIX query (ITI-45)."),
    "pdq": LazyCommand("ihe_test_util.cli.find_commands", "pdq_command", "Find patients by demographics (ITI-47)."),
    "retrieve": LazyCommand("ihe_test_util.cli.find_commands", "retrieve", "Retrieve documents into files (ITI-43)."),
    "template": LazyCommand(
        "ihe_test_util.cli.template_commands", "template_group", "Make clinical documents (C-CDA) from templates."
    ),
    "csv": LazyCommand("ihe_test_util.cli.csv_commands", "csv_group", "Check patients in a CSV file, and tidy it."),
    "saml": LazyCommand("ihe_test_util.cli.saml_commands", "saml_group", "Make and judge SAML assertions (XUA)."),
    "config": LazyCommand(
        "ihe_test_util.cli.config_commands", "config_group", "Check and show the client's configuration."
    ),
    "certs": LazyCommand("ihe_test_util.cli.certs_commands", "certs_group", "Make certificates for HTTPS and signing."),
}


@click.group(
    cls=LazyGroup,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ihe-test-util", message="%(prog)s %(version)s")
def main() -> None:
    """A mock IHE domain to test against, and the client that submits to it, queries it and retrieves from it.

    \b
    Examples:
      ihe-test-util mock start -b          a mock domain in the background, HTTP on port 8080
      ihe-test-util mock status            is it running, and what does it serve
      ihe-test-util send pix-add --help    register a patient
      ihe-test-util submit patients.csv    register patients, submit a document for each
      ihe-test-util pdq --family "Ro*"     who is there
      ihe-test-util query --help           which documents are there
      ihe-test-util mock logs -f           follow what it does
      ihe-test-util mock stop

    Every command has --help with examples of its own.
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


def run(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with the exit code of its outcome."""
    standard_output.prepare()
    words = sys.argv[1:] if args is None else args
    with nullcontext() if _FOR_ALL.intersection(words[:1]) else private_files():
        code = _outcome(args)
    sys.exit(standard_output.finished(code))


def _outcome(args: Sequence[str] | None) -> int:
    try:
        result = main.main(
            args=None if args is None else list(args),
            prog_name="ihe-test-util",
            standalone_mode=False,
            color=wants_colour(),
        )
    except (KeyboardInterrupt, click.Abort, BrokenPipeError) as error:
        return _cut_short(error)
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # click makes of it an exit code that says nothing
            return standard_output.gone()
        raise
    except (IheTestUtilError, click.ClickException, OSError) as error:
        return _refused(error, sys.argv[1:] if args is None else args)
    except Exception as error:  # noqa: BLE001 - the last place where a bug can still be told in words
        return _internal_error(error)
    return result if isinstance(result, int) else 0


def _cut_short(error: BaseException) -> int:
    if isinstance(error, BrokenPipeError):
        return standard_output.gone()
    interrupted = isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)
    return _INTERRUPTED if interrupted else 1


def _refused(error: IheTestUtilError | click.ClickException | OSError, args: Sequence[str]) -> int:
    if isinstance(error, click.ClickException):
        error.show()
        return _usage_code(error)
    if isinstance(error, OSError):
        error = standard_output.lost(error) or IheTestUtilError(
            error.strerror or str(error), where=str(error.filename or "")
        )
    as_json = "--json" in args and args[0] != "mock"  # the mock's lists are JSON lines
    return show_refusal(error, exit_code=error.exit_code, as_json=as_json)


def _usage_code(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    words = context.command_path.split() if context is not None else []
    return _INVALID_INPUT if _USAGE_IS_INPUT.intersection(words[1:2]) else error.exit_code


def _internal_error(error: Exception) -> int:
    import traceback  # noqa: PLC0415 - for a bug only

    if os.environ.get(_TRACE_VARIABLE):
        traceback.print_exception(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        shown = IheTestUtilError(
            f"{type(error).__name__}: {error}",
            where=f"{place.filename}:{place.lineno}",
            hint=f"this is a fault of ihe-test-util itself: please report it with the trace of {_TRACE_VARIABLE}=1",
        )
        show_error(shown)
    return 1
