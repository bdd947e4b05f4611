"""What ``submit`` and ``pix-add register`` can both be told, as one decorator; its values come in one piece."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from ihe_test_util.soap.version import SoapVersion

_FILE: Final = click.Path(path_type=Path)
_DIRECTORY: Final = click.Path(file_okay=False, path_type=Path)
_Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The shared options, under the names that click gives them."""

    csv: Path | None
    config_path: Path | None
    output: Path | None
    output_dir: Path | None
    seed: int | None
    concurrency: int
    checkpoint_interval: int
    resume: Path | None
    fail_fast: bool
    skip_invalid: bool
    dry_run: bool
    http: bool
    cert: Path | None
    key: Path | None
    ca: Path | None
    insecure: bool
    assertion_per: str | None
    soap: str | None
    addressing: bool | None
    quiet: bool
    as_json: bool

    @property
    def only_for_https(self) -> tuple[str, ...]:
        """The options given that do nothing over plain HTTP, unless that was asked for."""
        given = {} if self.http else {"--ca": self.ca, "--insecure": self.insecure}
        return tuple(name for name, value in given.items() if value)


def batch_options(function: _Command) -> _Command:
    """Add the shared options to a command, which is given them as ``options``."""

    @wraps(function)
    def with_options(**values: Any) -> None:  # noqa: ANN401 - as click gives them
        options = BatchOptions(**{field.name: values.pop(field.name) for field in fields(BatchOptions)})
        function(options=options, **values)

    command: _Command = with_options
    for option in reversed((*_WHAT, *_WHERE, *_HOW)):
        command = option(command)
    return command


_WHAT: Final = (
    click.argument("csv", required=False, type=click.Path(path_type=Path, allow_dash=True)),
    click.option(
        "--config",
        "config_path",
        type=_FILE,
        metavar="FILE",
        help="The client's configuration.  [default: config/config.json, where it exists]",
    ),
    click.option("--seed", type=int, metavar="N", help="The same ids, documents and messages for the same N."),
    click.option("--dry-run", is_flag=True, help="Send nothing; write every message to DIR/messages."),
    click.option("--skip-invalid", is_flag=True, help="Leave out rows that cannot be used, in place of stopping."),
)
_WHERE: Final = (
    click.option(
        "--output", type=_FILE, metavar="FILE", help="The summary, as JSON.  [default: DIR/results/summary.json]"
    ),
    click.option(
        "--output-dir",
        type=_DIRECTORY,
        metavar="DIR",
        help="Where logs/ documents/ results/ audit/ go.  [default: output, or that of --resume]",
    ),
    click.option("--http", is_flag=True, help="Plain HTTP, also where the configuration says https://."),
    click.option("--cert", type=_FILE, metavar="FILE", help="Certificate to sign and to show; PEM, .p12 or .pfx."),
    click.option("--key", type=_FILE, metavar="FILE", help="Its private key, where it is not in --cert."),
    click.option("--ca", type=_FILE, metavar="FILE", help="CA that vouches for an HTTPS server, as PEM."),
    click.option("--insecure", is_flag=True, help="Believe any HTTPS server, for tests only."),
    click.option(
        "--assertion-per",
        type=click.Choice(["message", "run", "none"]),
        help="With a certificate: an assertion for each message, one for the run, or none.",
    ),
    click.option(
        "--soap",
        type=click.Choice([version.value for version in SoapVersion]),
        help="SOAP version.  [default: 1.2]",
    ),
    click.option("--addressing/--no-addressing", default=None, help="WS-Addressing headers.  [default: --addressing]"),
)
_HOW: Final = (
    click.option(
        "--concurrency",
        type=click.IntRange(1, 1000),
        default=8,
        show_default=True,
        metavar="N",
        help="How many patients at a time.",
    ),
    click.option(
        "--checkpoint-interval",
        type=click.IntRange(min=1),
        default=50,
        show_default=True,
        metavar="N",
        help="Results that a power failure may cost; kill -9 costs none.",
    ),
    click.option(
        "--resume",
        type=_FILE,
        metavar="FILE",
        help="Go on with a run: its results.jsonl. CSV, and what was chosen then, may be left out.",
    ),
    click.option("--fail-fast", is_flag=True, help="Stop at the first patient that fails."),
    click.option("--quiet", "-q", is_flag=True, help="No progress; only errors, and the exit code."),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object and nothing else."),
)
