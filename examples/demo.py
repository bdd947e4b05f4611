"""What ``make demo`` shows: a mock server, a patient registered, a document submitted. Standard library only.

Everything happens in the directory .demo beside this one, or in the one named as the only argument. The server is left
running, to be played with; the next run stops it first.
"""  # noqa: INP001 - a script, not a package

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
DIRECTORY: Final = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / ".demo").resolve()
COMMAND: Final = (sys.executable, "-m", "ihe_test_util")
#: Settings of the user's own must not change what the demonstration shows.
FOREIGN: Final = ("MOCK_SERVER_", "IHE_TEST_")


def main() -> int:
    """Run the demonstration; 0 when every step did what it should."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that cannot show a letter must not end the show
    try:
        make_room()
        return show()
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return 130


def make_room() -> None:
    """Stop the server of the last run, and begin with an empty directory."""
    if DIRECTORY.exists():
        say("# The server of the last demonstration is stopped, its files are removed.")
        run("mock", "stop")
        shutil.rmtree(DIRECTORY)
    DIRECTORY.mkdir()


def show() -> int:
    """The steps, up to the first that fails."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    examples = Path(os.path.relpath(REPOSITORY / "examples", DIRECTORY))
    document, registration = str(examples / "sample-ccd.xml"), str(examples / "pix-add.xml")
    steps: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("A mock IHE server, in the background", ("mock", "start", "-b", "--host", "127.0.0.1", "--port", str(port))),
        (
            "A patient is registered: PIX Add, ITI-44",
            ("send", "pix-add", registration, "--url", f"{base}/pix/add"),
        ),
        (
            "A clinical document of that patient is submitted: Provide and Register, ITI-41",
            ("send", "iti-41", "--document", document, "--patient-id", "PAT-1001^^^&2.999.10.1&ISO",
             "--url", f"{base}/iti41/submit"),
        ),
        ("The server, asked over its own port", ("mock", "status")),
        ("What it keeps of each exchange", ("mock", "requests")),
        ("The last lines of its log", ("mock", "logs", "--tail", "8")),
    )  # fmt: skip
    say(f"# The commands run in {DIRECTORY}; ihe-test-util is {program()}.")
    for title, arguments in steps:
        say(f"\n# {title}")
        code = run(*arguments)
        if code:
            say(f"\nThe demonstration ends here: exit code {code}.")
            run("mock", "stop")
            return 1
    say_goodbye(base)
    return 0


def say_goodbye(base: str) -> None:
    """What can be done next."""
    program_there = os.path.relpath(program(), DIRECTORY)
    say(
        f"""
# The server goes on running. Try:
  cd {shlex.quote(os.path.relpath(DIRECTORY))}
  {program_there} send pix-add --patient "id=PAT-2^^^&2.999.10.1&ISO, family=Müller, given=Jan" --url {base}/pix/add
  {program_there} mock requests
  {program_there} mock logs -f
# And to stop it:
  {program_there} mock stop"""
    )


def run(*arguments: str) -> int:
    """Print a command, then run it in the directory of the demonstration."""
    say(f"$ ihe-test-util {joined(arguments)}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=DIRECTORY, env=kept | {"PYTHONUTF8": "1"}, check=False).returncode  # noqa: S603 - our own command line


def joined(arguments: Sequence[str]) -> str:
    """Arguments as they are typed in a shell."""
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def program() -> str:
    """The command as it is installed beside the Python that runs this, else that Python with the module's name."""
    found = shutil.which("ihe-test-util", path=str(Path(sys.executable).parent))
    return found or f"{sys.executable} -m ihe_test_util"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def say(text: str) -> None:
    """Write a line, before what the next command writes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
