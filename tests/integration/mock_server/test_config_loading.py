"""Configuration from real files, environments and command lines: precedence and sources."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ihe_test_util.mock_server.config import (
    DEFAULT_CONFIG_PATH,
    MockServerConfig,
    PIXAddBehavior,
    load_config,
    load_config_with_sources,
    reload_config,
)
from tests.support.config_files import refusal, written
from tests.support.patience import PATIENCE_S


@pytest.mark.usefixtures("here")
def test_a_missing_default_file_is_fine() -> None:
    """Without any file the defaults are in force, and no path is claimed to have been read."""
    loaded = load_config_with_sources()

    assert loaded.config == MockServerConfig()
    assert loaded.path is None
    assert set(loaded.sources.values()) == {"default"}


@pytest.mark.usefixtures("here")
def test_the_default_file_is_found_in_the_working_directory() -> None:
    """mocks/config.json is read where nothing else is named."""
    written(DEFAULT_CONFIG_PATH, {"http_port": 9090})

    loaded = load_config_with_sources()

    assert loaded.config.http_port == 9090
    assert loaded.path == Path("mocks/config.json")


def test_a_missing_named_file_is_an_error_with_its_absolute_path(here: Path) -> None:
    """A file that was asked for and is not there is named in full, with the one that was perhaps meant."""
    written(here / "strict.json", {})

    (line,) = refusal(Path("strikt.json"))

    assert line.startswith(f"{here / 'strikt.json'}: ")
    assert line.endswith(f"did you mean {here / 'strict.json'}?")


def test_command_line_over_environment_over_file_over_defaults(here: Path) -> None:
    """Each layer hides the one below it, field by field, and every value says where it came from."""
    path = written(
        here / "c.json",
        {
            "host": "file",
            "http_port": 1,
            "https_port": 2,
            "pix_add_behavior": {"failure_rate": 0.1, "response_delay_ms": 100, "custom_patient_id": "P"},
        },
    )
    loaded = load_config_with_sources(
        path,
        environ={
            "MOCK_SERVER_HTTP_PORT": "11",
            "MOCK_SERVER_HTTPS_PORT": "12",
            "MOCK_SERVER_PIX_ADD_BEHAVIOR__FAILURE_RATE": "0.2",
            "MOCK_SERVER_PIX_ADD_BEHAVIOR__RESPONSE_DELAY_MS": "200",
            "PATH": "/bin",
        },
        overrides={"https_port": 22, "pix_add_behavior.response_delay_ms": 300, "host": None},
    )

    config, sources = loaded.config, loaded.sources
    assert (config.host, sources["host"]) == ("file", f"{path}:2")
    assert (config.http_port, sources["http_port"]) == (11, "env:MOCK_SERVER_HTTP_PORT")
    assert (config.https_port, sources["https_port"]) == (22, "command line")
    assert (config.log_path, sources["log_path"]) == (Path("mocks/logs/mock-server.log"), "default")
    behavior = config.pix_add_behavior
    assert (behavior.custom_patient_id, behavior.failure_rate, behavior.response_delay_ms) == ("P", 0.2, 300)
    assert sources["pix_add_behavior.custom_patient_id"] == f"{path}:8"
    assert sources["pix_add_behavior.failure_rate"] == "env:MOCK_SERVER_PIX_ADD_BEHAVIOR__FAILURE_RATE"
    assert sources["pix_add_behavior.response_delay_ms"] == "command line"
    assert sources["pix_add_behavior.validation_mode"] == "default"


def test_the_effective_view_lists_every_field(here: Path) -> None:
    """Every field is there once, with a value that JSON can carry and its source."""
    path = written(here / "c.json", {"response_templates": {"too_large": "too much"}, "log_level": "debug"})

    effective = load_config_with_sources(path, environ={}).effective()

    shown = {setting.field: (setting.value, setting.source) for setting in effective}
    json.dumps(shown)
    assert {field.partition(".")[0] for field in shown} == set(MockServerConfig.model_fields)
    assert shown["log_level"] == ("DEBUG", f"{path}:5")
    assert shown["cert_path"] == ("mocks/cert.pem", "default")
    assert shown["response_templates.too_large.reason"] == ("too much", f"{path}:3")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("MOCK_SERVER_HOST", "127.0.0.1", "host", "127.0.0.1"),
        ("MOCK_SERVER_PID_FILE", "/run/mock.pid", "pid_file", "/run/mock.pid"),
        ("mock_server_http_port", " 81 ", "http_port", 81),
        ("MOCK_SERVER_SAVE_SUBMITTED_DOCUMENTS", "Yes", "save_submitted_documents", True),
        ("MOCK_SERVER_SAVE_SUBMITTED_DOCUMENTS", "0", "save_submitted_documents", False),
        ("MOCK_SERVER_LOG_LEVEL", "warning", "log_level", "WARNING"),
        ("MOCK_SERVER_RANDOM_SEED", "null", "random_seed", None),
        ("MOCK_SERVER_RANDOM_SEED", "7", "random_seed", 7),
        (
            "MOCK_SERVER_ITI41_BEHAVIOR",
            '{"custom_document_id": "2.999.1"}',
            "iti41_behavior.custom_document_id",
            "2.999.1",
        ),
        ("MOCK_SERVER_PIX_ADD_BEHAVIOR__VALIDATION_MODE", "strict", "pix_add_behavior.validation_mode", "strict"),
        (
            "MOCK_SERVER_ENDPOINT_BEHAVIORS",
            '{"ITI-44": {"failure_rate": 1}}',
            "endpoint_behaviors.ITI-44.failure_rate",
            1,
        ),
        ("MOCK_SERVER_ENDPOINT_BEHAVIORS__ITI_44__FAILURE_RATE", "1", "endpoint_behaviors.ITI-44.failure_rate", 1),
        ("MOCK_SERVER_ENDPOINT_BEHAVIORS__PIX_ADD__FAILURE_RATE", "1", "endpoint_behaviors.pix-add.failure_rate", 1),
        ("MOCK_SERVER_RESPONSE_TEMPLATES__TOO_LARGE", "no", "response_templates.too_large.reason", "no"),
        ("MOCK_SERVER_RESPONSE_TEMPLATES__TOO_LARGE", '{"reason": "no"}', "response_templates.too_large.reason", "no"),
        (
            "MOCK_SERVER_RESPONSE_TEMPLATES__TOO_LARGE__HTTP_STATUS",
            "400",
            "response_templates.too_large.http_status",
            400,
        ),
    ],
)
def test_a_variable_sets_its_field(variable: str, text: str, field: str, value: object) -> None:
    """Names lead into objects by __, JSON gives whole objects, and text becomes the field's type."""
    loaded = load_config_with_sources(environ={variable: text})

    setting = {setting.field: setting for setting in loaded.effective()}[field]
    assert (setting.value, setting.source) == (value, f"env:{variable}")


@pytest.mark.usefixtures("here")
def test_a_nested_variable_refines_the_json_of_another() -> None:
    """The variable that names the deeper field wins over the one that gives the whole object."""
    config = load_config(
        environ={
            "MOCK_SERVER_PIX_ADD_BEHAVIOR__FAILURE_RATE": "0.5",
            "MOCK_SERVER_PIX_ADD_BEHAVIOR": '{"failure_rate": 0.1, "response_delay_ms": 9}',
        }
    )

    assert (config.pix_add_behavior.failure_rate, config.pix_add_behavior.response_delay_ms) == (0.5, 9)


def test_a_template_keeps_its_text_under_a_variable_for_its_status(here: Path) -> None:
    """A template that the file gives as text is the reason beside what the environment adds."""
    path = written(here / "c.json", {"response_templates": {"too_slow": "hurry"}})

    config = load_config(path, environ={"MOCK_SERVER_RESPONSE_TEMPLATES__TOO_SLOW__HTTP_STATUS": "503"})

    (template,) = config.response_templates.values()
    assert (template.reason, template.http_status) == ("hurry", 503)


def test_a_variable_meets_the_key_that_the_file_uses(here: Path) -> None:
    """ITI_41 in a variable means the key that is there, iti-41 or ITI-41, and not a second one."""
    for key in ("ITI-41", "iti-41"):
        path = written(here / "c.json", {"endpoint_behaviors": {key: {"response_delay_ms": 5}}})

        config = load_config(path, environ={"MOCK_SERVER_ENDPOINT_BEHAVIORS__ITI_41__FAILURE_RATE": "1"})

        assert list(config.endpoint_behaviors) == [key]
        assert config.endpoint_behaviors[key].response_delay_ms == 5


@pytest.mark.usefixtures("here")
def test_a_key_that_comes_twice_in_a_variable_is_named() -> None:
    """JSON in a variable is read as strictly as the file."""
    lines = refusal(None, environ={"MOCK_SERVER_PIX_ADD_BEHAVIOR": '{"failure_rate": 0, "failure_rate": 1}'})

    assert lines == ["env:MOCK_SERVER_PIX_ADD_BEHAVIOR: pix_add_behavior.failure_rate: the key is there twice"]


@pytest.mark.usefixtures("here")
def test_the_command_line_may_give_whole_values() -> None:
    """Paths and behaviours are taken as objects too, and only what they set comes from the command line."""
    loaded = load_config_with_sources(
        environ={}, overrides={"log_path": Path("x.log"), "pix_add_behavior": PIXAddBehavior(failure_rate=0.5)}
    )

    assert loaded.config.log_path == Path("x.log")
    assert loaded.config.pix_add_behavior == PIXAddBehavior(failure_rate=0.5)
    assert loaded.sources["pix_add_behavior.failure_rate"] == "command line"
    assert loaded.sources["pix_add_behavior.response_delay_ms"] == "default"


@pytest.mark.usefixtures("here")
def test_variables_that_are_not_meant_for_us_are_left_alone() -> None:
    """Empty variables, and those that Kubernetes sets beside a Service named mock-server, set nothing."""
    config = load_config(
        environ={
            "MOCK_SERVER_HOST": "",
            "MOCK_SERVER_SERVICE_HOST": "10.0.0.1",
            "MOCK_SERVER_SERVICE_PORT": "8080",
            "MOCK_SERVER_SERVICE_PORT_HTTP": "8080",
            "MOCK_SERVER_PORT": "tcp://10.0.0.1:8080",
            "MOCK_SERVER_PORT_8080_TCP": "tcp://10.0.0.1:8080",
            "MOCK_SERVER_PORT_8080_TCP_ADDR": "10.0.0.1",
            "MOCK_SERVER_PORT_8080_TCP_PORT": "8080",
            "MOCK_SERVER_PORT_8080_TCP_PROTO": "tcp",
        }
    )

    assert config == MockServerConfig()


def test_comments_and_the_schema_are_allowed_at_every_level(here: Path) -> None:
    """Keys for people and editors are ignored wherever they stand."""
    notes = {"$schema": "x", "_comment": "y", "_comment_2": {"z": []}}
    path = written(
        here / "c.json",
        {
            **notes,
            "pix_add_behavior": {**notes, "failure_rate": 0.5},
            "endpoint_behaviors": notes,
            "response_templates": {**notes, "too_large": {**notes, "reason": "r"}},
        },
    )

    config = load_config(path, environ={})

    assert config.pix_add_behavior.failure_rate == 0.5
    assert not config.endpoint_behaviors
    assert [template.reason for template in config.response_templates.values()] == ["r"]


def test_the_deprecated_delay_is_accepted_with_a_warning(here: Path) -> None:
    """response_delay_ms at the top is ignored, and the warning says where it stands and what to use."""
    path = written(here / "c.json", {"response_delay_ms": 5})

    loaded = load_config_with_sources(path, environ={})

    (warning,) = loaded.warnings
    assert warning.startswith(f"{path}:2: response_delay_ms is deprecated and ignored")
    assert loaded.config.behavior_for("pix-add", "ITI-44", "/pix/add", "pix_add_endpoint").response_delay_ms == 0
    assert load_config_with_sources(None, environ={}).warnings == ()


def test_reload_config_reads_the_file_as_it_is_now(here: Path) -> None:
    """Each call gives the configuration that the file has at that moment."""
    path = written(here / "c.json", {"http_port": 1})
    assert reload_config(path).http_port == 1

    written(path, {"http_port": 2})

    assert reload_config(path).http_port == 2


def test_loading_a_configuration_is_light() -> None:
    """Importing the configuration and loading the defaults brings pydantic, and no XML, HTTP or CLI library."""
    program = (
        "import sys; before = set(sys.modules);"
        "from ihe_test_util.mock_server.config import load_config; load_config(environ={});"
        "heavy = {'lxml', 'aiohttp', 'click', 'rich', 'sqlite3', 'cryptography', 'psutil', 'asyncio'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )

    assert done.stdout.strip() == "[]"
