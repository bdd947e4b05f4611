"""What the repository publishes about the configuration: schema, page and examples say what the code does."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_test_util.errors import FaultCode, IheTestUtilError, Scenario
from ihe_test_util.mock_server.config import (
    DEFAULT_CONFIG_PATH,
    EndpointBehavior,
    FaultTemplate,
    ITI41Behavior,
    MockServerConfig,
    PIXAddBehavior,
    ValidationMode,
    load_config,
    load_config_with_sources,
)
from ihe_test_util.mock_server.config_docs import with_tables
from ihe_test_util.mock_server.config_schema import json_schema, schema_text

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "mocks" / "config-examples"
PAGE = ROOT / "docs" / "mock-server-configuration.md"
SCHEMA = ROOT / "docs" / "mock-server-configuration.schema.json"
EXAMPLE_NAMES = (
    "config-custom-ids.json",
    "config-default.json",
    "config-lenient-validation.json",
    "config-network-latency.json",
    "config-strict-validation.json",
    "config-unreliable.json",
)


def example(name: str) -> MockServerConfig:
    """An example as the server reads it, which it does without a warning."""
    loaded = load_config_with_sources(EXAMPLES / name, environ={})
    assert loaded.warnings == ()
    return loaded.config


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language in page and example README."""
    text = PAGE.read_text("utf-8") + (EXAMPLES / "README.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def error_classes(base: type[IheTestUtilError] = IheTestUtilError) -> Iterator[type[IheTestUtilError]]:
    """Every error of the package."""
    yield base
    for child in base.__subclasses__():
        yield from error_classes(child)


def test_the_published_schema_is_that_of_the_models() -> None:
    """After a change of the models: python -m ihe_test_util.mock_server.config_schema > docs/….schema.json."""
    assert SCHEMA.read_text("utf-8") == schema_text()


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    """After a change of models or rules: python -m ihe_test_util.mock_server.config_docs docs/….md."""
    page = PAGE.read_text("utf-8")

    assert {"fields", "behaviors", "templates", "rules", "registry"} == set(re.findall(r"<!-- (\w+):begin -->", page))
    assert with_tables(page) == page


def test_the_schema_allows_what_the_server_allows() -> None:
    """Comments and $schema at every level, templates as text or object, levels in any case, and no unknown field."""
    schema = json_schema()
    objects = [schema, *(node for node in schema["$defs"].values() if node.get("type") == "object")]

    for node in objects:
        assert node["additionalProperties"] is False
        assert "^_comment" in node["patternProperties"]
        assert "$schema" in node["properties"]
    level = schema["properties"]["log_level"]["anyOf"]
    assert any("DEBUG" in branch.get("enum", ()) for branch in level)
    assert any(re.fullmatch(branch.get("pattern", "$"), "dEbug") for branch in level)
    kinds = schema["properties"]["response_templates"]["additionalProperties"]["anyOf"]
    assert {kind.get("type", "object") for kind in kinds} == {"string", "object"}


@pytest.mark.parametrize("snippet", blocks("json"))
def test_every_snippet_of_the_documentation_loads(tmp_path: Path, snippet: str) -> None:
    """What the documentation shows can be copied into a file as it stands."""
    path = tmp_path / "config.json"
    path.write_text(snippet, encoding="utf-8")

    load_config(path, environ={})


def test_every_variable_of_the_documentation_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the page shows work together, and each of them sets something."""
    monkeypatch.chdir(tmp_path)
    environ = dict(word.split("=", 1) for block in blocks("sh") for word in shlex.split(block))
    assert len(environ) >= 5

    loaded = load_config_with_sources(environ=environ)

    assert {source for source in loaded.sources.values() if source != "default"} == {f"env:{name}" for name in environ}


@pytest.mark.parametrize("model", [MockServerConfig, PIXAddBehavior, ITI41Behavior, EndpointBehavior, FaultTemplate])
def test_every_field_has_an_example_that_is_valid(
    model: type[MockServerConfig | EndpointBehavior | FaultTemplate],
) -> None:
    """The example that page and schema give for a field is one that the field takes."""
    for name, field in model.model_fields.items():
        assert field.description
        assert field.examples
        model.model_validate({name: field.examples[0]})


def test_every_scenario_is_explained_with_its_code_and_status() -> None:
    """The page's table names each scenario of response_templates, and what the error tree says of it."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*\| \w+ \| [0-9 /]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE))

    assert rows.keys() == {scenario.value for scenario in Scenario}
    for error in error_classes():
        cells = rows[error.scenario.value].split(" | ")
        if error.scenario is Scenario.INTERNAL_ERROR:
            continue  # the default of the tree: errors that are never sent carry it too
        usual = 400 if error.soap_code is FaultCode.SENDER else 500
        assert cells[1] == error.soap_code.value
        assert cells[2].startswith(str(error.http_status or usual))


def test_the_examples_are_those_of_the_readme() -> None:
    """Every example is in the README that says when to use it, and nothing else is."""
    readme = (EXAMPLES / "README.md").read_text("utf-8")

    assert sorted(path.name for path in EXAMPLES.glob("*.json")) == list(EXAMPLE_NAMES)
    assert sorted(re.findall(r"\]\((config-[\w-]+\.json)\)", readme)) == list(EXAMPLE_NAMES)


@pytest.mark.parametrize("path", [*(EXAMPLES / name for name in EXAMPLE_NAMES), ROOT / DEFAULT_CONFIG_PATH])
def test_editors_find_the_schema_from_every_file(path: Path) -> None:
    """The $schema of each file leads to the published schema."""
    named = json.loads(path.read_text("utf-8"))["$schema"]

    assert (path.parent / named).resolve() == SCHEMA.resolve()


def test_the_default_example_is_every_default() -> None:
    """config-default.json names each field that is not deprecated, with its default."""
    named = {key for key in json.loads((EXAMPLES / "config-default.json").read_text("utf-8")) if key[0] not in "_$"}

    assert named == set(MockServerConfig.model_fields) - {"response_delay_ms"}
    assert example("config-default.json") == MockServerConfig()


def test_the_default_file_changes_nothing() -> None:
    """mocks/config.json is there to be edited, and until then is the default."""
    assert load_config(ROOT / DEFAULT_CONFIG_PATH, environ={}) == MockServerConfig()


def test_the_network_latency_example() -> None:
    """500 ms for PIX Add, 1000 ms for ITI-41, and nothing else."""
    assert example("config-network-latency.json") == MockServerConfig(
        pix_add_behavior=PIXAddBehavior(response_delay_ms=500), iti41_behavior=ITI41Behavior(response_delay_ms=1000)
    )


def test_the_unreliable_example() -> None:
    """20 % of PIX Add and 15 % of ITI-41 fail, each with its delay and its message."""
    assert example("config-unreliable.json") == MockServerConfig(
        pix_add_behavior=PIXAddBehavior(
            failure_rate=0.2, response_delay_ms=200, custom_fault_message="PIX Manager temporarily unavailable"
        ),
        iti41_behavior=ITI41Behavior(
            failure_rate=0.15, response_delay_ms=300, custom_fault_message="XDS Repository storage fault"
        ),
    )


@pytest.mark.parametrize("mode", list(ValidationMode))
def test_the_validation_examples(mode: ValidationMode) -> None:
    """Both endpoints are in the mode that the file is named for."""
    config = example(f"config-{mode.value}-validation.json")

    assert config == MockServerConfig(
        pix_add_behavior=PIXAddBehavior(validation_mode=mode), iti41_behavior=ITI41Behavior(validation_mode=mode)
    )


def test_the_custom_ids_example() -> None:
    """Patient, submission set and document have ids that are known beforehand."""
    config = example("config-custom-ids.json")

    assert config.pix_add_behavior.custom_patient_id
    assert config.iti41_behavior.custom_submission_set_id
    assert config.iti41_behavior.custom_document_id
    assert config.pix_add_behavior.failure_rate == config.iti41_behavior.failure_rate == 0.0
