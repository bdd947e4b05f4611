"""What the command line chooses for a run, with what an earlier part of it chose; and the configuration under that."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ihe_test_util.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ihe_test_util.batch.choices import Choices
    from ihe_test_util.cli.batch_options import BatchOptions
    from ihe_test_util.client.config import AssertionPer, ClientConfig

#: Where everything goes that a run leaves.
DEFAULT_OUTPUT_DIR: Final = Path("output")
_RESULTS: Final = "results"
_FORMATS: Final = {".p12": "pkcs12", ".pfx": "pkcs12", ".der": "der"}


def directory_of(output_dir: Path | None, resume: Path | None) -> Path:
    """Where everything goes; a resumed run goes on where it began, which is where its documents and reports are.

    Raises:
        BadInput: a run is to go on somewhere else.
    """
    if resume is None:
        return output_dir or DEFAULT_OUTPUT_DIR
    if resume.parent.name != _RESULTS:
        own = resume.absolute().parent
        own = own.parent if own.name == _RESULTS else own
    else:
        own = resume.parent.parent
    if output_dir is not None and output_dir.absolute().resolve() != own.absolute().resolve():
        raise BadInput(
            "a run goes on in the directory in which it began, where its documents and reports are",
            where="--output-dir",
            got=str(output_dir),
            expected=str(own),
            hint="leave --output-dir out; to have all of it elsewhere, move the whole directory first",
        )
    return own


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a run is to be, once all is put together; ``notes`` say what is otherwise than at its beginning."""

    choices: "Choices"
    config: "ClientConfig"
    directory: Path
    dry_run: bool
    notes: tuple[str, ...] = ()

    @property
    def per(self) -> "AssertionPer | None":
        """How often an assertion is made, where the command line says so."""
        from ihe_test_util.client.config import AssertionPer  # noqa: PLC0415 - pydantic is not needed for --help

        return AssertionPer(self.choices.assertion_per) if self.choices.assertion_per else None


def choose(options: "BatchOptions", urls: "Mapping[str, str | None]") -> Chosen:
    """What the command line says, with what the run to resume was told at its beginning for what is left out.

    Raises:
        ConfigError: every problem of the configuration, one a line.
        BadInput: there is no such run, or it is to go on in another directory.
    """
    directory = directory_of(options.output_dir, options.resume)
    now = _now(options, urls)
    if options.resume is None:
        return Chosen(now, _configuration(now, options.config_path), directory, options.dry_run)
    from ihe_test_util.batch.checkpoint import header_of  # noqa: PLC0415 - not needed for --help

    header = header_of(options.resume)
    choices = now.after(header.choices)
    config = _configuration(choices, Path(choices.config) if choices.config else None)
    notes = tuple(choices.changes(header.choices))
    return Chosen(choices, config, directory, options.dry_run or header.dry_run, notes)


def _now(options: "BatchOptions", urls: "Mapping[str, str | None]") -> "Choices":
    from ihe_test_util.batch.choices import Choices  # noqa: PLC0415 - not needed for --help

    return Choices(
        config=_config_file(options.config_path, resumed=options.resume is not None),
        pix_add_url=urls.get("pix_add_url"),
        iti41_url=urls.get("iti41_url"),
        http=options.http,
        cert=_absolute(options.cert),
        key=_absolute(options.key),
        ca=_absolute(options.ca),
        insecure=options.insecure,
        assertion_per=options.assertion_per,
        soap=options.soap,
        addressing=options.addressing,
        skip_invalid=options.skip_invalid,
    )


def _configuration(choices: "Choices", path: Path | None) -> "ClientConfig":
    from ihe_test_util.client.config import load_client_config  # noqa: PLC0415 - pydantic is not needed for --help

    overrides = _overrides(choices)
    config = load_client_config(path, overrides=overrides).config
    if not choices.http:
        return config
    plain = {
        f"endpoints.{field}": "http://" + url.partition("://")[2]
        for field, url in config.endpoints.model_dump().items()
    }
    return load_client_config(path, overrides=overrides | plain).config


def _overrides(choices: "Choices") -> dict[str, object]:
    cert = Path(choices.cert) if choices.cert else None
    suffix = cert.suffix.lower() if cert else ""
    return {
        "transport.ca_path": choices.ca,
        "transport.verify_tls": False if choices.insecure else None,
        "certificates.cert_path": choices.cert,
        "certificates.key_path": choices.key or (choices.cert if cert and suffix not in _FORMATS else None),
        "certificates.cert_format": _FORMATS.get(suffix, "pem") if cert else None,
        "endpoints.pix_add_url": choices.pix_add_url,
        "endpoints.iti41_url": choices.iti41_url,
    }


def _config_file(given: Path | None, *, resumed: bool) -> str | None:
    """The file as it is given, else the one that is there by itself; of a resumed run, the one of its beginning."""
    from ihe_test_util.client.config import DEFAULT_CONFIG_PATH  # noqa: PLC0415 - pydantic is not needed for --help

    if given is None and not resumed and DEFAULT_CONFIG_PATH.is_file():
        given = DEFAULT_CONFIG_PATH
    return _absolute(given)


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
