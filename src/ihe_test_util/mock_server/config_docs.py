"""The tables of ``docs/mock-server-configuration.md``, made from the models and the rules.

``python -m ihe_test_util.mock_server.config_docs docs/mock-server-configuration.md`` writes them into the page, between
its markers; a test keeps page and code the same.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ihe_test_util.exchange import Severity
from ihe_test_util.mock_server.config_models import (
    RESTART_MARK,
    Behavior,
    EndpointBehavior,
    FaultTemplate,
    ITI41Behavior,
    MockServerConfig,
    PIXAddBehavior,
)
from ihe_test_util.mock_server.config_problems import wanted
from ihe_test_util.mock_server.config_schema import node_at
from ihe_test_util.transactions import TRANSACTIONS
from ihe_test_util.transactions.card import AnyTransaction

_SECTION: Final = re.compile(r"(?P<begin><!-- (?P<name>\w+):begin -->\n).*?(?P<end><!-- (?P=name):end -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """The page with every section between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->`` written afresh.

    Raises:
        KeyError: a marker whose name stands for no table.
    """
    return _SECTION.sub(lambda match: f"{match['begin']}\n{_TABLES[match['name']]()}\n{match['end']}", page)


def _fields() -> str:
    return _table(
        ("Field", "Value", "Default", "Example", "Takes effect", "Meaning"),
        (
            (
                f"`{name}`",
                _allowed((name,)),
                _default(field),
                _example(field),
                "restart" if _restarts(field) else "next request",
                field.description,
            )
            for name, field in MockServerConfig.model_fields.items()
        ),
    )


def _behaviors() -> str:
    def owner(name: str) -> str:
        owners = {Behavior: "both", PIXAddBehavior: "`pix_add_behavior`", ITI41Behavior: "`iti41_behavior`"}
        return next(text for model, text in owners.items() if name in model.model_fields)

    fields = sorted(EndpointBehavior.model_fields.items(), key=lambda item: item[0] not in Behavior.model_fields)
    return _table(
        ("Field", "In", "Value", "Default", "Example", "Meaning"),
        (
            (
                f"`{name}`",
                owner(name),
                _allowed(("endpoint_behaviors", "any", name)),
                _default(field),
                _example(field),
                field.description,
            )
            for name, field in fields
        ),
    )


def _templates() -> str:
    return _table(
        ("Field", "Value", "Example", "Meaning"),
        (
            (f"`{name}`", _allowed(("response_templates", "any", name)), _example(field), field.description)
            for name, field in FaultTemplate.model_fields.items()
        ),
    )


def _rules() -> str:
    return "\n\n".join(_rules_of(card) for card in TRANSACTIONS) + "\n"


def _rules_of(card: AnyTransaction) -> str:
    rows = (
        (
            f"`{rule.id}`",
            rule.sentence,
            rule.section,
            "refused" if rule.severity is Severity.ERROR or rule.essential else "logged",
            "refused" if rule.essential else "logged",
        )
        for rule in card.rules
    )
    return f"### {card.code}: {card.title}\n\n" + _table(("Rule", "Demand", "Section", "strict", "lenient"), rows)


def _allowed(path: tuple[str, ...]) -> str:
    node = node_at(path) or {}
    nullable = any(branch.get("type") == "null" for branch in node.get("anyOf", ()))
    return wanted(path) + (", or null" if nullable else "")


def _default(field: FieldInfo) -> str:
    return _code(field.default)


def _example(field: FieldInfo) -> str:
    return _code((field.examples or [None])[0])


def _restarts(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and RESTART_MARK in field.json_schema_extra


def _code(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    plain = value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else value
    return f"`{json.dumps(str(plain) if isinstance(plain, Path) else plain, ensure_ascii=False)}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join((cell or "").replace("|", "\\|") for cell in line) + " |\n" for line in lines)


_TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "fields": _fields,
    "behaviors": _behaviors,
    "templates": _templates,
    "rules": _rules,
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(with_tables(Path(name).read_text("utf-8")), "utf-8")
