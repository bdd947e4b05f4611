"""The commands of the pages under docs/, run as they stand there, and their links."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_test_util.client.urls import url_variable
from ihe_test_util.transactions.table import TRANSACTIONS
from tests.support.pages import Block, console_blocks
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.glob("*.md") if console_blocks(page))
LINKED = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("mocks/*/README.md")])
#: What has happened before a reader comes to a page.
_BEFORE = {
    "client-configuration.md": ("mock start -b",),
    "troubleshooting.md": ("mock start -b", "submit patients.csv -q --pix-only"),
}
_FENCE = re.compile(r"```.*?```", re.DOTALL)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Our own command first on the path, and ports of the test's own; what was started is stopped."""
    http, https = free_port(), free_port()
    inherited = {
        name: text for name, text in os.environ.items() if not name.startswith(("MOCK_SERVER_", "IHE_TEST_", "COV"))
    }
    env = inherited | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MOCK_SERVER_HTTP_PORT": str(http),
        "MOCK_SERVER_HTTPS_PORT": str(https),
        **{url_variable(card): f"http://127.0.0.1:{http}{card.path}" for card in TRANSACTIONS},
    }
    yield env
    subprocess.run([sys.executable, "-m", "ihe_test_util", "mock", "stop"], cwd=tmp_path, env=env, check=False)


def fenced(page: Path, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def furnish(directory: Path, page: Path) -> None:
    """The files that a page speaks of: the examples, and what it says to save."""
    shutil.copytree(ROOT / "examples", directory / "examples")
    shutil.copy(ROOT / "examples" / "patients_sample.csv", directory / "patients.csv")
    if page.name == "client-configuration.md":
        shutil.copy(ROOT / "examples" / "client-config.json", directory / "my-config.json")
    if page.name == "mock-server-configuration.md":
        shutil.copy(ROOT / "mocks" / "config-examples" / "config-default.json", directory / "my-config.json")
    if page.name == "quick-start.md":
        (directory / "patients.csv").write_text(fenced(page, "csv")[0], encoding="utf-8")


def prepare(directory: Path, page: Path, block: Block) -> None:
    """What a reader does by hand between the commands."""
    if page.name == "quick-start.md" and any("--output-dir second" in command for command in block.commands):
        (directory / "mocks" / "config.json").write_text(fenced(page, "json")[0], encoding="utf-8")


def in_the_shell(command: str, directory: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command; the mock's usual ports are those of the test, and ID is that of the last exchange."""
    own = command.replace(":8080", f":{env['MOCK_SERVER_HTTP_PORT']}").replace(
        ":8443", f":{env['MOCK_SERVER_HTTPS_PORT']}"
    )
    if re.search(r"show ID\b", own):
        listed = in_the_shell("ihe-test-util mock requests --tail 1 --json", directory, env).stdout
        own = re.sub(r"show ID\b", f"show {json.loads(listed)['id']}", own)
    return subprocess.run(
        ["sh", "-c", own], cwd=directory, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the console blocks are for a POSIX shell")
@pytest.mark.skipif(shutil.which("curl") is None, reason="the pages use curl")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_does_what_it_says(tmp_path: Path, environment: dict[str, str], page: Path) -> None:
    """In the order in which they stand there, each exits with 0, or with the code that the page names."""
    furnish(tmp_path, page)
    for command in _BEFORE.get(page.name, ()):
        in_the_shell(f"ihe-test-util {command}", tmp_path, environment)

    for block in console_blocks(page):
        prepare(tmp_path, page, block)
        for command in block.commands if block.run else ():
            done = in_the_shell(command, tmp_path, environment)
            expected = block.exit_code if command == block.commands[-1] else 0
            assert done.returncode == expected, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("code", fenced(DOCS / "domain.md", "python"), ids=["replacing", "updating"])
def test_the_python_of_the_domain_page_runs(tmp_path: Path, environment: dict[str, str], code: str) -> None:
    """As it stands there, against a mock of the test's own."""
    in_the_shell("ihe-test-util mock start -b", tmp_path, environment)
    script = tmp_path / "letter.py"
    script.write_text(code.replace(":8080", f":{environment['MOCK_SERVER_HTTP_PORT']}"), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    """In the README, the pages, and the READMEs of directories."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text)

    for link in (link for link in links if "://" not in link and not link.startswith("mailto:")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def said() -> list[str]:
    """Every text in the code, with … for what is filled in."""
    found: list[str] = []
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                found.append("".join(parts))
    return found


def test_the_messages_in_troubleshooting_are_those_of_the_code() -> None:
    """Who searches the page for a message finds it as it was said."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    tables = re.findall(r"<!-- messages -->\n((?:\|.*\n)+)", page)
    messages = [row for table in tables for row in re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)]
    texts = "\0".join(said())

    assert len(messages) > 30
    for message in messages:
        for piece in message.split("…"):
            assert piece.strip() in texts, message
