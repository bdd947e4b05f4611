"""What every ``send`` command can be told about the endpoint and its output, as one decorator."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ihe_test_util.client.urls import default_url, url_field, url_variable
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction

if TYPE_CHECKING:
    from ihe_test_util.client.config import ClientConfig
    from ihe_test_util.client.endpoint import Endpoint

_FILE: Final = click.Path(path_type=Path)
_FORMATS: Final = {".p12": "pkcs12", ".pfx": "pkcs12", ".der": "der"}
_Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class SendOptions:
    """The options that all ``send`` commands share, under the names that click gives them."""

    config_path: Path | None
    url: str | None
    soap: str
    addressing: bool
    ca: Path | None
    insecure: bool
    cert: Path | None
    key: Path | None
    sign: bool
    timeout_s: float | None
    retries: int
    as_json: bool
    show: bool
    dry_run: bool
    output_request: Path | None

    def configuration(self, card: AnyTransaction) -> "ClientConfig":
        """The client's configuration, with these options over it.

        Raises:
            ConfigError: every problem, one a line.
        """
        from ihe_test_util.client.config import load_client_config  # noqa: PLC0415 - heavy

        cert = self.cert
        overrides = {
            f"endpoints.{url_field(card)}": self.url,
            "transport.ca_path": self.ca,
            "transport.verify_tls": False if self.insecure else None,
            "transport.timeout_read": self.timeout_s,
            "certificates.cert_path": cert,
            "certificates.key_path": self.key or cert,
            "certificates.cert_format": _FORMATS.get(cert.suffix.lower(), "pem") if cert else None,
        }
        return load_client_config(self.config_path, overrides=overrides).config

    @property
    def only_for_https(self) -> tuple[str, ...]:
        """The options given that do nothing over plain HTTP; a certificate may be there to sign."""
        cert, key = (None, None) if self.sign else (self.cert, self.key)
        given = {"--ca": self.ca, "--insecure": self.insecure, "--cert": cert, "--key": key}
        return tuple(name for name, value in given.items() if value)

    def endpoint(self, card: AnyTransaction, config: "ClientConfig") -> "Endpoint":
        """Where and how to send."""
        from ihe_test_util.client.configured import endpoint_for  # noqa: PLC0415 - heavy

        return endpoint_for(config, card, soap=SoapVersion(self.soap), addressing=self.addressing)


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
            "--config",
            "config_path",
            type=_FILE,
            metavar="FILE",
            help="The client's configuration.  [default: config/config.json, where it exists]",
        ),
        click.option(
            "--url",
            metavar="URL",
            help=f"Where to send.  [env var: {url_variable(card)}; default: {default_url(card)}]",
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
        click.option(
            "--cert", type=_FILE, metavar="FILE", help="Client certificate, as PEM; .p12 and .pfx are PKCS#12."
        ),
        click.option("--key", type=_FILE, metavar="FILE", help="Its private key, where it is not in --cert."),
        click.option(
            "--sign", is_flag=True, help="Send an assertion, signed with --cert and --key, as the configuration says."
        ),
        click.option(
            "--timeout",
            "timeout_s",
            type=click.FloatRange(0, min_open=True),
            metavar="SECONDS",
            help="How long to wait for an answer.  [default: 30; 60 with documents]",
        ),
        click.option(
            "--retries",
            type=click.IntRange(0, 100),
            default=0,
            show_default=True,
            metavar="N",
            help="Send again, with the same ids, after errors that pass by themselves.",
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
