"""What every ``send`` command can be told about the endpoint and its output, as one decorator."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction

#: Where the mock server listens when it is told nothing.
DEFAULT_BASE_URL: Final = "http://localhost:8080"

_FILE: Final = click.Path(path_type=Path)
_Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class SendOptions:
    """The options that all ``send`` commands share, under the names that click gives them."""

    url: str
    soap: str
    addressing: bool
    ca: Path | None
    insecure: bool
    cert: Path | None
    key: Path | None
    timeout_s: float | None
    as_json: bool
    show: bool
    dry_run: bool
    output_request: Path | None

    @property
    def endpoint(self) -> Endpoint:
        """Where and how to send.

        Raises:
            BadInput: the URL is none of HTTP.
        """
        tls = Tls(ca=self.ca, verify=not self.insecure, cert=self.cert, key=self.key)
        return Endpoint(self.url, SoapVersion(self.soap), self.addressing, tls, timeout_read_s=self.timeout_s)


def default_url(card: AnyTransaction) -> str:
    """Where the mock server has this transaction by default."""
    return DEFAULT_BASE_URL + card.path


def url_variable(card: AnyTransaction) -> str:
    """The environment variable that names another URL."""
    return f"IHE_TEST_{card.config_field.removesuffix('_endpoint').upper()}_URL"


def sending(card: AnyTransaction) -> Callable[[_Command], _Command]:
    """Add the shared options to a command, which is given them as ``options``."""

    def decorate(function: _Command) -> _Command:
        @wraps(function)
        def with_options(**values: Any) -> None:  # noqa: ANN401 - as click gives them
            options = SendOptions(**{field.name: values.pop(field.name) for field in fields(SendOptions)})
            function(options=options, **values)

        command: _Command = with_options
        for option in reversed(_options(card)):
            command = option(command)
        return command

    return decorate


def _options(card: AnyTransaction) -> tuple[Callable[[_Command], _Command], ...]:
    return (
        click.option(
            "--url",
            envvar=url_variable(card),
            default=default_url(card),
            show_default=True,
            show_envvar=True,
            help="Where to send.",
        ),
        click.option(
            "--soap",
            type=click.Choice([version.value for version in SoapVersion]),
            default="1.2",
            show_default=True,
            help="SOAP version.",
        ),
        click.option("--addressing/--no-addressing", default=True, show_default=True, help="WS-Addressing headers."),
        click.option("--ca", type=_FILE, metavar="FILE", help="CA that vouches for an HTTPS server, as PEM."),
        click.option("--insecure", is_flag=True, help="Believe any HTTPS server, for tests only."),
        click.option("--cert", type=_FILE, metavar="FILE", help="Client certificate, as PEM."),
        click.option("--key", type=_FILE, metavar="FILE", help="Its private key, where it is not in --cert."),
        click.option(
            "--timeout",
            "timeout_s",
            type=click.FloatRange(0, min_open=True),
            metavar="SECONDS",
            help="How long to wait for an answer.  [default: 30; 60 with documents]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
        click.option("--show", is_flag=True, help="Print request and answer too. They hold patient data."),
        click.option("--dry-run", is_flag=True, help="Do not send; print what would be sent."),
        click.option(
            "--output-request",
            type=_FILE,
            metavar="FILE",
            help="Do not send; write the HTTP body to a file, and how to send it with curl.",
        ),
    )
