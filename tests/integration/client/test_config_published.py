"""What the repository publishes about the client's configuration: schema, page and example say what the code does."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from ihe_test_util.client.config import ClientConfig, Endpoints, doubts, load_client_config, variables
from ihe_test_util.client.config_docs import TABLES, with_tables
from ihe_test_util.client.config_schema import json_schema, schema_text
from ihe_test_util.client.urls import default_url, url_field, url_variable
from ihe_test_util.security.saml import AssertionSettings
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import TRANSACTIONS

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "client-config.json"
PAGE = ROOT / "docs" / "client-configuration.md"
SCHEMA = ROOT / "docs" / "client-configuration.schema.json"


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language in the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def models(model: type[BaseModel] = ClientConfig) -> Iterator[type[BaseModel]]:
    """Every group of fields."""
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from models(field.annotation)


def test_the_published_schema_is_that_of_the_models() -> None:
    """After a change of the models: make docs."""
    assert SCHEMA.read_text("utf-8") == schema_text()


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    """After a change of models: make docs."""
    page = PAGE.read_text("utf-8")

    assert set(TABLES) == set(re.findall(r"<!-- (\w+):begin -->", page))
    assert with_tables(page) == page


def test_the_page_has_every_field_and_every_variable() -> None:
    """Nothing can be configured that is not explained."""
    page = PAGE.read_text("utf-8")

    for field, variable in variables().items():
        assert f"| `{field.rpartition('.')[2]}` |" in page
        if "code." not in field or "class_code." in field:
            assert f"`{variable}`" in page


def test_the_schema_allows_what_the_client_allows() -> None:
    """Comments and $schema at every level, and no unknown field."""
    schema = json_schema()
    objects = [schema, *(node for node in schema["$defs"].values() if node.get("type") == "object")]

    assert len(objects) > 8
    for node in objects:
        assert node["additionalProperties"] is False
        assert "^_comment" in node["patternProperties"]
        assert "$schema" in node["properties"]


@pytest.mark.parametrize("snippet", blocks("json"))
def test_every_snippet_of_the_documentation_loads(tmp_path: Path, snippet: str) -> None:
    """What the documentation shows can be copied into a file as it stands."""
    path = tmp_path / "config.json"
    path.write_text(snippet, encoding="utf-8")

    load_client_config(path, environ={})


def test_every_variable_of_the_documentation_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the page shows work together, and each of them sets something."""
    monkeypatch.chdir(tmp_path)
    environ = dict(word.split("=", 1) for block in blocks("sh") for word in shlex.split(block))
    assert len(environ) >= 5

    loaded = load_client_config(environ=environ)

    assert {source for source in loaded.sources.values() if source != "default"} == {f"env:{name}" for name in environ}


@pytest.mark.parametrize("model", sorted(set(models()), key=str))
def test_every_field_has_an_example_that_is_valid(model: type[BaseModel]) -> None:
    """The example that page and schema give for a field is one that the field takes."""
    required = {name: (field.examples or [""])[0] for name, field in model.model_fields.items() if field.is_required()}
    companions = {"key_path": {"cert_path": "c.pem"}}
    for name, field in model.model_fields.items():
        assert field.description
        assert field.examples
        model.model_validate({**required, **companions.get(name, {}), name: field.examples[0]})


def test_the_example_is_sound_and_needs_nothing_else() -> None:
    """It loads without a doubt, sets something in every section but certificates, and names the published schema."""
    loaded = load_client_config(EXAMPLE, environ={})
    content = json.loads(EXAMPLE.read_text("utf-8"))

    assert doubts(loaded.config, {}) == ()
    assert (EXAMPLE.parent / content["$schema"]).resolve() == SCHEMA.resolve()
    sections = {field.partition(".")[0] for field, source in loaded.sources.items() if source != "default"}
    assert sections == set(ClientConfig.model_fields) - {"certificates"}


@pytest.mark.parametrize("card", TRANSACTIONS, ids=lambda card: card.name)
def test_every_transaction_has_a_url(card: AnyTransaction) -> None:
    """A field of endpoints with the mock's address as default, and its variable."""
    assert Endpoints().url_of(card) == default_url(card)
    assert variables()[f"endpoints.{url_field(card)}"] == url_variable(card)


def test_the_defaults_of_assertions_are_those_of_the_security_room() -> None:
    """They are written twice, for that room takes long to import."""
    assert ClientConfig().saml.assertion_settings() == AssertionSettings()
