"""``certs init`` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ihe_test_util.cli.certs_commands import certs_group
from ihe_test_util.errors import CertificateError


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands in an empty working directory, without a password in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IHE_TEST_PKCS12_PASSWORD", raising=False)
    return CliRunner()


def test_init_makes_what_mock_start_looks_for(runner: CliRunner) -> None:
    """Without options the files lie at the configuration's defaults, and the output says what to do next."""
    result = runner.invoke(certs_group, ["init"])
    assert result.exit_code == 0
    assert Path("mocks/cert.pem").is_file()
    assert Path("mocks/key.pem").is_file()
    for words in ("curl --cacert mocks/ca.pem", "keytool -importcert", "ssl.create_default_context", "changeit"):
        assert words in result.output


def test_init_says_how_to_use_another_directory(runner: CliRunner) -> None:
    """Elsewhere than the default, the command for the server names the files, quoted for the shell."""
    result = runner.invoke(certs_group, ["init", "--dir", "my certs"])
    assert "MOCK_SERVER_CERT_PATH='my certs/cert.pem'" in result.output


def test_init_prints_one_json_object(runner: CliRunner) -> None:
    """With --json the output is one object, and its paths lead to files."""
    result = runner.invoke(certs_group, ["init", "--json", "--host", "mock.example.org", "--dir", "out"])
    made = json.loads(result.output)
    assert "mock.example.org" in made["hosts"]
    assert all(Path(made[name]).is_file() for name in ("ca", "server_cert", "server_key", "client_p12"))
    assert made["client_p12_password"] == "changeit"


def test_init_never_prints_a_password_of_the_environment(runner: CliRunner) -> None:
    """A password that the user keeps in a variable stays there."""
    environment = {"IHE_TEST_PKCS12_PASSWORD": "very-s3cret"}
    text = runner.invoke(certs_group, ["init"], env=environment)
    data = runner.invoke(certs_group, ["init", "--force", "--json"], env=environment)
    assert text.exit_code == data.exit_code == 0
    assert "very-s3cret" not in text.output + data.output
    assert "IHE_TEST_PKCS12_PASSWORD" in text.output


def test_a_second_init_changes_nothing(runner: CliRunner) -> None:
    """Run again without --force it fails and names the files; with --force it makes new ones."""
    runner.invoke(certs_group, ["init"])
    before = Path("mocks/cert.pem").read_bytes()
    again = runner.invoke(certs_group, ["init"])
    assert isinstance(again.exception, CertificateError)
    assert Path("mocks/cert.pem").read_bytes() == before
    assert runner.invoke(certs_group, ["init", "--force"]).exit_code == 0
    assert Path("mocks/cert.pem").read_bytes() != before
