"""Attachments of answers leave nothing behind in the directory of temporary files, not even after kill -9."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.client.client import Client
from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.client.spool import PREFIX, Spool, remove_abandoned
from ihe_test_util.errors import StorageError
from ihe_test_util.transactions import pix_add
from ihe_test_util.transactions.pix_add import PixAddRequest
from tests.support.patience import PATIENCE_S

KILLED = """
import os, signal, sys
from pathlib import Path
from ihe_test_util.client.spool import Spool
directory = Spool(Path(sys.argv[1])).directory()
(directory / "attachment").write_bytes(b"x" * 1000)
os.kill(os.getpid(), signal.SIGKILL)
"""
Bytes = Callable[..., bytes]


def names_in(directory: Path) -> list[str]:
    """What lies in a directory."""
    return [path.name for path in directory.iterdir()]


def _long_ago(path: Path) -> None:
    then = time.time() - 3600
    os.utime(path, (then, then))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's directory of temporary files, for this test alone."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


async def test_plain_answers_need_no_directory(
    client: Client, start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest, temporary: Path
) -> None:
    """So that most clients leave nothing, however they end."""
    peer = await start_peer(http(acknowledge()))
    await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url()))
    assert names_in(temporary) == []


async def test_packages_have_one_until_the_client_is_closed(
    start_peer: Any, http: Bytes, acknowledge: Bytes, pix_request: PixAddRequest, temporary: Path
) -> None:
    """One for all answers."""
    body = b"--b\r\n\r\n" + acknowledge(relates_to=None) + b"\r\n--b--"
    peer = await start_peer(http(body, 'multipart/related; boundary=b; type="application/xop+xml"'))
    async with Client() as client:
        for _ in range(2):
            await client.call(pix_add.SPEC, pix_request, Endpoint(peer.url(), addressing=False))
        (name,) = names_in(temporary)
        assert name.startswith(PREFIX)
    assert names_in(temporary) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_client_left_goes_with_the_next(temporary: Path) -> None:
    """Its lock is free; directories in use, fresh ones, and those of others stay."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(temporary)], check=False, timeout=PATIENCE_S)
    (left,) = temporary.iterdir()
    assert (killed.returncode, (left / "attachment").exists()) == (-9, True)
    remove_abandoned(temporary)
    assert left.exists()  # it is so young that its maker may be about to lock it
    _long_ago(left)
    used = Spool(temporary)
    in_use = used.directory()
    assert list(temporary.iterdir()) == [in_use]

    _long_ago(in_use)
    strange = temporary / f"{PREFIX}strange"
    strange.mkdir()
    _long_ago(strange)
    (temporary / f"{PREFIX}link").symlink_to(strange)
    other = Spool(temporary)
    expected = {in_use, strange, temporary / f"{PREFIX}link", other.directory()}
    assert set(temporary.iterdir()) == expected
    used.close()
    other.close()
    assert not in_use.exists()


def test_no_place_is_told(tmp_path: Path) -> None:
    """A full disk, or a directory that is not there."""
    with pytest.raises(StorageError, match="no place") as caught:
        Spool(tmp_path / "none").directory()
    assert caught.value.where == str(tmp_path / "none")
