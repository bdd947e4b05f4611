"""Checkpoints as files: written, torn, damaged, read again."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.batch.checkpoint import Checkpoint, RunHeader, header_of
from ihe_test_util.batch.choices import Choices
from ihe_test_util.batch.results import Mode, PatientResult, Status
from ihe_test_util.errors import BadInput

HEADER = RunHeader(
    run_id="6f1c2a3e-0000-4000-8000-000000000001",
    mode=Mode.ALL,
    started=datetime(2026, 3, 1, 12, tzinfo=UTC),
    seed=7,
    seeded=False,
    csv="p.csv",
    csv_sha256="ab",
    template="ccd-minimal",
    content="cd",
    pix_add_url="http://a",
    iti41_url="http://b",
)
_rows = st.lists(st.tuples(st.integers(2, 30), st.sampled_from(Status)), max_size=40)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint is."""
    return tmp_path / "results" / "results.jsonl"


def written(path: Path, results: list[PatientResult]) -> bytes:
    """The bytes of a checkpoint with these results."""
    path.unlink(missing_ok=True)
    with Checkpoint.create(path, HEADER) as checkpoint:
        for result in results:
            checkpoint.append(result)
    return path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(rows=_rows, cut=st.floats(0, 1))
def test_a_file_cut_anywhere_says_what_was_whole(path: Path, rows: list[tuple[int, Status]], cut: float) -> None:
    """Whenever the process died: each whole line counts, the last of a row wins, the torn one goes."""
    results = [PatientResult(row, row, status, patient_id=f"P{number}") for number, (row, status) in enumerate(rows)]
    whole = written(path, results)
    head = len(HEADER.as_line())
    data = whole[: head + round((len(whole) - head) * cut)]
    path.write_bytes(data)
    kept = results[: data.count(b"\n") - 1]
    with Checkpoint.resume(path) as checkpoint:
        assert checkpoint.header == HEADER
        assert list(checkpoint.results()) == [
            {one.row: one for one in kept}[row] for row in sorted({one.row for one in kept})
        ]
        checkpoint.append(PatientResult(99, 99, Status.SUBMITTED))
    with Checkpoint.read(path) as checkpoint:
        assert checkpoint.last(99) == PatientResult(99, 99, Status.SUBMITTED)
        assert checkpoint.last(98) is None
    assert path.read_bytes().startswith(data[: data.rfind(b"\n") + 1])


def test_a_damaged_line_is_named(path: Path) -> None:
    """In the middle of the file no line may be torn: nothing is guessed."""
    written(path, [PatientResult(2, 2, Status.SENDING), PatientResult(3, 3, Status.SENDING)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join((lines[0], b'{"row": 2, "li\n', lines[2])))
    with pytest.raises(BadInput, match="line 2"):
        Checkpoint.resume(path)


@pytest.mark.parametrize(
    "first", [b"", b"[]\n", b"a,b,c\n", b"\xff\n", json.dumps({"format": "ihe-test-util run"}).encode() + b"\n"]
)
def test_another_file_is_no_checkpoint(path: Path, first: bytes) -> None:
    """Whatever it is, it stays as it is."""
    path.parent.mkdir()
    path.write_bytes(first)
    with pytest.raises(BadInput, match="checkpoint"):
        Checkpoint.resume(path)
    assert path.read_bytes() == first


def test_a_run_is_never_written_over(path: Path) -> None:
    """A new run does not take the file of another, nor one that somebody works on."""
    written(path, [])
    with pytest.raises(BadInput, match="a run in this directory already"):
        Checkpoint.create(path, HEADER)
    with Checkpoint.resume(path), pytest.raises(BadInput, match="another process"):
        Checkpoint.resume(path)
    Checkpoint.resume(path).close()


def test_the_first_line_can_be_changed(path: Path) -> None:
    """Longer or shorter: every state is still there, now and after the next opening, and more can be added."""
    written(path, [PatientResult(2, 2, Status.SENDING), PatientResult(3, 3, Status.SUBMITTED)])
    for header in (
        replace(HEADER, iti41_url="http://b.example.org/a/longer/one", choices=Choices(soap="1.1", addressing=False)),
        replace(HEADER, iti41_url="x"),
    ):
        with Checkpoint.resume(path) as checkpoint:
            checkpoint.change_header(header)
            assert checkpoint.last(3) == PatientResult(3, 3, Status.SUBMITTED)
            checkpoint.append(PatientResult(2, 2, Status.SUBMITTED))
            checkpoint.sync()
            assert checkpoint.last(2) == PatientResult(2, 2, Status.SUBMITTED)
        assert header_of(path) == header
        with Checkpoint.resume(path) as checkpoint:
            assert [one.status for one in checkpoint.results()] == [Status.SUBMITTED, Status.SUBMITTED]
            assert checkpoint.header == header
    assert [one.name for one in path.parent.iterdir() if one.suffix == ".tmp"] == []


@pytest.mark.parametrize("choices", [{"colour": "blue"}, {"soap": 1.2}, {"http": "yes"}, [], "1.1"])
def test_choices_that_no_run_made_are_refused(path: Path, choices: object) -> None:
    """A first line that somebody has edited is named."""
    line = json.loads(written(path, []).splitlines()[0]) | {"choices": choices}
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(BadInput, match="first line"):
        Checkpoint.resume(path)


def test_a_checkpoint_of_before_there_were_choices_can_be_used(path: Path) -> None:
    """It chose nothing."""
    line = json.loads(written(path, []).splitlines()[0])
    del line["choices"]
    path.write_text(json.dumps(line) + "\n")
    assert header_of(path) == HEADER


def test_looking_changes_nothing(path: Path) -> None:
    """A file that is read only keeps its torn line."""
    data = written(path, [PatientResult(2, 2, Status.SENDING)]) + b'{"row":3'
    path.write_bytes(data)
    with Checkpoint.read(path) as checkpoint:
        assert [one.row for one in checkpoint.results()] == [2]
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": "abc"}, {"seed": True}, {"csv": 5}, {"dry_run": "no"}, {"started": "2026-01-01T00:00:00"},
        {"started": 5}, {"pix_add_url": 7}, {"choices": [1]}, {"mode": "none"}, {"surplus": "x"},
    ],
)  # fmt: skip
def test_a_first_line_that_was_tampered_with_is_refused(path: Path, changes: dict[str, object]) -> None:
    """A value of another kind is found at once, and is no fault of this tool."""
    written(path, [])
    path.write_text(json.dumps(json.loads(path.read_text()) | changes) + "\n")
    with pytest.raises(BadInput, match="first line cannot be used"):
        Checkpoint.resume(path)


@pytest.mark.parametrize("line", [b"x" * 2**21, b'"' + b"x" * 2**21 + b'"\n'])
def test_a_line_that_does_not_end_is_not_read_to_its_end(path: Path, line: bytes) -> None:
    """Whatever lies there, a line takes no more memory than one that was written here."""
    data = written(path, [PatientResult(2, 2, Status.SUBMITTED)])
    path.write_bytes(data + line)
    with pytest.raises(BadInput, match="damaged"):
        Checkpoint.resume(path)
    path.write_bytes(line)
    with pytest.raises(BadInput, match="no checkpoint"):
        Checkpoint.resume(path)


def test_rows_that_the_file_does_not_have_are_refused(path: Path) -> None:
    """Results of more patients than there are cannot be those of this file."""
    written(path, [PatientResult(9, 9, Status.SUBMITTED)])
    with Checkpoint.resume(path) as checkpoint:
        checkpoint.check_rows(9)
        with pytest.raises(BadInput, match="damaged"):
            checkpoint.check_rows(8)
