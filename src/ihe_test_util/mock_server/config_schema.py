"""The JSON Schema of the configuration, made from the models; ``python -m ihe_test_util.mock_server.config_schema``.

Editors complete and check a configuration file by it; messages take ranges and known names from it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from ihe_test_util.mock_server.config_json import FieldPath
from ihe_test_util.mock_server.config_models import MockServerConfig

Schema: TypeAlias = dict[str, Any]

_COMMENTS: Final = {"^_comment": {"description": "For people; ignored."}}


def json_schema() -> Schema:
    """The schema (JSON Schema 2020-12) that a configuration file is published with."""
    schema = MockServerConfig.model_json_schema()
    for node in (schema, *schema["$defs"].values()):
        if node.get("type") == "object":
            _allow_comments(node)
    for field in ("endpoint_behaviors", "response_templates"):
        _allow_comments(schema["properties"][field])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://ihe-test-util.invalid/mock-server-configuration.schema.json",
        **schema,
        "title": "Configuration of the mock server of ihe-test-util",
    }


def schema_text() -> str:
    """The schema as it is published: indented, with a line end."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


@cache
def _whole() -> Schema:
    return MockServerConfig.model_json_schema()


def node_at(path: FieldPath) -> Schema | None:
    """The part of the schema that a field is bound by, with alternatives to null and text resolved; None where none is.

    Where a field may be text or an object, the path below it leads into the object.
    """
    node: Schema | None = _whole()
    for name in path:
        if node is None:
            return None
        node = next((found for branch in _branches(node) if (found := _member(branch, name)) is not None), None)
    return resolved(node) if node is not None else None


def alternatives(node: Schema) -> list[Schema]:
    """The ways a value may be, null aside."""
    return [branch for branch in _branches(node) if branch.get("type") != "null"]


def names_below(path: FieldPath) -> tuple[str, ...]:
    """The fields that an object at this path may have."""
    node = node_at(path)
    return tuple(name for branch in alternatives(node or {}) for name in branch.get("properties", ()))


def _member(node: Mapping[str, Any], name: str) -> Schema | None:
    found = node.get("properties", {}).get(name, node.get("additionalProperties"))
    return found if isinstance(found, dict) else None


def _branches(node: Schema) -> Iterator[Schema]:
    node = resolved(node)
    if "anyOf" in node and "type" not in node:
        for branch in node["anyOf"]:
            yield from _branches(branch)
    else:
        yield node


def resolved(node: Schema) -> Schema:
    """The node, or what it refers to."""
    reference = node.get("$ref")
    return _whole()["$defs"][reference.rpartition("/")[2]] if reference else node


def _allow_comments(node: Schema) -> None:
    node["patternProperties"] = _COMMENTS
    node.setdefault("properties", {})["$schema"] = {"type": "string", "description": "This schema, for editors."}
    if "propertyNames" in node:
        node["propertyNames"] = {"anyOf": [node["propertyNames"], {"pattern": "^(_comment|\\$schema$)"}]}


if __name__ == "__main__":
    sys.stdout.write(schema_text())
