"""What the ``saml`` commands can be told, as decorators; their values come in one piece."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ihe_test_util.security.certificates import PASSWORD_VARIABLE
from ihe_test_util.security.xua import (
    DEFAULT_AUDIENCE,
    DEFAULT_ISSUER,
    DEFAULT_SKEW_S,
    DEFAULT_SUBJECT,
    DEFAULT_VALID_FOR_S,
    Confirmation,
)

#: What ``certs init`` makes.
DEFAULT_CERT: Final = Path("mocks/client-cert.pem")
DEFAULT_KEY: Final = Path("mocks/client-key.pem")

_FILE: Final = click.Path(path_type=Path)
_FILE_OR_DASH: Final = click.Path(path_type=Path, allow_dash=True)
_CONFIRMATION: Final = click.Choice([each.value for each in Confirmation])
_MAX_SKEW_S: Final = 86_400
_CODE: Final = "CODE^NAME^OID"

_Command = Callable[..., None]
_Options = TypeVar("_Options")


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """The options of ``saml generate``, under the names that click gives them."""

    cert: Path | None
    key: Path | None
    cert_format: str | None
    password_env: str
    issuer: str
    subject: str
    audience: tuple[str, ...]
    subject_id: str
    organization: str
    organization_id: str
    role: tuple[str, ...]
    purpose_of_use: str
    home_community_id: str
    resource_id: str
    attribute: tuple[tuple[str, str], ...]
    confirmation: str
    holder: Path | None
    recipient: str
    one_time_use: bool
    valid_for_s: float
    issued_at: datetime | None
    template: Path | None
    values: tuple[tuple[str, str], ...]
    header: str | None
    output: Path
    as_json: bool


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """The options of ``saml verify``, under the names that click gives them."""

    file: Path
    ca: tuple[Path, ...]
    cert: tuple[Path, ...]
    any_signer: bool
    audience: str
    recipient: str
    confirmation: str | None
    holder: Path | None
    skew_s: float
    at: datetime | None
    one_time: bool
    replay_cache: Path | None
    as_json: bool


def generating(function: _Command) -> _Command:
    """Add the options of ``saml generate`` to a command, which is given them as ``options``."""
    return _decorated(function, GenerateOptions, (*_SIGNER, *_CLAIMS, *_CONDITIONS, *_FORM))


def verifying(function: _Command) -> _Command:
    """Add the argument and the options of ``saml verify`` to a command, which is given them as ``options``."""
    return _decorated(function, VerifyOptions, _VERIFY)


def _decorated(
    function: _Command, collected: type[_Options], options: Sequence[Callable[[_Command], _Command]]
) -> _Command:
    @functools.wraps(function)
    def with_options(**values: Any) -> None:  # noqa: ANN401 - as click gives them
        function(options=collected(**values))

    command: _Command = with_options
    for option in reversed(options):
        command = option(command)
    return command


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time, as 2026-01-31T08:15:00Z", context, parameter) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pairs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise click.BadParameter(f"{name!r} is not NAME=TEXT", context, parameter)
    return tuple((name, text) for name, _, text in pairs)


_SIGNER: Final = (
    click.option(
        "--cert",
        type=_FILE,
        metavar="FILE",
        help=f"Certificate to sign with: PEM, DER or PKCS#12.  [default: {DEFAULT_CERT}]",
    ),
    click.option(
        "--key", type=_FILE, metavar="FILE", help=f"Its private key, where not in --cert.  [default: {DEFAULT_KEY}]"
    ),
    click.option(
        "--cert-format",
        type=click.Choice(["pem", "pkcs12", "der"]),
        help="The form that both must have.  [default: whichever they have]",
    ),
    click.option(
        "--password-env",
        default=PASSWORD_VARIABLE,
        show_default=True,
        metavar="VARIABLE",
        help="The environment variable that holds their password.",
    ),
)
_CLAIMS: Final = (
    click.option("--issuer", default=DEFAULT_ISSUER, show_default=True, help="Who issues it."),
    click.option("--subject", default=DEFAULT_SUBJECT, show_default=True, help="The user, as NameID."),
    click.option(
        "--audience",
        multiple=True,
        default=(DEFAULT_AUDIENCE,),
        show_default=True,
        metavar="URI",
        help="Whom it is for; as often as needed.",
    ),
    click.option("--subject-id", default="", metavar="TEXT", help="The user's name in plain text."),
    click.option("--organization", default="", metavar="TEXT", help="Name of the user's organization."),
    click.option("--organization-id", default="", metavar="URI", help="Its id, as urn:oid:2.999.10."),
    click.option("--role", multiple=True, metavar=_CODE, help="A role of the user; as often as needed."),
    click.option("--purpose-of-use", default="", metavar=_CODE, help="What the data are wanted for."),
    click.option("--home-community-id", default="", metavar="URN", help="Home community, as urn:oid:2.999.7."),
    click.option("--resource-id", default="", metavar="CX", help="The patient, as P-1^^^&2.999.1&ISO."),
    click.option(
        "--attribute",
        multiple=True,
        callback=_pairs,
        metavar="NAME=TEXT",
        help="A further attribute; as often as needed.",
    ),
)
_CONDITIONS: Final = (
    click.option(
        "--confirmation",
        type=_CONFIRMATION,
        default=Confirmation.BEARER.value,
        show_default=True,
        help="How the subject is confirmed.",
    ),
    click.option(
        "--holder", type=_FILE, metavar="FILE", help="Certificate of the holder of the key.  [default: the signer's]"
    ),
    click.option("--recipient", default="", metavar="URL", help="Where it is to be presented."),
    click.option("--one-time-use", is_flag=True, help="It may be used once."),
    click.option(
        "--valid-for",
        "valid_for_s",
        type=float,
        default=DEFAULT_VALID_FOR_S,
        show_default=True,
        metavar="SECONDS",
        help="How long it is valid.",
    ),
    click.option(
        "--issued-at",
        callback=_moment,
        metavar="TIME",
        help="When it begins to be valid, as ISO 8601; for trying out receivers.  [default: now]",
    ),
)
_FORM: Final = (
    click.option(
        "--template", type=_FILE, metavar="FILE", help="An assertion with {{placeholders}} to be used in place of ours."
    ),
    click.option(
        "--set",
        "values",
        multiple=True,
        callback=_pairs,
        metavar="NAME=TEXT",
        help="Text for a placeholder of the template; as often as needed.",
    ),
    click.option(
        "--header",
        type=click.Choice(["1.1", "1.2"]),
        help="Put it into a WS-Security header with a Timestamp, for this version of SOAP.",
    ),
    click.option(
        "--output", type=_FILE_OR_DASH, default="-", metavar="FILE", help="Where to write.  [default: stdout]"
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
)
_VERIFY: Final = (
    click.argument("file", type=_FILE_OR_DASH),
    click.option(
        "--ca", multiple=True, type=_FILE, metavar="FILE", help="Believe signers that this CA vouches for; repeatable."
    ),
    click.option(
        "--cert", multiple=True, type=_FILE, metavar="FILE", help="Believe the signer of this certificate; repeatable."
    ),
    click.option("--any-signer", is_flag=True, help="Believe anybody: only whether it was changed is checked."),
    click.option("--audience", default="", metavar="URI", help="Whom it must be for."),
    click.option("--recipient", default="", metavar="URL", help="Where it must be presented, if it says so."),
    click.option("--confirmation", type=_CONFIRMATION, help="How the subject must be confirmed."),
    click.option("--holder", type=_FILE, metavar="FILE", help="Certificate of whoever presented it (holder-of-key)."),
    click.option(
        "--skew",
        "skew_s",
        type=click.FloatRange(0, _MAX_SKEW_S),
        default=DEFAULT_SKEW_S,
        show_default=True,
        metavar="SECONDS",
        help="How far clocks may differ.",
    ),
    click.option("--at", callback=_moment, metavar="TIME", help="The time to judge by, as ISO 8601.  [default: now]"),
    click.option("--one-time", is_flag=True, help="Refuse any second use, not only where it says OneTimeUse."),
    click.option(
        "--replay-cache", type=_FILE, metavar="FILE", help="Remember used assertions here; made if it is not there."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
)
