"""``mock requests`` as it is typed, on a journal that a server left."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.mock_requests import requests_group
from ihe_test_util.cli.mock_requests_output import show_table
from ihe_test_util.content import Content
from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Exchange, Finding, Message, Outcome, PartRecord, Severity
from ihe_test_util.store.journal import Journal
from ihe_test_util.store.journal_rows import JournalEntry
from ihe_test_util.store.schema import JOURNAL_FILE
from tests.support.patience import PATIENCE_S

STARTED = datetime(2026, 1, 31, 13, 45, 6, 789012, tzinfo=UTC)
REQUEST = b'<?xml version="1.0" encoding="UTF-8"?>\r\n<a><b>\xc3\xbc</b></a>'
ATTACHMENT = bytes(range(256))


def exchange(number: int, *, outcome: Outcome = Outcome.SUCCESS, transaction: str = "ITI-44") -> Exchange:
    """The number-th exchange, with an id that can be foretold."""
    finding = Finding("PIX-01", "ITI TF-2: 3.44.4.1.2", Severity.ERROR, "the patient has a name", "/a/b", line=2)
    return Exchange(
        id=f"{number:013x}abc{number:03x}",
        started=STARTED,
        duration_s=0.0042,
        peer="192.0.2.7",
        method="POST",
        target="/pix/add",
        transaction=transaction,
        interaction="pix-add",
        outcome=outcome,
        http_status=500 if outcome is Outcome.FAULT else 200,
        summary=f"summary {number}\x1b[2J",
        request=Message(
            (("Content-Type", "application/soap+xml"),),
            REQUEST,
            (PartRecord("doc@x", "text/xml", 256, Content.of(ATTACHMENT).sha1, data=ATTACHMENT),),
        ),
        response=Message((("Content-Type", "text/xml"),), b"<answer/>"),
        findings=(finding,) if outcome is Outcome.FAULT else (),
    )


def recorded(directory: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a journal as a server does."""
    directory.mkdir(parents=True, exist_ok=True)
    journal = Journal(directory / JOURNAL_FILE)
    for one in exchanges:
        journal.record(one)
    journal.close()


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands in a directory whose server has recorded three exchanges, one of them failed."""
    monkeypatch.chdir(tmp_path)
    for name in ("MOCK_SERVER_DATA_DIR", "MOCK_SERVER_PID_FILE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    failed = exchange(2, outcome=Outcome.FAULT, transaction="ITI-41")
    recorded(tmp_path / "mocks" / "data", [exchange(1), failed, exchange(3)])
    return CliRunner()


def lines(result: Result) -> list[str]:
    """The lines of a command that succeeded."""
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_list_has_a_line_for_each_exchange(runner: CliRunner) -> None:
    """Oldest first: time, id, transaction, outcome, status, duration, peer, summary, findings."""
    found = lines(runner.invoke(requests_group))
    assert [re.split(r" {2,}", line)[1] for line in found] == [exchange(number).id for number in (1, 2, 3)]
    assert re.fullmatch(
        r"2026-01-31T13:45:06.789Z  0+2abc002  ITI-41 +fault +500 +4.2 ms  192.0.2.7  summary 2.* \[1 error\]",
        found[1],
    )


def test_what_a_peer_sent_cannot_steer_the_terminal(runner: CliRunner) -> None:
    """Escape sequences in what a peer chose are written out."""
    output = runner.invoke(requests_group).output
    assert "\x1b" not in output
    assert "\\x1b[2J" in output


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--tail", "1"], [3]),
        (["--tail", "0"], []),
        (["--failed"], [2]),
        (["--transaction", "ITI-41"], [2]),
        (["--transaction", "iti-44", "--tail", "1"], [3]),
        (["--failed", "--transaction", "ITI-44"], []),
    ],
)
def test_the_list_can_be_narrowed(runner: CliRunner, options: list[str], expected: list[int]) -> None:
    """By number, outcome and transaction, in any combination; --json prints one object a line."""
    found = [json.loads(line) for line in lines(runner.invoke(requests_group, ["--json", *options]))]
    assert [one["id"] for one in found] == [exchange(number).id for number in expected]


def test_a_narrow_terminal_gets_a_table_without_peers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of what happened is folded away for an address."""
    monkeypatch.setenv("COLUMNS", "80")
    show_table([JournalEntry(1, exchange(1), 0, 0)])
    narrow = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "160")
    show_table([JournalEntry(1, exchange(1), 0, 0)])
    wide = capsys.readouterr().out

    assert ("Peer" in narrow, "Peer" in wide) == (False, True)
    assert "Summary" in narrow


def test_json_says_all_but_the_bodies(runner: CliRunner) -> None:
    """Programs get times, outcome, sizes and findings."""
    (line,) = lines(runner.invoke(requests_group, ["--json", "--failed"]))
    found = json.loads(line)
    assert found["duration_ms"] == 4.2
    assert (found["outcome"], found["failed"], found["http_status"]) == ("fault", True, 500)
    assert found["request_bytes"] == len(REQUEST)
    assert found["findings"][0]["rule"] == "PIX-01"


def test_nothing_that_matches_is_said_on_stderr(runner: CliRunner) -> None:
    """An empty list is no error, and stdout stays clean for pipes."""
    result = runner.invoke(requests_group, ["--transaction", "ITI-18"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No exchange" in result.stderr


def test_show_tells_everything(runner: CliRunner) -> None:
    """Findings with place and section, headers, indented XML, attachments, the response."""
    output = "\n".join(lines(runner.invoke(requests_group, ["show", exchange(2).id])))
    for words in (
        "PIX-01: the patient has a name",
        "/a/b (line 2)",
        "ITI TF-2: 3.44.4.1.2",
        "Request: POST /pix/add",
        "Content-Type: application/soap+xml",
        "<a>\n  <b>ü</b>\n</a>",
        "Part 1: <doc@x> text/xml, 256 bytes",
        "Response: HTTP 500",
        "<answer/>",
    ):
        assert words in output


def test_show_takes_the_end_of_an_id(runner: CliRunner) -> None:
    """As the table shows it where the terminal is narrow."""
    assert exchange(3).id in runner.invoke(requests_group, ["show", "abc003"]).output


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--raw"], REQUEST),
        (["--raw", "--response"], b"<answer/>"),
        (["--part", "1"], ATTACHMENT),
    ],
)
def test_show_gives_bytes_exactly(runner: CliRunner, options: list[str], expected: bytes) -> None:
    """Nothing is added to or changed in what goes into a file."""
    result = runner.invoke(requests_group, ["show", exchange(1).id, *options])
    assert result.exit_code == 0
    assert result.stdout_bytes == expected


def test_show_response_leaves_the_request_out(runner: CliRunner) -> None:
    """Only the answer, for reading."""
    output = runner.invoke(requests_group, ["show", exchange(1).id, "--response"]).output
    assert "<answer/>" in output
    assert "<a>" not in output


def test_show_json_is_one_object(runner: CliRunner) -> None:
    """With bodies as text and the list of parts."""
    found = json.loads(runner.invoke(requests_group, ["show", exchange(1).id, "--json"]).output)
    assert found["request"]["body"] == REQUEST.decode()
    assert found["request"]["parts"][0]["size"] == 256


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["show", "ffffff"], "no exchange with this id"),
        (["show", "0000"], "more than one"),
        (["show", "abc001", "--part", "2"], "no part 2.*1 to 1"),
        (["show", "abc001", "--part", "1", "--response"], "no attachments"),
    ],
)
def test_what_is_not_there_is_said(runner: CliRunner, arguments: list[str], reason: str) -> None:
    """With what was looked for, and what there is instead."""
    with pytest.raises(BadInput, match=reason):
        runner.invoke(requests_group, arguments, catch_exceptions=False)


def test_a_missing_journal_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The absolute path that was looked at is in the message."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=re.escape(str(tmp_path / "mocks" / "data" / "journal.sqlite"))):
        CliRunner().invoke(requests_group, catch_exceptions=False)


def test_the_configuration_says_where_the_journal_is(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config before or after show, mocks/config.json, and the environment over it."""
    recorded(tmp_path / "else" / "where", [exchange(7)])
    Path("other.json").write_text(json.dumps({"data_dir": str(tmp_path / "else" / "where")}))
    assert exchange(7).id in runner.invoke(requests_group, ["--config", "other.json"]).output
    assert exchange(7).id in runner.invoke(requests_group, ["--config", "other.json", "show", "abc007"]).output
    assert exchange(7).id in runner.invoke(requests_group, ["show", "abc007", "--config", "other.json"]).output
    Path("other.json").rename("mocks/config.json")
    assert exchange(7).id in runner.invoke(requests_group).output
    monkeypatch.setenv("MOCK_SERVER_DATA_DIR", str(tmp_path / "mocks" / "data"))
    assert exchange(3).id in runner.invoke(requests_group).output


def test_a_broken_default_configuration_does_not_hide_the_journal(runner: CliRunner) -> None:
    """It is warned about, and the default place is read."""
    Path("mocks/config.json").write_text("{")
    result = runner.invoke(requests_group)
    assert exchange(1).id in result.stdout
    assert "Warning" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent in another way there")
def test_follow_shows_what_comes_until_ctrl_c(runner: CliRunner, tmp_path: Path) -> None:
    """The tail first, then each exchange as it is recorded, at once."""
    del runner
    journal = Journal(tmp_path / "mocks" / "data" / JOURNAL_FILE)
    command = [sys.executable, "-m", "ihe_test_util", "mock", "requests", "-f", "--json", "--tail", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path, env={**os.environ}) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["id"] == exchange(3).id
        for number in (4, 5):
            journal.record(exchange(number))
            assert json.loads(process.stdout.readline())["id"] == exchange(number).id
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
    journal.close()
