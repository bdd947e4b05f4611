"""The tables of ``docs/client-configuration.md``, made from the models.

``python -m ihe_test_util.client.config_docs docs/client-configuration.md`` writes them into the page, between its
markers; a test keeps page and code the same.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from pydantic import BaseModel

from ihe_test_util.client.config_loading import KIND, variables
from ihe_test_util.settings.json_text import FieldPath
from ihe_test_util.settings.tables import allowed, default_of, example_of, table, with_sections, write_sections


def with_tables(page: str) -> str:
    """The page with every table written afresh.

    Raises:
        KeyError: a marker whose name stands for no table.
    """
    return with_sections(page, TABLES)


def _fields(model: type[BaseModel], path: FieldPath) -> str:
    known = variables()
    return table(
        ("Field", "Value", "Default", "Variable", "Example", "Meaning"),
        (
            (
                f"`{name}`",
                allowed(KIND.schema, (*path, name)),
                default_of(field) if not field.is_required() else "required",
                f"`{variable}`" if (variable := known.get(".".join((*path, name)))) else "",
                example_of(field),
                field.description,
            )
            for name, field in model.model_fields.items()
        ),
    )


def _models(model: type[BaseModel], path: FieldPath) -> Iterator[tuple[str, type[BaseModel], FieldPath]]:
    """Every group of fields once, under the name of the first field that holds one."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield name, inner, (*path, name)
            yield from _models(inner, (*path, name))


def _tables() -> Mapping[str, Callable[[], str]]:
    groups: dict[type[BaseModel], tuple[str, FieldPath]] = {}
    for name, model, path in _models(KIND.model, ()):
        groups.setdefault(model, (name, path))
    return {name: partial(_fields, model, path) for model, (name, path) in groups.items()}


#: What stands between the markers of the page, by name.
TABLES: Final = _tables()

if __name__ == "__main__":
    write_sections(sys.argv[1:], TABLES)
