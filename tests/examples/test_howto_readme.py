"""The commands of the README, run as they stand there, in an empty directory."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def console_blocks() -> list[list[str]]:
    """The commands of each console block; those of make are run by CI itself."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    commands = [[line[2:] for line in block.splitlines() if line.startswith("$ ")] for block in blocks]
    return [block for block in commands if not block[0].startswith("make ")]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Our own command first on the path, and ports of the test's own; what was started is stopped."""
    http, https = free_port(), free_port()
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MOCK_SERVER_HTTP_PORT": str(http),
        "MOCK_SERVER_HTTPS_PORT": str(https),
        "IHE_TEST_PIX_ADD_URL": f"http://127.0.0.1:{http}/pix/add",
        "IHE_TEST_ITI41_URL": f"http://127.0.0.1:{http}/iti41/submit",
    }
    yield env
    subprocess.run([sys.executable, "-m", "ihe_test_util", "mock", "stop"], cwd=tmp_path, env=env, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="the README's console blocks are for a POSIX shell")
@pytest.mark.skipif(shutil.which("curl") is None, reason="the README uses curl")
def test_every_command_of_the_readme_does_what_it_says(tmp_path: Path, environment: dict[str, str]) -> None:
    """Each exits with 0, in the order in which they stand there."""
    blocks = console_blocks()

    for command in (command for block in blocks for command in block):
        own = command.replace(":8080", f":{environment['MOCK_SERVER_HTTP_PORT']}")
        own = own.replace(":8443", f":{environment['MOCK_SERVER_HTTPS_PORT']}")
        done = subprocess.run(
            ["sh", "-c", own],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    assert len(blocks) == 3


def test_the_readme_links_only_to_what_exists() -> None:
    """Each relative link leads to a file of the repository."""
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", README)

    assert len(links) > 5
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
