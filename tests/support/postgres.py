"""A PostgreSQL server of the tests' own: on a free port of 127.0.0.1, in a directory that goes with it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PLACES: Final = "/usr/lib/postgresql"


def missing() -> str:
    """Why no server can be had here; empty where one can."""
    try:
        import psycopg  # noqa: F401, PLC0415 - only whether it is there
    except ImportError:
        return "psycopg is not installed"
    return "" if _program("initdb") else f"no initdb on the path or under {_PLACES}: install PostgreSQL"


@contextmanager
def postgres_server(place: Path | None = None, *, durable: bool = False) -> Iterator[str]:
    """A running server; gives the URL of its database.

    Its directory lies in ``place``; a durable one waits for the disk, as in earnest.
    """
    with tempfile.TemporaryDirectory(prefix="ihe-postgres-", dir=place) as directory:
        data = Path(directory) / "data"
        _run("initdb", "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync", owner_of=directory)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-p {port} -h 127.0.0.1 -k {directory} -c max_connections=60"
        options += "" if durable else " -F"
        _run("pg_ctl", "-D", str(data), "-l", f"{directory}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")


def own_schema(url: str, name: str) -> str:
    """The URL by which a test has the database to itself."""
    import psycopg  # noqa: PLC0415 - only where a server is

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE SCHEMA {}").format(psycopg.sql.Identifier(name)))
    return f"{url}?options=-csearch_path%3D{name}"


def _program(name: str) -> str | None:
    found = sorted(Path(_PLACES).glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(found[0]) if found else None)


def _run(name: str, *arguments: str, owner_of: str | None = None) -> None:
    program = _program(name)
    assert program is not None
    user: str | None = None
    if os.getuid() == 0:  # the server refuses to run as root
        user = next((each.pw_name for each in pwd.getpwall() if each.pw_name in {"postgres", "nobody"}), None)
        if owner_of is not None and user is not None:
            shutil.chown(owner_of, user)
    done = subprocess.run(
        [program, *arguments], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, user=user, cwd="/"
    )
    assert done.returncode == 0, done.stderr.decode()
