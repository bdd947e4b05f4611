"""The JSON Schema of a configuration: what messages take ranges and known names from, and what editors check by."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from ihe_test_util.settings.json_text import FieldPath

Schema: TypeAlias = dict[str, Any]

_COMMENTS: Final = {"^_comment": {"description": "For people; ignored."}}


@dataclass(frozen=True, slots=True)
class ModelSchema:
    """The schema of a model, asked by the path of a field."""

    model: type[BaseModel]

    def node_at(self, path: FieldPath) -> Schema | None:
        """The part that a field is bound by, with alternatives to null and text resolved; None where none is.

        Where a field may be text or an object, the path below it leads into the object.
        """
        node: Schema | None = _whole(self.model)
        for name in path:
            if node is None:
                return None
            node = next(
                (found for branch in self._branches(node) if (found := _member(branch, name)) is not None), None
            )
        return self.resolved(node) if node is not None else None

    def ways_at(self, path: FieldPath) -> list[Schema]:
        """The ways a field's value may be, null aside."""
        return [branch for branch in self._branches(self.node_at(path) or {}) if branch.get("type") != "null"]

    def names_below(self, path: FieldPath) -> tuple[str, ...]:
        """The fields that an object at this path may have."""
        return tuple(name for way in self.ways_at(path) for name in way.get("properties", ()))

    def keys_of(self, path: FieldPath) -> Schema:
        """What the keys of a free-form object are bound by."""
        names: Schema = (self.node_at(path) or {}).get("propertyNames", {})
        return self.resolved(names)

    def resolved(self, node: Schema) -> Schema:
        """The node, or what it refers to."""
        reference = node.get("$ref")
        return _whole(self.model)["$defs"][reference.rpartition("/")[2]] if reference else node

    def _branches(self, node: Schema) -> Iterator[Schema]:
        node = self.resolved(node)
        if "anyOf" in node and "type" not in node:
            for branch in node["anyOf"]:
                yield from self._branches(branch)
        else:
            yield node


def published(model: type[BaseModel], *, name: str, title: str, free_form: Sequence[str] = ()) -> Schema:
    """The schema (JSON Schema 2020-12) that a configuration file is published with; comments are allowed in it.

    ``free_form`` are top-level fields whose keys are the user's, comments among them.
    """
    schema = model.model_json_schema()
    for node in (schema, *schema["$defs"].values()):
        if node.get("type") == "object":
            _allow_comments(node)
    for field in free_form:
        _allow_comments(schema["properties"][field])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://ihe-test-util.invalid/{name}",
        **schema,
        "title": title,
    }


def text_of(schema: Schema) -> str:
    """The schema as it is published: indented, with a line end."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@cache
def _whole(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _member(node: Mapping[str, Any], name: str) -> Schema | None:
    if node.get("type") == "array":
        found = node.get("items")
    else:
        found = node.get("properties", {}).get(name, node.get("additionalProperties"))
    return found if isinstance(found, dict) else None


def _allow_comments(node: Schema) -> None:
    node["patternProperties"] = _COMMENTS
    node.setdefault("properties", {})["$schema"] = {"type": "string", "description": "This schema, for editors."}
    if "propertyNames" in node:
        node["propertyNames"] = {"anyOf": [node["propertyNames"], {"pattern": "^(_comment|\\$schema$)"}]}
