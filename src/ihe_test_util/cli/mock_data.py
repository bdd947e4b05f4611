"""``ihe-test-util mock data``: what a domain holds, written out, read in, forgotten."""

import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from ihe_test_util.cli.mock_commands import config_option
from ihe_test_util.cli.mock_files import data_dir_of
from ihe_test_util.errors import BadInput
from ihe_test_util.private_files import private_files
from ihe_test_util.runtime.event_loop import run
from ihe_test_util.store.opening import Store

T = TypeVar("T")
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.group("data", no_args_is_help=True)
def data_group() -> None:
    """Look at the domain of the mock, keep it, bring it back, empty it.

    The domain is what was fed and submitted: patients, documents and their metadata; the journal of exchanges is apart.
    The server may run or not.

    \b
    Examples:
      ihe-test-util mock data stats
      ihe-test-util mock data export before.zip
      ihe-test-util mock data reset --yes
      ihe-test-util mock data import before.zip
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@data_group.command("stats", short_help="Count what the domain holds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@config_option
def stats(*, as_json: bool, config_path: Path | None) -> None:
    """Count patients, submissions, documents, and the objects of the registry.

    \b
    Examples:
      ihe-test-util mock data stats
      ihe-test-util mock data stats --json
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character

    async def count(store: Store) -> dict[str, int]:
        counts, registry = await store.counts(), await store.registry.count()
        return {
            "patients": counts.patients,
            "submissions": counts.submissions,
            "documents": counts.documents,
            **{f"registry_{_plural(kind.name.lower())}": count for kind, count in sorted(registry.items())},
        }

    counts = _with_store(config_path, count)
    where = _place(config_path)
    if as_json:
        click.echo(json.dumps({"data_dir": str(data_dir_of(config_path)), "store": where, **counts}, indent=2))
        return
    click.echo(f"The domain in {where}")
    for name, number in counts.items():
        click.echo(f"  {name.replace('_', ' '):<30}{number:>12,}")


@data_group.command("export", short_help="Write the domain to a ZIP archive.")
@click.argument("file", type=_FILE)
@config_option
def export(*, file: Path, config_path: Path | None) -> None:
    """Write the domain to FILE, a ZIP archive of JSON lines and documents. It holds patient data.

    \b
    Examples:
      ihe-test-util mock data export domain.zip

    \b
    Errors to expect:
      the file is there already      nothing is overwritten; remove it, or choose another name
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    if not file.absolute().parent.is_dir():
        raise BadInput("there is no such directory", where=str(file.absolute().parent))
    manifest = _with_store(config_path, lambda store: store.export(file))
    click.echo(f"Written to {file}: {_rows(manifest.rows)}.")


@data_group.command("import", short_help="Read an exported domain into an empty one.")
@click.argument("file", type=_FILE)
@config_option
def import_(*, file: Path, config_path: Path | None) -> None:
    """Read a domain that was exported to FILE into one that is empty, whole or not at all.

    \b
    Examples:
      ihe-test-util mock data import domain.zip

    \b
    Errors to expect:
      the domain is not empty                       mock data reset empties it
      the export was made by another version        import it with that version
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    if not file.exists():
        raise BadInput("there is no such file", where=str(file.absolute()))
    manifest = _with_store(config_path, lambda store: store.load(file))
    click.echo(f"Read from {file}: {_rows(manifest.rows)}.")


@data_group.command("reset", short_help="Forget every patient and document.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def reset(*, yes: bool, config_path: Path | None) -> None:
    """Forget every patient and document; the journal stays, and so do copies in data_dir/documents.

    Asks first on a terminal; elsewhere it needs --yes.

    \b
    Examples:
      ihe-test-util mock data reset
      ihe-test-util mock data reset --yes
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    where = _place(config_path)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("nobody can be asked here", hint="--yes")
        click.confirm(f"Forget everything in {where}?", abort=True)

    async def forget(store: Store) -> None:
        await store.reset()

    _with_store(config_path, forget)
    click.echo(f"The domain in {where} is empty.")


def _place(config_path: Path | None) -> str:
    """Where the domain is: a PostgreSQL database by its URL without the password, or the data directory."""
    from ihe_test_util.mock_server.config import load_config  # noqa: PLC0415 - heavy

    url = load_config(config_path).store_url
    if url is None:
        return str(data_dir_of(config_path))
    parts = urlsplit(url.get_secret_value())
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{host}" if user else host, query="").geturl()


def _with_store(config_path: Path | None, work: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    from ihe_test_util.mock_server.config import load_config  # noqa: PLC0415 - heavy

    url = load_config(config_path).store_url
    where = data_dir_of(config_path)
    if not where.is_dir() and url is None:
        raise BadInput("there is no domain", where=str(where), hint="it is made by the first ihe-test-util mock start")

    async def opened() -> T:
        store = Store.open(where, url=url.get_secret_value() if url is not None else "")
        try:
            return await work(store)
        finally:
            await store.close()

    with private_files():
        return run(opened())


def _rows(rows: Any) -> str:  # noqa: ANN401 - a mapping of names to numbers
    named = ((count, table.replace("_", " ")) for table, count in rows.items())
    return ", ".join(f"{count:,} {name.removesuffix('s') if count == 1 else name}" for count, name in named)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
