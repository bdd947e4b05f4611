"""``ihe-test-util config``: what it says of sound and broken configurations."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.config_commands import config_group
from ihe_test_util.errors import ConfigError

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "client-config.json"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty directory, with the variables given."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(config_group, arguments, env=environ)

    return invoke


def test_a_sound_file_is_called_valid(run: Run) -> None:
    """With what it sets, and where; the defaults are counted only."""
    result = run("validate", str(EXAMPLE))

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"Valid: {EXAMPLE}"
    assert f"({EXAMPLE}:6)" in lines[1]
    assert not any("(default)" in line for line in lines)
    assert lines[-1].endswith("other values are the defaults; config show lists them all")
    assert result.stderr == ""


def test_doubts_are_warnings(run: Run, tmp_path: Path) -> None:
    """Files may be on another machine: exit code 0."""
    (tmp_path / "c.json").write_text('{"transport": {"ca_path": "theirs.pem"}}')
    result = run("validate", "c.json")

    assert result.exit_code == 0
    assert "there is no file theirs.pem" in result.stderr
    told = json.loads(run("validate", "c.json", "--json").stdout)
    assert told["valid"] is True
    assert told["warnings"] == ["transport.ca_path: there is no file theirs.pem"]


def test_a_broken_file_fails_with_every_problem(run: Run, tmp_path: Path) -> None:
    """In words, and as JSON; exit code 1."""
    (tmp_path / "c.json").write_text('{"endpoint": {},\n"transport": {"max_retries": -1}}')
    result = run("validate", "c.json")

    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 1
    assert len(result.exception.message.splitlines()) == 2
    as_json = run("validate", "c.json", "--json")
    told = json.loads(as_json.stdout)
    assert as_json.exit_code == 1
    assert told["valid"] is False
    places = [(problem["file"], problem["line"], problem["column"], problem["field"]) for problem in told["problems"]]
    assert places == [("c.json", 1, 2, "endpoint"), ("c.json", 2, 30, "transport.max_retries")]


def test_problems_in_json_come_in_parts(run: Run, tmp_path: Path) -> None:
    """Where it stands, what was found, what is expected, and a hint, beside the whole message."""
    (tmp_path / "c.json").write_text(
        '{"endpoint": {},\n"logging": {"level": "debugg"},\n"transport": {"max_retries": -1}}'
    )
    told = json.loads(run("validate", "c.json", "--json", IHE_TEST_PIX_ADD_URL="localhost:80").stdout)

    parts = [(one["where"], one["got"], one["expected"], one["hint"]) for one in told["problems"]]
    assert parts == [
        ("c.json:1:2", '"endpoint"', "", 'did you mean "endpoints"?'),
        ("c.json:2:22", '"debugg"', "one of DEBUG, INFO, WARNING, ERROR, CRITICAL", 'did you mean "DEBUG"?'),
        ("c.json:3:30", "-1", "a whole number in 0-100", ""),
        (
            "env:IHE_TEST_PIX_ADD_URL",
            "'localhost:80'",
            "http://host:port/path or https://host:port/path",
            "did you mean http://localhost:80?",
        ),
    ]
    assert all(one["message"] and one["field"] for one in told["problems"])


@pytest.mark.parametrize(
    ("command", "environ", "source"),
    [
        (["show"], {"IHE_TEST_PIX_ADD_URL": "pix.example.org/feed"}, "env:IHE_TEST_PIX_ADD_URL"),
        (["validate", "c.json"], {}, "c.json:1:31"),
    ],
)
def test_a_url_that_is_none_names_its_source(
    run: Run, tmp_path: Path, command: list[str], environ: dict[str, str], source: str
) -> None:
    """The variable, or file, line and column; and what is probably meant."""
    (tmp_path / "c.json").write_text('{"endpoints": {"pix_add_url": "pix.example.org/feed"}}')
    result = run(*command, **environ)

    assert isinstance(result.exception, ConfigError)
    assert result.exception.message.startswith(f"{source}: endpoints.pix_add_url: the URL does not begin with http://")
    assert result.exception.message.endswith("did you mean http://pix.example.org/feed?")


def test_a_missing_file_is_an_error(run: Run, tmp_path: Path) -> None:
    """With the path as it was looked for."""
    result = run("validate", "none.json")

    assert isinstance(result.exception, ConfigError)
    assert str(tmp_path / "none.json") in result.exception.message


def test_the_servers_configuration_is_known_as_such(run: Run) -> None:
    """Two configurations are easily taken for each other."""
    result = run("validate", str(ROOT / "mocks" / "config-examples" / "config-unreliable.json"))

    assert isinstance(result.exception, ConfigError)
    assert "ihe-test-util mock reload --check --config" in result.exception.hint


def test_every_value_is_shown_with_its_source(run: Run, tmp_path: Path) -> None:
    """File, environment, default; passwords of URLs are not shown."""
    path = tmp_path / "config" / "config.json"
    path.parent.mkdir()
    path.write_text('{"transport": {"max_retries": 5}}')

    result = run("show", IHE_TEST_ITI41_URL="https://user:geheim@xds.example.org/r", IHE_TEST_PKCS12_PASSWORD="geheim")

    assert result.exit_code == 0
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in result.stdout.splitlines()[1:]}
    assert rows["transport.max_retries"] == "5  (config/config.json:1)"
    assert rows["transport.timeout_read"] == "30.0  (default)"
    assert rows["endpoints.iti41_url"] == '"https://user:***@xds.example.org/r"  (env:IHE_TEST_ITI41_URL)'
    assert "geheim" not in result.output


def test_it_is_shown_as_json(run: Run) -> None:
    """One object with field, value and source of each."""
    told = json.loads(run("show", "--config", str(EXAMPLE), "--json").stdout)
    settings = {setting["field"]: setting for setting in told["settings"]}

    assert told["file"] == str(EXAMPLE)
    assert settings["identifiers.sender_oid"] == {
        "field": "identifiers.sender_oid",
        "value": "2.999.20.1",
        "source": f"{EXAMPLE}:22",
    }
    assert settings["certificates.cert_path"]["value"] is None
