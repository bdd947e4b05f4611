"""The command line as a whole: one place maps errors to messages and exit codes, and help is quick."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from ihe_test_util import __version__
from ihe_test_util.cli import main as entry
from ihe_test_util.cli.lazy import LazyGroup
from ihe_test_util.errors import BadInput, IheTestUtilError

HEAVY = ("aiohttp", "lxml", "pydantic", "psutil", "rich", "cryptography", "asyncio", "sqlite3", "http.client")


def outcome(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as ended:
        entry.run(args)
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command ``fail`` that raises what is put into the list."""
    errors: list[BaseException] = []

    @click.command("fail")
    def fail() -> None:
        raise errors[0]

    monkeypatch.setitem(entry.main.commands, "fail", fail)
    return errors


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, with exit code 0."""
    assert outcome(capsys, "--version") == (0, f"ihe-test-util {__version__}\n", "")


def test_an_error_is_told_in_lines(capsys: pytest.CaptureFixture[str], failing: list[BaseException]) -> None:
    """What, at, got, expected, try; no trace; the exit code of its class; nothing on standard output."""
    error = BadInput("It is odd", where="--x", got="1", expected="2", hint="two")
    error.add_note("A note")
    failing.append(error)

    assert outcome(capsys, "fail") == (
        1,
        "",
        "Error: It is odd\n  at:       --x\n  got:      1\n  expected: 2\n  try:      two\nA note\n",
    )


def test_the_exit_code_is_that_of_the_error(capsys: pytest.CaptureFixture[str], failing: list[BaseException]) -> None:
    """A class of error decides; parts that say nothing are left out."""

    class Critical(IheTestUtilError):
        exit_code = 3

    failing.append(Critical("It is critical"))

    assert outcome(capsys, "fail") == (3, "", "Error: It is critical\n")


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (click.Abort(), 1), (click.exceptions.Exit(5), 5)]
)
def test_an_interrupt_is_no_error(
    capsys: pytest.CaptureFixture[str], failing: list[BaseException], error: BaseException, code: int
) -> None:
    """Ctrl-C ends with 130 and without a trace."""
    failing.append(error)

    got, said, complaint = outcome(capsys, "fail")

    assert (got, said, complaint.strip()) == (code, "", "")


def test_a_failing_file_operation_is_told_with_its_file(
    capsys: pytest.CaptureFixture[str], failing: list[BaseException]
) -> None:
    """What the operating system says of a file is no fault of the program."""
    failing.append(PermissionError(13, "Permission denied", "/x/y"))

    assert outcome(capsys, "fail") == (1, "", "Error: Permission denied\n  at:       /x/y\n")


def test_a_bug_is_told_without_a_trace(capsys: pytest.CaptureFixture[str], failing: list[BaseException]) -> None:
    """Where it is, that it is ours, and how to get the trace."""
    failing.append(ZeroDivisionError("division by zero"))

    code, _, complaint = outcome(capsys, "fail")

    assert code == 1
    assert complaint.startswith("Error: ZeroDivisionError: division by zero\n")
    assert "Traceback" not in complaint
    assert "IHE_TEST_UTIL_TRACEBACK=1" in complaint


def test_a_misspelt_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """As other tools do."""
    code, _, complaint = outcome(capsys, "mock", "strat")

    assert code == 2
    assert "Did you mean start" in complaint


def test_help_imports_nothing_heavy() -> None:
    """So it comes at once: no library of the server or the client is loaded for it, nor for that of mock."""
    code = (
        "import sys\n"
        "from ihe_test_util.cli.main import run\n"
        "try: run(sys.argv[1:])\n"
        f"except SystemExit: sys.exit(str([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )
    for args in (["--help"], ["mock", "--help"], ["mock", "start", "--help"]):
        done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)

        assert done.stderr.strip() == "[]", args


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, with its words."""
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield (*path, name), command
            if isinstance(command, click.Group):
                yield from commands(command, (*path, name))


def test_every_command_has_help_with_examples() -> None:
    """A worked example for each, and help for each option."""
    found = list(commands(entry.main))

    assert len(found) > 5
    for words, command in found:
        assert f"ihe-test-util {' '.join(words)}" in (command.help or ""), words
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (words, option.name)


def test_no_command_is_listed_with_half_a_sentence() -> None:
    """A group of 80 columns has a line for each of its commands that says all that it says."""

    def cut(command: click.Command, context: click.Context) -> Iterator[str]:
        if isinstance(command, click.Group):
            shown = command.get_help(context).rpartition("Commands:")[2]
            yield from (f"{context.command_path}: {line}" for line in shown.splitlines() if line.endswith("..."))
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                yield from cut(below, click.Context(below, info_name=name, parent=context, terminal_width=80))

    assert list(cut(entry.main, click.Context(entry.main, info_name="ihe-test-util", terminal_width=80))) == []


def test_the_table_and_the_commands_agree() -> None:
    """The short help of the table stands for a command that can be loaded."""
    group = entry.main
    assert isinstance(group, LazyGroup)
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            assert command.name == name


@pytest.mark.parametrize(
    "command", [["submit"], ["pix-add", "register"], ["csv", "validate"], ["template", "validate"]]
)
def test_a_wrong_option_is_invalid_input_where_2_means_something_else(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """For scripts 2 is "some patients failed"; nothing was sent here, so it is 1."""
    code, _, complaint = outcome(capsys, *command, "x.csv", "--nonsense")

    assert code == 1
    assert "No such option '--nonsense'" in complaint


def test_an_error_is_json_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads standard output gets one object, and people the same in words on standard error."""
    error = BadInput("It is odd", where="--x", hint="two")
    error.add_note("  A note")

    @click.command("fail")
    @click.option("--json", is_flag=True)
    def fail(**_: bool) -> None:
        raise error

    monkeypatch.setitem(entry.main.commands, "fail", fail)
    code, printed, complaint = outcome(capsys, "fail", "--json")

    found = json.loads(printed)
    assert found["exit_code"] == code == 1
    assert found["error"]["message"] == "It is odd"
    assert (found["error"]["where"], found["error"]["hint"]) == ("--x", "two")
    assert found["error"]["details"] == ["A note"]
    assert complaint.startswith("Error: It is odd\n")
