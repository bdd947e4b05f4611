"""``ihe-test-util config``: the client's configuration, checked and shown."""

from pathlib import Path

import click

from ihe_test_util.errors import ConfigError

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
_FILE = click.Path(path_type=Path)


@click.group("config", no_args_is_help=True)
def config_group() -> None:
    """Check and show the client's configuration: where messages go, as whom, how patiently.

    It comes from the command line over environment variables (IHE_TEST_…) over a JSON file (config/config.json, or
    --config FILE) over defaults. That of the mock server is another one: ihe-test-util mock reload --check.

    \b
    Examples:
      ihe-test-util config validate examples/client-config.json
      ihe-test-util config show
      IHE_TEST_PIX_ADD_URL=https://pix.example.org/feed ihe-test-util config show
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@config_group.command("validate", short_help="Say all that is wrong with a configuration file.")
@click.argument("file", type=_FILE)
@_JSON
def validate(*, file: Path, as_json: bool) -> None:
    """Check a configuration FILE, and show what it sets; exit code 0 when it is sound, 1 when not.

    All problems are told at once, each with line and column. Variables of the environment are checked with it. Files
    that it names and that are not there get a warning: they may be on the machine where it will be used.

    \b
    Examples:
      ihe-test-util config validate config/config.json
      ihe-test-util config validate examples/client-config.json --json

    \b
    Errors to expect:
      unknown field "endpoint"; did you mean …    a misspelt name
      a password does not belong here             passwords come from the environment only
      no such variable                            a variable that begins with IHE_TEST_ and is none of ours
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.cli.config_output import show_configuration, show_refused  # noqa: PLC0415 - not for --help
    from ihe_test_util.client.config import doubts, load_client_config  # noqa: PLC0415 - heavy

    try:
        loaded = load_client_config(file)
    except ConfigError as error:
        if as_json:
            show_refused(error)
            raise click.exceptions.Exit(error.exit_code) from None
        error.hint = error.hint or _looks_like_the_servers(file)
        raise
    show_configuration(loaded, as_json=as_json, doubts=doubts(loaded.config), brief=True)


@config_group.command("show", short_help="Show every value in force, and where it was set.")
@click.option(
    "--config",
    "config_path",
    type=_FILE,
    metavar="FILE",
    help="The client's configuration.  [default: config/config.json, where it exists]",
)
@_JSON
def show(*, config_path: Path | None, as_json: bool) -> None:
    """Show every value that is in force, and where it was set: default, FILE:LINE, or env:VARIABLE.

    Passwords are no part of it, and those within URLs are not shown.

    \b
    Examples:
      ihe-test-util config show
      ihe-test-util config show --config examples/client-config.json
      ihe-test-util config show --json | jq '.settings[] | select(.source != "default")'
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.cli.config_output import show_configuration  # noqa: PLC0415 - not for --help
    from ihe_test_util.client.config import doubts, load_client_config  # noqa: PLC0415 - heavy

    loaded = load_client_config(config_path)
    show_configuration(loaded, as_json=as_json, doubts=doubts(loaded.config), title="Configuration:")


def _looks_like_the_servers(file: Path) -> str:
    """What to try where a file is the mock server's configuration; nothing where it is not."""
    from ihe_test_util.mock_server.config import load_config  # noqa: PLC0415 - heavy

    try:
        load_config(file, environ={})
    except ConfigError:
        return ""
    return f"this is a configuration of the mock server: ihe-test-util mock reload --check --config {file}"
