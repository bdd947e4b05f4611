"""Files that hold patient data are their owner's, whatever the umask; the PID file is everybody's."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no modes there")
PATIENTS = (
    "first_name,last_name,dob,gender,patient_id_oid\nAda,Rossi,1980-02-29,F,2.999.1.2\nBob,,1990-01-01,M,2.999.1.2\n"
)
MESSAGE = "id=PAT-1^^^&2.999.1.2&ISO, family=Rossi"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Command]:
    """A directory with a file of patients, one of whom cannot be used; what was started is stopped."""
    command = Command(tmp_path, standin="")
    (tmp_path / "patients.csv").write_text(PATIENTS)
    yield command
    if command.pid_file.exists():
        command("mock", "stop", "--force")


def openly(command: Command, *args: str, **variables: str) -> int:
    """Run a command of a user whose files everybody may read; the exit code."""
    line = ["sh", "-c", 'umask 022; exec "$0" "$@"', *command.line(*args)]
    done = subprocess.run(
        line, cwd=command.directory, env=command.environ(variables), capture_output=True, timeout=60, check=False
    )
    return done.returncode


def readable_by_others(directory: Path) -> list[str]:
    """What below a directory, and whether the directory itself, others may look into."""
    return sorted(str(path) for path in (directory, *directory.rglob("*")) if path.stat().st_mode & 0o077)


def test_a_run_leaves_nothing_for_others(here: Command) -> None:
    """Documents, results, report, log and audit."""
    code = openly(here, "submit", "patients.csv", "--dry-run", "--skip-invalid")

    assert code == 2
    assert len(list((here.directory / "output").rglob("*"))) > 6
    assert readable_by_others(here.directory / "output") == []


@pytest.mark.parametrize(
    ("args", "file"),
    [
        (("csv", "process", "patients.csv", "--output", "clean.csv"), "clean.csv"),
        (("csv", "validate", "patients.csv", "--export-invalid", "rejected.csv"), "rejected.csv"),
        (("template", "process", "ccd-minimal", "patients.csv", "--output", "documents"), "documents"),
        (("send", "pix-add", "--patient", MESSAGE, "--dry-run", "--output-request", "request.xml"), "request.xml"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_commands_write_is_for_their_user(here: Command, args: tuple[str, ...], file: str) -> None:
    """Files and directories of patients."""
    openly(here, *args)

    assert (here.directory / file).exists()
    assert readable_by_others(here.directory / file) == []


def test_a_server_keeps_its_data_and_its_log_to_itself(here: Command, port: str) -> None:
    """Its PID file others may read, to ask whether it runs."""
    variables = {"MOCK_SERVER_HTTP_PORT": port, "MOCK_SERVER_SAVE_SUBMITTED_DOCUMENTS": "true"}
    code = openly(here, "mock", "start", "-b", "--workers", "2", **variables)
    mocks = here.directory / "mocks"

    assert code == 0
    assert (mocks / "data" / "domain.sqlite").exists()
    assert readable_by_others(mocks / "data") == []
    assert readable_by_others(mocks / "logs") == []
    assert here.pid_file.stat().st_mode & 0o044 == 0o044
    assert mocks.stat().st_mode & 0o055 == 0o055


def test_certificates_can_be_read_by_those_who_shall_trust_them(here: Command) -> None:
    """A CA that nobody may read is of no use; its key is another matter."""
    code = openly(here, "certs", "init", "--dir", "certs")

    assert code == 0
    assert (here.directory / "certs").stat().st_mode & 0o055 == 0o055
    assert (here.directory / "certs" / "ca.pem").stat().st_mode & 0o044 == 0o044
