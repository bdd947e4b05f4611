"""What ``submit`` and ``pix-add register`` can both be told, as one decorator; its values come in one piece."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ihe_test_util.soap.version import SoapVersion

if TYPE_CHECKING:
    from ihe_test_util.client.config import AssertionPer, ClientConfig

_FILE: Final = click.Path(path_type=Path)
_DIRECTORY: Final = click.Path(file_okay=False, path_type=Path)
_FORMATS: Final = {".p12": "pkcs12", ".pfx": "pkcs12", ".der": "der"}
#: Where everything goes that a run leaves.
DEFAULT_OUTPUT_DIR: Final = Path("output")
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
    soap: str
    addressing: bool
    quiet: bool
    as_json: bool

    @property
    def directory(self) -> Path:
        """Where everything goes; a resumed run goes on where it began."""
        if self.output_dir is None and self.resume is not None:
            return self.resume.parent.parent
        return self.output_dir or DEFAULT_OUTPUT_DIR

    def configuration(self, urls: dict[str, str | None]) -> "ClientConfig":
        """The client's configuration with these options over it; ``urls`` are by the field of ``endpoints``.

        Raises:
            ConfigError: every problem, one a line.
        """
        from ihe_test_util.client.config import load_client_config  # noqa: PLC0415 - pydantic is not needed for --help

        cert = self.cert
        overrides: dict[str, object] = {
            "transport.ca_path": self.ca,
            "transport.verify_tls": False if self.insecure else None,
            "certificates.cert_path": cert,
            "certificates.key_path": self.key or (cert if cert and cert.suffix.lower() not in _FORMATS else None),
            "certificates.cert_format": _FORMATS.get(cert.suffix.lower(), "pem") if cert else None,
            **{f"endpoints.{field}": url for field, url in urls.items()},
        }
        config = load_client_config(self.config_path, overrides=overrides).config
        if not self.http:
            return config
        plain = {
            f"endpoints.{field}": "http://" + url.partition("://")[2]
            for field, url in config.endpoints.model_dump().items()
        }
        return load_client_config(self.config_path, overrides=overrides | plain).config

    @property
    def per(self) -> "AssertionPer | None":
        """How often an assertion is made, where the command line says so."""
        from ihe_test_util.client.config import AssertionPer  # noqa: PLC0415 - pydantic is not needed for --help

        return AssertionPer(self.assertion_per) if self.assertion_per else None


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
        default="1.2",
        show_default=True,
        help="SOAP version.",
    ),
    click.option("--addressing/--no-addressing", default=True, show_default=True, help="WS-Addressing headers."),
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
        "--resume", type=_FILE, metavar="FILE", help="Go on with a run: its results.jsonl. CSV may be left out."
    ),
    click.option("--fail-fast", is_flag=True, help="Stop at the first patient that fails."),
    click.option("--quiet", "-q", is_flag=True, help="No progress; only errors, and the exit code."),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object and nothing else."),
)
