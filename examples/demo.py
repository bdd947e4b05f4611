"""What ``make demo`` shows: ten patients of a CSV file through the whole workflow. Standard library only.

Everything happens in the directory .demo beside this one, or in the one named as the only argument. The server is left
running, to be played with; the next run stops it first.
"""  # noqa: INP001 - a script, not a package

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
DIRECTORY: Final = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / ".demo").resolve()
COMMAND: Final = (sys.executable, "-m", "ihe_test_util")
#: Settings of the user's own must not change what the demonstration shows.
FOREIGN: Final = ("MOCK_SERVER_", "IHE_TEST_")
#: The sample patient whose document the mock is told to refuse.
LOCKED: Final = "SAMPLE-006"
SOME_FAILED: Final = 2
RESULTS: Final = Path("output", "results")


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


@dataclass(frozen=True)
class Step:
    """A command, what it is for, and the exit code that it has when all goes as it should."""

    title: str
    arguments: tuple[str, ...]
    expected: int = 0


def show() -> int:
    """The steps, up to the first that does not do what it should."""
    port = free_port()
    configure(port)
    say(f"# The commands run in {DIRECTORY}; ihe-test-util is {program()}.")
    for step in steps():
        say(f"\n# {step.title}")
        code = run(*step.arguments)
        if code != step.expected:
            say(f"\nThe demonstration ends here: exit code {code}, expected was {step.expected}.")
            run("mock", "stop")
            return 1
        if code:
            say(f"# Exit code {code}, as it should be: some patients failed, the others went through.")
    say_goodbye()
    return 0


def configure(port: int) -> None:
    """Write the configurations of both ends: a strict server that refuses one patient's document, a client for it."""
    base = f"http://127.0.0.1:{port}"
    refusal = {"code": "Sender", "reason": "The record of this patient is locked"}
    server = {
        "host": "127.0.0.1",
        "http_port": port,
        "pix_add_behavior": {"validation_mode": "strict"},
        "iti41_behavior": {"validation_mode": "strict", "failing_patients": {LOCKED: refusal}},
    }
    client = {"endpoints": {"pix_add_url": f"{base}/pix/add", "iti41_url": f"{base}/iti41/submit"}}
    write(Path("mocks", "config.json"), server)
    write(Path("config", "config.json"), client)


def steps() -> tuple[Step, ...]:
    """What is shown, in order."""
    patients = str(Path(os.path.relpath(REPOSITORY / "examples", DIRECTORY), "patients_sample.csv"))
    return (
        Step("A mock IHE server in the background, strict; one patient's document it refuses", ("mock", "start", "-b")),
        Step("Ten sample patients, checked before anything is sent", ("csv", "validate", patients)),
        Step(
            "Each is registered (PIX Add, ITI-44), and a C-CDA document of each is submitted (ITI-41)",
            ("submit", patients),
            SOME_FAILED,
        ),
        Step("What the server says of it: the exchanges that failed", ("mock", "requests", "--failed")),
        Step("The server, asked over its own port", ("mock", "status")),
    )


def say_goodbye() -> None:
    """Where the results are, and what can be done next."""
    program_there = os.path.relpath(program(), DIRECTORY)
    say(
        f"""
# The report of the run, for a browser: {(DIRECTORY / RESULTS / "report.html").as_uri()}
# For CI there is junit.xml beside it; the documents are in {os.path.relpath(DIRECTORY / "output" / "documents")}.

# The server goes on running. Take {LOCKED} out of failing_patients in mocks/config.json: the next request sees it.
  cd {shlex.quote(os.path.relpath(DIRECTORY))}
  {program_there} submit --resume {RESULTS / "results.jsonl"}
  {program_there} mock requests
  {program_there} mock logs -f
# And to stop it:
  {program_there} mock stop"""
    )


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a configuration into the directory of the demonstration, and show it."""
    text = json.dumps(content, indent=2)
    say(f"# {path}\n{text}\n")
    (DIRECTORY / path.parent).mkdir(exist_ok=True)
    (DIRECTORY / path).write_text(text + "\n", encoding="utf-8")


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
