"""Tables for the pages about a configuration, made from its model; tests keep pages and models the same."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ihe_test_util.settings.json_text import FieldPath
from ihe_test_util.settings.problems import wanted
from ihe_test_util.settings.schema import ModelSchema

_SECTION: Final = re.compile(r"(?P<begin><!-- (?P<name>\w+):begin -->\n).*?(?P<end><!-- (?P=name):end -->)", re.DOTALL)


def with_sections(page: str, sections: Mapping[str, Callable[[], str]]) -> str:
    """The page with every section between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->`` written afresh.

    Raises:
        KeyError: a marker whose name stands for no section.
    """
    return _SECTION.sub(lambda match: f"{match['begin']}\n{sections[match['name']]()}\n{match['end']}", page)


def write_sections(names: Iterable[str], sections: Mapping[str, Callable[[], str]]) -> None:
    """Write the sections of each page afresh, in its file."""
    for name in names:
        Path(name).write_text(with_sections(Path(name).read_text("utf-8"), sections), "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join((cell or "").replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def allowed(schema: ModelSchema, path: FieldPath) -> str:
    """What a field may be, in words."""
    node = schema.node_at(path) or {}
    nullable = any(branch.get("type") == "null" for branch in node.get("anyOf", ()))
    return wanted(schema, path) + (", or null" if nullable else "")


def default_of(field: FieldInfo) -> str:
    """A field's default, as JSON."""
    return _code(field.default)


def example_of(field: FieldInfo) -> str:
    """A field's example, as JSON."""
    return _code((field.examples or [None])[0])


def _code(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    return f"`{json.dumps(value, ensure_ascii=False, default=_plain)}`"


def _plain(value: object) -> object:
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else str(value)
